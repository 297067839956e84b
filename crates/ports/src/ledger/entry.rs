//! The records of the ledger about an update.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use domain::document::{Difference, ElementDifference, diff};
use domain::json::Document;
use domain::{Collision, Evidence, OutcomeKind, Version, recorded_changes};

use super::Lease;

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
    /// The plan that it carries out, if it does.
    pub plan_id: Option<String>,
    /// `API CLIENT`, where the target is an organization: history and events show it, and it is no identity.
    pub shown_target: Option<String>,
    /// The name of the organization, where it is known.
    pub org_name: Option<String>,
}

impl Author {
    /// The target as history and events show it: `API CLIENT`.
    pub fn shown_target<'a>(&'a self, document: &'a DocumentRef) -> &'a str {
        self.shown_target.as_deref().unwrap_or(&document.target)
    }

    /// The id of the organization that the target is, where it is one.
    pub fn organization<'a>(&self, document: &'a DocumentRef) -> Option<&'a str> {
        self.shown_target.is_some().then_some(document.target.as_str())
    }
}

/// A document, wherever a record names one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentRef {
    /// The id of the organization or, where that is not known, `API CLIENT`: documents of two of them may have one id.
    pub target: String,
    /// The name of its kind.
    pub kind: String,
    /// Its id.
    pub id: String,
}

impl DocumentRef {
    /// The kind and the id, as documents for programs name it: `rule/ID`.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }
}

/// The intent: a write that is about to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentRecord {
    /// The document.
    pub document: DocumentRef,
    /// The author.
    pub author: Author,
    /// The intent that it goes on from: one of the same update whose write was refused, or one that was abandoned or
    /// whose outcome is unknown. That one is settled by it.
    pub follows: Option<EntryId>,
    /// The updates that it undoes.
    pub undoes: Vec<EntryId>,
    /// The intents that the document names and that its NLU domain does not have, as far as that was looked at: a Copilot has
    /// to be saved again once the domain has them.
    pub absent_intents: Vec<String>,
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

impl IntentRecord {
    /// The lease on the document.
    #[must_use]
    pub fn lease(&self) -> Lease {
        Lease {
            from: self.at,
            until: self.leased_until,
        }
    }

    /// The changes that were to be made; of a Copilot with its rules as things, which may move.
    pub fn changes(&self) -> Vec<ElementDifference> {
        recorded_changes(&self.document.kind, &self.base, &self.ours)
    }

    /// The places at which the document became this one.
    pub fn changes_to(&self, after: &Document) -> Vec<Difference> {
        let changes = recorded_changes(&self.document.kind, &self.base, after).into_iter();
        changes.map(|found| found.difference).collect()
    }
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

/// An observation: what a document was known to be, at a read. In no figure, no event and no lease.
#[derive(Clone, Debug, PartialEq)]
pub struct BaseRecord {
    /// The document.
    pub document: DocumentRef,
    /// The author.
    pub author: Author,
    /// SHA-256 over the canonical JSON of its normal form, as 64 hexadecimal digits.
    pub hash: String,
    /// The members that it names.
    pub members: Vec<String>,
    /// The normal form, where it is known.
    pub content: Option<Document>,
    /// The names in the file that stood for ids.
    pub references: Vec<KnownReference>,
    /// The version that was read, if there was one.
    pub version: Option<Version>,
    /// The source of the base.
    pub source: BaseSource,
    /// The time of the read behind it: of two bases, the one with the later read counts.
    pub read_at: SystemTime,
    /// The time of the record.
    pub at: SystemTime,
}

impl BaseRecord {
    /// The differences to the newest earlier base whose content is known; `before` is newest first. Empty if there is
    /// none, or if this one's content is unknown.
    pub fn replaces<'b>(&self, mut before: impl Iterator<Item = &'b Self>) -> Vec<Difference> {
        let before = before.find_map(|base| base.content.as_ref());
        let (Some(before), Some(content)) = (before, &self.content) else {
            return Vec::new();
        };
        diff(before, content)
    }
}

/// A reference in a file, and the id that it stood for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownReference {
    /// The reference as it is written, such as `@{response:Greeting}`.
    pub text: String,
    /// The id.
    pub id: String,
}

/// The source of a base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseSource {
    /// The document of a file, as it was applied or found equal in the org.
    Apply,
    /// The document as it was written into a folder.
    Pull {
        /// The identity of the folder.
        folder: String,
    },
}

/// The members for which a base is the newest that an apply made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewestBase {
    /// The number of its entry.
    pub entry: EntryId,
    /// The base.
    pub base: BaseRecord,
    /// Those of its members that no newer one names, in order.
    pub members: Vec<String>,
}

/// The changes that an applied entry or a base made to a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Replacement {
    /// The number of the entry.
    pub entry: EntryId,
    /// The author.
    pub author: Author,
    /// The time.
    pub at: SystemTime,
    /// Each place, with what stood there before and after.
    pub changes: Vec<Difference>,
}

/// Says that a target that is API and client is an organization: their entries are one history from then on.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinRecord {
    /// `API CLIENT`.
    pub target: String,
    /// The id of the organization.
    pub organization: String,
    /// The author that found it.
    pub author: Author,
    /// The time.
    pub at: SystemTime,
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
    pub fn document(&self) -> Option<&DocumentRef> {
        let of_outcome = self.outcome.as_ref().map(|outcome| &outcome.document);
        self.intent.as_ref().map(|intent| &intent.document).or(of_outcome)
    }

    /// The author.
    pub fn author(&self) -> Option<&Author> {
        let of_outcome = self.outcome.as_ref().map(|outcome| &outcome.author);
        self.intent.as_ref().map(|intent| &intent.author).or(of_outcome)
    }

    /// The time of the last intent or, if it came to no write, of the outcome.
    pub fn at(&self) -> Option<SystemTime> {
        let of_outcome = self.outcome.as_ref().map(|outcome| outcome.at);
        self.intent.as_ref().map(|intent| intent.at).or(of_outcome)
    }

    /// The kind of outcome, if one is recorded.
    pub fn outcome_kind(&self) -> Option<OutcomeKind> {
        self.outcome.as_ref().map(|outcome| outcome.kind)
    }

    /// The document after it, if it was applied: as the server showed it, or else as it was written.
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
