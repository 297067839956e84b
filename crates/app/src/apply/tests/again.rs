//! Applying again: the same plan, another plan of the same content, in the same record and without it.

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::Evidence;
use domain::json::Document;
use ports::{
    After, BaseHash, DocumentRef, HistoryQuery, InMemoryLedger, KnownReference, NewestBase, Replacement, Tally,
    TallyQuery,
};

use super::room::apply_with;
use super::*;
use crate::{RollbackTo, rollback};

const APPLIED: OutcomeKind = OutcomeKind::Applied;
const UNCHANGED: OutcomeKind = OutcomeKind::Unchanged;
const CONFLICT: OutcomeKind = OutcomeKind::Conflict;

async fn events<K: Specimen>(room: &Room<K>) -> u64 {
    room.ledger
        .backlog()
        .await
        .unwrap()
        .iter()
        .map(|sink| sink.pending)
        .sum()
}

async fn is_written_once<K: Specimen>() {
    let documents = [1, 2].map(|at| (number::<K>(at), K::specimen()));
    let files = [1, 2].map(|at| (number::<K>(at), K::edit(&[(0, at)])));
    let room = Room::of(documents, Vec::new());
    let plan = room.plan("p", &files).await;
    assert_eq!(
        room.apply_in_words("a", &plan, OnConflict::Fail).await,
        [APPLIED, APPLIED]
    );
    let (writes, reads) = (room.wire.writes(), room.wire.reads());
    for run in ["b", "c"] {
        assert_eq!(
            room.apply_in_words(run, &plan, OnConflict::Merge).await,
            [UNCHANGED, UNCHANGED]
        );
    }
    assert_eq!((room.wire.writes(), room.wire.reads()), (writes, reads + 4));
    assert_eq!((room.entries(APPLIED), room.entries(UNCHANGED)), (2, 4));
    assert_eq!(events(&room).await, 2);
}

#[tokio::test]
async fn a_plan_that_is_applied_again_is_written_once() {
    is_written_once::<TriggerRule>().await;
    is_written_once::<Toy>().await;
}

#[tokio::test]
async fn a_plan_that_is_applied_again_is_written_once_though_the_clock_of_the_planner_was_ahead() {
    let room = Room::of(rules(1), Vec::new());
    let mut plan = room.plan("p", &renamed("new", 1)).await;
    plan.review.created_at += Duration::from_mins(10);
    room.apply_in_words("a", &plan, OnConflict::Fail).await;
    assert_eq!(room.apply_in_words("b", &plan, OnConflict::Fail).await, [UNCHANGED]);
    assert_eq!((room.wire.writes(), room.entries(APPLIED)), (1, 1));
}

/// Applies two plans at the same time, each in a run of its own.
async fn at_the_same_time<K: Specimen>(room: &Room<K>, plans: [&Plan<K>; 2]) -> [Vec<OutcomeKind>; 2] {
    let [first, second] = plans;
    let options = UpdateOptions::default();
    let ends = futures_util::future::join(room.apply("a", first, &options), room.apply("b", second, &options)).await;
    [kinds(&ends.0), kinds(&ends.1)]
}

async fn is_written_once_by_two<K: Specimen>(turns: Vec<u8>, ids: [&str; 2]) {
    let documents = [1, 2].map(|at| (number::<K>(at), K::specimen()));
    let files = [1, 2].map(|at| (number::<K>(at), K::edit(&[(0, at)])));
    let room = Room::of(documents, turns);
    let [first, second] = ids;
    let plans = (room.plan(first, &files).await, room.plan(second, &files).await);
    let [one, other] = at_the_same_time(&room, [&plans.0, &plans.1]).await;
    for (one, other) in one.into_iter().zip(other) {
        let mut both = [one, other];
        both.sort_by_key(|kind| kind.as_str());
        assert_eq!(both, [APPLIED, UNCHANGED]);
    }
    assert_eq!((room.wire.writes(), room.entries(APPLIED)), (2, 2));
    assert_eq!(events(&room).await, 2);
}

proptest! {
    #[test]
    fn two_that_apply_at_the_same_time_write_each_document_once(turns in vec(0..6_u8, 0..60)) {
        at_once(async {
            is_written_once_by_two::<TriggerRule>(turns.clone(), ["p", "p"]).await;
            is_written_once_by_two::<Toy>(turns.clone(), ["p", "p"]).await;
            is_written_once_by_two::<TriggerRule>(turns.clone(), ["p", "q"]).await;
        });
    }
}

#[tokio::test]
async fn a_second_plan_of_the_same_content_takes_no_credit_for_the_first() {
    for (seen, on_conflict) in [
        (false, OnConflict::Fail),
        (true, OnConflict::Fail),
        (true, OnConflict::Merge),
    ] {
        let room = Room::of(rules(1), Vec::new());
        if seen {
            let before = room.plan("o", &renamed("old, too", 1)).await;
            room.apply_in_words("o", &before, OnConflict::Fail).await;
        }
        let (writes, applied) = (room.wire.writes(), room.entries(APPLIED));
        let plans = [
            room.plan("p", &renamed("new", 1)).await,
            room.plan("q", &renamed("new", 1)).await,
        ];
        assert_eq!(room.apply_in_words("a", &plans[0], on_conflict).await, [APPLIED]);
        assert_eq!(room.apply_in_words("b", &plans[1], on_conflict).await, [UNCHANGED]);
        assert_eq!((room.wire.writes(), room.entries(APPLIED)), (writes + 1, applied + 1));
    }
}

/// Undoes the last applied entry of the rule `1`, in a run of its own.
async fn roll_back(room: &Room<TriggerRule>) -> OutcomeKind {
    let document = document_ref::<TriggerRule>("test".to_owned(), &rule_id("1"));
    let back = rollback(&*room.ledger, &document, RollbackTo::PreviousEntry)
        .await
        .unwrap();
    let mut updater = room.updater("undo");
    updater.undoes = back.undoes;
    let never = std::future::pending();
    let options = UpdateOptions::default();
    let report = updater
        .execute(&rule_id("1"), back.request, options, &|_| (), never)
        .await;
    report.completion.outcome.kind()
}

#[tokio::test]
async fn what_was_rolled_back_is_not_applied_again_by_the_same_plan() {
    for on_conflict in [OnConflict::Fail, OnConflict::Merge] {
        let room = Room::of(rules(1), Vec::new());
        let plan = room.plan("p", &renamed("new", 1)).await;
        room.apply_in_words("a", &plan, on_conflict).await;
        assert_eq!(roll_back(&room).await, APPLIED);
        let writes = room.wire.writes();
        assert_eq!(room.apply_in_words("b", &plan, on_conflict).await, [CONFLICT]);
        assert_eq!((room.wire.writes(), room.entries(APPLIED)), (writes, 2));
        assert_eq!(name_and_version(&room, "1").await, ("old".to_owned(), "3".to_owned()));
        // A new plan is a new review.
        let anew = room.plan("q", &renamed("new", 1)).await;
        assert_eq!(room.apply_in_words("c", &anew, on_conflict).await, [APPLIED]);
    }
}

/// The content guards a toy, and it has no version that could have moved.
#[tokio::test]
async fn what_others_put_back_is_not_applied_again_where_the_content_is_the_reviewed_one() {
    for on_conflict in [OnConflict::Fail, OnConflict::Merge] {
        let room = Room::of([(1, Toy::specimen())], Vec::new());
        let plan = room.plan("p", &[(1, Toy::edit(&[(0, 0)]))]).await;
        room.apply_in_words("a", &plan, on_conflict).await;
        room.wire.behind.put(&1, Toy::specimen());
        let started = room.time.elapsed();
        assert_eq!(room.apply_in_words("b", &plan, on_conflict).await, [CONFLICT]);
        assert_eq!(room.wire.writes(), 1);
        assert_eq!(
            room.time.elapsed(),
            started + Duration::from_secs(4),
            "three reads, since one may be old"
        );
    }
}

#[tokio::test]
async fn what_others_edited_since_is_never_merged_with_a_plan_that_was_applied() {
    let room = Room::of(rules(1), Vec::new());
    let plan = room.plan("p", &renamed("new", 1)).await;
    room.apply_in_words("a", &plan, OnConflict::Merge).await;
    let theirs = r#"{"id":"1","ruleType":"conversation","enabled":true,"name":"old","description":"theirs"}"#;
    room.wire.behind.put(&rule_id("1"), rule(theirs));
    assert_eq!(room.apply_in_words("b", &plan, OnConflict::Merge).await, [CONFLICT]);
    assert_eq!(room.wire.writes(), 1);
}

#[tokio::test]
async fn a_write_of_another_run_is_a_move_that_is_merged_only_if_the_user_says_so() {
    for (on_conflict, expected) in [(OnConflict::Fail, CONFLICT), (OnConflict::Merge, APPLIED)] {
        let room = Room::of(rules(1), Vec::new());
        let plan = room.plan("p", &renamed("new", 1)).await;
        let edit = Edit::default().description("of another run").unwrap();
        room.updater("other")
            .update(&rule_id("1"), edit, UpdateOptions::default())
            .await;
        let writes = room.wire.writes();
        assert_eq!(room.apply_in_words("a", &plan, on_conflict).await, [expected]);
        assert_eq!(room.wire.writes() - writes, usize::from(expected == APPLIED));
        let stored = room.wire.behind.document(&rule_id("1")).unwrap();
        assert_eq!(stored.description(), Some("of another run"));
    }
}

#[tokio::test]
async fn a_machine_without_the_record_of_the_first_run_finds_ours_by_a_read() {
    let room = Room::of(rules(1), Vec::new());
    let plan = room.plan("p", &renamed("new", 1)).await;
    room.apply_in_words("a", &plan, OnConflict::Fail).await;
    let elsewhere = room.elsewhere();
    let reports = elsewhere.apply("b", &plan, &UpdateOptions::default()).await;
    assert_eq!(kinds(&reports), [APPLIED]);
    assert_eq!(reports[0].completion.outcome.evidence(), Some(Evidence::Read));
    assert_eq!(name_and_version(&room, "1").await, ("new".to_owned(), "2".to_owned()));
    // There, too, the record knows of it from then on.
    assert_eq!(
        elsewhere.apply_in_words("c", &plan, OnConflict::Fail).await,
        [UNCHANGED]
    );
}

/// The number that the plan saw belongs to another update there.
#[tokio::test]
async fn a_record_in_which_the_number_that_the_plan_saw_is_of_another_entry_is_asked_by_time() {
    let room = Room::of(rules(1), Vec::new());
    let before = room.plan("o", &renamed("old, too", 1)).await;
    room.apply_in_words("o", &before, OnConflict::Fail).await;
    let elsewhere = room.elsewhere();
    let plan = room.plan("p", &renamed("new", 1)).await;
    assert!(plan.updates[0].seen.is_some());
    assert_eq!(elsewhere.apply_in_words("a", &plan, OnConflict::Fail).await, [APPLIED]);
    assert_eq!(elsewhere.ledger.all()[0].id, plan.updates[0].seen.unwrap().entry);
    assert_eq!(
        elsewhere.apply_in_words("b", &plan, OnConflict::Fail).await,
        [UNCHANGED]
    );
    assert_eq!(elsewhere.entries(APPLIED), 1);
}

/// The server cuts names to three letters.
#[tokio::test]
async fn what_the_server_made_of_it_counts_as_ours_while_it_stands() {
    let cut = r#"{"id":"1","ruleType":"conversation","enabled":true,"name":"new","x":1}"#;
    let edited = r#"{"id":"1","ruleType":"conversation","enabled":true,"name":"nex","x":1}"#;
    let room = Room::of(rules(1), Vec::new());
    let plans = [
        room.plan("p", &renamed("newer", 1)).await,
        room.plan("q", &renamed("newer", 1)).await,
    ];
    room.meet([WriteFault::StoredAs(rule(cut))]);
    assert_eq!(room.apply_in_words("a", &plans[0], OnConflict::Fail).await, [APPLIED]);
    for plan in &plans {
        assert_eq!(room.apply_in_words("b", plan, OnConflict::Fail).await, [UNCHANGED]);
    }
    // FIELD L2: planned again it is no update, until file or organization says something else.
    let again = room.plan("r", &renamed("newer", 1)).await;
    assert_eq!((again.updates.len(), again.in_sync.len()), (0, 1));
    assert_eq!(room.plan("s", &renamed("newest", 1)).await.updates.len(), 1);
    room.wire.behind.put(&rule_id("1"), rule(edited));
    assert_eq!(room.plan("t", &renamed("newer", 1)).await.updates.len(), 1);
    assert_eq!(room.apply_in_words("c", &plans[0], OnConflict::Merge).await, [CONFLICT]);
    assert_eq!(room.wire.writes(), 1);
}

#[tokio::test]
async fn a_write_that_others_went_over_is_a_conflict_for_the_same_plan() {
    let room = Room::of([(1, Toy::specimen())], Vec::new());
    let plan = room.plan("p", &[(1, Toy::edit(&[(0, 0)]))]).await;
    let theirs = Toy::patch(&[(0, 1)]).apply(&Toy::specimen()).unwrap();
    room.meet([WriteFault::Overwritten(theirs)]);
    assert_eq!(
        room.apply_in_words("a", &plan, OnConflict::Merge).await,
        [OutcomeKind::Overwritten]
    );
    let document = document_ref::<Toy>("test".to_owned(), &1);
    assert_eq!(room.ledger.newest_bases(&document).await.unwrap().len(), 1);
    // Not even if ours is in it by now: it is the work of others.
    room.wire
        .behind
        .put(&1, Toy::patch(&[(0, 0)]).apply(&Toy::specimen()).unwrap());
    assert_eq!(room.apply_in_words("b", &plan, OnConflict::Merge).await, [CONFLICT]);
    assert_eq!(room.wire.writes(), 1);
}

/// A record that can be read so many times, and no further.
struct ReadableFor(Arc<InMemoryLedger>, Mutex<u32>);

fn gone<T>() -> Result<T, LedgerError> {
    Err(LedgerError::unusable("the disk is gone"))
}

#[async_trait]
impl History for ReadableFor {
    async fn entries(&self, _query: &HistoryQuery) -> Result<Vec<Entry>, LedgerError> {
        gone()
    }

    async fn entry(&self, _id: EntryId) -> Result<Option<Entry>, LedgerError> {
        gone()
    }

    async fn document_at(&self, _document: &DocumentRef, _at: &Version) -> Result<Option<Document>, LedgerError> {
        gone()
    }

    async fn tally(&self, _query: &TallyQuery) -> Result<Vec<(Option<String>, Tally)>, LedgerError> {
        gone()
    }

    async fn organization_of(&self, _target: &str) -> Result<Option<String>, LedgerError> {
        gone()
    }

    async fn newest_bases(&self, _document: &DocumentRef) -> Result<Vec<NewestBase>, LedgerError> {
        gone()
    }

    async fn base_hashes(&self, _target: &str, _kind: &str) -> Result<Vec<BaseHash>, LedgerError> {
        gone()
    }

    async fn base_content(&self, _hash: &str) -> Result<Option<Document>, LedgerError> {
        gone()
    }

    async fn known_references(&self, _target: &str) -> Result<BTreeSet<KnownReference>, LedgerError> {
        gone()
    }

    async fn applied_after(&self, document: &DocumentRef, after: After) -> Result<Vec<Entry>, LedgerError> {
        let left = self.1.lock().unwrap().checked_sub(1);
        match left {
            Some(left) => {
                *self.1.lock().unwrap() = left;
                self.0.applied_after(document, after).await
            }
            None => gone(),
        }
    }

    async fn replacements(&self, _document: &DocumentRef, _limit: usize) -> Result<Vec<Replacement>, LedgerError> {
        gone()
    }
}

/// The first look at the record, and the one under the lease.
#[tokio::test]
async fn a_record_that_cannot_be_read_keeps_everything_from_being_sent() {
    for (looks, end, writes) in [
        (0, OutcomeKind::Failed, 0),
        (1, OutcomeKind::Failed, 0),
        (2, APPLIED, 1),
    ] {
        let room = Room::of(rules(1), Vec::new());
        let plan = room.plan("p", &renamed("new", 1)).await;
        let mut applier = room.applier("a", &plan.review);
        applier.history = Arc::new(ReadableFor(room.ledger.clone(), Mutex::new(looks)));
        let reports = apply_with(&applier, &plan, &UpdateOptions::default()).await;
        assert_eq!(kinds(&reports), [end], "{looks}");
        assert_eq!(room.wire.writes(), writes, "{looks}");
        assert!(room.unsettled().await.is_empty(), "{looks}");
    }
}
