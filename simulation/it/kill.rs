//! A program that is killed at any moment loses nothing: after the next run has settled what was open and told what
//! was untold, the ledger says what the server holds, and sinks know of all of it.
//!
//! The program is this test binary, started again as a child, with the real ledger and the real HTTP adapter against
//! an emulator. More of it: `ASSIST_RULES_KILLS=200 cargo test --release -p assist-rules-simulation --
//! --nocapture killed`

mod child;
mod kill_at;
mod kill_plan;
mod recovery;
mod relay;
mod stores;

use domain::{Evidence, OutcomeKind};
use std::env;
use std::time::{Duration, Instant};

use crate::rng::Rng;
use crate::soak::number;
use kill_plan::Point;
use recovery::{Last, Recovery};
use stores::Store;

/// The number of kills at each point: where `CI` is set, and elsewhere.
const KILLS: [u64; 2] = [20, 2];

/// True if the next run finds the state that this point of death leaves behind.
fn is_as_expected(point: Point, last: &Last) -> bool {
    let Last {
        outcome_kind,
        evidence,
        delivered,
    } = *last;
    let by_read = (Some(OutcomeKind::Applied), Some(Evidence::Read));
    let by_answer = (Some(OutcomeKind::Applied), Some(Evidence::Answer));
    match point {
        Point::BeforeTheIntent => (outcome_kind, delivered) == (None, 0),
        Point::AfterTheIntent | Point::InMidSend => {
            (outcome_kind, evidence, delivered) == (Some(OutcomeKind::NotApplied), Some(Evidence::Age), 0)
        }
        Point::AfterTheServerApplied | Point::AfterTheAnswer => ((outcome_kind, evidence), delivered) == (by_read, 1),
        Point::InsideTheCommit => [by_read, by_answer].contains(&(outcome_kind, evidence)) && delivered == 1,
        Point::AfterTheCommit | Point::AfterTheAcknowledgement => {
            ((outcome_kind, evidence), delivered) == (by_answer, 1)
        }
        Point::AfterTheDispatch => ((outcome_kind, evidence), delivered) == (by_answer, 2),
        Point::AtAnyTime => true,
    }
}

async fn killed(store: Store) {
    let local = usize::from(env::var_os("CI").is_none());
    let kills = number("ASSIST_RULES_KILLS").unwrap_or(KILLS[local]);
    let started = Instant::now();
    let name = store.name();
    let mut rng = Rng::with_seed(number("ASSIST_RULES_SEED").unwrap_or(1));
    let mut recovery = Recovery::new(store);
    let mut committed = 0;
    for number in 0..kills {
        for point in Point::ALL {
            // Every other time at once, else soon: a commit takes from a tenth of a millisecond to some of them.
            let delay = rng.below(3_000) as u64 * (number % 2);
            let delay = delay * delay / 3_000 + number % 2;
            let last = recovery.kill(point, delay).await;
            assert!(is_as_expected(point, &last), "{point:?}, {number}: {last:?}");
            committed += u64::from(point == Point::InsideTheCommit && last.evidence == Some(Evidence::Answer));
        }
        let after = rng.between(Duration::ZERO, Duration::from_millis(150));
        recovery.kill_at_any_time(after).await;
    }
    println!(
        "{name}: killed {kills} times at each of {} points and at as many random ones in {} s\ninside the commit: \
         {committed} of {kills} got through\nupdates: {}",
        Point::ALL.len(),
        started.elapsed().as_secs(),
        recovery.counts(),
    );
    recovery.end().await;
}

#[tokio::test]
async fn what_is_killed_on_sqlite_loses_nothing() {
    killed(Store::sqlite()).await;
}

#[tokio::test]
async fn what_is_killed_on_postgresql_loses_nothing() {
    if let Some(store) = Store::postgresql("what_is_killed_on_postgresql_loses_nothing").await {
        killed(store).await;
    }
}
