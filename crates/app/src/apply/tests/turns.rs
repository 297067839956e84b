//! Updates that are being recorded keep no other one from sending, and nothing is sent out of turn.

use std::sync::atomic::AtomicBool;
use std::task::Poll;

use async_trait::async_trait;
use futures_util::future::poll_fn;
use ports::{IntentRecord, OutcomeRecord, Recorded};

use super::*;

const APPLIED: OutcomeKind = OutcomeKind::Applied;
const LEFT: OutcomeKind = OutcomeKind::NotAttempted;

/// A room in which one update sends at a time, and the plan of three.
async fn one_at_a_time() -> (Room<TriggerRule>, Plan<TriggerRule>) {
    let mut room = Room::of(rules(3), Vec::new());
    room.parallelism = 1;
    let plan = room.plan("p", &renamed("new", 3)).await;
    (room, plan)
}

#[tokio::test]
async fn what_is_recorded_beforehand_is_not_sent_before_its_turn() {
    let (room, plan) = one_at_a_time().await;
    room.crash("a", &plan, WriteFault::CarriedOutAfterACrash);
    assert_eq!((room.wire.writes(), room.unsettled().await.len()), (1, 3));
}

#[tokio::test]
async fn what_waits_for_its_turn_is_not_sent_once_it_is_stopped() {
    let (room, plan) = one_at_a_time().await;
    let is_stopped = AtomicBool::new(false);
    let stop = || {
        poll_fn(|_| {
            if is_stopped.load(Ordering::Relaxed) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    };
    room.turns.put(vec![0, 0, 0, 9, 9, 9, 9, 9, 9]);
    let watch = |index, progress| {
        if index == 0 && progress == Progress::Writing {
            is_stopped.store(true, Ordering::Relaxed);
        }
    };
    let applier = room.applier("a", &plan.review);
    let options = UpdateOptions::default();
    let reports = applier.apply(plan.updates, &options, &watch, &|_, _| (), &stop);
    assert_eq!(kinds(&reports.await.unwrap()), [APPLIED, LEFT, LEFT]);
    assert_eq!((room.wire.writes(), room.unsettled().await.len()), (1, 0));
}

/// A ledger that never ends to record an outcome.
struct NeverSettles(Arc<dyn Ledger>);

#[async_trait]
impl Ledger for NeverSettles {
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerError> {
        self.0.intend(intent).await
    }

    async fn conclude(&self, _outcome: OutcomeRecord) -> Result<Recorded, LedgerError> {
        std::future::pending().await
    }

    async fn unsettled(&self, target: &str, kind: &str) -> Result<Vec<Entry>, LedgerError> {
        self.0.unsettled(target, kind).await
    }
}

#[tokio::test]
async fn what_is_being_recorded_keeps_no_other_from_sending() {
    let (room, plan) = one_at_a_time().await;
    let mut applier = room.applier("a", &plan.review);
    applier.updater.ledger = Arc::new(NeverSettles(applier.updater.ledger));
    let end = room::apply_with(&applier, &plan, &UpdateOptions::default()).now_or_never();
    assert!(end.is_none(), "it ended");
    assert_eq!(room.wire.writes(), 3);
}

#[tokio::test]
async fn the_wait_for_a_turn_is_no_part_of_the_time_of_an_update() {
    let (room, plan) = one_at_a_time().await;
    let options = UpdateOptions {
        deadline: Duration::from_secs(10),
        ..UpdateOptions::default()
    };
    room.turns.put(vec![0, 0, 0, 9]);
    let watch = |index, progress| {
        if index == 0 && progress == Progress::Writing {
            room.time.advance(Duration::from_mins(1));
            // Why after this write: the second one has to be looked for, which it has no time for after its deadline.
            room.turns.put(vec![9, 9]);
        } else if progress == Progress::Writing && room.wire.writes() == 1 {
            room.meet([WriteFault::NeverArrives]);
        }
    };
    let applier = room.applier("a", &plan.review);
    let never = || std::future::pending::<()>();
    let reports = applier.apply(plan.updates, &options, &watch, &|_, _| (), &never);
    let reports = reports.await.unwrap();
    assert_eq!(kinds(&reports), [APPLIED; 3]);
    let longest = reports.iter().skip(1).map(|report| report.latency).max();
    assert!(longest < Some(Duration::from_secs(10)), "{longest:?}");
    assert_eq!(room.wire.writes(), 4);
}
