//! Many seeds, one after the other, on every core: no promise is broken in any of them.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use domain::testing::{Specimen, Toy};

use crate::checker::{self, Losses};
use crate::executor::{self, Lines};
use crate::tally::Tally;
use crate::vocabulary::{Vocabulary, has_versions};
use crate::world::LATENCY;

/// Seeds of trigger rules where `CI` is set, and elsewhere.
const RULE_SEEDS: [u64; 2] = [100_000, 20_000];

/// Seeds of Copilots.
const COPILOT_SEEDS: [u64; 2] = [100_000, 10_000];

/// Seeds of Copilots at each latency.
const LATENCY_SEEDS: [u64; 2] = [20_000, 2_000];

/// The longest times for which a request is on the way, in milliseconds.
const LATENCIES: [u64; 5] = [20, 50, 100, 200, 400];

/// Seeds of each other kind.
pub(crate) const OTHER_SEEDS: [u64; 2] = [12_000, 4_000];

/// A number that the environment sets.
pub(crate) fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

/// The broken promises in the world of a seed, with its whole history; none if all are kept.
fn broken<K: Specimen>(
    seed: u64,
    latency: Duration,
    vocabulary: &Arc<Vocabulary<K>>,
    tally: &mut Tally,
) -> Option<String> {
    let history = executor::run_at(latency, seed, vocabulary, None, Lines::NotKept);
    let found = checker::check(&history);
    if found.is_empty() {
        tally.add(&history);
        return None;
    }
    let lines = executor::run_at(latency, seed, vocabulary, None, Lines::Kept)
        .lines
        .unwrap_or_default();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    Some(format!(
        "{}\n\nbroken in seed {seed}:\n  {}\n\nagain: ASSIST_RULES_SEED={seed}",
        lines.join("\n"),
        found.join("\n  ")
    ))
}

/// Runs so many worlds of a kind, where `CI` is set and elsewhere; `ASSIST_RULES_SEEDS` sets another number,
/// `ASSIST_RULES_SEED` shows one world.
pub(crate) fn every_promise_is_kept<K: Specimen>(vocabulary: Vocabulary<K>, seeds: [u64; 2]) {
    let vocabulary = Arc::new(vocabulary);
    if let Some(seed) = number("ASSIST_RULES_SEED") {
        let lines = executor::run(seed, &vocabulary, None, Lines::Kept)
            .lines
            .unwrap_or_default();
        println!("{}", lines.join("\n"));
        assert_eq!(broken(seed, LATENCY, &vocabulary, &mut Tally::default()), None);
        return;
    }
    let (all, took) = run_seeds(&vocabulary, seeds, LATENCY);
    all.print(K::NAME, took);
    if !has_versions::<K>() {
        assert_shows_losses(all.losses());
    }
}

/// Runs so many worlds, where `CI` is set and elsewhere, and gives their counts and the time that it took.
fn run_seeds<K: Specimen>(vocabulary: &Arc<Vocabulary<K>>, seeds: [u64; 2], latency: Duration) -> (Tally, Duration) {
    let local = usize::from(env::var_os("CI").is_none());
    let seeds = number("ASSIST_RULES_SEEDS").unwrap_or(seeds[local]);
    let started = Instant::now();
    let next = AtomicU64::new(0);
    let work = || {
        let mut tally = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return Ok(tally);
            }
            if let Some(what) = broken(seed, latency, vocabulary, &mut tally) {
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
    (all, started.elapsed())
}

#[track_caller]
fn assert_shows_losses(losses: Losses) {
    let counts = [losses.seen, losses.raced, losses.late, losses.repeated];
    assert!(
        counts.iter().all(|count| *count > 0),
        "a simulation without losses shows nothing: {losses:?}"
    );
}

#[test]
fn every_promise_is_kept_in_every_world() {
    every_promise_is_kept(Vocabulary::of_rules(), RULE_SEEDS);
}

#[test]
fn toys_lose_nothing_that_is_seen() {
    every_promise_is_kept(Vocabulary::<Toy>::of_specimen(), OTHER_SEEDS);
}

#[test]
fn copilots_lose_nothing_that_is_seen() {
    every_promise_is_kept(Vocabulary::of_copilots(), COPILOT_SEEDS);
}

/// The wider the way, the more is lost between a comparison and its PUT; what a read-back sees is reported all the same.
#[test]
fn losses_of_copilots_grow_with_the_latency() {
    let vocabulary = Arc::new(Vocabulary::of_copilots());
    let rates: Vec<u64> = LATENCIES
        .iter()
        .map(|ms| {
            let (all, _) = run_seeds(&vocabulary, LATENCY_SEEDS, Duration::from_millis(*ms));
            println!("a request, and its answer, are on the way for 5 to {ms} ms:");
            all.print_losses();
            let losses = all.losses();
            assert_shows_losses(losses);
            losses.raced * 1_000_000 / losses.accepted
        })
        .collect();
    assert!(rates.is_sorted_by(|shorter, longer| shorter < longer), "{rates:?}");
}

#[test]
fn the_same_seed_is_the_same_world() {
    let (rules, toys) = (
        Arc::new(Vocabulary::of_rules()),
        Arc::new(Vocabulary::<Toy>::of_specimen()),
    );
    for seed in 0..20 {
        let lines = || executor::run(seed, &rules, None, Lines::Kept).lines;
        assert_eq!(lines(), lines());
        let lines = || executor::run(seed, &toys, None, Lines::Kept).lines;
        assert_eq!(lines(), lines());
    }
}
