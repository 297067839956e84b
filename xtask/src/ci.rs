//! `cargo xtask ci`: what CI runs, here and there alike.
//!
//! Every step runs, even after one that failed, so that one run reports all that is wrong. The lock file must hold, and
//! tools that are not installed are skipped by name: `cargo xtask tools` installs them.

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
    tools::{ACTIONLINT, DENY, HACK, TYPOS, Tool, ZIZMOR},
};

/// One step of the run, as the closing table has it.
struct Step {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

enum Outcome {
    Passed,
    Failed,
    Skipped(String),
}

/// Runs all steps; fails if one of them did.
pub(crate) fn run() -> ExitCode {
    let mut tally = Tally::default();
    let steps = [
        step("lock file", || quietly(&["metadata", "--format-version", "1"])),
        step("format", || {
            passed(&mut cargo::command(&["fmt", "--all", "--check"], Lock::MayChange)?)
        }),
        step("typos", || with(&TYPOS, &[])),
        step("actionlint", || with(&ACTIONLINT, &[])),
        // What needs a network is left to the workflow.
        step("zizmor", || with(&ZIZMOR, &["--offline", "--no-progress", ".github"])),
        step("clippy", || {
            let args = [
                "clippy",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--keep-going",
            ];
            let mut clippy = cargo::command(&args, Lock::MustHold)?;
            passed(clippy.args(["--", "--deny", "warnings"]))
        }),
        step("features", || {
            let args = [
                "clippy",
                "--locked",
                "--each-feature",
                "--package",
                "assist-rules-domain",
                "--package",
                "assist-rules-ports",
                "--",
                "--deny",
                "warnings",
            ];
            with(&HACK, &args)
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
        step("package", || {
            let args = [
                "package",
                "--quiet",
                "--package",
                "assist-rules-domain",
                "--allow-dirty",
            ];
            passed(&mut cargo::command(&args, Lock::MustHold)?)
        }),
        step("deny", || {
            let args = ["--all-features", "--log-level", "error", "check"];
            // Advisories are news: the workflow fetches them.
            with(&DENY, &[&args[..], &["bans", "licenses", "sources"]].concat())
        }),
    ];
    let good = report(&steps);
    let skipped = steps.iter().filter(|step| matches!(step.outcome, Outcome::Skipped(_)));
    println!("skipped: {} steps, {} tests", skipped.count(), tally.skipped);
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

fn quietly(args: &[&str]) -> Result<Outcome> {
    passed(cargo::command(args, Lock::MustHold)?.stdout(Stdio::null()))
}

/// Runs a tool where it is installed.
fn with(tool: &Tool, args: &[&str]) -> Result<Outcome> {
    match tool.command()? {
        Some(mut command) => passed(command.args(args)),
        None => Ok(Outcome::Skipped(format!(
            "{} is not installed: `cargo xtask tools`",
            tool.name
        ))),
    }
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
