//! The record of what was done.

mod in_memory;
mod record;

use std::time::SystemTime;

use async_trait::async_trait;

pub use in_memory::InMemoryLedger;
pub use record::{Author, DocumentRef, Entry, EntryId, IntentRecord, OutcomeRecord, Recorded};

/// The record of what was done, entry by entry.
///
/// An implementation
/// - MUST have an entry where no crash can take it when `intend` or `conclude` returns: the write follows on that
///   promise;
/// - MUST keep entries in the order in which they were made, and never lose or change one;
/// - MUST lease a document to an update from its first intent to its outcome, so that the order of entries is the
///   order of versions;
/// - MUST, once a record could not be made durable, refuse every further `intend`.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Records that this is about to be written. An intent that follows another says that the other's write was
    /// refused, and takes over its lease.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Leased`] while another update is at work on the document; [`LedgerError::NoEntry`] and
    /// [`LedgerError::Settled`] if the intent that it follows is not there, or has an outcome by now; otherwise if
    /// it cannot be made durable. Nothing may be written then.
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerError>;

    /// Records how an update ended and, if it was applied, the event for each sink, all or nothing. What was unknown
    /// may be settled later; anything else stays.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoEntry`] and [`LedgerError::Settled`] if the intent that it names is not there, or is
    /// settled; otherwise if it cannot be made durable.
    async fn conclude(&self, outcome: OutcomeRecord) -> Result<Recorded, LedgerError>;

    /// The updates of a target's documents of a kind whose outcome is not known, oldest first: those with an intent and no outcome, and
    /// those with the outcome `unknown`.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    async fn unsettled(&self, target: &str, kind: &str) -> Result<Vec<Entry>, LedgerError>;

    /// True if the run that made an open entry is gone for certain, though its lease is not over. An implementation
    /// that cannot know MUST return `false`.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    async fn is_abandoned(&self, entry: EntryId, asks: &Author) -> Result<bool, LedgerError> {
        let _ = (entry, asks);
        Ok(false)
    }
}

/// The record could not be made or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Another update is at work on the document.
    #[error("another update ({by}) is at work on it")]
    Leased {
        /// Until when at the latest.
        until: SystemTime,
        /// The run that it belongs to.
        by: String,
    },
    /// There is no such entry.
    #[error("there is no entry {0}")]
    NoEntry(EntryId),
    /// The entry is settled, and an outcome is not changed.
    #[error("the entry {0} is settled already")]
    Settled(EntryId),
    /// The ledger does not work, or did not once: then it is not trusted again in this process.
    #[error("{0}")]
    Unusable(String),
}
