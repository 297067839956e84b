//! Writes of the same plan whose outcome an earlier run left open.

use domain::{Evidence, Patch};

use super::room::Sent;
use super::*;

const APPLIED: OutcomeKind = OutcomeKind::Applied;
const UNKNOWN: OutcomeKind = OutcomeKind::Unknown;
const LONGER_THAN_A_LEASE: Duration = Duration::from_mins(4);

fn theirs(name: &str) -> TriggerRule {
    rule(&format!(
        r#"{{"id":"1","ruleType":"conversation","enabled":true,"name":"{name}","x":1}}"#
    ))
}

/// The bytes and the version of each write.
fn sent(room: &Room<TriggerRule>) -> Vec<(String, String)> {
    let sent = room.wire.sent.lock().unwrap();
    let shown = |Sent { document, version }: &Sent<TriggerRule>| {
        (
            document.document().text().to_owned(),
            version.as_ref().unwrap().to_string(),
        )
    };
    sent.iter().map(shown).collect()
}

#[tokio::test]
async fn the_write_of_a_run_that_is_gone_is_found_or_sent_again_as_it_was_or_stays_unknown() {
    for (fate, moved_to, end, evidence, sends) in [
        (
            WriteFault::CarriedOutAfterACrash,
            None,
            APPLIED,
            Some(Evidence::Read),
            0,
        ),
        (
            WriteFault::CarriedOutAfterACrash,
            Some("new"),
            APPLIED,
            Some(Evidence::Read),
            0,
        ),
        (WriteFault::CarriedOutAfterACrash, Some("theirs"), UNKNOWN, None, 0),
        (WriteFault::Crash, None, APPLIED, Some(Evidence::Answer), 1),
        (WriteFault::Crash, Some("theirs"), UNKNOWN, None, 0),
        // The content is the reviewed one, and it was ours in between or was not.
        (WriteFault::CarriedOutAfterACrash, Some("old"), UNKNOWN, None, 0),
    ] {
        let room = Room::of(rules(1), Vec::new());
        let plan = room.plan("p", &renamed("new", 1)).await;
        room.crash("a", &plan, fate);
        let [open] = room.unsettled().await.try_into().unwrap();
        room.time.advance(LONGER_THAN_A_LEASE);
        if let Some(name) = moved_to {
            room.wire.behind.put(&rule_id("1"), theirs(name));
        }
        let writes = room.wire.writes();
        let options = UpdateOptions {
            on_conflict: OnConflict::Merge,
            ..UpdateOptions::default()
        };
        let [report] = room.apply("b", &plan, &options).await.try_into().unwrap();
        let case = format!("{moved_to:?} {end:?} {sends}");
        assert_eq!(report.completion.outcome.kind(), end, "{case}");
        assert_eq!(report.completion.outcome.evidence(), evidence, "{case}");
        assert_eq!(room.wire.writes() - writes, sends, "{case}");
        let [entry] = room.ledger.all().try_into().unwrap();
        assert_eq!(entry.outcome_kind(), Some(end), "{case}");
        let intent = entry.intent.unwrap();
        if sends == 0 {
            assert_eq!(entry.id, open, "{case}: that entry is settled");
        } else {
            assert_eq!(intent.follows, Some(open), "{case}");
            let write = (intent.ours.text().to_owned(), intent.version.unwrap().to_string());
            assert_eq!(sent(&room).last(), Some(&write), "{case}");
            assert_eq!(write.1, "1");
        }
        assert_eq!(room.unsettled().await.is_empty(), end == APPLIED, "{case}");
    }
}

#[tokio::test]
async fn what_stayed_unknown_is_sent_again_with_the_same_bytes_under_the_same_version() {
    let room = Room::of(rules(1), Vec::new());
    let plan = room.plan("p", &renamed("new", 1)).await;
    room.meet((0..domain::protocol::MAX_SENDS).map(|_| WriteFault::NeverArrives));
    assert_eq!(room.apply_in_words("a", &plan, OnConflict::Fail).await, [UNKNOWN]);
    let [open] = room.unsettled().await.try_into().unwrap();
    let before = sent(&room);
    assert_eq!(room.apply_in_words("b", &plan, OnConflict::Fail).await, [APPLIED]);
    let after = sent(&room);
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after.last(), before.last());
    let [entry] = room.ledger.all().try_into().unwrap();
    assert_eq!(entry.intent.unwrap().follows, Some(open));
    assert_eq!(name_and_version(&room, "1").await, ("new".to_owned(), "2".to_owned()));
}

/// The same again from a machine that is gone in the same moment: a chain of intents, and one write.
#[tokio::test]
async fn each_run_that_is_gone_is_gone_on_from() {
    let room = Room::of(rules(1), Vec::new());
    let plan = room.plan("p", &renamed("new", 1)).await;
    for run in ["a", "b", "c"] {
        room.crash(run, &plan, WriteFault::Crash);
        room.time.advance(LONGER_THAN_A_LEASE);
    }
    assert_eq!(room.apply_in_words("d", &plan, OnConflict::Fail).await, [APPLIED]);
    let [entry] = room.ledger.all().try_into().unwrap();
    assert_eq!(entry.intent.unwrap().follows, Some(EntryId(3)));
    assert_eq!(room.wire.writes(), 1);
}

/// Equal content may be ours, put back: it is sent again only after three reads of it, and never over anything else.
#[tokio::test]
async fn what_only_its_content_guards_is_looked_for_three_times_before_it_is_sent_again() {
    let left_open = async || {
        let room = Room::of([(1, Toy::specimen())], Vec::new());
        let plan = room.plan("p", &[(1, Toy::edit(&[(0, 0)]))]).await;
        room.crash("a", &plan, WriteFault::Crash);
        room.time.advance(LONGER_THAN_A_LEASE);
        (room, plan)
    };
    let (room, plan) = left_open().await;
    let (reads, started) = (room.wire.reads(), room.time.elapsed());
    assert_eq!(room.apply_in_words("b", &plan, OnConflict::Fail).await, [APPLIED]);
    let [to_look, to_compare, to_read_back] = [3, 1, 1];
    assert_eq!(room.wire.reads() - reads, to_look + to_compare + to_read_back);
    assert_eq!(room.wire.writes(), 1);
    assert_eq!(room.time.elapsed(), started + Duration::from_secs(4));
    let [entry] = room.ledger.all().try_into().unwrap();
    assert_eq!(entry.intent.unwrap().follows, Some(EntryId(1)));
    assert!(room.unsettled().await.is_empty());

    let (room, plan) = left_open().await;
    let changed = |patch: &Patch<Toy>| patch.apply(&Toy::specimen()).unwrap();
    room.wire.behind.put(&1, changed(&Toy::patch(&[(0, 1)])));
    assert_eq!(room.apply_in_words("b", &plan, OnConflict::Merge).await, [UNKNOWN]);
    assert_eq!(room.wire.writes(), 0);
    room.wire.behind.put(&1, changed(&Toy::patch(&[(0, 0)])));
    assert_eq!(room.apply_in_words("c", &plan, OnConflict::Fail).await, [APPLIED]);
    assert_eq!(room.wire.writes(), 0);
    assert!(room.unsettled().await.is_empty());
}

/// The machine knows that the process is gone; its lease has minutes left.
#[tokio::test]
async fn a_run_that_is_gone_for_certain_is_not_waited_for() {
    let mut room = Room::of(rules(1), Vec::new());
    let plan = room.plan("p", &renamed("new", 1)).await;
    room.crash("a", &plan, WriteFault::CarriedOutAfterACrash);
    room.gone.push("a");
    let started = room.time.elapsed();
    assert_eq!(room.apply_in_words("b", &plan, OnConflict::Fail).await, [APPLIED]);
    assert_eq!(room.time.elapsed(), started);
    assert_eq!((room.wire.writes(), room.entries(APPLIED)), (1, 1));
}

#[tokio::test]
async fn a_run_that_may_be_at_work_is_waited_for_and_nothing_is_sent_meanwhile() {
    let room = Room::of(rules(1), Vec::new());
    let plan = room.plan("p", &renamed("new", 1)).await;
    room.crash("a", &plan, WriteFault::Crash);
    assert_eq!(
        room.apply_in_words("b", &plan, OnConflict::Fail).await,
        [OutcomeKind::Failed]
    );
    assert_eq!(room.wire.writes(), 0);
    // Two minutes and a little have passed; in the third the lease is over.
    room.time.advance(Duration::from_mins(1));
    assert_eq!(room.apply_in_words("c", &plan, OnConflict::Fail).await, [APPLIED]);
    assert_eq!((room.wire.writes(), room.entries(APPLIED)), (1, 1));
    assert!(room.unsettled().await.is_empty());
}

/// The lease of the run that is gone ends while the next one waits for it.
#[tokio::test]
async fn a_run_that_was_waited_for_in_vain_is_gone_on_from() {
    for (fate, sends) in [(WriteFault::CarriedOutAfterACrash, 1), (WriteFault::Crash, 1)] {
        let room = Room::of(rules(1), Vec::new());
        let plan = room.plan("p", &renamed("new", 1)).await;
        room.crash("a", &plan, fate);
        room.time.advance(Duration::from_mins(2));
        assert_eq!(room.apply_in_words("b", &plan, OnConflict::Fail).await, [APPLIED]);
        assert_eq!((room.wire.writes(), room.entries(APPLIED)), (sends, 1));
        assert!(room.unsettled().await.is_empty());
    }
}

#[tokio::test]
async fn what_is_not_known_is_never_merged_over_whatever_another_run_did_since() {
    let room = Room::of(rules(1), Vec::new());
    let plan = room.plan("p", &renamed("new", 1)).await;
    room.crash("a", &plan, WriteFault::CarriedOutAfterACrash);
    // Somebody undid it, and another run of ours wrote something else.
    room.wire.behind.put(&rule_id("1"), theirs("old"));
    room.time.advance(LONGER_THAN_A_LEASE);
    let edit = Edit::default().description("of another run").unwrap();
    room.updater("other")
        .update(&rule_id("1"), edit, UpdateOptions::default())
        .await;
    let writes = room.wire.writes();
    assert_eq!(room.apply_in_words("b", &plan, OnConflict::Merge).await, [UNKNOWN]);
    assert_eq!(room.wire.writes(), writes);
    assert_eq!(room.unsettled().await.len(), 1);
}

#[tokio::test]
async fn the_open_write_of_another_plan_is_none_of_this_one() {
    let mut room = Room::of(rules(2), Vec::new());
    let plans = [
        room.plan("p", &renamed("new", 2)).await,
        room.plan("q", &renamed("new", 2)).await,
    ];
    // Why: one at a time then, with no other intent beforehand.
    (room.parallelism, room.stops_on_first) = (1, true);
    room.crash("a", &plans[0], WriteFault::Crash);
    room.time.advance(LONGER_THAN_A_LEASE);
    assert_eq!(
        room.apply_in_words("b", &plans[1], OnConflict::Fail).await,
        [APPLIED, APPLIED]
    );
    assert_eq!(room.unsettled().await, [EntryId(1)]);
}

proptest! {
    #[test]
    fn two_that_go_on_from_one_that_is_gone_write_once(turns in vec(0..6_u8, 0..40), is_carried_out: bool) {
        at_once(async {
            let fate = if is_carried_out { WriteFault::CarriedOutAfterACrash } else { WriteFault::Crash };
            let room = Room::of(rules(1), Vec::new());
            let plan = room.plan("p", &renamed("new", 1)).await;
            room.crash("a", &plan, fate);
            room.time.advance(LONGER_THAN_A_LEASE);
            room.turns.put(turns);
            let options = UpdateOptions::default();
            let ends = futures_util::future::join(room.apply("b", &plan, &options), room.apply("c", &plan, &options));
            let (one, other) = ends.await;
            for kind in [kinds(&one), kinds(&other)].concat() {
                assert!(kind.is_effective(), "{kind:?}");
            }
            assert_eq!((room.wire.writes(), room.entries(APPLIED)), (1, 1));
            assert!(room.unsettled().await.is_empty());
        });
    }
}
