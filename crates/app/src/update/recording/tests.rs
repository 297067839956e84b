//! The records that an update leaves in the ledger, and its wait for another's lease.

use std::sync::Arc;

use async_trait::async_trait;
use domain::protocol::{Failed, RecordError, UpdateOptions};
use domain::{Edit, FailureClass, OutcomeKind, RequestError, ResponseMetadata, RuleId, TriggerRule};
use futures_util::FutureExt;
use ports::testing::ledger_conformance::outcome;
use ports::testing::{InMemoryStore, VirtualTime};
use ports::{Author, Clock, DocumentRef, DocumentStore, Entry, InMemoryLedger, Ledger, MockDocumentStore, Recorded};

use super::*;

const RULE: &str = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"old"}"#;

fn id() -> RuleId {
    "r1".parse().unwrap()
}

fn stored() -> InMemoryStore<TriggerRule> {
    let store = InMemoryStore::default();
    store.put(&id(), RULE.parse().unwrap());
    store
}

/// Renames the rule, and how long that took.
async fn rename(
    store: Arc<dyn DocumentStore<TriggerRule>>,
    ledger: Arc<dyn Ledger>,
    deadline: Duration,
) -> (Report<TriggerRule>, Duration) {
    let time = VirtualTime::default();
    (rename_in(&time, store, ledger, deadline).await, time.elapsed())
}

async fn rename_in(
    time: &VirtualTime,
    store: Arc<dyn DocumentStore<TriggerRule>>,
    ledger: Arc<dyn Ledger>,
    deadline: Duration,
) -> Report<TriggerRule> {
    let updater = Updater::builder(store)
        .ledger(ledger)
        .recorded_as("test", Author::default())
        .jitter(Arc::new(|| 1.0))
        .describe_error(Arc::new(|outcome| {
            let failure = outcome.failure()?;
            Some(format!("CODE {}", failure.message))
        }))
        .build(Arc::new(time.clone()));
    let options = UpdateOptions {
        deadline,
        ..UpdateOptions::default()
    };
    updater
        .update(&id(), Edit::default().name("new").unwrap(), options)
        .await
}

/// A ledger in which another update leases the rule for so long.
async fn leased_for(time: Duration) -> Arc<InMemoryLedger> {
    let ledger = InMemoryLedger::default();
    let start = VirtualTime::default().now();
    let rule: TriggerRule = RULE.parse().unwrap();
    let intent = IntentRecord {
        document: DocumentRef {
            target: "test".to_owned(),
            kind: "rule".to_owned(),
            id: "r1".to_owned(),
        },
        author: Author::default(),
        follows: None,
        undoes: Vec::new(),
        absent_intents: Vec::new(),
        guard: "etag".to_owned(),
        version: Some("1".parse().unwrap()),
        base: rule.document().clone(),
        ours: rule.document().clone(),
        change: rule.document().clone(),
        overwrites: Vec::new(),
        merges: 0,
        at: start,
        leased_until: start + time,
    };
    ledger.intend(intent).await.unwrap();
    Arc::new(ledger)
}

#[tokio::test]
async fn a_rule_on_which_another_is_at_work_is_waited_for_in_pauses_that_double() {
    let (report, took) = rename(
        Arc::new(stored()),
        leased_for(Duration::from_secs(5)).await,
        Duration::from_mins(2),
    )
    .await;
    assert_eq!(report.completion.outcome.kind(), OutcomeKind::Applied);
    // 20, 40, 80, 160, 320 and 640 ms, then a second each.
    assert_eq!(took, Duration::from_millis(1_260 + 4_000));
}

#[tokio::test]
async fn a_wait_for_another_that_would_end_after_the_deadline_is_not_begun() {
    let (report, took) = rename(
        Arc::new(stored()),
        leased_for(Duration::from_hours(1)).await,
        Duration::from_millis(2_260),
    )
    .await;
    assert!(matches!(
        report.completion.outcome,
        Outcome::Failed(Failed::NotRecorded {
            error: RecordError::Busy(_),
            ..
        })
    ));
    assert_eq!(took, Duration::from_millis(1_260));
}

/// Somebody else saves the rule as it is right before the first write of ours.
#[tokio::test]
async fn each_write_has_an_intent_that_follows_the_one_before_and_is_leased_for_longer_than_it_may_take() {
    let behind = Arc::new(stored());
    let mut mock = MockDocumentStore::<TriggerRule>::new();
    let reads = behind.clone();
    mock.expect_get()
        .returning(move |id| reads.get(id).now_or_never().unwrap());
    let mut is_first = true;
    mock.expect_replace().times(2).returning(move |id, rule, version| {
        if std::mem::take(&mut is_first) {
            behind.put(id, RULE.parse().unwrap());
        }
        behind.replace(id, rule, version).now_or_never().unwrap()
    });
    let ledger = Arc::new(InMemoryLedger::default());
    let (report, took) = rename(Arc::new(mock), ledger.clone(), Duration::from_mins(2)).await;
    assert_eq!(
        (report.completion.outcome.kind(), report.completion.attempts, took),
        (OutcomeKind::Applied, 2, Duration::ZERO)
    );
    let all = ledger.all();
    let [entry] = all.as_slice() else { panic!("{all:?}") };
    let intent = entry.intent.as_ref().unwrap();
    assert!(intent.follows.is_some_and(|first| first < entry.id));
    let lease = intent.leased_until.duration_since(intent.at).unwrap();
    assert_eq!(lease, Duration::from_mins(3));
}

/// A ledger that takes nothing.
struct BrokenLedger;

fn broken() -> LedgerError {
    LedgerError::unusable("the disk is full")
}

#[async_trait]
impl Ledger for BrokenLedger {
    async fn intend(&self, _intent: IntentRecord) -> Result<EntryId, LedgerError> {
        Err(broken())
    }

    async fn conclude(&self, _outcome: OutcomeRecord) -> Result<Recorded, LedgerError> {
        Err(broken())
    }

    async fn unsettled(&self, _target: &str, _kind: &str) -> Result<Vec<Entry>, LedgerError> {
        Err(broken())
    }
}

#[tokio::test]
async fn a_ledger_that_takes_nothing_is_not_waited_for_and_nothing_is_sent() {
    let store = Arc::new(stored());
    let (report, took) = rename(store.clone(), Arc::new(BrokenLedger), Duration::from_mins(2)).await;
    assert_eq!(
        (report.completion.outcome.kind(), took, report.completion.attempts),
        (OutcomeKind::Failed, Duration::ZERO, 0)
    );
    assert!(matches!(
        report.completion.outcome,
        Outcome::Failed(Failed::NotRecorded {
            error: RecordError::Unusable(_),
            ..
        })
    ));
    assert_eq!(report.unrecorded.as_deref(), Some("the disk is full"));
    assert_eq!(store.document(&id()).unwrap().name(), Some("old"));
}

#[tokio::test]
async fn what_went_wrong_and_how_often_it_was_tried_is_recorded() {
    let answered = |class, message| {
        let metadata = ResponseMetadata {
            requests: 1,
            ..ResponseMetadata::default()
        };
        RequestError {
            metadata: Box::new(metadata),
            ..RequestError::new(class, message)
        }
    };
    let wait = Some(Duration::from_secs(1));
    let throttled = move || answered(FailureClass::Throttled { wait }, "slow down");
    let refused = move || answered(FailureClass::Rejected, "no more than 3 rules");
    let mut mock = MockDocumentStore::<TriggerRule>::new();
    for _ in 0..2 {
        mock.expect_get().once().returning(move |_| Err(throttled()));
    }
    mock.expect_get().once().returning(move |_| Err(refused()));
    let ledger = Arc::new(InMemoryLedger::default());
    rename(Arc::new(mock), ledger.clone(), Duration::from_mins(2)).await;
    let outcome = ledger.all().pop().unwrap().outcome.unwrap();
    assert_eq!(
        (outcome.kind, outcome.retries, outcome.waited),
        (OutcomeKind::Rejected, 2, Duration::from_secs(2))
    );
    assert_eq!(outcome.error.as_deref(), Some("CODE no more than 3 rules"));
}

/// A ledger on a machine that falls asleep right after its first intent. Others may settle that one meanwhile.
struct SleptOver {
    ledger: InMemoryLedger,
    time: VirtualTime,
    asleep: Duration,
    is_settled_by_others: bool,
}

#[async_trait]
impl Ledger for SleptOver {
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerError> {
        let is_first = intent.follows.is_none();
        let entry = self.ledger.intend(intent.clone()).await?;
        if is_first {
            self.time.advance(self.asleep);
        }
        if is_first && self.is_settled_by_others {
            let settlement = outcome(&intent, Some(entry), OutcomeKind::NotApplied, 1);
            self.ledger.conclude(settlement).await?;
        }
        Ok(entry)
    }

    async fn conclude(&self, outcome: OutcomeRecord) -> Result<Recorded, LedgerError> {
        self.ledger.conclude(outcome).await
    }

    async fn unsettled(&self, target: &str, kind: &str) -> Result<Vec<Entry>, LedgerError> {
        self.ledger.unsettled(target, kind).await
    }
}

#[tokio::test]
async fn nothing_is_sent_under_an_intent_whose_lease_is_over() {
    let applied = (OutcomeKind::Applied, OutcomeKind::Applied);
    for (minutes, is_settled_by_others, (outcome, recorded), intents) in [
        (2, false, applied, 1),
        (3, false, applied, 2),
        (60, true, (OutcomeKind::Failed, OutcomeKind::NotApplied), 1),
    ] {
        let (time, store) = (VirtualTime::default(), Arc::new(stored()));
        let ledger = Arc::new(SleptOver {
            ledger: InMemoryLedger::default(),
            time: time.clone(),
            asleep: Duration::from_mins(minutes),
            is_settled_by_others,
        });
        let report = rename_in(&time, store.clone(), ledger.clone(), Duration::from_mins(2)).await;
        assert_eq!(report.completion.outcome.kind(), outcome, "{minutes}");
        let is_sent = outcome == OutcomeKind::Applied;
        assert_eq!(report.completion.attempts, u32::from(is_sent), "{minutes}");
        let name = if is_sent { "new" } else { "old" };
        assert_eq!(store.document(&id()).unwrap().name(), Some(name), "{minutes}");
        let [entry] = ledger.ledger.all().try_into().unwrap();
        let follows = entry.intent.unwrap().follows;
        assert_eq!(follows.is_some(), intents == 2, "{minutes}");
        assert_eq!(entry.outcome.unwrap().kind, recorded, "{minutes}");
    }
}
