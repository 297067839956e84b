//! `cargo xtask test`: everything that a contributor must see pass, with nothing to install but Rust.
//!
//! Plain `cargo test`, so that what everybody runs is the same, and it goes on after a failure, so that one run tells
//! all of them.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    cargo::{self, Lock},
    cli::{self, Profile},
    stopwatch::announce,
    tally::Tally,
};

/// Builds the binary that the journeys start, then runs all tests, doctests included.
///
/// # Errors
///
/// If something does not build, or a test binary ended otherwise than by its own count.
pub(crate) fn run(lock: Lock) -> Result<Tally> {
    announce("the binary that the journeys start");
    cli::build(Profile::Dev, lock)?;

    announce("all tests");
    let mut tests = cargo::command(&["test", "--workspace", "--all-features", "--no-fail-fast"], lock)?;
    let shown = cargo::words(&tests);
    let mut running = tests
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let mut tally = Tally::default();
    let output = running.stdout.take().context("cannot read what the tests print")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read what the tests print")?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\r');
        println!("{line}");
        tally.add(line);
    }
    let status = running.wait().with_context(|| format!("cannot wait for `{shown}`"))?;
    if !status.success() && tally.failed == 0 {
        bail!("`{shown}` failed ({status}), and no test was counted as failed: something did not build, or broke off");
    }
    Ok(tally)
}
