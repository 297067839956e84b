//! Settling on the ledger in memory and in virtual time.

use super::*;
use domain::{RuleId, TriggerRule};
use ports::testing::{InMemoryStore, VirtualTime};
use ports::{DocumentRef, InMemoryLedger, IntentRecord};

const RULE: &str = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"old",
    "actions":[{"type":"webhook","x":{"a":1,"b":2}}]}"#;

/// A rule, and an intent for it that was recorded at its start and leased for three minutes.
struct OpenEntry {
    id: RuleId,
    store: Arc<InMemoryStore<TriggerRule>>,
    ledger: Arc<InMemoryLedger>,
    time: VirtualTime,
    intent: IntentRecord,
}

impl OpenEntry {
    async fn of(patch: &Patch<TriggerRule>) -> Self {
        let id: RuleId = "r1".parse().unwrap();
        let store = InMemoryStore::default();
        store.put(&id, RULE.parse().unwrap());
        let time = VirtualTime::default();
        let base: TriggerRule = RULE.parse().unwrap();
        let intent = IntentRecord {
            document: rule("r1"),
            author: Author::default(),
            follows: None,
            undoes: Vec::new(),
            absent_intents: Vec::new(),
            guard: "etag".to_owned(),
            version: Some("1".parse().unwrap()),
            base: base.document().clone(),
            ours: patch.apply(&base).unwrap().document().clone(),
            change: patch.to_document(),
            overwrites: Vec::new(),
            merges: 0,
            at: time.now(),
            leased_until: time.now() + Duration::from_mins(3),
        };
        let ledger = InMemoryLedger::default();
        ledger.intend(intent.clone()).await.unwrap();
        Self {
            id,
            store: Arc::new(store),
            ledger: Arc::new(ledger),
            time,
            intent,
        }
    }

    fn put(&self, texts: &[&str]) {
        for text in texts {
            self.store.put(&self.id, text.parse().unwrap());
        }
    }

    /// The settlement that is found now, and the outcome and the evidence in the ledger.
    async fn found(&self) -> (Settlement, Option<(OutcomeKind, Option<Evidence>)>) {
        let reconciler = self.reconciler();
        let mut all = reconciler.reconcile().await.unwrap();
        let outcome = self.ledger.all().pop().unwrap().outcome;
        (
            all.pop().unwrap().settlement,
            outcome.map(|outcome| (outcome.kind, outcome.evidence)),
        )
    }

    fn reconciler(&self) -> Reconciler<TriggerRule> {
        Reconciler {
            store: self.store.clone(),
            ledger: self.ledger.clone(),
            target: "t".to_owned(),
            author: Author::default(),
            clock: Arc::new(self.time.clone()),
        }
    }
}

fn renamed() -> Patch<TriggerRule> {
    Patch::from_document(&r#"{"name":"new"}"#.parse().unwrap())
}

fn rule(id: &str) -> DocumentRef {
    DocumentRef {
        target: "t".to_owned(),
        kind: "rule".to_owned(),
        id: id.to_owned(),
    }
}

const BY_AGE: Option<(OutcomeKind, Option<Evidence>)> = Some((OutcomeKind::NotApplied, Some(Evidence::Age)));

#[tokio::test]
async fn what_can_be_known_is_settled_and_nothing_else() {
    let applied = r#"{"id":"r1","ruleType":"conversation","enabled":false,"name":"new"}"#;
    let other = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"other"}"#;
    let by_read = Some((OutcomeKind::Applied, Some(Evidence::Read)));
    for (puts, minutes, settlement, recorded) in [
        (&[applied][..], 5, Settlement::Applied, by_read),
        (&[], 19, Settlement::NotApplied, BY_AGE),
        (&[], 17, Settlement::Inconclusive, None),
        (&[], 5, Settlement::Inconclusive, None),
        (&[], 1, Settlement::Leased, None),
        (&[other], 60, Settlement::Moved, None),
        (&[applied, other], 60, Settlement::Moved, None),
    ] {
        let open = OpenEntry::of(&renamed()).await;
        open.put(puts);
        open.time.advance(Duration::from_mins(minutes));
        assert_eq!(open.found().await, (settlement, recorded), "{puts:?} {minutes}");
    }
}

#[tokio::test]
async fn nobody_is_at_work_on_what_ended_unknown_and_its_age_counts_from_there() {
    let unknown = Some((OutcomeKind::Unknown, None));
    for (minutes, finding, settlement) in [
        (1, Settlement::Inconclusive, unknown),
        (14, Settlement::Inconclusive, unknown),
        (16, Settlement::NotApplied, BY_AGE),
    ] {
        let open = OpenEntry::of(&renamed()).await;
        let entry = open.ledger.all().pop().unwrap();
        let reconciler = open.reconciler();
        let settled = reconciler
            .settle(&entry, &open.intent, OutcomeKind::Unknown, Evidence::Read)
            .await;
        assert!(settled.is_ok());
        open.time.advance(Duration::from_mins(minutes));
        let (found, known) = open.found().await;
        assert_eq!(
            (found, known.map(|(outcome_kind, _)| outcome_kind)),
            (finding, settlement.map(|(outcome_kind, _)| outcome_kind))
        );
    }
}

#[tokio::test]
async fn what_was_in_the_base_already_proves_nothing() {
    let actions = r#"[{"type":"webhook","x":{"a":1}}]"#;
    let patch = Patch::from_document(&format!(r#"{{"actions":{actions}}}"#).parse().unwrap());
    let open = OpenEntry::of(&patch).await;
    open.time.advance(Duration::from_mins(5));
    assert_eq!(open.found().await.0, Settlement::Inconclusive);
    let applied = format!(r#"{{"id":"r1","ruleType":"conversation","enabled":true,"name":"old","actions":{actions}}}"#);
    open.put(&[&applied]);
    assert_eq!(open.found().await.0, Settlement::Applied);
}

#[tokio::test]
async fn once_the_platform_cannot_be_reached_the_rest_is_not_tried() {
    let open = OpenEntry::of(&renamed()).await;
    let mut second = open.intent.clone();
    second.document = rule("r2");
    open.ledger.intend(second).await.unwrap();
    open.time.advance(Duration::from_mins(5));
    let mut mock = ports::MockDocumentStore::<TriggerRule>::new();
    let gone = || RequestError::new(domain::FailureClass::NotSent, "no route");
    mock.expect_get().times(1).returning(move |_| Err(gone()));
    let reconciler = Reconciler {
        store: Arc::new(mock),
        ..open.reconciler()
    };
    let all = reconciler.reconcile().await.unwrap();
    let unreadable = Settlement::Unreadable(gone());
    assert!(all.len() == 2 && all.iter().all(|found| found.settlement == unreadable));
}

/// FIELD I3: a clock that was set forward since the write does not make it old.
#[tokio::test]
async fn a_write_is_old_by_the_clocks_of_both_sides() {
    for (ours, theirs, settlement) in [
        (60, 5, Settlement::Inconclusive),
        (5, 60, Settlement::Inconclusive),
        (60, 60, Settlement::NotApplied),
    ] {
        let open = OpenEntry::of(&renamed()).await;
        let date = open.time.now() + Duration::from_mins(theirs);
        open.time.advance(Duration::from_mins(ours));
        let mut content = open.store.get(&open.id).await.unwrap();
        content.metadata.date = Some(date);
        let mut mock = ports::MockDocumentStore::<TriggerRule>::new();
        mock.expect_get().times(1).return_once(move |_| Ok(content));
        let reconciler = Reconciler {
            store: Arc::new(mock),
            ..open.reconciler()
        };
        let all = reconciler.reconcile().await.unwrap();
        assert_eq!(all[0].settlement, settlement, "{ours} {theirs}");
    }
}
