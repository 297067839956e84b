//! Leases: a rule is one run's at a time in its organization, whoever the client is, and no other organization's.

use std::{
    process::{Child, Stdio},
    thread,
};

use emulator::SAMPLE_RULE_ID;
use serde_json::json;

use super::{COLLEAGUE, OURS, THEIRS, TwoOrganizations, name_in};
use crate::journeys::{document, writes};

/// A run of our client whose write is on its way, and which holds the lease of the rule.
fn writing(two: &TwoOrganizations, delay: u32) -> Child {
    two.load_faults(&format!(
        r#"{{"faults": [{{"on": {{"kind": "put"}}, "times": 1, "do": {{"delay": {{"ms": {delay}}}}}}}]}}"#
    ));
    let mut update = two.command(OURS, &["update", "--name", "ours"]);
    update.env("ASSIST_RULES_ATTEMPT_TIMEOUT", "10m");
    let child = update.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while writes(&two.sandbox) == 0 {
        thread::yield_now();
    }
    child
}

#[test]
fn a_lease_holds_the_clients_of_its_organization_and_no_other_organization() {
    let two = TwoOrganizations::new();
    let mut holder = writing(&two, 600_000);
    two.does(THEIRS, &["update", "--name", "theirs"]);
    assert_eq!(name_in(&two.acme), json!("theirs"));
    let update = ["update", "--name", "second", "--deadline", "1s", "-o", "json"];
    let ran = two.run(COLLEAGUE, &update);
    assert_eq!(ran.code, Some(7), "{ran}");
    let change = &document(&ran)["changes"][0];
    assert_eq!(
        (&change["outcome"], &change["error"]["retryable"]),
        (&json!("failed"), &json!(true)),
        "{ran}"
    );
    assert!(
        change["error"]["message"].as_str().unwrap().contains("at work on it"),
        "{ran}"
    );
    assert_eq!(writes(&two.sandbox), 2, "one of each organization");
    assert_eq!(holder.try_wait().unwrap(), None);
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn a_client_waits_for_another_of_its_organization_and_merges_with_what_it_did() {
    let two = TwoOrganizations::new();
    let mut holder = writing(&two, 2_000);
    let ran = two.does(COLLEAGUE, &["update", "--description", "second", "-o", "json"]);
    assert!(holder.wait().unwrap().success());
    // The first has the entries 1 and 2: its intent and its outcome.
    let order: Vec<_> = two
        .entries(OURS)
        .iter()
        .map(|entry| entry["entry"].as_u64().unwrap())
        .collect();
    assert!(
        matches!(order.as_slice(), [second, 1] if *second > 2),
        "{order:?} {ran}"
    );
    let rule = two.sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    assert_eq!(
        (&rule["name"], &rule["description"]),
        (&json!("ours"), &json!("second"))
    );
}
