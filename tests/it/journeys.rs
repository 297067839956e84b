//! The commands as users run them: exit code, stdout and stderr of the real program against an emulator, and what the
//! emulator saw of it.
//!
//! Two exit codes stand in no journey: 70, a bug in the program, which no known input makes happen, and those that only
//! later commands have.

mod auditing;
mod away_ledgers;
mod bad_answers;
mod bad_input;
#[cfg(unix)]
mod ci_page;
mod closed_stderr;
mod configuration;
#[cfg(target_os = "linux")]
mod confirming;
mod conflicts;
mod copilot_references;
mod copilots;
mod credentials;
mod delivering;
mod doctoring;
mod documents;
#[cfg(unix)]
mod editing;
mod finding_formats;
mod foreground;
mod format_1;
mod gateways;
mod help;
mod hostile;
mod merging;
mod naming;
mod network;
mod official_sdk_puts;
mod organizations;
mod outcomes;
mod promotion;
mod readers;
mod reading;
mod recording;
mod repeated;
mod round_trip;
mod rules_as_code;
mod sandboxing;
mod schemas;
mod secrets;
mod stalled;
#[cfg(unix)]
mod stopping;
mod surroundings;
mod unusable_ledgers;
mod updating;
mod usage;
mod validating;
mod waiting;

use std::{fs, path::PathBuf, process::Command};

use emulator::{Emulator, SAMPLE_RULE_ID, Script};
use serde_json::Value;

use crate::{
    binary::{Ran, assist_rules, run},
    sandbox::Sandbox,
};

/// The program, pointed at a sandbox and its sample rule.
fn against(sandbox: &Sandbox) -> Command {
    let mut command = assist_rules();
    command.envs(sandbox.env()).env("GENESYS_RULE_ID", SAMPLE_RULE_ID);
    command
}

/// The program with these arguments, pointed at a sandbox and its sample rule.
fn on(sandbox: &Sandbox, args: &[&str]) -> Ran {
    run(against(sandbox).args(args))
}

/// The world of the sample rule, in which this goes wrong.
fn sandbox_with(faults: &str) -> Sandbox {
    let emulator = Emulator::sample();
    emulator.load_faults(Script::from_json(faults).unwrap());
    Sandbox::of(emulator)
}

/// The number of writes that the emulator received, whatever their outcome.
fn writes(sandbox: &Sandbox) -> usize {
    let requests = sandbox.emulator.requests();
    requests.iter().filter(|request| request.method == "PUT").count()
}

/// Writes a file into the folder that a command runs in.
fn file(command: &Command, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let file = command.get_current_dir().unwrap().join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    file
}

/// A run as snapshots have it: exit code, stdout and stderr, without what differs from run to run.
fn shown(ran: &Ran) -> String {
    redacted(&ran.to_string())
}

/// The one document on stdout.
fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("stdout is no JSON: {error}\n{ran}"))
}

/// The text without ids, ports and times.
fn redacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut words = text.split_inclusive([' ', '\n', '"', '`', ',', ')']).peekable();
    let mut is_latency = false;
    while let Some(word) = words.next() {
        let (core, end) = word.split_at(word.len() - usize::from(word.ends_with([' ', '\n', '"', '`', ',', ')'])));
        let is_number = core.parse::<f64>().is_ok();
        let is_time = is_number && words.peek().is_some_and(|next| next.starts_with("ms"));
        let place = if is_uuid(core) && core != SAMPLE_RULE_ID {
            "<id>".to_owned()
        } else if core.len() == 64 && core.chars().all(|digit| digit.is_ascii_hexdigit()) {
            "<head>".to_owned()
        } else if core.starts_with("sha256:") {
            "sha256:<hash>".to_owned()
        } else if is_number && (is_time || is_latency) {
            "<n>".to_owned()
        } else if core.ends_with('Z') && core.matches(':').count() == 2 {
            "<time>".to_owned()
        } else if let Some((host, rest)) = core.split_once("127.0.0.1:") {
            let path = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
            format!("{host}127.0.0.1:<port>{path}")
        } else {
            core.to_owned()
        };
        is_latency = core.starts_with("latency_ms") || (is_latency && !is_number && core.chars().all(|c| c == ':'));
        out.push_str(&place);
        out.push_str(end);
    }
    out
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && (0..).zip(word.bytes()).all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[test]
fn what_differs_from_run_to_run_is_not_in_snapshots() {
    let text = concat!(
        "\"run_id\": \"01a20b34-a0d6-7137-8991-9447e95f378f\",\n",
        "\"latency_ms\": 9.4,\nlatency_ms: 2.3\n\"waited_ms\": 0\n",
        "at http://127.0.0.1:39361/x, a1b2c3d4-e5f6-7890-abcd-ef1234567890\n",
        "time 75.4 ms, 3 requests\n\"retry_at\": \"2026-11-24T10:00:00Z\"\n",
        "head 2520c4b5cb1b142f4d06771c8ee44a8bac3f7cc790bdf3f2865e645141a751c5\n",
    );
    let shown = concat!(
        "\"run_id\": \"<id>\",\n",
        "\"latency_ms\": <n>,\nlatency_ms: <n>\n\"waited_ms\": 0\n",
        "at http://127.0.0.1:<port>/x, a1b2c3d4-e5f6-7890-abcd-ef1234567890\n",
        "time <n> ms, 3 requests\n\"retry_at\": \"<time>\"\n",
        "head <head>\n",
    );
    assert_eq!(redacted(text), shown);
}
