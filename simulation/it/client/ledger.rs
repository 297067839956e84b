//! The ledger of the simulated world: each process has one of its own, so none waits for another's lease, and only the
//! guard of the kind keeps them apart. Reconcile sees the entries of all.

use std::time::Duration;

use async_trait::async_trait;
use domain::testing::Specimen;
use ports::{Entry, EntryId, IntentRecord, Ledger, LedgerError, OutcomeRecord, Recorded, Sleeper};

use super::Client;
use crate::fault::Fault;
use crate::history::{History, LedgerEntry, Settlement};
use crate::vocabulary::number_of;
use crate::world::state_of;

fn unusable(why: &str) -> LedgerError {
    LedgerError::unusable(why)
}

/// The state that an update makes its write from: the newest that it was shown, or the one that it was given.
fn newest_shown<K: Specimen>(history: &History<K>, update: usize) -> usize {
    let run = &history.updates[update];
    let shown = run
        .requests
        .iter()
        .filter_map(|request| history.requests[*request].shown);
    shown.max().or(run.base.state()).unwrap_or_default()
}

impl<K: Specimen> Client<K> {
    /// Keeps an intent in the history, and gives its place there.
    pub(crate) fn keep(&self, intent: IntentRecord) -> Result<usize, LedgerError> {
        let mut world = self.shared.world();
        let history = &mut world.history;
        let id: K::Id = intent.document.id.parse().map_err(|_| unusable("no id"))?;
        let base = K::from_document(intent.base.clone()).unwrap();
        let (number, document) = (history.entries.len(), number_of::<K>(&id));
        let update = self.update(document).unwrap_or(usize::MAX);
        let followed = intent.follows.and_then(|id| usize::try_from(id.0).ok());
        if let Some(refused) = followed.and_then(|place| history.entries.get_mut(place)) {
            refused.settlement = Some(Settlement::NotApplied);
        }
        let under = match &intent.version {
            Some(version) => state_of(version).unwrap_or(usize::MAX),
            None => newest_shown(history, update),
        };
        history.entries.push(LedgerEntry {
            update,
            document,
            under,
            base: history.vocabulary.content(&base),
            ours: K::from_document(intent.ours.clone()).unwrap(),
            overwrote: history.vocabulary.slots_of(&intent.overwrites),
            intent,
            before_request: history.requests.len(),
            newest: history.logs[document].len() - 1,
            settlement: None,
            settled_by_reconcile: false,
            settled_twice: false,
        });
        history.updates[update].entries.push(number);
        world.trace(|_| format!("u{update} records its intent as entry {number}"));
        Ok(number)
    }
}

#[async_trait]
impl<K: Specimen> Ledger for Client<K> {
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerError> {
        self.sleep(Duration::from_millis(1)).await;
        if self.record_fails(Fault::IntentRefused) {
            return Err(unusable("the disk is full"));
        }
        let number = self.keep(intent)?;
        self.sleep(Duration::from_millis(1)).await;
        Ok(EntryId(number as u64))
    }

    async fn conclude(&self, outcome: OutcomeRecord) -> Result<Recorded, LedgerError> {
        self.sleep(Duration::from_millis(1)).await;
        let recorded = |id: u64| Recorded {
            entry: EntryId(id),
            head: None,
            event: None,
        };
        let Some(id) = outcome.intent else {
            return Ok(recorded(u64::MAX));
        };
        if self.record_fails(Fault::OutcomeRefused) {
            return Err(unusable("the disk is full"));
        }
        let settlement = Settlement::of(&outcome);
        let mut world = self.shared.world();
        world.trace(|_| format!("        entry {id} is settled: {settlement:?}"));
        let place = usize::try_from(id.0).unwrap_or(usize::MAX);
        let Some(entry) = world.history.entries.get_mut(place) else {
            return Err(LedgerError::NoEntry(id));
        };
        let by_reconcile = self.update(entry.document).is_none();
        if !matches!(entry.settlement, None | Some(Settlement::Unknown)) {
            entry.settled_twice = true;
            return Err(LedgerError::Settled(id));
        }
        entry.settlement = Some(settlement);
        entry.settled_by_reconcile = by_reconcile;
        Ok(recorded(id.0))
    }

    async fn unsettled(&self, _target: &str, _kind: &str) -> Result<Vec<Entry>, LedgerError> {
        let world = self.shared.world();
        let is_open = |entry: &LedgerEntry<K>| matches!(entry.settlement, None | Some(Settlement::Unknown));
        let entries = world.history.entries.iter().enumerate();
        let open = entries
            .filter(|(_, entry)| is_open(entry))
            .map(|(number, entry)| Entry {
                id: EntryId(number as u64),
                intent: Some(entry.intent.clone()),
                outcome: None,
            });
        Ok(open.collect())
    }
}
