//! The records of the ledger about an update.

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

/// The author of an update: the run and its user, the command, and the reason.
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
    /// The name of the organization in the record: documents of two organizations may have one id.
    pub target: String,
    /// The name of its kind.
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// The intent: a write that is about to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentRecord {
    /// The document.
    pub document: DocumentRef,
    /// The author.
    pub author: Author,
    /// The intent of the same update whose write was refused, if there was one.
    pub follows: Option<EntryId>,
    /// The protection of the write against overwriting the work of others: `etag` or `content`.
    pub guard: String,
    /// The version to write under; none where the content guards the write.
    pub version: Option<Version>,
    /// The document as it is stored.
    pub base: Document,
    /// The document as it is to be.
    pub ours: Document,
    /// The patch, as a document.
    pub change: Document,
    /// The collisions in which it overwrites theirs, as the user chose.
    pub overwrites: Vec<Collision>,
    /// The number of times it was merged with what others did.
    pub merges: u32,
    /// The time of the record.
    pub at: SystemTime,
    /// The end of the lease: until then the run that made the entry may still be at work on it.
    pub leased_until: SystemTime,
}

/// The outcome of an update.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeRecord {
    /// The document.
    pub document: DocumentRef,
    /// The author; of an outcome that was settled later, the one who settled it.
    pub author: Author,
    /// The last intent of the update; an update that came to no write has none.
    pub intent: Option<EntryId>,
    /// The kind of outcome.
    pub kind: OutcomeKind,
    /// The evidence for it; only of what was applied, or settled later.
    pub evidence: Option<Evidence>,
    /// The version that was read, if there was one.
    pub version_before: Option<Version>,
    /// The version of what was applied, where it is known.
    pub version_after: Option<Version>,
    /// The document as the server showed it afterwards, where it did.
    pub after: Option<Document>,
    /// The number of writes that were sent.
    pub attempts: u32,
    /// The number of requests that were sent.
    pub requests: u32,
    /// The number of requests that repeated one that had failed.
    pub retries: u32,
    /// The number of times it was merged with what others did.
    pub merges: u32,
    /// The time that it waited, on purpose.
    pub waited: Duration,
    /// The time from the first request to the outcome; none where it was not measured, as in a settlement.
    pub latency: Option<Duration>,
    /// The id under which the platform's logs have the last request.
    pub correlation_id: Option<String>,
    /// The error, in a sentence that begins with its code where it has one.
    pub error: Option<String>,
    /// The time of the record.
    pub at: SystemTime,
}

impl OutcomeRecord {
    /// The outcome as it was settled later, with the figures of the update itself.
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
    /// The last intent, if it came to a write.
    pub intent: Option<IntentRecord>,
    /// The outcome, if it is recorded; the last one where it was settled later.
    pub outcome: Option<OutcomeRecord>,
}

impl Entry {
    /// The document.
    #[must_use]
    pub fn document(&self) -> Option<&DocumentRef> {
        let of_outcome = self.outcome.as_ref().map(|outcome| &outcome.document);
        self.intent.as_ref().map(|intent| &intent.document).or(of_outcome)
    }

    /// The author.
    #[must_use]
    pub fn author(&self) -> Option<&Author> {
        let of_outcome = self.outcome.as_ref().map(|outcome| &outcome.author);
        self.intent.as_ref().map(|intent| &intent.author).or(of_outcome)
    }

    /// The time of the last intent or, if it came to no write, of the outcome.
    #[must_use]
    pub fn at(&self) -> Option<SystemTime> {
        let of_outcome = self.outcome.as_ref().map(|outcome| outcome.at);
        self.intent.as_ref().map(|intent| intent.at).or(of_outcome)
    }

    /// The kind of outcome, if one is recorded.
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

/// A record that was made, and the state of the ledger after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The number of the update.
    pub entry: EntryId,
    /// The hash that stands for the whole ledger up to here, if entries are chained.
    pub head: Option<String>,
    /// The id of the event that sinks receive, if there is one.
    pub event: Option<String>,
}
