//! The record of what was done.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use domain::json::Document;
use domain::protocol::Confirmation;
use domain::{Collision, Version};

/// The record of what was done, entry by entry.
///
/// An implementation
/// - MUST have the intent where no crash can take it when `intend` returns: the write follows on that promise;
/// - MUST keep entries in the order in which they were made, and never lose or change one;
/// - MUST, once a record could not be made durable, refuse every further `intend`.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Records that this is about to be written.
    ///
    /// # Errors
    ///
    /// If it cannot be made durable. Nothing may be written then.
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerFailure>;

    /// Records what became of an intent. What was unknown may be settled later; anything else stays.
    ///
    /// # Errors
    ///
    /// If there is no such entry, or it cannot be made durable.
    async fn settle(&self, entry: EntryId, settlement: Settlement) -> Result<(), LedgerFailure>;

    /// The entries of a target whose outcome is not known, oldest first.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    async fn unsettled(&self, target: &str) -> Result<Vec<Entry>, LedgerFailure>;
}

/// The number of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId(pub u64);

/// What is about to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentRecord {
    /// The API and the client that asks it: rules of two organisations may have one id.
    pub target: String,
    /// The document's id.
    pub document: String,
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
    /// When.
    pub at: SystemTime,
    /// Until when whoever made the entry may still be at work on it.
    pub leased_until: SystemTime,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    /// It was written.
    Applied {
        /// The new version, where it is known.
        version: Option<Version>,
        /// How it is known.
        by: Confirmation,
    },
    /// It was not, and will not be.
    NotApplied,
    /// It may have been, and may still be.
    Unknown,
}

/// An entry whose outcome is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number.
    pub id: EntryId,
    /// What was about to be written.
    pub intent: IntentRecord,
}

/// The record could not be made or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LedgerFailure(pub String);

/// A ledger that lives as long as the process does.
#[derive(Debug, Default)]
pub struct InMemoryLedger(Mutex<BTreeMap<EntryId, (IntentRecord, Option<Settlement>)>>);

impl InMemoryLedger {
    /// What became of each intent, in order; nothing where it is not recorded yet.
    #[must_use]
    pub fn settlements(&self) -> Vec<Option<Settlement>> {
        self.entries()
            .values()
            .map(|(_, settlement)| settlement.clone())
            .collect()
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<EntryId, (IntentRecord, Option<Settlement>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Ledger for InMemoryLedger {
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerFailure> {
        let mut entries = self.entries();
        let id = EntryId(entries.last_key_value().map_or(1, |(last, _)| last.0 + 1));
        entries.insert(id, (intent, None));
        Ok(id)
    }

    async fn settle(&self, entry: EntryId, settlement: Settlement) -> Result<(), LedgerFailure> {
        let mut entries = self.entries();
        let Some((_, settled)) = entries.get_mut(&entry) else {
            return Err(LedgerFailure(format!("there is no entry {}", entry.0)));
        };
        match settled {
            None | Some(Settlement::Unknown) => *settled = Some(settlement),
            Some(Settlement::Applied { .. } | Settlement::NotApplied) => {
                return Err(LedgerFailure(format!("the entry {} is settled already", entry.0)));
            }
        }
        Ok(())
    }

    async fn unsettled(&self, target: &str) -> Result<Vec<Entry>, LedgerFailure> {
        let is_open = |settled: &Option<Settlement>| matches!(settled, None | Some(Settlement::Unknown));
        let entries = self.entries();
        let open = entries
            .iter()
            .filter(|(_, (intent, settled))| intent.target == target && is_open(settled));
        Ok(open
            .map(|(id, (intent, _))| Entry {
                id: *id,
                intent: intent.clone(),
            })
            .collect())
    }
}
