//! `cargo xtask mutants`: changes the code that the promises rest on, a line at a time, and sees whether a test notices.
//!
//! The domain's mutants are held against its own tests, which takes seconds each. Then come the mutants of the code
//! that drives the protocol; and last, the mutants that the domain's tests missed are held against the simulation,
//! which drives the same state machine through whole worlds. The command needs cargo-mutants, works on a copy of the
//! tree, and takes an hour or two.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    cargo::{self, Lock},
    stopwatch::announce,
    workspace,
};

/// At least so many of those that compile are to be caught, in a hundred.
const TARGET: f64 = 95.0;

/// The merge, the protocol, the retry budget and the rate limiter.
const DOMAIN: [&str; 9] = [
    "crates/domain/src/delivery.rs",
    "crates/domain/src/document/merge.rs",
    "crates/domain/src/document/merge_list.rs",
    "crates/domain/src/protocol.rs",
    "crates/domain/src/protocol/*.rs",
    "crates/domain/src/retry_budget.rs",
    "crates/domain/src/pacing.rs",
    "crates/domain/src/pacing/*.rs",
    "crates/domain/src/settlement.rs",
];

/// The code that executes the protocol, limits the rate, and retries reads.
const APP: [&str; 5] = [
    "crates/app/src/update.rs",
    "crates/app/src/update/record.rs",
    "crates/app/src/update/stop.rs",
    "crates/app/src/rate_limited.rs",
    "crates/app/src/retry_reads.rs",
];

/// The domain's tests that are about these files.
const DOMAIN_TESTS: &[&str] = &[
    "--lib",
    "--test",
    "laws",
    "--test",
    "pacing",
    "--",
    "merge",
    "protocol",
    "changes",
    "revert",
    "settle",
    "delivery",
    "retry",
    "pacing",
    "a_thousand",
    "so_they_do",
    "windows",
];

/// The use cases on fakes, and the simulation: without what is about sinks, kills and weeks, which takes minutes.
const APP_TESTS: &[&str] = &[
    "--lib",
    "--test",
    "simulation",
    "--",
    "--skip",
    "delivery::",
    "--skip",
    "kill",
    "--skip",
    "weeks",
];

/// Sizes at which the tests take a second: a mutant that lives long lives in most worlds.
const DOMAIN_SIZES: [(&str, &str); 2] = [("PROPTEST_CASES", "200"), ("ASSIST_RULES_SEEDS", "2")];
const APP_SIZES: [(&str, &str); 2] = [("PROPTEST_CASES", "200"), ("ASSIST_RULES_SEEDS", "2000")];

/// Code that is built hundreds of times and run briefly need not be fast.
const BUILD: [&str; 3] = [
    "profile.dev.package.assist-rules-domain.opt-level=0",
    "profile.dev.package.assist-rules-app.opt-level=1",
    "profile.dev.debug=0",
];

/// The mutants by their outcome.
#[derive(Default)]
struct Ends {
    caught: Vec<String>,
    timed_out: Vec<String>,
    unviable: Vec<String>,
    missed: Vec<String>,
}

/// Runs all of it, and says what no test noticed.
pub(crate) fn run() -> Result<ExitCode> {
    let is_there = cargo::command(&["mutants", "--version"], Lock::MayChange)?
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !is_there.is_ok_and(|status| status.success()) {
        bail!("cargo-mutants is not installed: `cargo install --locked cargo-mutants`");
    }
    let folder = workspace::root()?.join("target/mutants");
    announce("the domain, held against its own tests");
    let mut domain = mutate(&folder, "domain", &files(&DOMAIN), &BY_THE_DOMAIN)?;
    announce("what carries the protocol out");
    let app = mutate(&folder, "app", &files(&APP), &BY_THE_APP)?;
    if !domain.missed.is_empty() {
        announce("what the domain's own tests missed, held against the simulation");
        // Members that are left out of a value are tried whatever the patterns say, so the files are named as well.
        let patterns = domain.missed.iter().flat_map(|name| ["--re".to_owned(), exactly(name)]);
        // These tests have just passed without a mutant. Here they would be looked for where the mutants are.
        let baseline = ["--baseline", "skip", "--timeout", "120"].map(str::to_owned);
        let chosen: Vec<String> = files(&DOMAIN).into_iter().chain(patterns).chain(baseline).collect();
        domain.settle(&mutate(&folder, "simulation", &chosen, &BY_THE_APP)?);
    }
    println!();
    let is_good = [("domain", &domain), ("app", &app)].map(|(name, ends)| ends.print(name));
    Ok(if is_good == [true, true] {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn files(all: &[&str]) -> Vec<String> {
    all.iter()
        .flat_map(|file| ["--file".to_owned(), (*file).to_owned()])
        .collect()
}

/// A pattern that fits one name alone. What means nothing is left as it is: `\<` would mean the start of a word.
fn exactly(name: &str) -> String {
    let mut pattern = String::from("^");
    for letter in name.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern + "$"
}

/// The tests of some packages, and their sizes.
struct Held {
    packages: &'static [&'static str],
    tests: &'static [&'static str],
    sizes: [(&'static str, &'static str); 2],
}

const BY_THE_DOMAIN: Held = Held {
    packages: &["assist-rules-domain"],
    tests: DOMAIN_TESTS,
    sizes: DOMAIN_SIZES,
};

const BY_THE_APP: Held = Held {
    packages: &["assist-rules-app", "assist-rules-simulation"],
    tests: APP_TESTS,
    sizes: APP_SIZES,
};

/// Makes the mutants that are chosen, and holds each against some tests.
fn mutate(folder: &Path, name: &str, chosen: &[String], held: &Held) -> Result<Ends> {
    let output = folder.join(name);
    fs::create_dir_all(&output).with_context(|| format!("cannot make {}", output.display()))?;
    // The tree has one default member, which is none of these.
    let args = ["mutants", "--workspace", "--no-shuffle", "--colors", "never"];
    let mut command = cargo::command(&args, Lock::MayChange)?;
    command
        .args(chosen)
        .args(held.packages.iter().flat_map(|package| ["--test-package", package]))
        .arg("--output")
        .arg(&output);
    for setting in BUILD {
        command.arg(format!("--cargo-arg=--config={setting}"));
    }
    command.arg("--").args(held.tests);
    command.envs(held.sizes).env("CARGO_TARGET_DIR", folder.join("build"));
    // Mutants that are missed are what is looked for: the command fails then, and says so in a file.
    succeed_or_miss(&mut command)?;
    Ends::read(&output.join("mutants.out"))
}

fn succeed_or_miss(command: &mut Command) -> Result<()> {
    const MISSED: i32 = 2;
    const TIMED_OUT: i32 = 3;
    let shown = cargo::args(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start `{shown}`"))?;
    match status.code() {
        Some(0 | MISSED | TIMED_OUT) => Ok(()),
        _ => bail!("`{shown}` failed ({status})"),
    }
}

impl Ends {
    fn read(folder: &Path) -> Result<Self> {
        let lines = |name: &str| {
            let file: PathBuf = folder.join(name);
            let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            Ok::<_, anyhow::Error>(text.lines().map(str::to_owned).collect())
        };
        Ok(Self {
            caught: lines("caught.txt")?,
            timed_out: lines("timeout.txt")?,
            unviable: lines("unviable.txt")?,
            missed: lines("missed.txt")?,
        })
    }

    /// Takes in what became of those that were missed when they were tried again. The others count once.
    fn settle(&mut self, again: &Self) {
        for name in std::mem::take(&mut self.missed) {
            let end = if again.caught.contains(&name) {
                &mut self.caught
            } else if again.timed_out.contains(&name) {
                &mut self.timed_out
            } else {
                &mut self.missed
            };
            end.push(name);
        }
    }

    /// Prints them, and whether enough were caught. One that runs for ever is caught.
    #[expect(clippy::cast_precision_loss, reason = "there are hundreds")]
    fn print(&self, name: &str) -> bool {
        let [caught, timed_out, missed] = [&self.caught, &self.timed_out, &self.missed].map(Vec::len);
        let viable = caught + timed_out + missed;
        let rate = (caught + timed_out) as f64 * 100.0 / viable.max(1) as f64;
        println!(
            "{name}: {} mutants, {caught} caught, {timed_out} timed out, {} unviable, {missed} missed: {rate:.1} % (target: at \
             least {TARGET} %)",
            viable + self.unviable.len(),
            self.unviable.len(),
        );
        for survivor in &self.missed {
            println!("  missed: {survivor}");
        }
        rate >= TARGET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_keeps_what_is_no_sign() {
        assert_eq!(
            exactly("a.rs:1:2: replace + with - in A<K>::b -> c"),
            r"^a\.rs:1:2: replace \+ with - in A<K>::b -> c$"
        );
    }

    #[test]
    fn what_was_missed_is_settled_by_its_name() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let mut ends = Ends {
            caught: names(&["a"]),
            missed: names(&["b", "c", "d"]),
            ..Ends::default()
        };
        ends.settle(&Ends {
            caught: names(&["a", "b", "stranger"]),
            timed_out: names(&["c"]),
            ..Ends::default()
        });
        assert_eq!(
            (ends.caught, ends.timed_out, ends.missed),
            (names(&["a", "b"]), names(&["c"]), names(&["d"]))
        );
    }
}
