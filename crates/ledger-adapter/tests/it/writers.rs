//! Writers who update a few rules at once, and what must be true of the ledger afterwards.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use assist_rules_ledger_adapter::SqlLedger;
use domain::OutcomeKind;
use ports::testing::ledger_conformance::{intent, moment, outcome};
use ports::{
    Claim, DeliveryOutcome, EntryId, History, HistoryQuery, Include, IntentRecord, Ledger, LedgerError, Outbox,
};
use tokio::sync::watch;

/// A platform that takes a write only under the version that stands there.
#[derive(Default)]
pub(crate) struct Platform {
    versions: Mutex<BTreeMap<String, u64>>,
    /// The rule, its version before, and the intent, of each write that was applied.
    applied: Mutex<Vec<(String, u64, EntryId)>>,
}

impl Platform {
    fn version(&self, rule: &str) -> u64 {
        self.versions.lock().unwrap().get(rule).copied().unwrap_or_default()
    }

    fn put(&self, rule: &str, under: u64, intent: EntryId) -> bool {
        let mut versions = self.versions.lock().unwrap();
        let version = versions.entry(rule.to_owned()).or_default();
        if *version != under {
            return false;
        }
        *version += 1;
        self.applied.lock().unwrap().push((rule.to_owned(), under, intent));
        true
    }
}

/// One who updates the rules in turn.
pub(crate) struct Writer {
    pub(crate) ledger: Arc<SqlLedger>,
    pub(crate) run: String,
    pub(crate) platform: Arc<Platform>,
    pub(crate) rules: Vec<String>,
    /// The number of updates acknowledged to all writers together.
    pub(crate) count: watch::Sender<usize>,
    /// They stop at so many.
    pub(crate) enough: usize,
}

impl Writer {
    /// Updates until there are enough. The updates that were acknowledged.
    pub(crate) async fn write(self) -> Vec<EntryId> {
        let mut acknowledged = Vec::new();
        let mut rules = self.rules.iter().cycle();
        while *self.count.borrow() < self.enough {
            let rule = rules.next().unwrap();
            let Some(entry) = self.update(rule).await else {
                tokio::task::yield_now().await;
                continue;
            };
            acknowledged.push(entry);
            self.count.send_modify(|count| *count += 1);
        }
        acknowledged
    }

    /// Without a durable intent nothing is sent.
    async fn update(&self, rule: &str) -> Option<EntryId> {
        let mut follows = None;
        let (version, entry) = loop {
            let version = self.platform.version(rule);
            let entry = match self.ledger.intend(self.intent(rule, version, follows)).await {
                Ok(entry) => entry,
                Err(failure) => {
                    let waits = matches!(failure, LedgerError::Leased { .. }) && follows.is_none();
                    assert!(waits, "{failure}");
                    return None;
                }
            };
            if self.platform.put(rule, version, entry) {
                break (version, entry);
            }
            follows = Some(entry);
        };
        let applied = outcome(
            &self.intent(rule, version, follows),
            Some(entry),
            OutcomeKind::Applied,
            1,
        );
        self.ledger.conclude(applied).await.unwrap();
        Some(entry)
    }

    fn intent(&self, rule: &str, version: u64, follows: Option<EntryId>) -> IntentRecord {
        let mut intent = intent(rule, version, 0);
        intent.author.run.clone_from(&self.run);
        IntentRecord { follows, ..intent }
    }
}

/// Asserts that the ledger records what happened: every update, once, in order.
pub(crate) async fn assert_true(ledger: &SqlLedger, platform: &Platform, acknowledged: &[EntryId]) {
    assert_eq!(ledger.verify(None).await.unwrap().faults, []);
    let query = HistoryQuery {
        limit: usize::MAX,
        ..HistoryQuery::default()
    };
    let mut entries = ledger.entries(&query).await.unwrap();
    entries.reverse();
    let recorded: Vec<(String, u64, EntryId)> = entries
        .iter()
        .filter(|entry| entry.outcome_kind() == Some(OutcomeKind::Applied))
        .map(|entry| {
            let version = entry.intent.as_ref().unwrap().version.as_ref().unwrap();
            (
                entry.document().unwrap().id.clone(),
                version.to_string().parse().unwrap(),
                entry.id,
            )
        })
        .collect();
    let applied = platform.applied.lock().unwrap().clone();
    let of = |all: &[(String, u64, EntryId)], rule: &str| -> Vec<(String, u64, EntryId)> {
        all.iter().filter(|(of, _, _)| of == rule).cloned().collect()
    };
    for rule in platform.versions.lock().unwrap().keys() {
        assert_eq!(
            of(&recorded, rule),
            of(&applied, rule),
            "entries are in the order of versions"
        );
    }
    let settled = entries.iter().filter(|entry| entry.outcome_kind().is_some()).count();
    assert_eq!(settled, recorded.len(), "nothing else ended");
    for entry in acknowledged {
        assert!(
            recorded.iter().any(|(_, _, id)| id == entry),
            "{entry} was acknowledged"
        );
    }
}

/// Workers who deliver what a sink is to be told, with failures in between; what they delivered, in order.
pub(crate) async fn deliver(workers: Vec<Arc<SqlLedger>>) -> Vec<(String, u64, String)> {
    let delivered = Arc::new(Mutex::new(Vec::new()));
    let workers: Vec<_> = workers
        .into_iter()
        .map(|ledger| tokio::spawn(deliver_some(ledger, delivered.clone())))
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let delivered = delivered.lock().unwrap();
    delivered.clone()
}

async fn deliver_some(ledger: Arc<SqlLedger>, delivered: Arc<Mutex<Vec<(String, u64, String)>>>) {
    let claim = Claim {
        sink: "a".to_owned(),
        after: 0,
        include: Include::Due,
        now: moment(1_000),
        lease: std::time::Duration::from_mins(1),
        limit: 2,
    };
    let mut tries = 0;
    loop {
        let leased = ledger.claim(&claim).await.unwrap();
        let pending = ledger.backlog().await.unwrap().first().map_or(0, |sink| sink.pending);
        if leased.is_empty() && pending == 0 {
            return;
        }
        for leased in leased {
            tries += 1;
            let event = &leased.event;
            let version = event.version_before.as_ref().unwrap().to_string().parse().unwrap();
            delivered
                .lock()
                .unwrap()
                .push((event.document.id.clone(), version, event.id.clone()));
            tokio::task::yield_now().await;
            let again = DeliveryOutcome::Retry {
                at: claim.now,
                counts: true,
                error: "no\u{0}".to_owned(),
                paused_until: None,
            };
            let outcome = if tries % 3 == 0 {
                again
            } else {
                DeliveryOutcome::Delivered
            };
            ledger.complete(&leased, &outcome).await.unwrap();
        }
    }
}

/// Asserts that each event was delivered, after all earlier ones of its rule, and under one id each time.
pub(crate) fn assert_in_order(delivered: &[(String, u64, String)], platform: &Platform) {
    let mut ids: BTreeMap<(&str, u64), &str> = BTreeMap::new();
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for (rule, version, id) in delivered {
        let before = last.insert(rule, *version);
        let is_next = before.map_or(*version == 0, |before| (before..=before + 1).contains(version));
        assert!(is_next, "{rule}: {version} after {before:?}");
        assert_eq!(ids.entry((rule, *version)).or_insert(id), id);
    }
    assert_eq!(ids.len(), platform.applied.lock().unwrap().len());
}
