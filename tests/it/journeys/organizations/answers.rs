//! The request for the organization, as networks answer it: what is not known leaves `API CLIENT`, and what may be known
//! later is asked for again, until the deadline.

use emulator::{Kind, SAMPLE_RULE_ID};
use serde_json::{Value, json};

use super::{OURS, TwoOrganizations, name_in};
use crate::{
    binary::run,
    journeys::{against, document, sandbox_with, writes},
};

#[test]
fn without_an_answer_about_the_organization_nothing_is_written() {
    for fault in [
        r#"{"status": {"code": 503}}"#,
        r#"{"status": {"code": 429, "retry_after": 4000}}"#,
        r#"{"drop_before": {}}"#,
        r#"{"garbage": {}}"#,
    ] {
        let faults = format!(r#"{{"faults": [{{"on": {{"kind": "organization"}}, "times": 100, "do": {fault}}}]}}"#);
        let sandbox = sandbox_with(&faults);
        let ran = run(against(&sandbox).args(["update", "--name", "ours", "-o", "json"]));
        assert_eq!((ran.code, writes(&sandbox)), (Some(7), 0), "{fault}: {ran}");
    }
}

#[test]
fn an_answer_without_an_organization_leaves_api_and_client() {
    for code in [403, 404] {
        let faults =
            format!(r#"{{"faults": [{{"on": {{"kind": "organization"}}, "do": {{"status": {{"code": {code}}}}}}}]}}"#);
        let sandbox = sandbox_with(&faults);
        let ran = run(against(&sandbox).args(["update", "--name", "ours", "-o", "json"]));
        assert_eq!(ran.code, Some(0), "{ran}");
        let target = &document(&ran)["target"];
        assert_eq!(
            (&target["org"], &target["client"]),
            (&Value::Null, &json!("sandbox-client"))
        );
    }
}

/// The sign-in and the read of the rule are long done when the answer comes.
const LATE: &str = r#"{"faults": [{"on": {"kind": "organization"}, "do": {"delay": {"ms": 1000}}}]}"#;

#[test]
fn an_answer_that_is_late_is_waited_for_and_recorded_under() {
    let two = TwoOrganizations::new();
    two.load_faults(LATE);
    let ran = two.does(OURS, &["update", "--name", "ours", "-o", "json"]);
    let [ours, _] = two.ids();
    assert_eq!(document(&ran)["target"]["org"]["id"], ours, "{ran}");
    let requests = two.sandbox.emulator.requests();
    let kinds: Vec<Kind> = requests.iter().map(|request| request.kind).collect();
    assert_eq!(
        kinds.iter().filter(|kind| **kind == Kind::Organization).count(),
        1,
        "{kinds:?}"
    );
    let entries = two.entries(OURS);
    assert_eq!((entries.len(), &entries[0]["org"]["id"]), (1, &ours));
}

/// Longer than any of these runs.
const STALLED: &str =
    r#"{"faults": [{"on": {"kind": "organization"}, "times": 100, "do": {"delay": {"ms": 600000}}}]}"#;

#[test]
fn an_answer_that_never_comes_ends_the_run_by_its_deadline() {
    let two = TwoOrganizations::new();
    two.load_faults(STALLED);
    let mut update = two.command(OURS, &["update", "--name", "ours", "-o", "json", "--deadline", "2s"]);
    let started = std::time::Instant::now();
    let ran = run(&mut update);
    let took = started.elapsed();
    assert_eq!((ran.code, writes(&two.sandbox)), (Some(7), 0), "{ran}");
    // An attempt may take 15 s by itself.
    assert!(took.as_secs() < 10, "{took:?} {ran}");
    assert_eq!(name_in(&two.sandbox.emulator), json!("Credit Card Detection Rule"));
    let change = &document(&ran)["changes"][0];
    assert_eq!(
        (&change["id"], &change["outcome"], &change["error"]["retryable"]),
        (&json!(SAMPLE_RULE_ID), &json!("failed"), &json!(true)),
        "{ran}"
    );
    assert!(
        change["error"]["message"].as_str().unwrap().contains("organization"),
        "{ran}"
    );
}
