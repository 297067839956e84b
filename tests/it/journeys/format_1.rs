//! A ledger that a program of format 1 made: read as it is, and gone on with by the first run that records.

use std::fs;

use emulator::SAMPLE_RULE_ID;
use serde_json::{Value, json};

use super::{document, recording::Workstation};
use crate::{
    binary::{Ran, new_home, run},
    postgres::Schema,
    repository::root,
    sandbox::Sandbox,
};

const FIXTURES: &str = "crates/ledger-adapter/tests/fixtures/format-1";

/// The API of the entries. This sandbox is reached as the proxy on the way to it.
const API: &str = "http://127.0.0.1:18471";

/// The updates of the client `sandbox-client`, newest first; 14 is one of an access token.
const UPDATES: [u64; 10] = [20, 18, 16, 13, 11, 9, 7, 4, 3, 1];

/// A user of the ledger, with the rule as the last entries left it.
struct Heir {
    workstation: Workstation,
    ledger: String,
}

impl Heir {
    fn of(ledger: String) -> Self {
        let workstation = Workstation {
            sandbox: Sandbox::sample(),
            state: new_home(),
        };
        let heir = Self { workstation, ledger };
        let export = heir.does(&["audit", "export"]).stdout;
        let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let last = lines
            .iter()
            .rfind(|line| line.get("entry").is_some_and(Value::is_object))
            .unwrap();
        let base = &last["entry"]["intent"]["base"];
        let base = lines.iter().find(|line| line["document"] == *base).unwrap();
        let rule = serde_json::from_str(base["content"].as_str().unwrap()).unwrap();
        heir.workstation.sandbox.emulator.put_rule(rule).unwrap();
        heir
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.workstation.command(args);
        command
            .env("ASSIST_RULES_PROXY", self.workstation.sandbox.url())
            .env("ASSIST_RULES_API_URL", API)
            .env("ASSIST_RULES_LOGIN_URL", API)
            .env("ASSIST_RULES_LEDGER", &self.ledger);
        run(&mut command)
    }

    /// Runs a command that must end well.
    #[track_caller]
    fn does(&self, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "{args:?} {ran}");
        ran
    }

    /// The numbers of the history, and the organizations in it.
    fn history(&self) -> (Vec<u64>, Vec<Value>) {
        let history = document(&self.does(&["history", "-o", "json"]));
        let entries = history["entries"].as_array().unwrap().clone();
        let number = |entry: &Value| entry["entry"].as_u64().unwrap();
        let mut organizations: Vec<Value> = entries.iter().map(|entry| entry["org"]["id"].clone()).collect();
        organizations.dedup();
        (entries.iter().map(number).collect(), organizations)
    }

    fn head(&self) -> String {
        let proved = document(&self.does(&["audit", "verify", "-o", "json"]));
        proved["head"].as_str().unwrap().to_owned()
    }

    fn rule(&self) -> Value {
        self.workstation.sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()
    }

    /// Readers show all of it. The export and the head.
    fn is_read(&self) -> (String, String) {
        assert_eq!(self.history(), (UPDATES.to_vec(), vec![Value::Null]));
        let stats = document(&self.does(&["stats", "-o", "json"]));
        let ended = UPDATES.len() - 1;
        assert_eq!(stats["all"]["updates"], json!(ended), "20 is open: {stats:#}");
        let entry = document(&self.does(&["history", "--entry", "18", "-o", "json"]));
        assert_eq!(entry["entries"][0]["command"], "rollback", "{entry:#}");
        (self.does(&["audit", "export"]).stdout, self.head())
    }

    /// The first run that records joins client and organization, and what comes is undone together with what was.
    fn goes_on(&self, export: &str, head: &str) {
        self.does(&["update", "--name", "Format 2"]);
        let organization = json!(self.workstation.sandbox.emulator.organization().id);
        let (entries, organizations) = self.history();
        assert_eq!(organizations, [organization], "older entries are the organization's");
        assert_eq!(entries[1..], UPDATES);
        self.does(&["audit", "verify", "--head", head]);
        let since = self.does(&["audit", "export"]).stdout;
        let (entries_before, _) = export.rsplit_once("{\"head\"").unwrap();
        assert!(since.starts_with(entries_before), "no entry was touched");
        assert!(since.contains("\"joined\""), "{since}");

        self.does(&["rollback", "--to", "16"]);
        let rule = self.rule();
        assert_eq!(
            (&rule["name"], &rule["description"]),
            (&json!("Theirs"), &json!("To be undone")),
            "18 is undone, and what came after it"
        );
        self.does(&["audit", "verify", "--head", head]);
    }
}

#[test]
fn a_file_of_format_1_is_read_as_it_is_and_gone_on_with() {
    let file = new_home().join("ledger.db");
    fs::copy(root().join(FIXTURES).join("server.db"), &file).unwrap();
    let before = fs::read(&file).unwrap();
    let heir = Heir::of(format!("sqlite:{}", file.display()));
    let (export, head) = heir.is_read();
    assert!(fs::read(&file).unwrap() == before, "readers change no byte");
    heir.goes_on(&export, &head);
}

#[test]
fn a_shared_ledger_of_format_1_is_read_as_it_is_and_gone_on_with() {
    let Some(schema) = Schema::new("a_shared_ledger_of_format_1") else {
        return;
    };
    schema.restore(
        &fs::read_to_string(root().join(FIXTURES).join("server.sql")).unwrap(),
        "format_1",
    );
    let heir = Heir::of(schema.url());
    let (export, head) = heir.is_read();
    assert_eq!(schema.query("SELECT version FROM ledger_format"), "1");
    heir.goes_on(&export, &head);
    assert_eq!(schema.query("SELECT version FROM ledger_format"), "2");
}

#[test]
fn what_the_sandbox_recorded_in_format_1_is_read_after_it_has_an_organization() {
    let file = new_home().join("ledger.db");
    fs::copy(root().join(FIXTURES).join("sandbox.db"), &file).unwrap();
    let before = fs::read(&file).unwrap();
    let ledger = format!("sqlite:{}", file.display());
    let workstation = Workstation::new();
    workstation.does(&["update", "--sandbox", "--name", "elsewhere"]);
    let history = document(&workstation.does(&["history", "--sandbox", "--ledger", &ledger, "-o", "json"]));
    let numbers: Vec<&Value> = history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["entry"])
        .collect();
    assert_eq!(numbers, [6, 4, 3, 1]);
    assert!(fs::read(&file).unwrap() == before, "readers change no byte");
}
