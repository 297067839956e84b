//! What the ledger records of an update.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use domain::json::Document;
use domain::{Collision, Evidence, OutcomeKind, Version};

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

/// A document, wherever a record names one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentRef {
    /// What tells organizations apart: documents of two of them may have one id.
    pub target: String,
    /// The name of its kind.
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// What is about to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentRecord {
    /// The document.
    pub document: DocumentRef,
    /// Who.
    pub author: Author,
    /// The intent of the same update whose write was refused, if there was one.
    pub follows: Option<EntryId>,
    /// What keeps the write from overwriting somebody's work: `etag`, `version` or `content`.
    pub guard: String,
    /// The version to write under; none where the content guards the write.
    pub version: Option<Version>,
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
    /// The document.
    pub document: DocumentRef,
    /// Who.
    pub author: Author,
    /// The last intent of the update; an update that came to no write has none.
    pub intent: Option<EntryId>,
    /// How it ended.
    pub kind: OutcomeKind,
    /// How that is known; only of what was applied, or settled later.
    pub evidence: Option<Evidence>,
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
    /// The document.
    #[must_use]
    pub fn document(&self) -> Option<&DocumentRef> {
        let of_outcome = self.outcome.as_ref().map(|outcome| &outcome.document);
        self.intent.as_ref().map(|intent| &intent.document).or(of_outcome)
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
    pub fn outcome_kind(&self) -> Option<OutcomeKind> {
        self.outcome.as_ref().map(|outcome| outcome.kind)
    }

    /// The document after it, if it was applied: as the server showed it, or else as it was written.
    #[must_use]
    pub fn after(&self) -> Option<&Document> {
        let outcome = self
            .outcome
            .as_ref()
            .filter(|outcome| outcome.kind == OutcomeKind::Applied)?;
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
