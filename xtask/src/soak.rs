//! `cargo xtask soak`: the proofs of the product's promises, run long, in release.
//!
//! Each is the test that `cargo xtask test` runs at its small size; each stops at the first broken promise and says
//! how to see it again.

use std::process::ExitCode;

use anyhow::Result;

use crate::{
    cargo::{self, Lock},
    stopwatch::announce,
};

/// A proof: its title, the arguments of `cargo test` for it, and its size as a variable of the environment.
struct Proof {
    title: &'static str,
    package: &'static str,
    target: &'static [&'static str],
    /// The part of its test's name that no other one has; all tests of the target without one.
    filter: Option<&'static str>,
    size: (&'static str, &'static str),
}

const fn simulation(title: &'static str, filter: &'static str, size: (&'static str, &'static str)) -> Proof {
    Proof {
        title,
        package: "assist-rules-simulation",
        target: &[],
        filter: Some(filter),
        size,
    }
}

const fn domain(title: &'static str, target: &'static [&'static str], size: (&'static str, &'static str)) -> Proof {
    Proof {
        title,
        package: "assist-rules-domain",
        target,
        filter: None,
        size,
    }
}

#[rustfmt::skip]
const PROOFS: [Proof; 11] = [
    simulation("writers on a bad network, 10,000,000 seeds", "every_promise", ("ASSIST_RULES_SEEDS", "10000000")),
    simulation("Copilots, 1,000,000 seeds", "copilots_lose_nothing", ("ASSIST_RULES_SEEDS", "1000000")),
    simulation("the same without versions, 1,000,000 seeds", "toys_lose", ("ASSIST_RULES_SEEDS", "1000000")),
    simulation("a kind of one's own, 1,000,000 seeds", "kind_of_ones_own_loses", ("ASSIST_RULES_SEEDS", "1000000")),
    simulation("every state of small worlds without versions", "small_worlds_of_toys", ("ASSIST_RULES_FAULTS", "2")),
    simulation("every state of small worlds, three faults each", "no_bad_end", ("ASSIST_RULES_FAULTS", "3")),
    simulation("100,000 events to each of three unreliable sinks", "every_sink_receives", ("ASSIST_RULES_EVENTS", "100000")),
    simulation("killed 200 times at each point, on SQLite and PostgreSQL", "killed_on", ("ASSIST_RULES_KILLS", "200")),
    simulation("a service for three weeks, 10,000 updates", "runs_for_weeks", ("ASSIST_RULES_UPDATES", "10000")),
    domain("pacing, 5,000 seeds", &["--test", "pacing"], ("ASSIST_RULES_SEEDS", "5000")),
    domain("the laws, 200,000 cases each", &["--test", "laws"], ("PROPTEST_CASES", "200000")),
];

/// Runs all of them.
pub(crate) fn run() -> Result<ExitCode> {
    for proof in PROOFS {
        announce(proof.title);
        let mut arguments = vec!["test", "--release", "--package", proof.package];
        arguments.extend(proof.target);
        arguments.extend(["--", "--nocapture"]);
        arguments.extend(proof.filter);
        let (name, value) = proof.size;
        cargo::succeed(cargo::command(&arguments, Lock::MayChange)?.env(name, value))?;
    }
    Ok(ExitCode::SUCCESS)
}
