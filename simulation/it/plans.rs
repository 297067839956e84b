//! Worlds of plans: pipelines with the real planner and applier, on one record, whose plans are applied by others too,
//! again, after crashes, beside people in the platform's own pages and rollbacks.
//!
//! - One seed again, with its whole history: `ASSIST_RULES_SEED=7 cargo test -p assist-rules-simulation --
//!   --nocapture plans_are_kept`
//! - A million seeds: `ASSIST_RULES_SEEDS=1000000 cargo test --release -p assist-rules-simulation -- --nocapture
//!   plans_are_kept`

mod listing;
mod pipeline;
mod promise;
mod record;
mod review;
mod wrong_apply;

use std::env;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use domain::testing::Specimen;
use domain::{OutcomeKind, TriggerRule};
use ports::InMemoryLedger;

use crate::checker;
use crate::executor::{END, Lines, Task, drive};
use crate::fault::FaultRate;
use crate::history::History;
use crate::rng::Rng;
use crate::soak::number;
use crate::vocabulary::{Vocabulary, has_versions};
use crate::world::{Event, Shared, World};
use pipeline::Setting;
use promise::Promise;
use review::Plans;
use wrong_apply::WrongApply;

/// Seeds where `CI` is set, and elsewhere.
const SEEDS: [u64; 2] = [20_000, 4_000];

/// Within so many worlds each wrong way is caught.
const WITHIN: u64 = 100;

/// Runs the world of a seed.
fn run<K: Specimen>(
    seed: u64,
    vocabulary: &Arc<Vocabulary<K>>,
    wrong: Option<WrongApply>,
    lines: Lines,
) -> (History<K>, Plans<K>) {
    let mut rng = Rng::with_seed(!seed);
    let fault_rate = rng.pick(&[FaultRate::Zero, FaultRate::Low, FaultRate::Low, FaultRate::High]);
    let documents = 2 + rng.below(3);
    let mut world = World::new(seed, vocabulary.clone(), documents, fault_rate);
    if lines == Lines::Kept {
        let first = format!(
            "seed {seed}: plans of {documents} of {}, faults: {fault_rate:?}",
            K::NAME
        );
        world.history.lines = Some(vec![first]);
    }
    for _ in 0..rng.below(5) {
        let time = world.now + rng.between(Duration::ZERO, Duration::from_mins(2));
        world.at(time, Event::EditByOthers(rng.below(documents)));
    }
    let setting = Setting {
        shared: Shared::new(world),
        ledger: Arc::new(InMemoryLedger::default()),
        plans: Arc::default(),
        wrong,
    };
    let mut tasks = Vec::new();
    let (pipelines, others, rollbacks) = (1 + rng.below(2), 1 + rng.below(2), rng.below(3));
    for number in 0..pipelines + others {
        let crashes = fault_rate != FaultRate::Zero && rng.in_thousand(150);
        let crashes_after = crashes.then(|| 1 + rng.below(60));
        let task = tasks.len();
        tasks.push(if number < pipelines {
            Task::new(pipeline::plan_and_apply(setting.clone(), task), crashes_after)
        } else {
            Task::new(pipeline::apply_again(setting.clone(), task), crashes_after)
        });
    }
    for _ in 0..rollbacks {
        tasks.push(Task::new(pipeline::roll_back(setting.clone(), tasks.len()), None));
    }
    for after in [Duration::from_mins(rng.below(18) as u64), END] {
        let task = tasks.len();
        tasks.push(Task::new(pipeline::reconcile(setting.clone(), task, after), None));
    }
    drive(&setting.shared, tasks);
    let mut history = mem::replace(&mut setting.shared.world().history, History::new(vocabulary.clone()));
    let plans = mem::take(&mut *setting.plans());
    plans.mark_indeterminate(&mut history);
    (history, plans)
}

/// The broken promises of a world, in words.
fn broken<K: Specimen>(history: &History<K>, plans: &Plans<K>) -> Vec<String> {
    let mut of_updates = checker::check_updates(history);
    // Why: what the record knows of others makes a conflict, too; the plans' own check has that.
    of_updates.retain(|violation| violation.promise != checker::Promise::ConflictIsTrue);
    let of_plans = promise::check(history, plans);
    let of_updates = of_updates.iter().map(ToString::to_string);
    let of_plans = of_plans
        .iter()
        .map(|broken| format!("{:?}: {}", broken.promise, broken.what));
    of_updates.chain(of_plans).collect()
}

/// Counts of what happened, so that a simulation in which nothing happens is seen.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    worlds: u64,
    runs: u64,
    applied: u64,
    by_read: u64,
    unchanged: u64,
    conflicts: u64,
    unknown: u64,
    /// Writes that an earlier run of the plan may have made, where the server has no versions.
    sent_again: u64,
    /// Those of which both were carried out: what the first one did had been put back by others, or it arrived late.
    twice: u64,
}

impl Tally {
    fn add<K: Specimen>(&mut self, history: &History<K>, plans: &Plans<K>) {
        self.worlds += 1;
        if !has_versions::<K>() {
            for (number, plan) in plans.plans.iter().enumerate() {
                for document in plan.reviews.keys() {
                    let again = promise::sent_again(history, plans, number, *document);
                    self.sent_again += again.len() as u64;
                    self.twice += again.iter().filter(|again| again.is_second_effect).count() as u64;
                }
            }
        }
        for update in plans.runs.keys() {
            self.runs += 1;
            let Some(reported) = &history.updates[*update].reported else {
                continue;
            };
            self.by_read += u64::from(reported.is_applied_by(domain::Evidence::Read));
            let count = match reported.outcome {
                OutcomeKind::Applied => &mut self.applied,
                OutcomeKind::Unchanged => &mut self.unchanged,
                OutcomeKind::Conflict => &mut self.conflicts,
                OutcomeKind::Unknown => &mut self.unknown,
                _ => continue,
            };
            *count += 1;
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            worlds: self.worlds + other.worlds,
            runs: self.runs + other.runs,
            applied: self.applied + other.applied,
            by_read: self.by_read + other.by_read,
            unchanged: self.unchanged + other.unchanged,
            conflicts: self.conflicts + other.conflicts,
            unknown: self.unknown + other.unknown,
            sent_again: self.sent_again + other.sent_again,
            twice: self.twice + other.twice,
        }
    }
}

/// Runs many seeds, or the one that is asked for.
fn all_are_kept<K: Specimen>(vocabulary: Vocabulary<K>) -> Option<Tally> {
    let vocabulary = Arc::new(vocabulary);
    let show = |seed| {
        let (history, plans) = run(seed, &vocabulary, None, Lines::Kept);
        let found = broken(&history, &plans);
        (history.lines.unwrap_or_default().join("\n"), found)
    };
    if let Some(seed) = number("ASSIST_RULES_SEED") {
        let (lines, found) = show(seed);
        println!("{lines}");
        assert_eq!(found, Vec::<String>::new());
        return None;
    }
    let local = usize::from(env::var_os("CI").is_none());
    let seeds = number("ASSIST_RULES_SEEDS").unwrap_or(SEEDS[local]);
    let next = AtomicU64::new(0);
    let work = || {
        let mut tally = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return tally;
            }
            let (history, plans) = run(seed, &vocabulary, None, Lines::NotKept);
            if !broken(&history, &plans).is_empty() {
                next.store(seeds, Ordering::Relaxed);
                let (lines, found) = show(seed);
                panic!("{lines}\n\nbroken in seed {seed}:\n  {}", found.join("\n  "));
            }
            tally.add(&history, &plans);
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let all = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let tallies = workers.into_iter().map(|worker| worker.join().unwrap());
        tallies.fold(Tally::default(), Tally::and)
    });
    println!("{}: {all:?}", K::NAME);
    let counts = [all.by_read, all.unchanged, all.conflicts, all.unknown];
    assert!(
        counts.iter().all(|count| *count > 0),
        "a simulation without them shows nothing: {all:?}"
    );
    Some(all)
}

#[test]
fn plans_are_kept_in_every_world() {
    all_are_kept(Vocabulary::of_rules());
}

#[test]
fn plans_of_copilots_are_kept_in_every_world() {
    if let Some(all) = all_are_kept(Vocabulary::of_copilots()) {
        assert!(all.sent_again > 0, "none was sent again: {all:?}");
    }
}

#[test]
fn the_same_seed_is_the_same_world_of_plans() {
    let vocabulary = Arc::new(Vocabulary::of_rules());
    for seed in 0..10 {
        let lines = || run::<TriggerRule>(seed, &vocabulary, None, Lines::Kept).0.lines;
        assert_eq!(lines(), lines());
    }
}

#[track_caller]
fn is_caught(wrong: WrongApply, promise: Promise) {
    is_caught_in(Vocabulary::of_rules(), wrong, promise);
}

#[track_caller]
fn is_caught_in<K: Specimen>(vocabulary: Vocabulary<K>, wrong: WrongApply, promise: Promise) {
    let vocabulary = Arc::new(vocabulary);
    let breaks = |seed: &u64| {
        let (history, plans) = run(*seed, &vocabulary, Some(wrong), Lines::NotKept);
        promise::check(&history, &plans)
            .iter()
            .any(|broken| broken.promise == promise)
    };
    let Some(seed) = (0..WITHIN).find(breaks) else {
        panic!("{wrong:?} keeps {promise:?} in {WITHIN} worlds");
    };
    println!("{wrong:?}: caught within {} seeds by {promise:?}", seed + 1);
}

#[test]
fn an_apply_that_fetches_the_version_again_is_caught() {
    is_caught(WrongApply::FetchesTheVersionAgain, Promise::WhatWasShown);
}

#[test]
fn a_write_that_is_built_from_the_listing_is_caught() {
    is_caught(WrongApply::WritesFromTheListing, Promise::WhatWasShown);
}

#[test]
fn equal_content_taken_for_unmoved_is_caught() {
    is_caught(WrongApply::TakesEqualForUnmoved, Promise::WhatWasShown);
}

#[test]
fn a_second_apply_that_credits_itself_is_caught() {
    is_caught(WrongApply::CreditsItselfAgain, Promise::OneCredit);
}

#[test]
fn a_second_plan_that_credits_itself_with_the_first_is_caught() {
    is_caught(WrongApply::CreditsItselfWithAnother, Promise::OwnCredit);
}

#[test]
fn a_second_send_without_a_look_for_the_first_is_caught() {
    is_caught_in(
        Vocabulary::of_copilots(),
        WrongApply::ForgetsWhatIsOpen,
        Promise::LookedForFirst,
    );
}
