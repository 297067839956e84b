//! Writes whose outcome is not known: each organization settles its own.

use std::{process::Stdio, thread};

use emulator::SAMPLE_RULE_ID;
use serde_json::{Value, json};

use super::{COLLEAGUE, OURS, THEIRS, TwoOrganizations};
use crate::journeys::writes;

/// A rule as it would be if the write of ours had reached this organization.
fn has_our_name(rule: &mut Value) {
    rule["name"] = json!("ours");
}

/// Nothing that their client does tells about the entry of ours, nor changes what is recorded of it.
fn is_left_alone_by_others(two: &TwoOrganizations, outcome: &Value) {
    two.acme.edit_rule(SAMPLE_RULE_ID, has_our_name).unwrap();
    let before = two.entries(OURS);
    assert_eq!((before.len(), &before[0]["outcome"]), (1, outcome), "{before:?}");
    let ran = two.does(THEIRS, &["reconcile"]);
    assert_eq!(ran.stdout, "The outcome of every change is known.\n", "{ran}");
    let ran = two.does(THEIRS, &["update", "--description", "theirs"]);
    assert!(!ran.stderr.contains("earlier"), "{ran}");
    let closed = ["reconcile", "--close", "1", "--as", "applied", "--reason", "not theirs"];
    let ran = two.run(THEIRS, &closed);
    assert!(ran.code == Some(1) && ran.stderr.contains("error[AR0518]"), "{ran}");
    assert_eq!(two.entries(OURS), before);
}

#[test]
fn an_unknown_outcome_is_settled_by_its_own_organization_only() {
    let two = TwoOrganizations::new();
    two.load_faults(r#"{"faults": [{"on": {"kind": "put"}, "times": 4, "do": {"drop_before": {}}}]}"#);
    let ran = two.run(OURS, &["update", "--name", "ours"]);
    assert_eq!(ran.code, Some(11), "{ran}");
    is_left_alone_by_others(&two, &json!("unknown"));
    // It arrives after all, and another client of the organization finds it.
    two.sandbox.emulator.edit_rule(SAMPLE_RULE_ID, has_our_name).unwrap();
    let ran = two.does(COLLEAGUE, &["reconcile"]);
    assert!(ran.stdout.contains("entry 1 was applied"), "{ran}");
    assert_eq!(two.entries(OURS)[0]["outcome"], "applied");
}

#[test]
fn an_open_entry_of_a_killed_run_is_settled_by_its_own_organization_only() {
    let two = TwoOrganizations::new();
    two.load_faults(r#"{"faults": [{"on": {"kind": "put"}, "times": 1, "do": {"delay": {"ms": 600000}}}]}"#);
    let mut update = two.command(OURS, &["update", "--name", "ours"]);
    let mut killed = update.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while writes(&two.sandbox) == 0 {
        thread::yield_now();
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    is_left_alone_by_others(&two, &Value::Null);
    two.sandbox.emulator.edit_rule(SAMPLE_RULE_ID, has_our_name).unwrap();
    let ran = two.does(COLLEAGUE, &["update", "--description", "next"]);
    assert!(ran.stderr.contains("An earlier run: entry 1 was applied"), "{ran}");
}
