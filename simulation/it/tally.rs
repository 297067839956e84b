//! Counts of what many worlds had in them.

use std::time::Duration;

use domain::document::KindName;
use domain::testing::Specimen;
use domain::{Evidence, OutcomeKind};

use crate::checker::Losses;
use crate::fault::{FAULTS, FaultRate};
use crate::history::{Author, Base, History};
use crate::vocabulary::has_versions;

/// The most writers that a document has.
const MOST_WRITERS: usize = 5;

/// The counts of many worlds.
#[derive(Default)]
pub(crate) struct Tally {
    seeds: u64,
    updates: u64,
    planned: u64,
    crashed: u64,
    accepted: u64,
    outcomes: [u64; OutcomeKind::ALL.len()],
    applied_by_read: u64,
    faults: [u64; FAULTS.len()],
    /// By the number of writers to a document, from 1: first of all worlds, then of those without faults.
    losses: [[Losses; MOST_WRITERS]; 2],
}

impl Tally {
    pub(crate) fn add<K: Specimen>(&mut self, history: &History<K>) {
        self.seeds += 1;
        sum(&mut self.faults, &history.faults);
        for run in &history.updates {
            self.updates += 1;
            self.planned += u64::from(matches!(run.base, Base::Reviewed(_)));
            let Some(reported) = &run.reported else {
                self.crashed += 1;
                continue;
            };
            let place = OutcomeKind::ALL.iter().position(|outcome| *outcome == reported.outcome);
            self.outcomes[place.unwrap()] += 1;
            self.applied_by_read += u64::from(reported.is_applied_by(Evidence::Read));
        }
        let states = history.logs.iter().flatten();
        self.accepted += states.filter(|state| matches!(state.by, Author::Update { .. })).count() as u64;
        if !has_versions::<K>() {
            let contention = history.writers.div_ceil(history.logs.len());
            let is_faultless = history.fault_rate == FaultRate::Zero;
            for losses in self.losses.iter_mut().take(1 + usize::from(is_faultless)) {
                losses[contention - 1] = losses[contention - 1].and(Losses::of(history));
            }
        }
    }

    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.seeds += other.seeds;
        self.updates += other.updates;
        self.planned += other.planned;
        self.crashed += other.crashed;
        self.accepted += other.accepted;
        self.applied_by_read += other.applied_by_read;
        sum(&mut self.outcomes, &other.outcomes);
        sum(&mut self.faults, &other.faults);
        for (losses, others) in self
            .losses
            .as_flattened_mut()
            .iter_mut()
            .zip(other.losses.as_flattened())
        {
            *losses = losses.and(*others);
        }
        self
    }

    /// The losses under any contention.
    pub(crate) fn losses(&self) -> Losses {
        all(&self.losses[0])
    }

    pub(crate) fn print(&self, kind: KindName, took: Duration) {
        let milliseconds = took.as_millis().max(1);
        let per_second = u128::from(self.seeds) * 1000 / milliseconds;
        let seconds = milliseconds / 1000;
        println!("{kind}: {} seeds in {seconds} s, {per_second} a second", self.seeds);
        let Self {
            updates,
            planned,
            accepted,
            ..
        } = self;
        println!("updates: {updates} ({planned} as reviewed), writes accepted: {accepted}");
        println!("outcomes:");
        for (outcome, count) in OutcomeKind::ALL
            .iter()
            .zip(self.outcomes)
            .filter(|(_, count)| *count > 0)
        {
            println!("  {count:>10}  {}", outcome.as_str());
            if *outcome == OutcomeKind::Applied {
                println!("  {:>10}  known by a read", self.applied_by_read);
            }
        }
        println!("  {:>10}  crashed before one", self.crashed);
        println!("faults:");
        for (fault, count) in FAULTS.iter().zip(self.faults) {
            println!("  {count:>10}  {fault:?}");
        }
        self.print_losses();
    }

    pub(crate) fn print_losses(&self) {
        print_losses("with faults", &self.losses[0]);
        print_losses("without faults", &self.losses[1]);
    }
}

fn all(losses: &[Losses]) -> Losses {
    losses.iter().fold(Losses::default(), |all, losses| all.and(*losses))
}

fn print_losses(worlds: &str, losses: &[Losses]) {
    let all = all(losses);
    if all.accepted == 0 {
        return;
    }
    println!("losses {worlds}, in 1,000 updates whose write was accepted:");
    println!("  writers  accepted    seen  silent: raced    late  repeated    undone later");
    let rows = losses
        .iter()
        .enumerate()
        .map(|(writers, losses)| ((writers + 1).to_string(), *losses));
    for (writers, losses) in rows.chain([("all".to_owned(), all)]) {
        let of = losses.accepted.max(1);
        let counts = [losses.seen, losses.raced, losses.late, losses.repeated, losses.undone];
        let [seen, raced, late, repeated, undone] = counts.map(|count| in_thousand(count, of));
        let accepted = losses.accepted;
        println!("  {writers:>7}  {accepted:>8}  {seen:>6}  {raced:>13}  {late:>6}  {repeated:>8}  {undone:>14}");
    }
}

/// A count in a thousand, with one decimal place.
fn in_thousand(count: u64, of: u64) -> String {
    let tenths = count * 10_000 / of;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn sum<const N: usize>(sums: &mut [u64; N], counts: &[u64; N]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}
