//! Many seeds, one after the other, on every core: no promise is broken in any of them.

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::checker;
use crate::executor::{self, Lines};
use crate::fault::FAULTS;
use crate::history::{Author, End, History};

/// Seeds where `CI` is set, and elsewhere.
const SEEDS: [u64; 2] = [100_000, 20_000];

/// What many worlds had in them.
#[derive(Default)]
struct Tally {
    seeds: u64,
    updates: u64,
    crashed: u64,
    accepted: u64,
    ends: [u64; End::NAMES.len()],
    faults: [u64; FAULTS.len()],
}

impl Tally {
    fn add(&mut self, history: &History) {
        self.seeds += 1;
        for (sum, count) in self.faults.iter_mut().zip(history.faults) {
            *sum += count;
        }
        for run in &history.updates {
            self.updates += 1;
            match &run.told {
                Some(told) => self.ends[told.end.place()] += 1,
                None => self.crashed += 1,
            }
        }
        let states = history.rules.iter().flatten();
        self.accepted += states.filter(|state| matches!(state.by, Author::Update { .. })).count() as u64;
    }

    fn and(mut self, other: &Self) -> Self {
        self.seeds += other.seeds;
        self.updates += other.updates;
        self.crashed += other.crashed;
        self.accepted += other.accepted;
        for (sum, count) in self.ends.iter_mut().zip(other.ends) {
            *sum += count;
        }
        for (sum, count) in self.faults.iter_mut().zip(other.faults) {
            *sum += count;
        }
        self
    }

    fn print(&self, took: Duration) {
        let milliseconds = took.as_millis().max(1);
        let per_second = u128::from(self.seeds) * 1000 / milliseconds;
        println!(
            "seeds: {} in {} s, {per_second} a second",
            self.seeds,
            milliseconds / 1000
        );
        println!("updates: {}, writes accepted: {}", self.updates, self.accepted);
        println!("outcomes:");
        for (name, count) in End::NAMES.iter().zip(self.ends) {
            println!("  {count:>10}  {name}");
        }
        println!("  {:>10}  crashed before one", self.crashed);
        println!("faults:");
        for (fault, count) in FAULTS.iter().zip(self.faults) {
            println!("  {count:>10}  {fault:?}");
        }
    }
}

/// A number that the environment sets.
pub(crate) fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

/// What is wrong in the world of a seed, with its whole history; nothing if all is well.
fn broken(seed: u64, tally: &mut Tally) -> Option<String> {
    let history = executor::run(seed, None, Lines::NotKept);
    let found = checker::check(&history);
    if found.is_empty() {
        tally.add(&history);
        return None;
    }
    let lines = executor::run(seed, None, Lines::Kept).lines.unwrap_or_default();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    Some(format!(
        "{}\n\nbroken in seed {seed}:\n  {}\n\nagain: ASSIST_RULES_SEED={seed}",
        lines.join("\n"),
        found.join("\n  ")
    ))
}

#[test]
fn every_promise_is_kept_in_every_world() {
    if let Some(seed) = number("ASSIST_RULES_SEED") {
        let lines = executor::run(seed, None, Lines::Kept).lines.unwrap_or_default();
        println!("{}", lines.join("\n"));
        assert_eq!(broken(seed, &mut Tally::default()), None);
        return;
    }
    let local = usize::from(env::var_os("CI").is_none());
    let seeds = number("ASSIST_RULES_SEEDS").unwrap_or(SEEDS[local]);
    let started = Instant::now();
    let next = AtomicU64::new(0);
    let work = || {
        let mut tally = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return Ok(tally);
            }
            if let Some(what) = broken(seed, &mut tally) {
                next.store(seeds, Ordering::Relaxed);
                return Err(what);
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let tallies: Vec<Result<Tally, String>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let mut all = Tally::default();
    for tally in tallies {
        match tally {
            Ok(tally) => all = all.and(&tally),
            Err(what) => panic!("{what}"),
        }
    }
    all.print(started.elapsed());
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in 0..20 {
        let lines = || executor::run(seed, None, Lines::Kept).lines;
        assert_eq!(lines(), lines());
    }
}
