//! The suites that every kind passes: the laws of documents, the contract of stores, and updates on a store and a ledger
//! in memory. They run here for trigger rules and for the toy; a kind of one's own runs them by [`check`].

use std::sync::Arc;

use app::{Report, Updater};
use async_trait::async_trait;
use domain::document::CrossFieldMerge;
use domain::protocol::{OnConflict, PriorWrite, UpdateOptions, UpdateRequest};
use domain::testing::{Specimen, Toy, kind_laws};
use domain::{Copilot, Edit, Evidence, OutcomeKind, Patch, Stored, TriggerRule};
use ports::testing::conformance::{self, Stage};
use ports::testing::ledger_conformance::{intent, outcome};
use ports::testing::{InMemoryStore, VirtualTime};
use ports::{Author, DocumentStore, History, HistoryQuery, InMemoryLedger, IntentRecord, Ledger, LedgerError};

use crate::vocabulary::has_versions;

/// Cases for each law.
const CASES: u32 = 256;

/// Every suite, for one kind.
pub(crate) async fn check<K: Specimen>() {
    kind_laws::<K>(CASES);
    conformance::check(|| async { InMemory::<K>(InMemoryStore::with_pages_of(3)) }).await;
    an_update_is_applied_recorded_and_not_made_twice::<K>().await;
    a_document_that_is_sent_back_as_it_was_read_is_an_edit_of_it::<K>().await;
    others_are_merged_with_and_a_review_is_not::<K>().await;
    entries_of_a_kind_are_its_own::<K>().await;
}

struct InMemory<K: Specimen>(InMemoryStore<K>);

#[async_trait]
impl<K: Specimen> Stage<K> for InMemory<K> {
    fn store(&self) -> &dyn DocumentStore<K> {
        &self.0
    }

    async fn put(&self, id: &K::Id, document: &K) {
        self.0.put(id, document.clone());
    }
}

/// A store with the specimen, and an updater on it.
struct Bench<K: Specimen> {
    store: Arc<InMemoryStore<K>>,
    ledger: Arc<InMemoryLedger>,
    updater: Updater<K>,
}

impl<K: Specimen> Bench<K> {
    fn new() -> Self {
        let (store, ledger) = (Arc::new(InMemoryStore::default()), Arc::new(InMemoryLedger::default()));
        store.put(&K::specimen_id(), K::specimen());
        let updater = Updater::builder(store.clone())
            .ledger(ledger.clone())
            .recorded_as("bench", Author::default());
        Self {
            updater: updater.build(Arc::new(VirtualTime::default())),
            store,
            ledger,
        }
    }

    async fn read(&self) -> Stored<K> {
        self.store.get(&K::specimen_id()).await.unwrap().content
    }

    fn document(&self) -> K {
        self.store.document(&K::specimen_id()).unwrap()
    }

    async fn execute(&self, request: UpdateRequest<K>, on_conflict: OnConflict) -> Report<K> {
        let options = UpdateOptions {
            on_conflict,
            cross_field_merge: CrossFieldMerge::Refuse,
            ..UpdateOptions::default()
        };
        let id = K::specimen_id();
        self.updater
            .execute(&id, request, options, &|_| (), std::future::pending())
            .await
    }
}

fn applied<K: Specimen>(patch: &Patch<K>, document: &K) -> K {
    patch.apply(document).unwrap()
}

/// The document with an edit in it, with what the edit leaves out as it is.
fn edited<K: Specimen>(members: &[(usize, usize)], document: &K) -> K {
    applied(&K::edit(members).resolve(document).unwrap(), document)
}

async fn an_update_is_applied_recorded_and_not_made_twice<K: Specimen>() {
    let bench = Bench::<K>::new();
    let before = bench.document();
    for expected in [OutcomeKind::Applied, OutcomeKind::Unchanged] {
        let report = bench
            .execute(UpdateRequest::Edit(K::edit(&[(0, 0)])), OnConflict::Fail)
            .await;
        assert_eq!(report.completion.outcome.kind(), expected, "{}", K::NAME);
        assert_eq!(report.unrecorded, None);
        assert!(bench.document().has_content_of(&edited(&[(0, 0)], &before)));
    }
    let query = HistoryQuery {
        kind: Some(K::NAME.to_string()),
        document: Some(K::ID.to_owned()),
        limit: 10,
        ..HistoryQuery::default()
    };
    let entries = bench.ledger.entries(&query).await.unwrap();
    let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome_kind().unwrap()).collect();
    assert_eq!(outcomes, [OutcomeKind::Unchanged, OutcomeKind::Applied], "newest first");
    let (intent, outcome) = (
        entries[1].intent.as_ref().unwrap(),
        entries[1].outcome.as_ref().unwrap(),
    );
    assert_eq!(
        (intent.version.is_some(), outcome.evidence),
        (has_versions::<K>(), Some(Evidence::Answer))
    );
    assert_eq!(intent.guard, if has_versions::<K>() { "etag" } else { "content" });
    assert_eq!(bench.ledger.unsettled("bench", K::NAME.as_str()).await.unwrap(), []);
}

async fn a_document_that_is_sent_back_as_it_was_read_is_an_edit_of_it<K: Specimen>() {
    let bench = Bench::<K>::new();
    let before = bench.document();
    for (patch, expected) in [
        (Patch::default(), OutcomeKind::Unchanged),
        (K::patch(&[(1, 0)]), OutcomeKind::Applied),
    ] {
        let file = applied(&patch, &before).document().clone();
        let edit = Edit::new(file).unwrap();
        let report = bench.execute(UpdateRequest::Edit(edit), OnConflict::Fail).await;
        assert_eq!(report.completion.outcome.kind(), expected, "{}", K::NAME);
        assert!(bench.document().has_content_of(&applied(&patch, &before)));
    }
}

async fn others_are_merged_with_and_a_review_is_not<K: Specimen>() {
    let bench = Bench::<K>::new();
    let base = bench.read().await;
    let theirs = applied(&K::patch(&[(0, 1)]), &base.value);
    bench.store.put(&K::specimen_id(), theirs.clone());
    let patch = K::patch(&[(1, 0)]);
    let planned = UpdateRequest::Planned {
        patch: patch.clone(),
        base: base.clone(),
        prior: PriorWrite::None,
    };
    let report = bench.execute(planned, OnConflict::Fail).await;
    assert_eq!(report.completion.outcome.kind(), OutcomeKind::Conflict);
    assert!(bench.document().has_content_of(&theirs));
    let base = base.value;
    let report = bench
        .execute(
            UpdateRequest::Patch {
                patch: patch.clone(),
                base: base.clone(),
            },
            OnConflict::Merge,
        )
        .await;
    assert_eq!(
        (report.completion.outcome.kind(), report.completion.merges),
        (OutcomeKind::Applied, 1)
    );
    assert!(bench.document().has_content_of(&applied(&patch, &theirs)));
    let collides = UpdateRequest::Patch {
        patch: K::patch(&[(0, 0)]),
        base,
    };
    let report = bench.execute(collides, OnConflict::Merge).await;
    assert_eq!(report.completion.outcome.kind(), OutcomeKind::Conflict);
}

/// An id may be one of several kinds: lease and record are apart.
async fn entries_of_a_kind_are_its_own<K: Specimen>() {
    let ledger = InMemoryLedger::default();
    let of = |kind: &str| {
        let mut intent = intent(K::ID, 1, 0);
        kind.clone_into(&mut intent.document.kind);
        intent
    };
    let (ours, others): (IntentRecord, _) = (of(K::NAME.as_str()), of("another"));
    let entry = ledger.intend(ours.clone()).await.unwrap();
    ledger.intend(others).await.unwrap();
    let again = ledger.intend(ours.clone()).await;
    assert!(matches!(again, Err(LedgerError::Leased { .. })), "{again:?}");
    let open = ledger.unsettled(&ours.document.target, K::NAME.as_str()).await.unwrap();
    assert_eq!(open.iter().map(|open| open.id).collect::<Vec<_>>(), [entry]);
    ledger
        .conclude(outcome(&ours, Some(entry), OutcomeKind::Applied, 1))
        .await
        .unwrap();
    ledger.intend(ours).await.unwrap();
}

#[tokio::test]
async fn trigger_rules_pass_every_suite() {
    check::<TriggerRule>().await;
}

#[tokio::test]
async fn toys_pass_every_suite() {
    check::<Toy>().await;
}

#[tokio::test]
async fn copilots_pass_every_suite() {
    check::<Copilot>().await;
}
