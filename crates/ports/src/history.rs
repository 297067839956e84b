//! Reading the record.

use std::collections::BTreeSet;
use std::time::SystemTime;

use async_trait::async_trait;
use domain::json::Document;
use domain::{OutcomeKind, Version};

use crate::ledger::{DocumentRef, Entry, EntryId, KnownReference, LedgerError, NewestBase, Replacement};
use crate::tally::Tally;

/// The record of what was done, for readers.
#[async_trait]
pub trait History: Send + Sync {
    /// The updates that a query asks for, newest first.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    async fn entries(&self, query: &HistoryQuery) -> Result<Vec<Entry>, LedgerError>;

    /// One update, by its number or by the number of any entry of it.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    async fn entry(&self, id: EntryId) -> Result<Option<Entry>, LedgerError>;

    /// The document as it was at a version, if the ledger saw it.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    async fn document_at(&self, document: &DocumentRef, version: &Version) -> Result<Option<Document>, LedgerError>;

    /// The figures of the updates that a query asks for: of each document, or of all together under no name.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    async fn tally(&self, query: &TallyQuery) -> Result<Vec<(Option<String>, Tally)>, LedgerError>;

    /// The organization that a target `API CLIENT` was found to be, if it was.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    async fn organization_of(&self, target: &str) -> Result<Option<String>, LedgerError>;

    /// The newest bases of a document that an apply made, member by member; the newest first.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    async fn newest_bases(&self, document: &DocumentRef) -> Result<Vec<NewestBase>, LedgerError>;

    /// The hashes of the bases that an apply made of a target's documents of a kind, each with the number of members that
    /// it is the newest for. A document may be left out, or have several.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    async fn base_hashes(&self, target: &str, kind: &str) -> Result<Vec<BaseHash>, LedgerError>;

    /// The content of a base with this hash, of whichever document.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    async fn base_content(&self, hash: &str) -> Result<Option<Document>, LedgerError>;

    /// The references in the bases of a target, each with the ids that it stood for, sorted and once: a name that nothing has any
    /// more may be that of a thing which was renamed.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    async fn known_references(&self, target: &str) -> Result<BTreeSet<KnownReference>, LedgerError>;

    /// The updates that were applied to a document after an entry or a time, those that were overwritten too, newest
    /// first. The author of each names the plan.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    async fn applied_after(&self, document: &DocumentRef, after: After) -> Result<Vec<Entry>, LedgerError>;

    /// The replacements by the newest applied updates and bases of a document, newest first: at most `limit` entries.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    async fn replacements(&self, document: &DocumentRef, limit: usize) -> Result<Vec<Replacement>, LedgerError>;
}

/// The hash of a base.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaseHash {
    /// The id of the document.
    pub document: String,
    /// The hash, as 64 hexadecimal digits.
    pub hash: String,
    /// The number of members that no newer base names.
    pub members: usize,
}

/// A point in the history of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// After the entry with this number was made.
    Entry(EntryId),
    /// After this time.
    Time(SystemTime),
}

impl After {
    /// True if an outcome recorded under this number at this time came after this point.
    pub fn includes(self, outcome: EntryId, at: SystemTime) -> bool {
        match self {
            Self::Entry(id) => outcome > id,
            Self::Time(time) => at > time,
        }
    }
}

/// A query for updates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The target; all targets if none.
    pub target: Option<String>,
    /// The kind of document; all kinds if none.
    pub kind: Option<String>,
    /// The id of the document; all documents if none.
    pub document: Option<String>,
    /// Made at this time or later.
    pub since: Option<SystemTime>,
    /// With a lower number than this one.
    pub before: Option<EntryId>,
    /// The outcome; all outcomes if none.
    pub outcome: Option<OutcomeKind>,
    /// At most so many.
    pub limit: usize,
}

/// A query for figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TallyQuery {
    /// The target; all targets if none.
    pub target: Option<String>,
    /// The kind of document; all kinds if none.
    pub kind: Option<String>,
    /// The documents.
    pub of: TallyOf,
    /// Only updates made at this time or later.
    pub since: Option<SystemTime>,
}

/// The documents that figures are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TallyOf {
    /// All documents together.
    #[default]
    All,
    /// One document, by its id.
    One(String),
    /// Each document, those with the most updates first, at most so many.
    Each(usize),
}
