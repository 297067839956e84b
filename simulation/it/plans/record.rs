//! The record that all processes of a world share: a ledger in memory, which takes time and fails now and then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::testing::Specimen;
use ports::{
    BaseRecord, Entry, EntryId, InMemoryLedger, IntentRecord, Ledger, LedgerError, OutcomeRecord, Recorded, Sleeper,
};

use super::wrong_apply::WrongApply;
use crate::client::Client;
use crate::fault::Fault;
use crate::history::Settlement;

/// The record as one process reaches it.
pub(super) struct Record<K: Specimen> {
    client: Client<K>,
    ledger: Arc<InMemoryLedger>,
    wrong: Option<WrongApply>,
    /// The place in the history of the intents that this process recorded.
    kept: Mutex<BTreeMap<EntryId, usize>>,
}

impl<K: Specimen> Record<K> {
    pub(super) fn new(client: Client<K>, ledger: Arc<InMemoryLedger>, wrong: Option<WrongApply>) -> Self {
        Self {
            client,
            ledger,
            wrong,
            kept: Mutex::default(),
        }
    }

    /// Takes the time of a durable write, or fails.
    async fn write(&self, fault: Fault) -> Result<(), LedgerError> {
        self.client.sleep(Duration::from_millis(1)).await;
        if self.client.record_fails(fault) {
            return Err(LedgerError::unusable("the disk is full"));
        }
        Ok(())
    }
}

#[async_trait]
impl<K: Specimen> Ledger for Record<K> {
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerError> {
        self.write(Fault::IntentRefused).await?;
        let kept = IntentRecord {
            follows: None,
            ..intent.clone()
        };
        let entry = self.ledger.intend(intent).await?;
        let place = self.client.keep(kept)?;
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(entry, place);
        self.client.sleep(Duration::from_millis(1)).await;
        Ok(entry)
    }

    async fn conclude(&self, outcome: OutcomeRecord) -> Result<Recorded, LedgerError> {
        self.write(Fault::OutcomeRefused).await?;
        let (intent, settlement) = (outcome.intent, Settlement::of(&outcome));
        let recorded = self.ledger.conclude(outcome).await?;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = intent.and_then(|intent| kept.get(&intent)) {
            self.client.shared.world().history.entries[*place].settlement = Some(settlement);
        }
        Ok(recorded)
    }

    async fn unsettled(&self, target: &str, kind: &str) -> Result<Vec<Entry>, LedgerError> {
        if self.wrong == Some(WrongApply::ForgetsWhatIsOpen) {
            return Ok(Vec::new());
        }
        self.ledger.unsettled(target, kind).await
    }

    async fn observe(&self, base: BaseRecord) -> Result<EntryId, LedgerError> {
        self.client.sleep(Duration::from_millis(1)).await;
        self.ledger.observe(base).await
    }
}
