//! Delivery of changes to other systems: a webhook, a directory, a command, a table.

mod held_back;
mod pauses;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::Command,
    sync::mpsc,
    thread,
};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use emulator::SAMPLE_RULE_ID;
use serde_json::{Value, json};

use super::{against, document, file};
use crate::{
    binary::{Ran, new_home, run},
    postgres::Schema,
    refusing::Refusing,
    sandbox::Sandbox,
};

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// An organization, and a user whose configuration names sinks.
pub(super) struct Workstation {
    sandbox: Sandbox,
    home: std::path::PathBuf,
}

impl Workstation {
    pub(super) fn new(sinks: &str) -> Self {
        let home = new_home();
        fs::write(home.join("mine.toml"), sinks).unwrap();
        fs::create_dir(home.join("rules")).unwrap();
        Self {
            sandbox: Sandbox::sample(),
            home,
        }
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = against(&self.sandbox);
        command
            .current_dir(&self.home)
            .env("ASSIST_RULES_STATE_DIR", self.home.join("state"))
            .env("CHAT_SECRET", SECRET)
            .args(["--config", "mine.toml"])
            .args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        run(&mut self.command(args))
    }

    /// A file in the folder that commands run in.
    pub(super) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.home.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn read(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path)).unwrap()
    }
}

/// A server on this machine that answers each post with this status, and passes on its headers and body.
pub(super) fn listen(status: &str) -> (String, mpsc::Receiver<(String, String)>) {
    answering(format!(
        "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    ))
}

/// A server on this machine that gives each post this answer, and passes on its headers and body.
fn answering(answer: String) -> (String, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/rules", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut sent = Vec::new();
            let mut buffer = [0; 4096];
            let (head, body) = loop {
                let length = stream.read(&mut buffer).unwrap();
                sent.extend_from_slice(&buffer[..length]);
                let text = String::from_utf8_lossy(&sent).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                let wanted = header(head, "content-length").parse().unwrap_or_default();
                if body.len() >= wanted {
                    break (head.to_owned(), body.to_owned());
                }
            };
            stream.write_all(answer.as_bytes()).unwrap();
            if sender.send((head, body)).is_err() {
                return;
            }
        }
    });
    (url, receiver)
}

fn header(head: &str, name: &str) -> String {
    let named = |line: &str| {
        Some(line.split_once(": ")?)
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|it| it.1.to_owned())
    };
    head.lines().find_map(named).unwrap_or_default()
}

pub(super) fn webhook(url: &str) -> String {
    format!(
        "[[sinks]]\nname = \"chat\"\nkind = \"webhook\"\nurl = \"{url}\"\nsecrets_from = [\"env:CHAT_SECRET\"]\n\
         allow_private = true\n"
    )
}

#[test]
fn a_change_reaches_a_webhook_whose_signature_verifies_a_directory_and_a_command() {
    let (url, posted) = listen("204 No Content");
    let others = r#"
        [[sinks]]
        name = "repository"
        kind = "directory"
        path = "rules"

        [[sinks]]
        name = "pipeline"
        kind = "command"
        argv = ["sh", "-c", "cat > got.json; env > got.env"]
    "#;
    let workstation = Workstation::new(&(webhook(&url) + others));
    let ran = workstation.run(&["update", "--name", "Refunds", "--reason", "asked for", "-o", "json"]);
    let result = document(&ran);
    assert_eq!(
        (ran.code, &result["delivery"]),
        (Some(0), &json!({"queued": 3, "delivered": 3, "failed": 0})),
        "{ran}"
    );

    let (head, body) = posted.recv().unwrap();
    let signed = format!(
        "{}.{}.{body}",
        header(&head, "webhook-id"),
        header(&head, "webhook-timestamp")
    );
    let signature = header(&head, "webhook-signature");
    let signature = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes(), &signature).unwrap();

    let event: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&event["id"], &event["subject"]),
        (&json!(header(&head, "webhook-id")), &json!(SAMPLE_RULE_ID))
    );
    assert_eq!(
        event["data"]["head"], result["head"],
        "the head goes out with the event"
    );
    assert_eq!(event["data"]["author"]["reason"], "asked for");
    assert_eq!(workstation.read("got.json"), event, "each sink is told the same");
    let variables = fs::read_to_string(workstation.home.join("got.env")).unwrap();
    assert!(
        !variables.contains(SECRET) && !variables.contains("GENESYSCLOUD"),
        "{variables}"
    );

    let written = workstation.read(&format!("rules/{SAMPLE_RULE_ID}.json"));
    assert_eq!((&written["name"], written.get("etag")), (&json!("Refunds"), None));
    let ran = workstation.run(&["validate", "rules"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let ran = workstation.run(&["update", "--from", &format!("rules/{SAMPLE_RULE_ID}.json")]);
    assert!(ran.code == Some(0) && ran.stdout.contains("unchanged"), "{ran}");
}

#[test]
fn a_sink_that_is_down_changes_nothing_about_the_change_and_is_told_later() {
    let refusing = Refusing::new();
    let workstation = Workstation::new(&webhook(&format!("http://{}/rules", refusing.address())));
    let ran = workstation.run(&["update", "--name", "Refunds", "-o", "json"]);
    let result = document(&ran);
    assert_eq!((ran.code, &result["exit_code"]), (Some(10), &json!(10)), "{ran}");
    assert_eq!(result["changes"][0]["outcome"], "applied");
    assert_eq!(result["delivery"], json!({"queued": 1, "delivered": 0, "failed": 1}));
    assert!(ran.stderr.contains("Delivery to the sink `chat` failed"), "{ran}");
    let ran = workstation.run(&["doctor"]);
    assert_eq!(ran.code, Some(7), "{ran}");
    for words in ["`chat`: the server was not reached", "1 pending, 0 given up"] {
        assert!(ran.stdout.contains(words), "{ran}");
    }
    let ran = workstation.run(&["deliver"]);
    assert!(ran.code == Some(10) && ran.stdout.contains("1 pending"), "{ran}");

    let (url, posted) = listen("200 OK");
    fs::write(workstation.home.join("mine.toml"), webhook(&url)).unwrap();
    let ran = workstation.run(&["deliver", "-o", "json"]);
    assert_eq!(
        (ran.code, &document(&ran)["sinks"][0]["delivered"]),
        (Some(0), &json!(1)),
        "{ran}"
    );
    let (head, body) = posted.recv().unwrap();
    let ran = workstation.run(&["doctor"]);
    assert!(
        ran.code == Some(0)
            && ran
                .stdout
                .contains("`chat` is answered by its server, and nothing is left to tell it"),
        "{ran}"
    );
    let (asked, _) = posted.recv().unwrap();
    assert!(
        asked.starts_with("HEAD /rules ") && !asked.contains("webhook-"),
        "{asked}"
    );
    let ran = workstation.run(&["deliver", "--replay", &header(&head, "webhook-id")]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(posted.recv().unwrap().1, body, "the same event in the same words");
    let ran = workstation.run(&["deliver", "--replay", "nothing"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("error[AR0518]"), "{ran}");
}

#[test]
fn a_webhook_that_says_it_is_gone_is_told_nothing_more_until_it_is_enabled() {
    let (url, posted) = listen("410 Gone");
    let workstation = Workstation::new(&webhook(&url));
    for name in ["A", "B"] {
        let ran = workstation.run(&["update", "--name", name]);
        assert_eq!(ran.code, Some(10), "{ran}");
    }
    posted.recv().unwrap();
    let ran = workstation.run(&["deliver"]);
    assert!(ran.stdout.contains("deliver --enable chat"), "{ran}");
    assert!(posted.try_recv().is_err(), "it was told once");
    let (url, posted) = listen("200 OK");
    fs::write(workstation.home.join("mine.toml"), webhook(&url)).unwrap();
    let ran = workstation.run(&["deliver", "--enable", "chat"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let deliveries: Vec<String> = posted.try_iter().map(|(_, body)| body).collect();
    assert_eq!(deliveries.len(), 2);
    assert!(deliveries[0].contains("\"version_after\":\"8\"") && deliveries[1].contains("\"version_after\":\"9\""));
}

#[test]
fn what_reconcile_finds_applied_is_told_by_it() {
    let workstation = Workstation::new(
        "[[sinks]]\nname = \"got\"\nkind = \"command\"\nargv = [\"sh\", \"-c\", \"cat > got.json\"]\n",
    );
    let lost = r#"{"faults": [{"on": {"kind": "put"}, "times": 4, "do": {"drop_before": {}}}]}"#;
    workstation
        .sandbox
        .emulator
        .load_faults(emulator::Script::from_json(lost).unwrap());
    let ran = workstation.run(&["update", "--name", "late"]);
    assert_eq!(ran.code, Some(11), "{ran}");
    let arrive = |rule: &mut Value| rule["name"] = json!("late");
    workstation.sandbox.emulator.edit_rule(SAMPLE_RULE_ID, arrive).unwrap();
    let ran = workstation.run(&["reconcile", "-o", "json"]);
    let result = document(&ran);
    assert_eq!(
        (ran.code, &result["delivery"], &result["changes"][0]["outcome"]),
        (
            Some(0),
            &json!({"queued": 1, "delivered": 1, "failed": 0}),
            &json!("applied")
        ),
        "{ran}"
    );
    assert_eq!(workstation.read("got.json")["data"]["head"], result["head"]);
}

#[test]
fn a_reason_with_a_secret_in_it_is_neither_recorded_nor_told() {
    let workstation = Workstation::new(&webhook("http://127.0.0.1:1/"));
    for secret in [SECRET, emulator::SANDBOX_CLIENT_SECRET] {
        let ran = workstation.run(&["update", "--name", "x", "--reason", &format!("with {secret}")]);
        assert!(ran.code == Some(64) && !ran.stderr.contains(secret), "{ran}");
    }
    assert_eq!(workstation.sandbox.emulator.requests().len(), 0);
}

#[test]
fn a_sink_that_cannot_be_is_told_before_anything_is_sent() {
    for (sinks, words) in [
        ("[[sinks]]\nkind = \"webhook\"", "missing configuration field \"name\""),
        ("[[sinks]]\nname = \"a\"", "missing configuration field \"kind\""),
        ("[[sinks]]\nname = \"a\"\nkind = \"fax\"", "unknown variant `fax`"),
        (
            "[[sinks]]\nname = \"a\"\nkind = \"directory\"\npath = \"x\"\nurl = \"y\"",
            "unknown field `url`",
        ),
        (
            "[[sinks]]\nname = \"a\"\nkind = \"directory\"\npath = \"x\"\ncolor = \"y\"",
            "unknown field `color`",
        ),
        (
            "[[sinks]]\nname = \"a\"\nkind = \"webhook\"\nurl = \"https://a.example\"\nsecrets_from = [\"whsec_x\"]",
            "`env:NAME` or `file:PATH`",
        ),
        (
            "[[sinks]]\nname = \"a\"\nkind = \"webhook\"\nurl = \"https://a.example\"\nsecrets_from = \"whsec_x\"",
            "`secrets_from` is a list",
        ),
        (
            "[[sinks]]\nname = \"a\"\nkind = \"webhook\"\nurl = \"http://10.0.0.1\"\nsecrets_from = [\"env:CHAT_SECRET\"]",
            "the sink `a`: its URL cannot be used",
        ),
        (
            "[[sinks]]\nname = \"a\"\nkind = \"command\"\nargv = [\"x\"]\ntimeout = \"soon\"",
            "`soon` is no time",
        ),
        (
            "[[sinks]]\nname = \"a\"\nkind = \"directory\"\npath = \"x\"\n[[sinks]]\nname = \"a\"\nkind = \"directory\"\npath = \"y\"",
            "is named twice",
        ),
    ] {
        let workstation = Workstation::new(sinks);
        let ran = workstation.run(&["update", "--name", "Refunds"]);
        assert!(ran.code == Some(64) && ran.stderr.contains(words), "{words}: {ran}");
        assert_eq!(workstation.sandbox.emulator.requests().len(), 0, "{words}");
        assert!(!ran.stderr.contains("whsec_x"), "{ran}");
    }
}

#[test]
fn sinks_of_a_stranger_are_refused() {
    let sandbox = Sandbox::sample();
    let mut command = against(&sandbox);
    file(
        &command,
        "assist-rules.toml",
        "[[sinks]]\nname = \"a\"\nkind = \"command\"\nargv = [\"touch\", \"stolen\"]\n",
    );
    let folder = command.get_current_dir().unwrap().to_owned();
    let ran = run(command.args(["update", "--name", "x"]));
    assert!(ran.code == Some(64) && ran.stderr.contains("has `sinks`"), "{ran}");
    assert!(!Path::new(&folder).join("stolen").exists());
}

#[test]
fn a_change_reaches_a_table_once_however_often_it_is_told() {
    let Some(schema) = Schema::new("a_change_reaches_a_table") else {
        return;
    };
    let workstation = Workstation::new("[[sinks]]\nname = \"db\"\nkind = \"postgres\"\nurl_from = \"file:address\"\n");
    fs::write(workstation.home.join("address"), schema.url()).unwrap();
    let ran = workstation.run(&["update", "--name", "Refunds"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let row = schema.query("SELECT rule_id, version_before, version_after, rule->>'name' FROM assist_rules_events");
    assert_eq!(row, format!("{SAMPLE_RULE_ID}|7|8|Refunds"));
    let event = schema.query("SELECT event_id FROM assist_rules_events");
    let ran = workstation.run(&["deliver", "--replay", &event]);
    assert!(ran.code == Some(0) && ran.stdout.contains("1 delivered"), "{ran}");
    assert_eq!(schema.query("SELECT count(*) FROM assist_rules_events"), "1");
}
