//! The record of changes: shown, undone, settled, counted.

use std::{fs, path::PathBuf, process::Command};

use emulator::{Emulator, SAMPLE_RULE_ID, Script};
use expect_test::expect;
use serde_json::{Value, json};

use super::{against, document, shown};
use crate::{
    binary::{Ran, new_home, run},
    sandbox::Sandbox,
};

/// An organization, and a user whose runs share one state.
pub(super) struct Workstation {
    pub(super) sandbox: Sandbox,
    pub(super) state: PathBuf,
}

impl Workstation {
    pub(super) fn new() -> Self {
        Self::at(Sandbox::sample())
    }

    pub(super) fn at(sandbox: Sandbox) -> Self {
        Self {
            sandbox,
            state: new_home().join("state"),
        }
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = against(&self.sandbox);
        command.env("ASSIST_RULES_STATE_DIR", &self.state).args(args);
        command
    }

    pub(super) fn run(&self, args: &[&str]) -> Ran {
        run(&mut self.command(args))
    }

    /// Runs a command that must end well.
    #[track_caller]
    pub(super) fn does(&self, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "{args:?} {ran}");
        ran
    }

    /// The exit code and the one change of the result.
    fn changes(&self, args: &[&str]) -> (Option<i32>, Value) {
        let ran = self.run(&[args, &["-o", "json"]].concat());
        (ran.code, document(&ran)["changes"][0].clone())
    }

    fn stored(&self, member: &str) -> Value {
        self.sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()[member].clone()
    }

    fn somebody_else_sets(&self, member: &str, value: Value) {
        let edit = |rule: &mut Value| rule[member] = value;
        self.sandbox.emulator.edit_rule(SAMPLE_RULE_ID, edit).unwrap();
    }

    /// A change whose outcome is unknown: no write arrives.
    pub(super) fn loses_a_write(&self, name: &str) {
        let lost = r#"{"faults": [{"on": {"kind": "put"}, "times": 4, "do": {"drop_before": {}}}]}"#;
        self.sandbox.emulator.load_faults(Script::from_json(lost).unwrap());
        let ran = self.run(&["update", "--name", name]);
        assert_eq!(ran.code, Some(11), "{ran}");
    }
}

#[test]
fn what_was_changed_is_shown_undone_and_counted() {
    let workstation = Workstation::new();
    workstation.does(&["update", "--disable", "--reason", "closed on Friday"]);
    workstation.does(&["update", "--name", "Refunds"]);
    expect![[r#"
        exit 0
        --- stdout
        --- a1b2c3d4-e5f6-7890-abcd-ef1234567890 (version 9)
        +++ a1b2c3d4-e5f6-7890-abcd-ef1234567890 (your change)
        @@ -1,7 +1,7 @@
         {
           "id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
           "etag": "9",
        -  "name": "Refunds",
        +  "name": "Credit Card Detection Rule",
           "description": "Triggers assist when customer mentions payment failure",
           "ruleType": "conversation",
           "enabled": false,

        applied  Credit Card Detection Rule (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          version        9 → 10
          time           <n> ms, 2 requests
          recorded       entry 5, head <head>
          updates        1 of 1 carried out (100 %)
        --- stderr
    "#]]
    .assert_eq(&shown(&workstation.does(&["rollback"])));
    let history = document(&workstation.does(&["history", "-o", "json"]));
    let shown_now = history["entries"].as_array().unwrap().iter().map(|entry| {
        let paths: Vec<&Value> = entry["diff"].as_array().unwrap().iter().map(|it| &it["path"]).collect();
        json!([
            entry["entry"],
            entry["command"],
            entry["outcome"],
            paths,
            entry["author"]["reason"]
        ])
    });
    assert_eq!(
        shown_now.collect::<Vec<_>>(),
        [
            json!([5, "rollback", "applied", ["/name"], "undoes 3"]),
            json!([3, "update", "applied", ["/name"], null]),
            json!([1, "update", "applied", ["/enabled"], "closed on Friday"]),
        ]
    );
    let lines = workstation.does(&["history", "--limit", "2", "-o", "ndjson"]).stdout;
    assert_eq!(lines.lines().count(), 2);
    let table = workstation.does(&["history"]).stdout;
    assert!(
        table.contains("8 → 9") && table.contains("update enabled: closed on Friday"),
        "{table}"
    );
    let stats = document(&workstation.does(&["stats", "-o", "json"]));
    assert_eq!(
        (&stats["all"]["updates"], &stats["all"]["activation"]["rate"]),
        (&json!(3), &json!(1.0))
    );
    assert!(stats["all"]["latency_ms"]["p95"].as_f64().unwrap() > 0.0);
    let drawn = workstation.does(&["stats"]).stdout;
    assert!(drawn.contains("100.0 %, 3 of 3") && drawn.contains('█'), "{drawn}");
}

#[test]
fn one_entry_is_shown_at_length() {
    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "Refunds"]);
    let ran = workstation.does(&["history", "--entry", "1"]);
    for words in [
        "+  \"name\": \"Refunds\",",
        "version        7 → 8",
        "guard          etag",
        "known by       answer",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {ran}");
    }
    let ran = workstation.run(&["history", "another", "--entry", "1"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    let ran = workstation.run(&["history", "--limit", "0"]);
    assert_eq!(ran.code, Some(64), "{ran}");
    let ran = workstation.run(&["history", "--entry", "9"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("error[AR0518]"), "{ran}");
}

#[test]
fn a_rollback_leaves_what_others_did_since_and_collides_with_what_it_would_overwrite() {
    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "Refunds"]);
    workstation.somebody_else_sets("description", json!("theirs"));
    let (code, change) = workstation.changes(&["rollback", "--dry-run"]);
    assert_eq!(
        (code, &change["outcome"], workstation.stored("name")),
        (Some(0), &json!("planned"), json!("Refunds"))
    );
    workstation.does(&["rollback"]);
    assert_eq!(
        (workstation.stored("name"), workstation.stored("description")),
        (json!("Credit Card Detection Rule"), json!("theirs"))
    );
    workstation.does(&["update", "--name", "Refunds"]);
    workstation.somebody_else_sets("name", json!("theirs"));
    let (code, change) = workstation.changes(&["rollback"]);
    assert_eq!((code, &change["outcome"]), (Some(4), &json!("conflict")));
    assert_eq!(
        change["conflicts"],
        json!([{"path": "/name", "base": "Refunds", "ours": "Credit Card Detection Rule", "theirs": "theirs"}])
    );
    assert_eq!(workstation.stored("name"), "theirs");
    let ran = workstation.run(&["rollback"]);
    assert!(ran.stderr.contains("stands where you would undo"), "{ran}");
    let (code, change) = workstation.changes(&["rollback", "--on-conflict", "ours"]);
    assert_eq!((code, &change["conflicts"][0]["theirs"]), (Some(0), &json!("theirs")));
    assert_eq!(workstation.stored("name"), "Credit Card Detection Rule");
}

#[test]
fn a_rollback_goes_back_to_an_entry_and_can_be_undone_itself() {
    let workstation = Workstation::new();
    for name in ["A", "B", "C"] {
        workstation.does(&["update", "--name", name]);
    }
    let (code, change) = workstation.changes(&["rollback", "--to", "1"]);
    assert_eq!(
        (code, &change["outcome"], workstation.stored("name")),
        (Some(0), &json!("applied"), json!("A"))
    );
    workstation.does(&["rollback"]);
    assert_eq!(workstation.stored("name"), "C");
    for args in [&["rollback", "--to", "99"][..], &["rollback", "--to", "9"]] {
        let ran = workstation.run(args);
        assert!(ran.code == Some(1) && ran.stderr.contains("error[AR0517]"), "{ran}");
    }
}

#[test]
fn a_file_of_an_older_version_is_merged_where_the_record_has_that_version() {
    let workstation = Workstation::new();
    workstation.does(&["update", "--enable"]);
    let rule = workstation.does(&["get", "-o", "json"]).stdout;
    let file = new_home().join("rule.json");
    fs::write(&file, rule.replace("Credit Card Detection Rule", "mine")).unwrap();
    let file = file.to_str().unwrap();
    workstation.does(&["update", "--description", "recorded"]);
    workstation.somebody_else_sets("description", json!("theirs"));
    let (code, change) = workstation.changes(&["update", "--from", file, "--on-conflict", "fail"]);
    assert_eq!(
        (code, &change["outcome"], &change["theirs_changed"][0]["path"]),
        (Some(4), &json!("conflict"), &json!("/description"))
    );
    let elsewhere = new_home();
    let mut without = workstation.command(&["update", "--from", file, "-o", "json"]);
    let ran = run(without.env("ASSIST_RULES_STATE_DIR", &elsewhere));
    assert_eq!((ran.code, writes(&workstation)), (Some(4), 1), "{ran}");
    let (code, change) = workstation.changes(&["update", "--from", file]);
    assert_eq!(
        (code, &change["outcome"], &change["merges"]),
        (Some(0), &json!("applied"), &json!(1))
    );
    assert_eq!(
        (workstation.stored("name"), workstation.stored("description")),
        (json!("mine"), json!("theirs"))
    );
}

pub(super) fn writes(workstation: &Workstation) -> usize {
    super::writes(&workstation.sandbox)
}

#[test]
fn what_is_not_known_stays_so_until_it_is_seen_or_a_person_says_it() {
    let workstation = Workstation::new();
    workstation.loses_a_write("lost");
    expect![[r#"
        exit 11
        --- stdout
        entry 1 is not in a1b2c3d4-e5f6-7890-abcd-ef1234567890, but may still arrive
          no write is under way after 15 minutes: run this again then
        --- stderr
    "#]]
    .assert_eq(&shown(&workstation.run(&["reconcile"])));
    workstation.somebody_else_sets("description", json!("theirs"));
    let ran = workstation.run(&["reconcile"]);
    assert!(
        ran.code == Some(11) && ran.stdout.contains("reconcile --close 1 --as"),
        "{ran}"
    );
    let ran = workstation.run(&["reconcile", "--close", "1", "--as", "applied"]);
    assert!(ran.code == Some(64) && ran.stderr.contains("--reason"), "{ran}");
    let ran = workstation.does(&["update", "--enable"]);
    assert!(
        ran.stderr.contains("The outcome of 1 earlier change is not known"),
        "{ran}"
    );
    let closed = [
        "reconcile",
        "--close",
        "1",
        "--as",
        "not-applied",
        "--reason",
        "asked Ada",
    ];
    let (code, change) = workstation.changes(&closed);
    assert_eq!(
        (code, &change["outcome"], &change["confirmed_by"], &change["entry"]),
        (Some(0), &json!("failed"), &json!("person"), &json!(1))
    );
    let ran = workstation.does(&["reconcile"]);
    assert_eq!(ran.stdout, "The outcome of every change is known.\n");
    let entry = document(&workstation.does(&["history", "--entry", "1", "-o", "json"]))["entries"][0].clone();
    assert_eq!(
        (
            &entry["outcome"],
            &entry["settled"]["author"]["reason"],
            &entry["author"]["reason"]
        ),
        (&json!("not_applied"), &json!("asked Ada"), &Value::Null)
    );
    assert!(entry["error"].as_str().unwrap().starts_with("AR0508"), "{entry:#}");
    let ran = workstation.run(&closed);
    assert!(ran.code == Some(1) && ran.stderr.contains("error[AR0518]"), "{ran}");
}

#[test]
fn a_later_run_finds_out_what_became_of_a_write_whose_answer_was_lost() {
    let workstation = Workstation::new();
    workstation.loses_a_write("late");
    // It arrives after all.
    workstation.somebody_else_sets("name", json!("late"));
    let ran = workstation.does(&["update", "--description", "next"]);
    assert!(ran.stderr.contains("An earlier run: entry 1 was applied"), "{ran}");
    let history = document(&workstation.does(&["history", "-o", "json"]));
    let first = &history["entries"][1];
    assert_eq!(
        (&first["outcome"], &first["confirmed_by"]),
        (&json!("applied"), &json!("read"))
    );
}

#[test]
fn a_user_without_a_record_is_told_so() {
    let workstation = Workstation {
        sandbox: Sandbox::of(Emulator::sample()),
        state: new_home().join("nothing"),
    };
    for args in [&["history"] as &[&str], &["stats"], &["rollback"]] {
        let ran = workstation.run(args);
        assert!(
            ran.code == Some(64) && ran.stderr.contains("there is no ledger at"),
            "{ran}"
        );
    }
    assert!(!workstation.state.join("ledger.db").exists());
    workstation.does(&["update", "--name", "A"]);
    let ran = workstation.does(&["history", "--outcome", "conflict"]);
    assert!(ran.stdout.contains("has no such update"), "{ran}");
}
