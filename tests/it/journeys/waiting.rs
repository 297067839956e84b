//! Pauses that are asked for, deadlines, and tags that disagree.

use std::{
    thread,
    time::{Duration, Instant},
};

use emulator::SAMPLE_RULE_ID;
use serde_json::{Value, json};

use super::{against, document, on, sandbox_with, writes};
use crate::binary::run;

/// A 429 to each request of a kind, with this answer.
fn throttled(kind: &str, answer: &Value) -> String {
    json!({"faults": [{"on": {"kind": kind}, "times": 99, "do": {"status": answer}}]}).to_string()
}

/// FIELD D1 and D4: a pause that cannot be waited for ends the run with the time, in text and in JSON, and nothing is sent
/// inside of it.
#[test]
fn a_pause_that_is_too_long_to_wait_for_is_told_with_its_end() {
    let in_body = "Rate limit exceeded. Retry the request in [4200] seconds";
    for (kind, answer) in [
        ("get", json!({"code": 429, "headers": {"retry-after": "4200.5"}})),
        (
            "get",
            json!({"code": 429, "headers": {"retry-after": "999999999999999999999"}}),
        ),
        ("get", json!({"code": 429, "body": {"message": in_body}})),
        ("get", json!({"code": 503, "headers": {"retry-after": "4200"}})),
        (
            "list",
            json!({"code": 429, "headers": {"retry-after": "Tue, 31 Dec 2999 00:00:00 GMT"}}),
        ),
        (
            "token",
            json!({"code": 400, "body": {"description": "Rate limit exceeded; retry in 4200 seconds."}}),
        ),
    ] {
        let sandbox = sandbox_with(&throttled(kind, &answer));
        let command = if kind == "list" { "list" } else { "get" };
        let ran = on(&sandbox, &[command, "-o", "json"]);
        let found = document(&ran);
        assert_eq!(
            (ran.code, &found["retryable"]),
            (Some(7), &json!(true)),
            "{answer} {ran}"
        );
        let retry_at = found["retry_at"].as_str().unwrap_or_default();
        assert!(retry_at.ends_with('Z'), "{answer} {ran}");
        let asked = |sandbox: &crate::sandbox::Sandbox| {
            let requests = sandbox.emulator.requests();
            requests
                .iter()
                .filter(|request| request.status.is_some_and(|status| status >= 400))
                .count()
        };
        assert_eq!(asked(&sandbox), 1, "{answer}: nothing inside the pause");
        let human = on(&sandbox, &[command]);
        assert!(human.stderr.contains("\n  retry at: "), "{answer} {human}");
    }
}

/// FIELD D1: what an update cannot wait for is `deferred`, with the time.
#[test]
fn an_update_does_not_send_inside_a_pause() {
    for (kind, header) in [("get", "4200"), ("put", "4199.2")] {
        let sandbox = sandbox_with(&throttled(
            kind,
            &json!({"code": 429, "headers": {"retry-after": header}}),
        ));
        let ran = on(&sandbox, &["update", "--name", "X", "-o", "json"]);
        let change = &document(&ran)["changes"][0];
        assert_eq!((ran.code, &change["outcome"]), (Some(7), &json!("deferred")), "{ran}");
        assert!(change["retry_at"].is_string(), "{ran}");
        assert_eq!(writes(&sandbox), usize::from(kind == "put"), "{ran}");
    }
}

/// FIELD D4: a wait that a person would notice is told, with what it is for; `-q` keeps silent.
#[test]
fn a_wait_of_a_read_is_told() {
    let fault = r#"{"faults": [{"on": {"kind": "get"}, "do": {"status": {"code": 429, "headers": {"retry-after": "0.5"},
        "body": {"message": "slow down"}}}}]}"#;
    let ran = on(&sandbox_with(fault), &["get"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), "waiting 1.0 s: slow down\n"),
        "{ran}"
    );
    let quiet = on(&sandbox_with(fault), &["get", "-q"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""), "{quiet}");
}

/// FIELD D3: interrupted in a minute's pause, it has waited as long as it did, and retried nothing.
#[cfg(unix)]
#[test]
fn an_interrupted_pause_counts_as_long_as_it_was() {
    use std::{
        io::{BufRead as _, BufReader},
        process::{Command, Stdio},
    };

    let sandbox = sandbox_with(&throttled(
        "put",
        &json!({"code": 429, "headers": {"retry-after": "60"}}),
    ));
    let mut update = against(&sandbox);
    update
        .args(["update", "--name", "ours", "-o", "json"])
        .env("ASSIST_RULES_STATE_DIR", "state");
    let mut child = update.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("waiting 60.0 s")));
    let paused = Instant::now();
    while paused.elapsed() < Duration::from_millis(300) {
        thread::yield_now();
    }
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let longest = paused.elapsed();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let change = &result["changes"][0];
    assert_eq!(
        (output.status.code(), &change["outcome"]),
        (Some(130), &json!("not_attempted")),
        "{result}"
    );
    let waited = Duration::from_millis(change["waited_ms"].as_u64().unwrap());
    assert!(
        waited >= Duration::from_millis(250) && waited <= longest,
        "{waited:?} of {longest:?}"
    );
    let mut history = against(&sandbox);
    history
        .current_dir(update.get_current_dir().unwrap())
        .env("ASSIST_RULES_STATE_DIR", "state");
    let entries = document(&run(history.args(["history", "-o", "json"])));
    let outcomes = entries["entries"].as_array().unwrap();
    assert!(!outcomes.is_empty(), "{entries}");
    for entry in outcomes {
        assert!(entry["retries"].as_u64().is_none_or(|retries| retries == 0), "{entry}");
    }
}

/// FIELD C2: where two tags disagree, the document's own counts; both are named where the write under it is refused, and
/// nobody is blamed.
#[test]
fn tags_that_disagree_are_told_when_the_write_is_refused() {
    let rule = super::sandbox_with("{\"faults\": []}")
        .emulator
        .rule(SAMPLE_RULE_ID)
        .unwrap();
    let served = |tag: &str, rule: &Value| {
        json!({"faults": [{"on": {"kind": "get"}, "times": 99, "do": {"status": {"code": 200, "headers": {"etag": tag},
            "body": rule}}}]})
        .to_string()
    };
    let mut rewritten = rule.clone();
    rewritten["etag"] = json!("of-the-gateway");
    let sandbox = sandbox_with(&served("\"7\"", &rewritten));
    let ran = on(&sandbox, &["update", "--name", "X", "-o", "json"]);
    let change = &document(&ran)["changes"][0];
    assert_eq!((ran.code, &change["outcome"]), (Some(1), &json!("rejected")), "{ran}");
    let message = change["error"]["message"].as_str().unwrap();
    let words = "the rule was read with the tag \"7\" in the header and the `etag` of-the-gateway in the document";
    assert!(message.contains(words), "{ran}");
    assert_eq!(writes(&sandbox), 1, "{ran}");
    for tag in [
        "\"of-the-gateway\"",
        "\"7-gzip\"",
        "W/\"7\"",
        "W/\"of-the-gateway\"",
        "",
    ] {
        let sandbox = sandbox_with(&served(tag, &rule));
        let ran = on(&sandbox, &["update", "--name", "X", "-o", "json"]);
        let change = &document(&ran)["changes"][0];
        assert_eq!(
            (ran.code, &change["outcome"]),
            (Some(0), &json!("applied")),
            "{tag} {ran}"
        );
    }
}

/// FIELD D4: a wait is shown where somebody looks, and gone afterwards.
#[cfg(target_os = "linux")]
#[test]
fn a_wait_is_shown_on_a_terminal_and_gone_afterwards() {
    let test = "a_wait_is_shown_on_a_terminal_and_gone_afterwards";
    let slow = sandbox_with(r#"{"faults": [{"on": {"kind": "get"}, "times": 1, "do": {"delay": {"ms": 2500}}}]}"#);
    let paused = sandbox_with(
        r#"{"faults": [{"on": {"kind": "get"}, "times": 1, "do": {"status": {"code": 429, "retry_after": 3}}}]}"#,
    );
    for (sandbox, words) in [(&slow, "waiting for 127.0.0.1"), (&paused, "waiting until ")] {
        let mut get = super::against(sandbox);
        get.args(["get", "-o", "json"]).env("TERM", "xterm");
        let Some(ran) = crate::terminal::on_a_terminal(test, &get, "") else {
            return;
        };
        let (before, after) = ran
            .stdout
            .split_once(&format!("\r\u{1b}[2K{words}"))
            .unwrap_or_else(|| panic!("{ran}"));
        assert!(before.is_empty() && after.contains("\r\u{1b}[2K{"), "{ran:?}");
        let mut quiet = super::against(sandbox);
        quiet.args(["get", "-o", "json", "-q"]).env("TERM", "xterm");
        let ran = crate::terminal::on_a_terminal(test, &quiet, "").unwrap();
        assert!(!ran.stdout.contains("waiting"), "{ran}");
    }
}
