//! A signal in mid-update: 129, 130 or 143, and the report about the rule is true.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use emulator::{Kind, SAMPLE_RULE_ID};
use serde_json::{Value, json};

use super::{against, sandbox_with};
use crate::{
    binary::{Ran, new_home, run},
    sandbox::Sandbox,
};

const SIGNALS: [(&str, i32); 3] = [("-INT", 130), ("-TERM", 143), ("-HUP", 129)];

/// The signals that stop the program, with their exit codes: not SIGHUP where these tests run under `nohup`.
pub(super) fn signals() -> impl Iterator<Item = (&'static str, i32)> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let is_hangup_ignored = mask.is_some_and(|mask| mask.ends_with(['1', '3', '5', '7', '9', 'b', 'd', 'f']));
    SIGNALS
        .into_iter()
        .filter(move |(signal, _)| *signal != "-HUP" || !is_hangup_ignored)
}

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Starts an update, sends the signal once the emulator has seen so many requests to the API, and waits for the end.
fn stopped(faults: &str, requests: usize, signal: &str) -> (Option<i32>, Value, Value) {
    let sandbox = sandbox_with(faults);
    let mut update = against(&sandbox);
    update.args(["update", "--name", "ours", "-o", "json"]);
    let child = update.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let answered = || {
        let seen = sandbox.emulator.requests();
        seen.iter()
            .filter(|request| matches!(request.kind, Kind::Get | Kind::Put) && request.status.is_some())
            .count()
    };
    while answered() < requests {
        thread::yield_now();
    }
    send(signal, &child);
    let output = child.wait_with_output().unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let stored = sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    (output.status.code(), result["changes"][0].clone(), stored)
}

const WRITE_IS_THROTTLED: &str =
    r#"{"faults": [{"on": {"kind": "put"}, "do": {"status": {"code": 429, "retry_after": 50}}}]}"#;

#[test]
fn a_wait_is_not_waited_out() {
    for (signal, code) in signals() {
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

const WRITE_IS_SLOW: &str = r#"{"faults": [{"on": {"kind": "put"}, "times": 1, "do": {"delay": {"ms": 2000}}}]}"#;

/// An update whose write is in flight, and that said what it does about a signal.
struct InFlight {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    /// The first line on stderr after the signal.
    said: String,
}

impl InFlight {
    fn signaled(sandbox: &Sandbox, state: &Path, signal: &str, args: &[&str]) -> Self {
        let mut update = against(sandbox);
        update
            .env("ASSIST_RULES_STATE_DIR", state)
            .args(["update", "--name", "ours"]);
        let mut child = update
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while super::writes(sandbox) == 0 {
            thread::yield_now();
        }
        send(signal, &child);
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        stderr.read_line(&mut said).unwrap();
        Self { child, stderr, said }
    }

    /// Its exit code, its stdout, and the rest of its stderr.
    fn ended(mut self) -> (Option<i32>, String, String) {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        self.stderr.read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code(), stdout, stderr)
    }
}

const FINISHES: &str =
    "stopping; the write in flight is finished first, and a second signal ends the program at once\n";

/// A signal while a write is in flight: said at once, and the exit code is the signal's.
fn is_finished_at(signal: &str, code: i32, args: &[&str]) {
    let sandbox = sandbox_with(WRITE_IS_SLOW);
    let update = InFlight::signaled(&sandbox, &new_home(), signal, args);
    assert_eq!(update.said, FINISHES, "{signal}");
    assert_eq!(
        sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["etag"],
        "7",
        "said at once"
    );
    let (ended, stdout, stderr) = update.ended();
    assert_eq!((ended, stderr.as_str()), (Some(code), ""), "{signal} {stdout}");
    assert_eq!(sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["name"], "ours");
    if args.is_empty() {
        assert!(stdout.contains("applied") && stdout.contains("7 → 8"), "{stdout}");
        return;
    }
    let result: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&result["exit_code"], &result["changes"][0]["outcome"]),
        (&json!(code), &json!("applied"))
    );
}

#[test]
fn a_write_in_flight_is_finished_and_the_exit_code_is_the_signals() {
    thread::scope(|scope| {
        for (signal, code) in signals() {
            scope.spawn(move || is_finished_at(signal, code, &["-o", "json"]));
            scope.spawn(move || is_finished_at(signal, code, &[]));
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_hangup_that_was_ignored_stays_ignored() {
    let sandbox = sandbox_with(WRITE_IS_SLOW);
    let program = against(&sandbox);
    let mut update = Command::new("sh");
    update
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh"])
        .arg(program.get_program())
        .args(["update", "--name", "ours"]);
    update.current_dir(program.get_current_dir().unwrap()).env_clear();
    for (name, value) in program.get_envs() {
        update.env(name, value.unwrap());
    }
    let mut child = update.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while super::writes(&sandbox) == 0 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it wrote");
        thread::yield_now();
    }
    send("-HUP", &child);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn a_second_signal_ends_it_at_once_and_the_next_run_settles_what_it_left() {
    for (signal, code) in signals() {
        let sandbox = sandbox_with(WRITE_IS_SLOW);
        let state = new_home();
        let update = InFlight::signaled(&sandbox, &state, "-TERM", &["-o", "json"]);
        assert_eq!(update.said, FINISHES);
        send(signal, &update.child);
        let (ended, stdout, stderr) = update.ended();
        assert_eq!(
            sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["etag"],
            "7",
            "ended at once"
        );
        let error: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(
            (ended, &error["kind"], &error["code"], &error["exit_code"]),
            (Some(code), &json!("error"), &json!("AR0508"), &json!(code)),
            "{stdout}"
        );
        assert!(stderr.contains("the intent stays open in the ledger"), "{stderr}");
        while sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["name"] != "ours" {
            thread::yield_now();
        }
        let ran = in_state(&sandbox, &state, &["update", "--description", "next"]);
        assert!(
            ran.code == Some(0) && ran.stderr.contains("An earlier run: entry 1 was applied"),
            "{ran}"
        );
    }
}

/// The program with these arguments, pointed at a sandbox, with the state that earlier runs left.
fn in_state(sandbox: &Sandbox, state: &Path, args: &[&str]) -> Ran {
    run(against(sandbox).env("ASSIST_RULES_STATE_DIR", state).args(args))
}

/// An update that renames the rule and is killed before it hears of that.
fn is_killed_after_its_write(sandbox: &Sandbox, state: &Path) {
    let mut update = against(sandbox);
    update
        .env("ASSIST_RULES_STATE_DIR", state)
        .args(["update", "--name", "ours"]);
    let mut child = update.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["name"] != "ours" {
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
    let ran = in_state(&sandbox, &state, &["update", "--description", "next"]);
    assert!(
        ran.code == Some(0) && ran.stderr.contains("An earlier run: entry 1 was applied"),
        "{ran}"
    );
    let entry = |ran: &str| ran.split_once("undoes ").map(|(_, rest)| rest.trim().to_owned());
    let ran = in_state(&sandbox, &state, &["rollback", "--to", "1"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let ran = in_state(&sandbox, &state, &["history", "--limit", "1"]);
    assert_eq!(entry(&ran.stdout), Some("3".to_owned()), "{ran}");
    let ran = in_state(&sandbox, &state, &["audit", "verify"]);
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn a_rollback_settles_first_what_a_killed_run_left_open() {
    let sandbox = sandbox_with(ANSWER_IS_LOST);
    let state = new_home();
    is_killed_after_its_write(&sandbox, &state);
    let mut back = against(&sandbox);
    // A read alone shows that it was applied, so it takes a person's word.
    let ran = run(back.env("ASSIST_RULES_STATE_DIR", &state).args(["rollback", "--yes"]));
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(
        sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["name"],
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
    let connection = silent.accept().unwrap();
    send("-INT", &child);
    let output = child.wait_with_output().unwrap();
    drop(connection);
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

/// A read is given up at once, with a document and the signal's exit code.
#[test]
fn a_read_that_is_stopped_ends_at_once_and_says_so() {
    let throttled =
        r#"{"faults": [{"on": {"kind": "get"}, "times": 9, "do": {"status": {"code": 429, "retry_after": 50}}}]}"#;
    for (signal, code) in signals() {
        let sandbox = sandbox_with(throttled);
        let mut get = against(&sandbox);
        get.args(["get", "-o", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = get.spawn().unwrap();
        while sandbox
            .emulator
            .requests()
            .iter()
            .all(|request| request.status.is_none() || request.kind != Kind::Get)
        {
            thread::yield_now();
        }
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        let error: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (output.status.code(), &error["exit_code"]),
            (Some(code), &json!(code)),
            "{error}"
        );
        assert_eq!(error["code"], "AR0516", "{error}");
    }
}
