//! A signal in mid-update: 130 or 143, and what is told of the rule is true.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
};

use emulator::SAMPLE_RULE_ID;
use serde_json::{Value, json};

use super::{against, sandbox_with};
use crate::{
    binary::{new_home, run},
    sandbox::Sandbox,
};

/// Starts an update, sends the signal once the emulator has seen so many requests to the API, and waits for the end.
fn stopped(faults: &str, requests: usize, signal: &str) -> (Option<i32>, Value, Value) {
    let sandbox = sandbox_with(faults);
    let mut update = against(&sandbox);
    update.args(["update", "--name", "ours", "-o", "json"]);
    let child = update.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let answered = || {
        let seen = sandbox.world.requests();
        seen.iter()
            .filter(|request| !request.is_token_request() && request.status.is_some())
            .count()
    };
    while answered() < requests {
        thread::yield_now();
    }
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let stored = sandbox.world.rule(SAMPLE_RULE_ID).unwrap();
    (output.status.code(), result["changes"][0].clone(), stored)
}

const WRITE_IS_THROTTLED: &str =
    r#"{"faults": [{"on": {"kind": "put"}, "do": {"status": {"code": 429, "retry_after": 50}}}]}"#;

#[test]
fn a_wait_is_not_waited_out() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let (ended, change, stored) = stopped(WRITE_IS_THROTTLED, 2, signal);
        assert_eq!(
            (ended, &change["outcome"]),
            (Some(code), &json!("not_attempted")),
            "{change}"
        );
        assert_eq!(stored["name"], "Credit Card Detection Rule");
        assert_eq!(change["error"]["code"], "AR0516");
    }
}

const ANSWER_IS_LOST: &str = r#"{"faults": [
    {"on": {"kind": "put"}, "times": 1, "do": {"status": {"code": 503, "retry_after": 50, "carried_out": true}}}]}"#;

#[test]
fn a_write_in_doubt_is_looked_for_before_the_end() {
    let (ended, change, stored) = stopped(ANSWER_IS_LOST, 2, "-INT");
    assert_eq!(
        (ended, &change["outcome"], &change["confirmed_by"]),
        (Some(130), &json!("applied"), &json!("read"))
    );
    assert_eq!(stored["name"], "ours");
}

/// An update that renames the rule and is killed before it hears of that.
fn is_killed_after_its_write(sandbox: &Sandbox, state: &Path) {
    let mut update = against(sandbox);
    update
        .env("ASSIST_RULES_STATE_DIR", state)
        .args(["update", "--name", "ours"]);
    let mut child = update.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while sandbox.world.rule(SAMPLE_RULE_ID).unwrap()["name"] != "ours" {
        thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_a_killed_run_left_open_is_settled_by_the_next() {
    let sandbox = sandbox_with(ANSWER_IS_LOST);
    let state = new_home();
    is_killed_after_its_write(&sandbox, &state);
    let mut next = against(&sandbox);
    let ran = run(next
        .env("ASSIST_RULES_STATE_DIR", &state)
        .args(["update", "--description", "next"]));
    assert!(
        ran.code == Some(0) && ran.stderr.contains("An earlier run: entry 1 was applied"),
        "{ran}"
    );
    let entry = |ran: &str| ran.split_once("undoes ").map(|(_, rest)| rest.trim().to_owned());
    let mut back = against(&sandbox);
    let ran = run(back
        .env("ASSIST_RULES_STATE_DIR", &state)
        .args(["rollback", "--to", "1"]));
    assert_eq!(ran.code, Some(0), "{ran}");
    let mut history = against(&sandbox);
    let ran = run(history
        .env("ASSIST_RULES_STATE_DIR", &state)
        .args(["history", "--limit", "1"]));
    assert_eq!(entry(&ran.stdout), Some("3".to_owned()), "{ran}");
    let mut audit = against(&sandbox);
    let ran = run(audit.env("ASSIST_RULES_STATE_DIR", &state).args(["audit", "verify"]));
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn a_rollback_settles_first_what_a_killed_run_left_open() {
    let sandbox = sandbox_with(ANSWER_IS_LOST);
    let state = new_home();
    is_killed_after_its_write(&sandbox, &state);
    let mut back = against(&sandbox);
    let ran = run(back.env("ASSIST_RULES_STATE_DIR", &state).arg("rollback"));
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(
        sandbox.world.rule(SAMPLE_RULE_ID).unwrap()["name"],
        "Credit Card Detection Rule"
    );
}

#[test]
fn a_sink_that_hangs_does_not_keep_a_run_that_is_told_to_stop() {
    let sandbox = Sandbox::sample();
    let home = new_home();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let sinks = format!(
        "[[sinks]]\nname = \"chat\"\nkind = \"webhook\"\nurl = \"http://{}/\"\nsecrets_from = [\"env:CHAT\"]\n\
         allow_private = true\n",
        silent.local_addr().unwrap()
    );
    std::fs::write(home.join("mine.toml"), sinks).unwrap();
    let mut update = against(&sandbox);
    update
        .current_dir(&home)
        .env("ASSIST_RULES_STATE_DIR", home.join("state"))
        .env("CHAT", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        .args(["update", "--config", "mine.toml", "--name", "ours", "-o", "json"]);
    let child = update.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let told = silent.accept().unwrap();
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    drop(told);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (
            output.status.code(),
            &result["changes"][0]["outcome"],
            &result["delivery"]["failed"]
        ),
        (Some(130), &json!("applied"), &json!(1))
    );
}
