//! A plan or an apply that is stopped or killed, and what comes of it when it is asked for again.

use std::process::{Child, Command, Stdio};
use std::thread;

use emulator::{Kind, Script, Writer};
use serde_json::{Value, json};

use super::kinds::{Documents, copilots};
use super::{Repository, stored};

/// Rules that change: a few more than the rate limit lets through at once.
const CHANGED: usize = 12;

fn repository() -> Repository {
    let repository = Repository::of(CHANGED);
    for number in 1..=CHANGED {
        repository.rename(&[&format!("r{number}")], "New");
    }
    repository
}

/// Starts a command, and kills it while the server holds back a write.
fn killed_in_flight(documents: &Documents, args: &[&str]) {
    let held = r#"{"faults": [{"on": {"kind": "put"}, "times": 1, "do": {"delay": {"ms": 600000}}}]}"#;
    let emulator = &documents.repository.workstation.sandbox.emulator;
    emulator.load_faults(Script::from_json(held).unwrap());
    let mut command = documents.repository.command(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while emulator.requests().iter().all(|request| request.kind != Kind::Put) {
        thread::yield_now();
    }
    send("-KILL", &child);
    assert_eq!(child.wait().unwrap().code(), None);
}

/// Starts a command, and sends a signal once the server has answered so many requests of a kind since.
fn signaled(
    repository: &Repository,
    args: &[&str],
    kind: Kind,
    answered: usize,
    signal: &str,
) -> (Option<i32>, String) {
    let since = repository.seen();
    let mut command = repository.command(args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let count = || {
        let requests = repository.workstation.sandbox.emulator.requests();
        let of_kind = requests.iter().skip(since).filter(|request| request.kind == kind);
        of_kind.filter(|request| request.status.is_some()).count()
    };
    while count() < answered {
        thread::yield_now();
    }
    send(signal, &child);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Each rule says what its file says, and was written once: the server counts versions from 1.
#[track_caller]
fn assert_written_once(repository: &Repository) {
    for number in 1..=CHANGED {
        let rule = repository.org(&format!("r{number}"));
        assert_eq!(
            (&rule["name"], &rule["etag"]),
            (&json!("New"), &json!("2")),
            "r{number}"
        );
    }
}

/// FIELD L4.
#[test]
fn a_plan_that_is_stopped_leaves_no_file() {
    let repository = repository();
    let args = ["plan", "rules", "--out", "p.plan", "-o", "json"];
    let (code, stdout) = signaled(&repository, &args, Kind::Get, 4, "-INT");
    let error: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &error["code"]), (Some(130), &json!("AR0516")));
    assert!(!repository.folder.join("p.plan").exists());
}

/// FIELD L4.
#[test]
fn a_status_and_a_pull_that_are_stopped_leave_whole_files() {
    let repository = repository();
    let args = ["status", "rules", "-o", "json"];
    let (code, stdout) = signaled(&repository, &args, Kind::Get, 4, "-INT");
    let error: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &error["code"]), (Some(130), &json!("AR0516")));
    let args = ["pull", "pulled", "-o", "json"];
    let (code, _) = signaled(&repository, &args, Kind::Get, 4, "-INT");
    assert_eq!(code, Some(130));
    assert!(
        !repository.folder.join("pulled/trigger-rules").exists(),
        "nothing is written before all is read"
    );
    let again = repository.json(0, &["pull", "pulled"]);
    assert_eq!(again["summary"]["written"], CHANGED);
    repository.json(0, &["validate", "pulled"]);
}

#[test]
fn an_apply_that_is_stopped_anywhere_and_applied_again_ends_as_one_that_was_not() {
    for answered in [1, 4, 8, 11] {
        for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
            let repository = repository();
            repository.plan();
            let args = ["apply", "p.plan", "--allow", "change=12", "-o", "json"];
            let (ended, stdout) = signaled(&repository, &args, Kind::Put, answered, signal);
            let result: Value = serde_json::from_str(&stdout).unwrap();
            assert_eq!(ended, Some(code), "{result:#}");
            let summary = &result["summary"];
            let counted = summary["applied"].as_u64().unwrap() + summary["not_attempted"].as_u64().unwrap();
            assert_eq!(
                counted, CHANGED as u64,
                "each write in flight has its outcome: {summary}"
            );
            let again = repository.json(0, &args[..4]);
            assert_eq!(again["summary"]["unchanged"], summary["applied"]);
            assert_written_once(&repository);
        }
    }
}

#[test]
fn an_apply_that_is_killed_anywhere_and_applied_again_writes_each_rule_once() {
    for answered in [1, 3, 6, 9, 12] {
        let repository = repository();
        repository.plan();
        let args = ["apply", "p.plan", "--allow", "change=12"];
        let (ended, _) = signaled(&repository, &args, Kind::Put, answered, "-KILL");
        assert_eq!(ended, None);
        repository.json(0, &args);
        assert_written_once(&repository);
        let events = repository.json(0, &["history", "--outcome", "applied", "--limit", "100"]);
        assert_eq!(events["entries"].as_array().unwrap().len(), CHANGED, "{answered}");
    }
}

/// The updates that two runs of an `apply` at the same time carry out, together; both end well.
fn applied_by_two(repository: &Repository, args: &[&str]) -> u64 {
    let start = || {
        let mut apply = repository.command(args);
        apply.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let runs = [start(), start()].map(|child| child.wait_with_output().unwrap());
    let applied = runs.map(|output| {
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{result:#}");
        result["summary"]["applied"].as_u64().unwrap()
    });
    applied.iter().sum()
}

/// One plan, two runs at the same time, on one ledger.
#[test]
fn two_runs_of_one_plan_write_each_rule_once() {
    let repository = repository();
    repository.plan();
    let args = ["apply", "p.plan", "--allow", "change=12", "-o", "json"];
    assert_eq!(applied_by_two(&repository, &args), CHANGED as u64);
    assert_written_once(&repository);
}

/// Copilots that change, beside a trigger rule: fewer than the rate limit would stretch.
const COPILOTS: [&str; 6] = ["r1", "r2", "r3", "r4", "r5", "r6"];

/// A plan that changes each of the Copilots, and a trigger rule in the middle of them.
fn copilots_and_a_rule() -> Documents {
    let documents = copilots(COPILOTS.len());
    let repository = &documents.repository;
    repository
        .workstation
        .sandbox
        .emulator
        .put_rule(stored("trigger"))
        .unwrap();
    documents.change(&COPILOTS);
    let rule = json!({"id": "trigger", "name": "New"});
    repository.write("rules/r3a.json", rule.to_string());
    let plan = repository.plan();
    assert_eq!(plan["summary"]["update"], COPILOTS.len() + 1, "{plan:#}");
    documents
}

/// Each Copilot says what its file says, and was written once; so was the rule.
#[track_caller]
fn assert_all_written_once(documents: &Documents) {
    let emulator = &documents.repository.workstation.sandbox.emulator;
    let writes = emulator.copilot_writes();
    let mut written: Vec<&str> = writes.iter().map(|write| write.document.assistant()).collect();
    written.sort_unstable();
    assert_eq!(written, COPILOTS);
    assert!(
        writes
            .iter()
            .all(|write| matches!(write.writer, Writer::Client { .. }) && write.before != write.after)
    );
    for id in COPILOTS {
        documents.assert_ours(id, true);
    }
    let rule = documents.repository.org("trigger");
    assert_eq!((&rule["name"], &rule["etag"]), (&json!("New"), &json!("2")));
    assert_eq!(documents.repository.plan()["changes"], json!([]));
}

const APPLY: [&str; 6] = ["apply", "p.plan", "--allow", "change=7", "-o", "json"];

/// The way of a Copilot is longer than that of a rule: a stop may come before its write, and before it is read back.
#[test]
fn an_apply_of_copilots_that_is_stopped_anywhere_and_applied_again_ends_as_one_that_was_not() {
    for (kind, answered) in [
        (Kind::Get, 2),
        (Kind::Put, 1),
        (Kind::Put, 3),
        (Kind::Get, 9),
        (Kind::Put, 6),
    ] {
        let documents = copilots_and_a_rule();
        let repository = &documents.repository;
        let (ended, stdout) = signaled(repository, &APPLY, kind, answered, "-INT");
        let result: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(ended, Some(130), "{result:#}");
        let summary = &result["summary"];
        let counted = summary["applied"].as_u64().unwrap() + summary["not_attempted"].as_u64().unwrap();
        assert_eq!(counted, 7, "each write in flight has its outcome: {summary}");
        let again = repository.json(0, &APPLY[..4]);
        assert_eq!(again["summary"]["unchanged"], summary["applied"]);
        assert_all_written_once(&documents);
    }
}

#[test]
fn two_runs_of_one_plan_write_each_copilot_once() {
    let documents = copilots_and_a_rule();
    assert_eq!(applied_by_two(&documents.repository, &APPLY), 7);
    assert_all_written_once(&documents);
}

/// The codes of the findings of a document that was applied.
#[track_caller]
fn codes_of_applied(result: &Value) -> Vec<&str> {
    assert_eq!(result["summary"]["applied"], 1, "{result:#}");
    let findings = result["changes"][0]["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

/// Nothing but the content can say whether the write arrived: it is sent once more, with a warning.
#[test]
fn a_copilot_whose_write_never_arrived_is_sent_again_by_the_next_apply() {
    let lost = |documents: &Documents| {
        let dropped = r#"{"faults": [{"on": {"kind": "put"}, "times": 1, "do": {"drop_before": {}}}]}"#;
        let emulator = &documents.repository.workstation.sandbox.emulator;
        emulator.load_faults(Script::from_json(dropped).unwrap());
        let unknown = documents.repository.json(11, &["apply", "p.plan"]);
        assert_eq!(unknown["summary"]["unknown"], 1, "{unknown:#}");
    };
    let killed = |documents: &Documents| killed_in_flight(documents, &["apply", "p.plan"]);
    for leave_open in [&lost as &dyn Fn(&Documents), &killed] {
        let documents = copilots(2);
        let repository = &documents.repository;
        documents.change(&["r1"]);
        repository.plan();
        leave_open(&documents);
        let emulator = &repository.workstation.sandbox.emulator;
        assert_eq!(emulator.copilot_writes().len(), 0);
        let again = repository.json(0, &["apply", "p.plan"]);
        assert_eq!(codes_of_applied(&again), ["AR0234"]);
        assert_eq!(emulator.copilot_writes().len(), 1);
        documents.assert_ours("r1", true);
        assert_eq!(repository.json(0, &["apply", "p.plan"])["summary"]["unchanged"], 1);
        assert_eq!(emulator.copilot_writes().len(), 1);
        let open = repository.json(0, &["history", "--outcome", "unknown"]);
        assert_eq!(open["entries"], json!([]), "the second write follows the first");
    }
}

/// Nothing is written over what somebody else wrote meanwhile.
#[test]
fn a_copilot_that_moved_after_a_write_was_left_open_stays_unknown() {
    let documents = copilots(2);
    let repository = &documents.repository;
    documents.change(&["r1"]);
    repository.plan();
    killed_in_flight(&documents, &["apply", "p.plan"]);
    documents.others_change("r1");
    let again = repository.json(11, &["apply", "p.plan"]);
    assert_eq!(again["summary"]["unknown"], 1, "{again:#}");
    documents.assert_theirs("r1");
    documents.assert_ours("r1", false);
}
