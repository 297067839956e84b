//! The identity under which updates are recorded.

use async_trait::async_trait;
use domain::RequestError;
use ports::{Author, LedgerError};

/// The identity under which updates are recorded: their target and their author.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The id of the organization or, where that is not known, `API CLIENT`.
    pub target: String,
    /// The author of the updates.
    pub author: Author,
}

/// A source of the identity, for those that have to ask the platform for it.
///
/// An updater asks beside its first read, and again before its first record; so an implementation MUST remember what
/// it found.
#[async_trait]
pub trait Identify: Send + Sync {
    /// The identity.
    ///
    /// # Errors
    ///
    /// If it cannot be known now. Nothing is recorded, and nothing is written, then.
    async fn identity(&self) -> Result<Identity, IdentityError>;
}

#[async_trait]
impl Identify for Identity {
    async fn identity(&self) -> Result<Identity, IdentityError> {
        Ok(self.clone())
    }
}

/// The identity is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The platform did not tell it.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The record knows better, or cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
