//! `cargo xtask ci`: what CI runs, here and there alike.
//!
//! Every step runs, even after one that failed, so that one run tells all that is wrong. The lock file must hold, and
//! what is not installed is skipped by name.

use std::{
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use anyhow::{Result, bail};

use crate::{
    cargo::{self, Lock},
    stopwatch::{announce, timed},
    tally::Tally,
    test,
};

/// One step of the run, as the closing table tells it.
struct Step {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

enum Outcome {
    Passed,
    Failed,
    Skipped(&'static str),
}

/// Runs all steps; fails if one of them did.
pub(crate) fn run() -> ExitCode {
    let mut tally = Tally::default();
    let steps = [
        step("lock file", || quietly(&["metadata", "--format-version", "1"])),
        step("format", || plainly(&["fmt", "--all", "--check"])),
        step("clippy", || {
            let words = [
                "clippy",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--keep-going",
            ];
            let mut clippy = cargo::command(&words, Lock::MustHold)?;
            passed(clippy.args(["--", "--deny", "warnings"]))
        }),
        step("test", || {
            tally = test::run(Lock::MustHold)?;
            if !tally.is_good() {
                bail!("{tally}");
            }
            Ok(Outcome::Passed)
        }),
        step("docs", || {
            let mut doc = cargo::command(&["doc", "--no-deps", "--workspace", "--keep-going"], Lock::MustHold)?;
            passed(doc.env("RUSTDOCFLAGS", "--deny warnings"))
        }),
        step("deny", || {
            if !is_installed(&["deny", "--version"])? {
                return Ok(Outcome::Skipped("cargo-deny is not installed"));
            }
            plainly(&["deny", "--all-features", "check"])
        }),
    ];
    let good = report(&steps);
    tally.print_last();
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn step(name: &'static str, deed: impl FnOnce() -> Result<Outcome>) -> Step {
    announce(name);
    let (done, took) = timed(deed);
    let outcome = done.unwrap_or_else(|error| {
        eprintln!("error: {name}: {error:#}");
        Outcome::Failed
    });
    Step { name, outcome, took }
}

fn passed(command: &mut Command) -> Result<Outcome> {
    cargo::succeed(command).map(|()| Outcome::Passed)
}

fn plainly(words: &[&str]) -> Result<Outcome> {
    passed(&mut cargo::command(words, Lock::MayChange)?)
}

fn quietly(words: &[&str]) -> Result<Outcome> {
    passed(cargo::command(words, Lock::MustHold)?.stdout(Stdio::null()))
}

/// Whether cargo knows a command.
fn is_installed(words: &[&str]) -> Result<bool> {
    let mut ask = cargo::command(words, Lock::MayChange)?;
    let status = ask.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    Ok(status.success())
}

/// Prints the table and says whether nothing failed.
fn report(steps: &[Step]) -> bool {
    println!();
    let mut failed = 0;
    for Step { name, outcome, took } in steps {
        let outcome = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed => {
                failed += 1;
                "FAILED".to_owned()
            }
            Outcome::Skipped(why) => format!("skipped: {why}"),
        };
        println!("{name:<10} {:>7.1} s  {outcome}", took.as_secs_f64());
    }
    let took: Duration = steps.iter().map(|step| step.took).sum();
    println!(
        "{:<10} {:>7.1} s  {failed} of {} steps failed",
        "in all",
        took.as_secs_f64(),
        steps.len()
    );
    failed == 0
}
