//! The record of what was done.

mod entry;
mod failure;
mod in_memory;
mod lease;

use std::time::SystemTime;

use async_trait::async_trait;

pub use entry::{
    Author, BaseRecord, BaseSource, DocumentRef, Entry, EntryId, IntentRecord, JoinRecord, KnownReference, NewestBase,
    OutcomeRecord, Recorded, Replacement,
};
pub use failure::LedgerFailure;
pub use in_memory::InMemoryLedger;
pub use lease::Lease;

/// The record of what was done, entry by entry.
///
/// An implementation
/// - MUST have an entry where no crash can take it when `intend` or `conclude` returns: the write follows on that
///   promise;
/// - MUST keep entries in the order in which they were made, and never lose or change one;
/// - MUST lease a document to an update from its first intent to its outcome, so that the order of entries is the
///   order of versions; a lease holds as [`Lease::holds_at`] says;
/// - MUST, once a record could not be made durable, refuse every further `intend`.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Records that this is about to be written. An intent that follows another goes on from it: from one of the same
    /// run, whose lease it takes over, or from one of another run whose lease is over or whose outcome is unknown.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Leased`] while another update is at work on the document; [`LedgerError::NoEntry`] and
    /// [`LedgerError::Settled`] if the intent that it follows is not there, or is settled by now; otherwise if
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

    /// The updates of a target's documents of a kind whose outcome is not known, oldest first: those with an intent
    /// and no outcome, and those with the outcome `unknown`.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    async fn unsettled(&self, target: &str, kind: &str) -> Result<Vec<Entry>, LedgerError>;

    /// Those of [`unsettled`](Self::unsettled) that are about one document.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    async fn unsettled_of(&self, document: &DocumentRef) -> Result<Vec<Entry>, LedgerError> {
        let mut all = self.unsettled(&document.target, &document.kind).await?;
        all.retain(|entry| entry.document().is_some_and(|found| found.id == document.id));
        Ok(all)
    }

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

    /// Records a base. A ledger that keeps none says so.
    ///
    /// # Errors
    ///
    /// If it cannot be made durable.
    async fn observe(&self, base: BaseRecord) -> Result<EntryId, LedgerError> {
        drop(base);
        Err(LedgerError::unusable("it keeps no bases"))
    }

    /// Records that `API CLIENT` is an organization, unless that is known: history, figures, leases and what is
    /// unsettled of both are one from then on. The number of the entry, if one was made.
    ///
    /// # Errors
    ///
    /// [`LedgerError::OtherOrganization`] if it is another's; otherwise if it cannot be made durable.
    async fn join(&self, join: JoinRecord) -> Result<Option<EntryId>, LedgerError> {
        drop(join);
        Ok(None)
    }
}

/// The client of all access tokens: no organization can be told from it.
pub const ANY_TOKEN: &str = "token";

/// Refuses to join what cannot be: a target that is known to be another organization, or whose client is no one's.
///
/// # Errors
///
/// [`LedgerError::OtherOrganization`].
pub fn refuse_join(join: &JoinRecord, known: &str) -> Result<(), LedgerError> {
    let is_any_token = join
        .target
        .rsplit_once(' ')
        .is_some_and(|(_, client)| client == ANY_TOKEN);
    let why = if is_any_token {
        "all access tokens are one client".to_owned()
    } else if known != join.target {
        format!("it is of the organization `{known}`")
    } else {
        return Ok(());
    };
    Err(LedgerError::OtherOrganization {
        target: join.target.clone(),
        organization: join.organization.clone(),
        why,
    })
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
    /// `API CLIENT` belongs to another organization already, or is of one that cannot be told.
    #[error("`{target}` cannot be joined with the organization `{organization}`: {why}")]
    OtherOrganization {
        /// `API CLIENT`.
        target: String,
        /// The organization that it was to be joined with.
        organization: String,
        /// The reason.
        why: String,
    },
    /// The ledger cannot be used now: others are at work in it. Waiting helps.
    #[error(transparent)]
    Busy(LedgerFailure),
    /// The ledger does not work, or did not once: then it is not trusted again in this process.
    #[error(transparent)]
    Unusable(LedgerFailure),
}

impl LedgerError {
    /// [`LedgerError::Unusable`] with a reason.
    #[must_use]
    pub fn unusable(message: impl Into<String>) -> Self {
        Self::Unusable(LedgerFailure::new(message))
    }

    /// The reason with those of the errors below, in one line.
    #[must_use]
    pub fn in_full(&self) -> String {
        match self {
            Self::Busy(failure) | Self::Unusable(failure) => failure.in_full(),
            Self::Leased { .. } | Self::NoEntry(_) | Self::Settled(_) | Self::OtherOrganization { .. } => {
                self.to_string()
            }
        }
    }
}
