//! The parts of an updater, one by one.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};

use domain::{DocumentKind, RetryBudget};
use ports::{Author, Clock, DocumentStore, InMemoryLedger, Ledger, Sleeper};

use super::{DescribeError, Identify, Identity, Updater};

/// The parts of an [`Updater`]. By default the record ends with the process, the jitter of waits is random, and errors are
/// recorded by their message.
pub struct UpdaterBuilder<K: DocumentKind> {
    store: Arc<dyn DocumentStore<K>>,
    ledger: Option<Arc<dyn Ledger>>,
    identity: Arc<dyn Identify>,
    jitter: Arc<dyn Fn() -> f64 + Send + Sync>,
    budget: Arc<Mutex<RetryBudget>>,
    describe_error: Arc<DescribeError<K>>,
}

impl<K: DocumentKind> UpdaterBuilder<K> {
    pub(super) fn new(store: Arc<dyn DocumentStore<K>>) -> Self {
        Self {
            store,
            ledger: None,
            identity: Arc::new(Identity::default()),
            jitter: Arc::new(jitter),
            budget: Arc::default(),
            describe_error: Arc::new(|outcome| outcome.failure().map(|failure| failure.message.clone())),
        }
    }

    /// The record.
    #[must_use]
    pub fn ledger(self, ledger: Arc<dyn Ledger>) -> Self {
        Self {
            ledger: Some(ledger),
            ..self
        }
    }

    /// The name of the organization and the author of the updates, as they are recorded.
    #[must_use]
    pub fn recorded_as(self, target: impl Into<String>, author: Author) -> Self {
        let target = target.into();
        let identity = Arc::new(Identity { target, author });
        Self { identity, ..self }
    }

    /// Random numbers from 0 to 1 for the jitter of waits; other ones than the default's make a run repeatable.
    #[must_use]
    pub fn jitter(self, jitter: Arc<dyn Fn() -> f64 + Send + Sync>) -> Self {
        Self { jitter, ..self }
    }

    /// The retries that are affordable, shared by all updaters that ask the same host.
    #[must_use]
    pub fn budget(self, budget: Arc<Mutex<RetryBudget>>) -> Self {
        Self { budget, ..self }
    }

    /// The words for errors in the record.
    #[must_use]
    pub fn describe_error(self, describe_error: Arc<DescribeError<K>>) -> Self {
        Self { describe_error, ..self }
    }

    /// The updater, on this clock.
    pub fn build<T: Clock + Sleeper + 'static>(self, time: Arc<T>) -> Updater<K> {
        Updater {
            store: self.store,
            ledger: self.ledger.unwrap_or_else(|| Arc::new(InMemoryLedger::default())),
            identity: self.identity,
            undoes: Vec::new(),
            absent_intents: Vec::new(),
            clock: time.clone(),
            sleeper: time,
            jitter: self.jitter,
            budget: self.budget,
            describe_error: self.describe_error,
        }
    }
}

/// A number from 0 to 1, another one at each call: the standard library keys each hasher anew.
pub fn jitter() -> f64 {
    let [_, _, _, _, bytes @ ..] = RandomState::new().hash_one(()).to_be_bytes();
    f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX)
}
