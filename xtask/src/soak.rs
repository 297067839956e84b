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

/// One evidence: what it is called, its test, and how long it is run.
struct Evidence {
    title: &'static str,
    words: &'static [&'static str],
    size: (&'static str, &'static str),
}

const PROOFS: [Evidence; 10] = [
    Evidence {
        title: "writers on a bad network, 10,000,000 seeds",
        words: &[
            "--package",
            "assist-rules-simulation",
            "--",
            "--nocapture",
            "every_promise",
        ],
        size: ("ASSIST_RULES_SEEDS", "10000000"),
    },
    Evidence {
        title: "the same without versions, 1,000,000 seeds",
        words: &["--package", "assist-rules-simulation", "--", "--nocapture", "toys_lose"],
        size: ("ASSIST_RULES_SEEDS", "1000000"),
    },
    Evidence {
        title: "a kind of one's own, 1,000,000 seeds",
        words: &[
            "--package",
            "assist-rules-simulation",
            "--",
            "--nocapture",
            "kind_of_ones_own_loses",
        ],
        size: ("ASSIST_RULES_SEEDS", "1000000"),
    },
    Evidence {
        title: "every state of small worlds without versions",
        words: &[
            "--package",
            "assist-rules-simulation",
            "--",
            "--nocapture",
            "small_worlds_of_toys",
        ],
        size: ("ASSIST_RULES_FAULTS", "2"),
    },
    Evidence {
        title: "every state of small worlds, three faults each",
        words: &[
            "--package",
            "assist-rules-simulation",
            "--",
            "--nocapture",
            "no_bad_end",
        ],
        size: ("ASSIST_RULES_FAULTS", "3"),
    },
    Evidence {
        title: "100,000 events to each of three unreliable sinks",
        words: &["--package", "assist-rules-simulation", "--", "--nocapture", "told_of"],
        size: ("ASSIST_RULES_EVENTS", "100000"),
    },
    Evidence {
        title: "killed 200 times at each point, on SQLite and PostgreSQL",
        words: &["--package", "assist-rules-simulation", "--", "--nocapture", "killed_on"],
        size: ("ASSIST_RULES_KILLS", "200"),
    },
    Evidence {
        title: "a service for three weeks, 10,000 updates",
        words: &[
            "--package",
            "assist-rules-simulation",
            "--",
            "--nocapture",
            "runs_for_weeks",
        ],
        size: ("ASSIST_RULES_UPDATES", "10000"),
    },
    Evidence {
        title: "pacing, 5,000 seeds",
        words: &[
            "--package",
            "assist-rules-domain",
            "--test",
            "pacing",
            "--",
            "--nocapture",
        ],
        size: ("ASSIST_RULES_SEEDS", "5000"),
    },
    Evidence {
        title: "the laws, 200,000 cases each",
        words: &["--package", "assist-rules-domain", "--test", "laws"],
        size: ("PROPTEST_CASES", "200000"),
    },
];

/// Runs all of them.
pub(crate) fn run() -> Result<ExitCode> {
    for Evidence {
        title,
        words,
        size: (name, value),
    } in PROOFS
    {
        announce(title);
        let words: Vec<&str> = ["test", "--release"].iter().chain(words).copied().collect();
        cargo::succeed(cargo::command(&words, Lock::MayChange)?.env(name, value))?;
    }
    Ok(ExitCode::SUCCESS)
}
