//! What the ledger records of an update.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use domain::json::Document;
use domain::{Collision, Version};

/// The number of an entry. Numbers count up, from 1, in the order in which entries were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for EntryId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

/// Who made an update, by which command, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The run of the program, one id for all that it does.
    pub run: String,
    /// The use case: `update`, `edit`, `rollback`, `reconcile`.
    pub command: String,
    /// The OAuth client.
    pub client: String,
    /// The user of the operating system.
    pub user: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// The reason that was given.
    pub reason: Option<String>,
}

/// What is about to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentRecord {
    /// The API and the client that asks it: rules of two organisations may have one id.
    pub target: String,
    /// The document's id.
    pub document: String,
    /// Who.
    pub author: Author,
    /// The intent of the same update whose write was refused, if there was one.
    pub follows: Option<EntryId>,
    /// What keeps the write from overwriting somebody's work: `etag`, `version` or `content`.
    pub guard: String,
    /// The version to write under.
    pub version: Version,
    /// The document as it is stored.
    pub base: Document,
    /// The document as it is to be.
    pub ours: Document,
    /// What the change names.
    pub change: Document,
    /// What of theirs it overwrites, by the user's own words.
    pub overwrites: Vec<Collision>,
    /// How many times it was merged with what others did.
    pub merges: u32,
    /// When.
    pub at: SystemTime,
    /// Until when whoever made the entry may still be at work on it.
    pub leased_until: SystemTime,
}

/// How an update ended.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeRecord {
    /// The API and the client that asks it.
    pub target: String,
    /// The document's id.
    pub document: String,
    /// Who.
    pub author: Author,
    /// The last intent of the update; an update that came to no write has none.
    pub intent: Option<EntryId>,
    /// How it ended.
    pub ending: Ending,
    /// How that is known; only of what was applied, or settled later.
    pub proof: Option<Proof>,
    /// The version that was read, if there was one.
    pub version_before: Option<Version>,
    /// The version of what was applied, where it is known.
    pub version_after: Option<Version>,
    /// The document as the server showed it afterwards, where it did.
    pub after: Option<Document>,
    /// How many writes were sent.
    pub attempts: u32,
    /// How many requests were sent.
    pub requests: u32,
    /// How many of those repeated one that had failed.
    pub retries: u32,
    /// How many times it was merged with what others did.
    pub merges: u32,
    /// How long it waited, on purpose.
    pub waited: Duration,
    /// From the first request to the outcome; none where nobody watched, as when it was settled later.
    pub latency: Option<Duration>,
    /// The id under which the platform's logs have the last request.
    pub correlation_id: Option<String>,
    /// What went wrong, in a sentence that begins with its code.
    pub error: Option<String>,
    /// When.
    pub at: SystemTime,
}

impl OutcomeRecord {
    /// What was settled later, with the figures of the update itself.
    #[must_use]
    pub fn with_the_figures_of(self, update: &Self) -> Self {
        Self {
            attempts: update.attempts,
            requests: update.requests,
            retries: update.retries,
            merges: update.merges,
            waited: update.waited,
            latency: update.latency,
            correlation_id: update.correlation_id.clone(),
            error: self.error.or_else(|| update.error.clone()),
            ..self
        }
    }
}

/// How an update ended, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// The server has it.
    Applied,
    /// The document said so already.
    Unchanged,
    /// Somebody else changed the document.
    Conflict,
    /// Refused, by our own checks or by the server.
    Rejected,
    /// The credentials do not suffice.
    Denied,
    /// It could not be done.
    Failed,
    /// It could be done later.
    Deferred,
    /// A write was sent, and what became of it is not known.
    Unknown,
    /// It was stopped before anything was written.
    NotAttempted,
    /// It was not written, as was found out later.
    NotApplied,
}

impl Ending {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Applied,
        Self::Unchanged,
        Self::Conflict,
        Self::Rejected,
        Self::Denied,
        Self::Failed,
        Self::Deferred,
        Self::Unknown,
        Self::NotAttempted,
        Self::NotApplied,
    ];

    /// The word, as it is recorded and printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Conflict => "conflict",
            Self::Rejected => "rejected",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::Deferred => "deferred",
            Self::Unknown => "unknown",
            Self::NotAttempted => "not_attempted",
            Self::NotApplied => "not_applied",
        }
    }

    /// The ending that a word is for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.word() == word)
    }

    /// Whether the rule is now as the update wanted it.
    #[must_use]
    pub fn is_so(self) -> bool {
        matches!(self, Self::Applied | Self::Unchanged)
    }
}

/// How an outcome is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The write's own answer.
    Answer,
    /// A read after it.
    Read,
    /// No write of it can be under way any more.
    Age,
    /// A person's word.
    Person,
}

impl Proof {
    const ALL: [Self; 4] = [Self::Answer, Self::Read, Self::Age, Self::Person];

    /// The word, as it is recorded and printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Read => "read",
            Self::Age => "age",
            Self::Person => "person",
        }
    }

    /// The proof that a word is for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|proof| proof.word() == word)
    }
}

/// An update as the ledger has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number: that of its last intent or, if it came to no write, that of its outcome.
    pub id: EntryId,
    /// What was about to be written, if it came to that.
    pub intent: Option<IntentRecord>,
    /// How it ended, as far as it is known; the last word where it was settled later.
    pub outcome: Option<OutcomeRecord>,
}

impl Entry {
    /// The API and the client that asked it.
    #[must_use]
    pub fn target(&self) -> &str {
        let of_outcome = self.outcome.as_ref().map(|outcome| outcome.target.as_str());
        let of_intent = self.intent.as_ref().map(|intent| intent.target.as_str());
        of_intent.or(of_outcome).unwrap_or_default()
    }

    /// The document's id.
    #[must_use]
    pub fn document(&self) -> &str {
        let of_outcome = self.outcome.as_ref().map(|outcome| outcome.document.as_str());
        let of_intent = self.intent.as_ref().map(|intent| intent.document.as_str());
        of_intent.or(of_outcome).unwrap_or_default()
    }

    /// Who made it.
    #[must_use]
    pub fn author(&self) -> Option<&Author> {
        let of_outcome = self.outcome.as_ref().map(|outcome| &outcome.author);
        self.intent.as_ref().map(|intent| &intent.author).or(of_outcome)
    }

    /// When it was made.
    #[must_use]
    pub fn at(&self) -> Option<SystemTime> {
        let of_outcome = self.outcome.as_ref().map(|outcome| outcome.at);
        self.intent.as_ref().map(|intent| intent.at).or(of_outcome)
    }

    /// How it ended, where that is known.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.outcome.as_ref().map(|outcome| outcome.ending)
    }

    /// The document after it, if it was applied: as the server showed it, or else as it was written.
    #[must_use]
    pub fn after(&self) -> Option<&Document> {
        let outcome = self
            .outcome
            .as_ref()
            .filter(|outcome| outcome.ending == Ending::Applied)?;
        let written = self.intent.as_ref().map(|intent| &intent.ours);
        outcome.after.as_ref().or(written)
    }
}

/// What was recorded, and the state of the ledger after that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The number of the update.
    pub entry: EntryId,
    /// The hash that stands for the whole ledger up to here, if entries are chained.
    pub head: Option<String>,
    /// The id of the event that sinks are told, if there is one.
    pub event: Option<String>,
}
