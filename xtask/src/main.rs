//! The chores of this repository, as `cargo xtask COMMAND`.
//!
//! One module a command. It needs nothing but Rust, is built before anything else and so depends on next to nothing,
//! and it never changes a file of the repository.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to the person who started it"
)]

mod bench;
mod cargo;
mod ci;
mod cli;
mod coverage;
mod dist;
mod mutants;
mod soak;
mod stopwatch;
mod tally;
mod test;
mod tools;
mod update;
mod workspace;

use std::{env, ffi::OsString, process::ExitCode};

use cargo::Lock;
use tally::Tally;

const HELP: &str = "\
The chores of assist-rules.

Usage: cargo xtask COMMAND

Commands:
  update [ARGS]  assist-rules update ARGS. Without ARGS: the sample change to the sample rule, always in the
                 sandbox, which is reset first, whatever credentials are about
  test           every test that must pass: unit, law, contract, journey, example, doc. Ends with a count
  ci             what CI runs: format, spelling, workflows, clippy, features, tests, docs, the package, dependencies.
                 What needs a tool that is not installed is skipped by name
  tools [NAMES]  installs the tools that `ci` and `dist` need, or those named: crates as `cargo install` does, the
                 rest below `target`
  coverage       the share of the domain that its own tests run, as one line; needs cargo-llvm-cov
  soak           the proofs of the promises, run long: hours
  mutants        changes the code that the promises rest on, and sees whether a test notices: an hour or two
  bench [ARGS]   speed and memory, as ratios against serde_json, curl and git, with their targets. ARGS: one part
                 of it (read, ledger, process, many or plan), and `--before BINARY`, an older assist-rules to compare
                 with. plan: also status, pull and apply
  dist [ARGS]    a release for this machine, below `target/dist`: wheel, archive with man pages and completions,
                 SHA-256 sums; prints the sizes. ARGS: `--profile dev`, and `--out FOLDER`. Needs maturin
  help           this text

Exit codes: 0 done, 1 failed, 64 usage. update: those of assist-rules.
";

/// The exit code of a usage error (`EX_USAGE`).
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let command = arguments.next().unwrap_or_else(|| OsString::from("help"));
    let rest: Vec<OsString> = arguments.collect();
    let done = match command.to_str() {
        Some("help" | "-h" | "--help") => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        Some("update") => update::run(&rest),
        Some("test" | "ci" | "coverage" | "soak" | "mutants") if !rest.is_empty() => {
            return usage("it takes no arguments", &command);
        }
        Some("test") => test::run(Lock::MayChange).map(Tally::print_last),
        Some("ci") => Ok(ci::run()),
        Some("tools") => match tools::parse(&rest) {
            Ok(tools) => Ok(tools::run(&tools)),
            Err(why) => return usage(&why, &command),
        },
        Some("coverage") => coverage::run().map(|()| ExitCode::SUCCESS),
        Some("soak") => soak::run(),
        Some("mutants") => mutants::run(),
        Some("bench") => match bench::Request::parse(&rest) {
            Ok(request) => bench::run(&request),
            Err(why) => return usage(&why, &command),
        },
        Some("dist") => match dist::Request::parse(&rest) {
            Ok(request) => dist::run(&request),
            Err(why) => return usage(&why, &command),
        },
        _ => return usage("no such command", &command),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn usage(why: &str, command: &OsString) -> ExitCode {
    eprintln!("error: cargo xtask {}: {why}\n\n{HELP}", command.to_string_lossy());
    ExitCode::from(USAGE)
}
