//! `cargo xtask test`: everything that a contributor must see pass, with nothing to install but Rust.
//!
//! Plain `cargo test`, so that every contributor runs the same, and it goes on after a failure, so that one run reports
//! all of them.

use std::{
    env,
    io::{self, BufRead as _, BufReader, IsTerminal as _, Read},
    process::Stdio,
    thread,
};

use anyhow::{Context as _, Result, anyhow, bail};

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
    // Why: cargo sees a pipe where a person sees a terminal.
    if io::stderr().is_terminal() && env::var_os("CARGO_TERM_COLOR").is_none() {
        tests.env("CARGO_TERM_COLOR", "always");
    }
    let shown = cargo::args(&tests);
    let mut running = tests
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let output = running.stdout.take().context("cannot read what the tests print")?;
    let errors = running.stderr.take().context("cannot read what the tests print")?;
    let reader = thread::spawn(|| forward(errors, |line| eprintln!("{line}")));
    let mut tally = forward(output, |line| println!("{line}"))?;
    tally += reader
        .join()
        .map_err(|_| anyhow!("cannot read what the tests print"))??;
    let status = running.wait().with_context(|| format!("cannot wait for `{shown}`"))?;
    if !status.success() && tally.failed == 0 {
        bail!("`{shown}` failed ({status}), and no test was counted as failed: something did not build, or broke off");
    }
    Ok(tally)
}

/// Prints each line as it comes, and counts.
fn forward(output: impl Read, print: impl Fn(&str)) -> Result<Tally> {
    let mut tally = Tally::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read what the tests print")?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\r');
        print(line);
        tally.add(line);
    }
    Ok(tally)
}
