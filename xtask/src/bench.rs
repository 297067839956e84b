//! `cargo xtask bench`: speed and memory as ratios in one run, so that they mean the same on each machine.
//!
//! First the domain's own bench (reading and checking against `serde_json`), then the ledger's (recording against bare
//! durable writes, and reading a long one), then the whole process against one curl that sends the same three requests. A missed target is said and does not fail the run: a busy machine is no fault.

mod figures;
mod flat_json;
mod peak_memory;
mod processes;
mod sandbox;
mod scratch;

use std::process::ExitCode;

use anyhow::Result;

use crate::{
    cargo::{self, Lock},
    cli::{self, Profile},
    stopwatch::announce,
};
use figures::Verdict;

/// At most so many times curl's wall time.
const RATIO_TARGET: f64 = 1.8;
/// At most so much memory.
const MEMORY_TARGET_MIB: f64 = 25.0;

/// Runs all parts.
pub(crate) fn run() -> Result<ExitCode> {
    announce("read and check, against serde_json");
    cargo::succeed(&mut cargo::command(
        &[
            "bench",
            "--package",
            "assist-rules-domain",
            "--bench",
            "read",
            "--",
            "--ratios",
        ],
        Lock::MayChange,
    )?)?;

    announce("the ledger, against bare durable writes");
    cargo::succeed(&mut cargo::command(
        &["bench", "--package", "assist-rules-ledger-adapter", "--bench", "record"],
        Lock::MayChange,
    )?)?;

    announce("the binary as users get it");
    let binary = cli::build(Profile::Release, Lock::MayChange)?;

    announce("whole process, against curl");
    let measured = processes::measure(&binary)?;
    let update = figures::median_ms(&measured.updates);
    let curl = figures::median_ms(&measured.curls);
    let ratio = update / curl;
    println!("rounds: {}, interleaved, token cache cold", measured.updates.len());
    println!("update: {update:.2} ms (median)");
    println!("curl:   {curl:.2} ms (median; token, GET and PUT in one process)");
    println!(
        "update / curl: {ratio:.2} (target: at most {RATIO_TARGET}; {})",
        Verdict::of(ratio, RATIO_TARGET)
    );
    match measured.peak {
        Some(mib) => println!(
            "peak memory of update: {mib:.1} MiB (target: at most {MEMORY_TARGET_MIB}; {})",
            Verdict::of(mib, MEMORY_TARGET_MIB)
        ),
        None => println!("peak memory of update: not measured (no /usr/bin/time that tells it)"),
    }
    Ok(ExitCode::SUCCESS)
}
