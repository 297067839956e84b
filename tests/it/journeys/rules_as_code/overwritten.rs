//! A Copilot that somebody else writes in the moment in which it is applied.

use emulator::{Script, Writer};
use serde_json::json;

use super::kinds::{Documents, copilots};
use crate::{journeys::schemas::assert_is, schema_agreement::validator};

/// Their value in place of ours.
const THEIRS: f64 = 0.25;

/// Three Copilots of which the record knows, and a plan that changes some. Another writer puts theirs in place of ours in the
/// second, after our PUT and before it is read back.
fn overwritten(changed: &[&str]) -> Documents {
    let documents = copilots(3);
    documents.repository.json(0, &["apply", "rules", "--yes"]);
    documents.change(changed);
    documents.repository.plan();
    let fault = json!({"faults": [{
        "on": {"kind": "get", "path_contains": "/r2/", "skip": 1},
        "do": {"edit_between": {"merge": {"nluConfig": {"intentConfidenceThreshold": THEIRS}}}},
    }]});
    let emulator = &documents.repository.workstation.sandbox.emulator;
    emulator.load_faults(Script::from_json(&fault.to_string()).unwrap());
    documents
}

/// The writes of each document in their order: by a client (`C`), or in the platform's pages (`A`).
fn writers(documents: &Documents) -> Vec<String> {
    let writes = documents.repository.workstation.sandbox.emulator.copilot_writes();
    let lines = writes.iter().map(|write| match write.writer {
        Writer::Client { .. } => format!("{} C", write.document.assistant()),
        Writer::Administrator => format!("{} A", write.document.assistant()),
    });
    lines.collect()
}

#[test]
fn what_was_written_over_in_the_same_moment_is_told_and_is_theirs_to_plan() {
    let documents = overwritten(&["r2"]);
    let repository = &documents.repository;
    let result = repository.json(11, &["apply", "p.plan"]);
    assert_is("result", &result);
    assert!(validator("result").is_valid(&result), "{result:#}");
    assert_eq!(documents.outcomes(&result), ["r2 overwritten"]);
    assert_eq!(result["summary"]["overwritten"], 1);
    let change = &result["changes"][0];
    assert_eq!(
        (
            &change["guard"],
            &change["error"]["code"],
            &change["error"]["retryable"]
        ),
        (&json!("content"), &json!("AR0508"), &json!(false))
    );
    assert_eq!(
        change["theirs_changed"],
        json!([{"path": documents.kind.ours, "before": 0.75, "after": THEIRS}])
    );
    assert_eq!(writers(&documents), ["r2 C", "r2 A"]);

    for flags in [&[][..], &["--on-conflict", "merge"]] {
        let again = repository.json(4, &[&["apply", "p.plan"], flags].concat());
        assert_eq!(documents.outcomes(&again), ["r2 conflict"]);
        assert_eq!(again["changes"][0]["conflicts"][0]["theirs"], THEIRS);
    }
    assert_eq!(documents.at("r2", documents.kind.ours), json!(THEIRS));
    assert_eq!(
        writers(&documents),
        ["r2 C", "r2 A"],
        "theirs stands, and nothing is sent"
    );

    let status = repository.json(2, &["status", "rules", "--detailed-exitcode"]);
    assert_eq!(
        documents.states(&status),
        ["r1 in_sync", "r2 changed_in_org", "r3 in_sync"]
    );
    let plan = repository.json(4, &["plan", "rules"]);
    assert_eq!(documents.actions(&plan), ["r2 conflict"]);
    assert_eq!(
        plan["changes"][0]["drift"],
        json!([{"path": documents.kind.ours, "base": 0.75, "theirs": THEIRS}])
    );
    documents.edit_file("r2", documents.kind.theirs, json!(2_000));
    let status = repository.json(0, &["status", "rules"]);
    assert_eq!(
        documents.states(&status),
        ["r1 in_sync", "r2 changed_in_both", "r3 in_sync"]
    );

    repository.json(0, &["plan", "rules", "--on-drift", "revert", "--out", "back.plan"]);
    repository.json(0, &["apply", "back.plan"]);
    documents.assert_ours("r2", true);
    let status = repository.json(0, &["status", "rules"]);
    assert_eq!(status["summary"]["in_sync"], 3);
}

/// A record of the write stands, and nothing is left to settle: its outcome is known.
#[test]
fn what_was_written_over_is_recorded_and_settled() {
    let documents = overwritten(&["r1", "r2"]);
    let repository = &documents.repository;
    let result = repository.json(11, &["apply", "p.plan", "--parallelism", "1"]);
    assert_eq!(documents.outcomes(&result), ["r1 applied", "r2 overwritten"]);
    let history = repository.json(0, &["history", "--outcome", "overwritten"]);
    assert_is("history", &history);
    let entries = history["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{history:#}");
    assert_eq!(entries[0]["entry"], result["changes"][1]["entry"]);
    let settled = repository.run(&["reconcile"]);
    assert_eq!(settled.code, Some(0), "{settled}");
    assert_eq!(writers(&documents), ["r1 C", "r2 C", "r2 A"]);
    repository.json(0, &["audit", "verify"]);
}

/// A write of theirs that keeps ours is none over ours.
#[test]
fn what_was_edited_beside_ours_in_the_same_moment_is_applied() {
    let documents = overwritten(&["r1", "r2"]);
    let repository = &documents.repository;
    let theirs = json!({"faults": [{
        "on": {"kind": "get", "path_contains": "/r1/", "skip": 1},
        "do": {"edit_between": {"merge": {"summaryGenerationConfig": {"retentionSeconds": 1_000}}}},
    }]});
    let emulator = &repository.workstation.sandbox.emulator;
    emulator.load_faults(Script::from_json(&theirs.to_string()).unwrap());
    let result = repository.json(0, &["apply", "p.plan", "--parallelism", "1"]);
    assert_eq!(documents.outcomes(&result), ["r1 applied", "r2 applied"]);
    documents.assert_ours("r1", true);
    documents.assert_theirs("r1");
    let status = repository.json(0, &["status", "rules"]);
    assert_eq!(
        documents.states(&status),
        ["r1 changed_in_org", "r2 in_sync", "r3 in_sync"]
    );
}

#[test]
fn what_was_written_over_is_named_in_each_format_with_the_way_on() {
    for format in ["human", "ndjson", "markdown"] {
        let documents = overwritten(&["r2"]);
        let ran = documents.repository.run(&["apply", "p.plan", "-o", format]);
        assert_eq!(ran.code, Some(11), "{format} {ran}");
        assert!(ran.stdout.contains("overwritten"), "{format} {ran}");
        assert!(ran.to_string().contains("and plan again"), "{format} {ran}");
        assert!(
            ran.stderr.contains("waiting 1.0 s: a read does not show"),
            "{format} {ran}"
        );
    }
}
