//! Settling on the ledger in memory and in virtual time.

use super::*;
use domain::{RuleChange, RuleId, TriggerRule};
use ports::testing::{InMemoryStore, VirtualTime};
use ports::{InMemoryLedger, IntentRecord};

const RULE: &str = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"old",
    "actions":[{"type":"webhook","x":{"a":1,"b":2}}]}"#;

/// A rule, and an intent for it that was recorded at its start and leased for three minutes.
struct UpdateHandle {
    id: RuleId,
    repository: Arc<InMemoryStore>,
    ledger: Arc<InMemoryLedger>,
    time: VirtualTime,
    intent: IntentRecord,
}

impl UpdateHandle {
    async fn of(change: &RuleChange) -> Self {
        let id: RuleId = "r1".parse().unwrap();
        let repository = InMemoryStore::default();
        repository.put(&id, RULE.parse().unwrap());
        let time = VirtualTime::default();
        let base: TriggerRule = RULE.parse().unwrap();
        let intent = IntentRecord {
            target: "t".to_owned(),
            document: "r1".to_owned(),
            author: Author::default(),
            follows: None,
            guard: "etag".to_owned(),
            version: "1".parse().unwrap(),
            base: base.document().clone(),
            ours: change.apply(&base).unwrap().document().clone(),
            change: TriggerRule::write_down(change),
            overwrites: Vec::new(),
            merges: 0,
            at: time.now(),
            leased_until: time.now() + Duration::from_mins(3),
        };
        let ledger = InMemoryLedger::default();
        ledger.intend(intent.clone()).await.unwrap();
        Self {
            id,
            repository: Arc::new(repository),
            ledger: Arc::new(ledger),
            time,
            intent,
        }
    }

    fn put(&self, texts: &[&str]) {
        for text in texts {
            self.repository.put(&self.id, text.parse().unwrap());
        }
    }

    /// What is found now, and what the ledger says of it.
    async fn found(&self) -> (Settlement, Option<(Ending, Option<Proof>)>) {
        let reconciler = self.reconciler();
        let mut all = reconciler.reconcile(|id| id.parse().ok()).await.unwrap();
        let outcome = self.ledger.all().pop().unwrap().outcome;
        (
            all.pop().unwrap().finding,
            outcome.map(|outcome| (outcome.ending, outcome.proof)),
        )
    }

    fn reconciler(&self) -> Reconciler<TriggerRule> {
        Reconciler {
            repository: self.repository.clone(),
            ledger: self.ledger.clone(),
            target: "t".to_owned(),
            author: Author::default(),
            clock: Arc::new(self.time.clone()),
        }
    }
}

fn renamed() -> RuleChange {
    RuleChange::default().name("new").unwrap()
}

const BY_AGE: Option<(Ending, Option<Proof>)> = Some((Ending::NotApplied, Some(Proof::Age)));

#[tokio::test]
async fn what_can_be_known_is_settled_and_nothing_else() {
    let applied = r#"{"id":"r1","ruleType":"conversation","enabled":false,"name":"new"}"#;
    let other = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"other"}"#;
    let by_read = Some((Ending::Applied, Some(Proof::Read)));
    for (puts, minutes, finding, settlement) in [
        (&[applied][..], 5, Settlement::Applied, by_read),
        (&[], 19, Settlement::NotApplied, BY_AGE),
        (&[], 17, Settlement::Inconclusive, None),
        (&[], 5, Settlement::Inconclusive, None),
        (&[], 1, Settlement::Leased, None),
        (&[other], 60, Settlement::Moved, None),
        (&[applied, other], 60, Settlement::Moved, None),
    ] {
        let desk = UpdateHandle::of(&renamed()).await;
        desk.put(puts);
        desk.time.advance(Duration::from_mins(minutes));
        assert_eq!(desk.found().await, (finding, settlement), "{puts:?} {minutes}");
    }
}

#[tokio::test]
async fn nobody_is_at_work_on_what_ended_unknown_and_its_age_counts_from_there() {
    let unknown = Some((Ending::Unknown, None));
    for (minutes, finding, settlement) in [
        (1, Settlement::Inconclusive, unknown),
        (14, Settlement::Inconclusive, unknown),
        (16, Settlement::NotApplied, BY_AGE),
    ] {
        let desk = UpdateHandle::of(&renamed()).await;
        let entry = desk.ledger.all().pop().unwrap();
        let reconciler = desk.reconciler();
        let settled = reconciler
            .settle(&entry, &desk.intent, Ending::Unknown, Proof::Read)
            .await;
        assert!(settled.is_ok());
        desk.time.advance(Duration::from_mins(minutes));
        let (found, known) = desk.found().await;
        assert_eq!(
            (found, known.map(|(ending, _)| ending)),
            (finding, settlement.map(|(ending, _)| ending))
        );
    }
}

#[tokio::test]
async fn what_was_in_the_base_already_proves_nothing() {
    let actions = r#"[{"type":"webhook","x":{"a":1}}]"#;
    let mut change = RuleChange::default();
    change.set(domain::Field::Actions, actions.parse().unwrap());
    let desk = UpdateHandle::of(&change).await;
    desk.time.advance(Duration::from_mins(5));
    assert_eq!(desk.found().await.0, Settlement::Inconclusive);
    let applied = format!(r#"{{"id":"r1","ruleType":"conversation","enabled":true,"name":"old","actions":{actions}}}"#);
    desk.put(&[&applied]);
    assert_eq!(desk.found().await.0, Settlement::Applied);
}

#[tokio::test]
async fn once_the_platform_cannot_be_reached_the_rest_is_not_tried() {
    let desk = UpdateHandle::of(&renamed()).await;
    let mut second = desk.intent.clone();
    second.document = "r2".to_owned();
    desk.ledger.intend(second).await.unwrap();
    desk.time.advance(Duration::from_mins(5));
    let mut mock = ports::MockDocumentStore::<TriggerRule>::new();
    let gone = || Failure::new(domain::FailureClass::NotSent, "no route");
    mock.expect_get().times(1).returning(move |_| Err(gone()));
    let reconciler = Reconciler {
        repository: Arc::new(mock),
        ..desk.reconciler()
    };
    let all = reconciler.reconcile(|id| id.parse().ok()).await.unwrap();
    let unreadable = Settlement::Unreadable(gone());
    assert!(all.len() == 2 && all.iter().all(|found| found.finding == unreadable));
}
