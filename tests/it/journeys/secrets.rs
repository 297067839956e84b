//! Canaries: secrets that must sing nowhere, whatever goes wrong and however much is logged.

use std::{fs, path::Path, process::Command};

use emulator::{Client, Emulator, Script};
use serde_json::json;

use super::against;
use crate::{
    binary::{Ran, feed},
    sandbox::Sandbox,
};

const CLIENT_SECRET: &str = "canary-of-the-client-4d1f";
/// The client's secret as the server may say it back: `id:secret` in base64, percent-encoded, and escaped as JSON.
const ENCODED: [&str; 3] = [
    "c2FuZGJveC1jbGllbnQ6Y2FuYXJ5LW9mLXRoZS1jbGllbnQtNGQxZg==",
    "canary%2Dof%2Dthe%2dclient%2D4d1f",
    "\\u0063anary-of-the-client-4d1\\u0066",
];
const PROXY_PASSWORD: &str = "canary-of-the-proxy-77ab";

/// Documents, and logs beside them.
const FORMS: [(&str, &str); 2] = [("human", "text"), ("json", "json")];

fn sandbox() -> Sandbox {
    let emulator = Emulator::sample();
    emulator.add_client(Client {
        secret: CLIENT_SECRET.to_owned(),
        ..Client::sandbox()
    });
    Sandbox::of(emulator)
}

/// Runs a command as loudly as can be, for people and for programs, and looks for secrets in all that it leaves.
fn assert_silent(sandbox: &Sandbox, what: &str, prepare: impl Fn(&mut Command)) -> Ran {
    let mut last = None;
    for (output, logs) in FORMS {
        let mut command = against(sandbox);
        command
            .env("GENESYSCLOUD_OAUTHCLIENT_SECRET", CLIENT_SECRET)
            .env("ASSIST_RULES_LOG", "trace")
            .env("RUST_BACKTRACE", "1")
            .args(["-vv", "--log-format", logs, "-o", output]);
        prepare(&mut command);
        let ran = feed(&mut command, "{\"name\": \"X\"}");
        let mut left = ran.to_string().into_bytes();
        read_all(command.get_current_dir().unwrap(), &mut left);
        for secret in secrets(sandbox) {
            let sings = left.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!sings, "{what}: `{secret}` is in what is left:\n{ran}");
        }
        last = Some(ran);
    }
    last.unwrap()
}

/// The secrets, and the forms in which they go over the wire.
fn secrets(sandbox: &Sandbox) -> Vec<String> {
    let mut secrets = sandbox.emulator.issued_tokens();
    secrets.push(CLIENT_SECRET.to_owned());
    secrets.push(PROXY_PASSWORD.to_owned());
    secrets.extend(ENCODED.map(str::to_owned));
    // `sandbox-client:canary-of-…` and `user:canary-of-…` as HTTP's Basic scheme has them.
    secrets.push("c2FuZGJveC1jbGllbnQ6Y2FuYXJ5".to_owned());
    secrets.push("dXNlcjpjYW5hcnk".to_owned());
    secrets
}

fn read_all(folder: &Path, into: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else {
            into.extend(fs::read(path).unwrap());
        }
    }
}

#[test]
fn no_command_leaves_a_secret() {
    let sandbox = sandbox();
    for args in [
        &["get"] as &[&str],
        &["get", "gone"],
        &["list"],
        &["update", "--from", "-"],
        &["update", "--enable"],
        &["diff", "--disable"],
        &["doctor"],
        &["update", "--bogus"],
        &["update", "--name", "X", "--if-version", "1"],
    ] {
        let ran = assert_silent(&sandbox, &args.join(" "), |command| {
            command.args(args);
        });
        assert!(ran.code.is_some(), "{ran}");
    }
}

#[test]
fn no_failure_leaves_a_secret() {
    for kind in ["token", "get", "put"] {
        for deed in [
            r#"{"garbage": {}}"#,
            r#"{"drop_before": {}}"#,
            r#"{"drop_after": {}}"#,
            r#"{"truncated_body": {}}"#,
            r#"{"reset_in_body": {}}"#,
            r#"{"endless_body": {}}"#,
            r#"{"status": {"code": 302, "headers": {"location": "https://example.com"}}}"#,
            r#"{"status": {"code": 400}}"#,
            r#"{"status": {"code": 401}}"#,
            r#"{"status": {"code": 403}}"#,
            r#"{"status": {"code": 429, "retry_after": 3600}}"#,
            r#"{"status": {"code": 500}}"#,
        ] {
            let sandbox = sandbox();
            let script = format!(r#"{{"faults": [{{"on": {{"kind": "{kind}"}}, "times": 99, "do": {deed}}}]}}"#);
            sandbox.emulator.load_faults(Script::from_json(&script).unwrap());
            assert_silent(&sandbox, &script, |command| {
                command.args(["update", "--name", "X", "--deadline", "200ms"]);
            });
        }
    }
}

/// FIELD E2: whatever form the server says it in.
#[test]
fn a_server_that_says_a_secret_is_not_quoted() {
    let sandbox = sandbox();
    // The token is issued, and kept, by the first run.
    let mut first = against(&sandbox);
    first.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", CLIENT_SECRET).arg("get");
    assert_eq!(feed(&mut first, "").code, Some(0));
    let state = first.get_current_dir().unwrap().join("state/assist-rules");
    let token = sandbox.emulator.issued_tokens().remove(0);
    for secret in [token.as_str(), CLIENT_SECRET].into_iter().chain(ENCODED) {
        let said = format!("you sent {secret}");
        let twice = format!(r#"{{"{secret}": 1, "{secret}": 2}}"#);
        for (code, body) in [
            (400, json!({"message": said, "code": said, "contextId": said})),
            (403, json!({"messageWithParams": said})),
            (500, json!({"error_description": said, "error": said})),
            (200, json!({"id": said, "etag": "1"})),
            (200, json!(twice)),
        ] {
            for kind in ["get", "put", "token"] {
                let script = json!({"faults": [{
                    "on": {"kind": kind},
                    "times": 99,
                    "do": {"status": {"code": code, "body": body, "headers": {"ININ-Correlation-Id": said}}},
                }]});
                sandbox
                    .emulator
                    .load_faults(Script::from_json(&script.to_string()).unwrap());
                assert_silent(&sandbox, &script.to_string(), |command| {
                    command
                        .args(["update", "--name", "X", "--deadline", "100ms"])
                        .env("ASSIST_RULES_STATE_DIR", &state);
                });
            }
        }
    }
}

/// FIELD E2: wherever the excerpt of a page is cut, no piece of a token is shown or recorded.
#[test]
fn a_page_that_says_a_token_shows_no_piece_of_it() {
    let sandbox = sandbox();
    let mut first = against(&sandbox);
    first.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", CLIENT_SECRET).arg("get");
    assert_eq!(feed(&mut first, "").code, Some(0));
    let state = first.get_current_dir().unwrap().join("state/assist-rules");
    let token = sandbox.emulator.issued_tokens().remove(0);
    let (start, end) = token.split_at(20);
    let (piece, _) = token.split_at(8);
    for said in [token.clone(), format!("{start}<wbr>{end}"), format!("{start}\n{end}")] {
        for kind in ["get", "put"] {
            let script = json!({"faults": [{
                "on": {"kind": kind},
                "times": 99,
                "do": {"status": {"code": 502, "body": format!("<html>{}{said}", "x".repeat(17))}},
            }]});
            sandbox
                .emulator
                .load_faults(Script::from_json(&script.to_string()).unwrap());
            let ran = assert_silent(&sandbox, &said, |command| {
                command
                    .args(["update", "--name", "X", "--deadline", "100ms"])
                    .env("ASSIST_RULES_STATE_DIR", &state);
            });
            assert!(!ran.to_string().contains(piece), "{ran}");
        }
    }
    let mut history = against(&sandbox);
    history.args(["audit", "export"]).env("ASSIST_RULES_STATE_DIR", &state);
    let ran = feed(&mut history, "");
    assert!(!ran.to_string().contains(piece), "{ran}");
}

/// FIELD E2: a reason is recorded, and told to every sink.
#[test]
fn a_reason_with_a_secret_in_any_form_is_refused() {
    let sandbox = sandbox();
    for secret in [CLIENT_SECRET].into_iter().chain(ENCODED) {
        let mut command = against(&sandbox);
        command.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", CLIENT_SECRET);
        command.args(["update", "--name", "X", "--reason", &format!("as {secret}")]);
        let ran = feed(&mut command, "");
        assert!(ran.code == Some(64) && !ran.to_string().contains(secret), "{ran}");
    }
    assert!(sandbox.emulator.requests().is_empty());
}

#[test]
fn a_proxy_s_password_is_kept_to_the_proxy() {
    let sandbox = sandbox();
    let port = sandbox.env()[0].1.rsplit(':').next().unwrap().to_owned();
    let url = |rest: &str| format!("http://user:{PROXY_PASSWORD}@{rest}");
    let ways: [(&str, Vec<(&str, String)>); 5] = [
        (
            "its own variables",
            vec![
                ("GENESYSCLOUD_PROXY_HOST", "127.0.0.1".to_owned()),
                ("GENESYSCLOUD_PROXY_PORT", port.clone()),
                ("GENESYSCLOUD_PROXY_AUTH_USERNAME", "user".to_owned()),
                ("GENESYSCLOUD_PROXY_AUTH_PASSWORD", PROXY_PASSWORD.to_owned()),
            ],
        ),
        ("a URL", vec![("ASSIST_RULES_PROXY", url(&format!("127.0.0.1:{port}")))]),
        ("nobody there", vec![("ASSIST_RULES_PROXY", url("127.0.0.1:1"))]),
        ("no URL", vec![("ASSIST_RULES_PROXY", url("127.0.0.1:no"))]),
        ("no name", vec![("ASSIST_RULES_PROXY", url("proxy.invalid"))]),
    ];
    for (what, variables) in ways {
        let ran = assert_silent(&sandbox, what, |command| {
            command.args(["get", "--deadline", "200ms"]).envs(variables.clone());
        });
        let good = ["its own variables", "a URL"].contains(&what);
        assert_eq!(ran.code == Some(0), good, "{what}: {ran}");
    }
}
