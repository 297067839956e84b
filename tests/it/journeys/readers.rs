//! Outputs as programs of others read them: Prometheus, readers of reports and of YAML, receivers of webhooks.

use std::{fs, process::Command};

use super::recording::Workstation;
use crate::binary::{feed, new_home, run};

/// True if a program is there; else the test is reported as skipped.
fn has(test: &str, program: &str, package: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    if !is_there {
        ports::testing::skip(test, &format!("it needs {program} (Debian: {package})"));
    }
    is_there
}

/// Passes figures to Prometheus' own check, which says on stderr what is bad and what is bad manners.
#[track_caller]
fn assert_figures(figures: &str) {
    let ran = feed(Command::new("promtool").args(["check", "metrics"]), figures);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), "", ""),
        "{figures}"
    );
}

#[test]
fn figures_are_what_prometheus_takes() {
    if !has("figures_are_what_prometheus_takes", "promtool", "prometheus") {
        return;
    }
    let workstation = Workstation::new();
    let place = new_home().join("figures.prom");
    let kept = |code: i32, args: &[&str]| {
        let ran = workstation.run(&[args, &["--metrics-file", place.to_str().unwrap()]].concat());
        assert_eq!(ran.code, Some(code), "{ran}");
        let written = fs::read_to_string(&place).unwrap();
        assert_figures(&written);
        written
    };
    let hostile = [
        "update",
        "--name",
        "\"A\"\n\\ {rule=\"b\"} 1",
        "--reason",
        "\n# TYPE a counter\n",
    ];
    kept(0, &hostile);
    kept(4, &["update", "--name", "B", "--if-version", "1"]);
    kept(1, &["update", "absent", "--name", "B"]);
    workstation.loses_a_write("C");
    let unknown = kept(0, &["stats"]);
    let reconciled = kept(11, &["reconcile"]);
    let counted = |figures: &str, outcome: &str| {
        let end = format!("outcome=\"{outcome}\"}} 1");
        figures.lines().filter(|line| line.ends_with(&end)).count()
    };
    assert_eq!(
        ["applied", "conflict", "unknown"].map(|outcome| counted(&unknown, outcome)),
        [1; 3],
        "{unknown}"
    );
    let mut all = workstation.command(&["stats", "-o", "prometheus"]);
    let printed = run(all.env_remove("GENESYS_RULE_ID")).stdout;
    assert_figures(&printed);
    assert_eq!(printed, reconciled);
}
