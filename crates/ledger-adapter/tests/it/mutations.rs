//! 100,000 ways to tamper with a ledger, or with its export, each of which is found.
//!
//! A bit is flipped in every byte of every column of every entry and document, and three in every byte of the export,
//! one at a time; which one moves on with each byte. Lines and rows are taken away, swapped, doubled and put in; ends are cut off. No mutation is
//! without effect: what is hashed and what is exported has one spelling.

mod exports;
mod rows;

use std::collections::BTreeMap;

use crate::stores::{connection, in_a_runtime};
use crate::varied::varied;

/// The minimum number of mutations, in all.
const LEAST: usize = 100_000;

/// The number of mutations by sort.
pub(crate) type Counts = BTreeMap<&'static str, usize>;

#[test]
fn every_mutation_of_a_ledger_is_found() {
    let started = std::time::Instant::now();
    // Each thread has a ledger of its own, and mutates every second row of it.
    let of_rows = [0, 1].map(|half| std::thread::spawn(move || in_a_runtime(rows::mutate(half))));
    let of_exports = in_a_runtime(async {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
        let mut export = String::new();
        let ledger = varied(&address, folder.path()).await;
        ledger
            .export(|line| {
                export.push_str(line);
                export.push('\n');
                Ok(())
            })
            .await
            .unwrap();
        exports::mutate(&export)
    });
    let mut counts = of_exports;
    for half in of_rows {
        for (sort, count) in half.join().unwrap() {
            *counts.entry(sort).or_default() += count;
        }
    }
    let all: usize = counts.values().sum();
    for (sort, count) in &counts {
        eprintln!("{count:>7} {sort}");
    }
    eprintln!(
        "{all:>7} mutations in all, each found, in {:.1} s",
        started.elapsed().as_secs_f64()
    );
    assert!(all >= LEAST, "{all}");
}

/// A byte with one bit flipped: another bit for each place.
fn flipped(byte: u8, place: usize) -> u8 {
    byte ^ (1 << (place % 8))
}
