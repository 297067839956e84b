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

/// An organisation, and a user whose runs share one state.
pub(super) struct Desk {
    pub(super) sandbox: Sandbox,
    pub(super) state: PathBuf,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            sandbox: Sandbox::sample(),
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
        self.sandbox.world.rule(SAMPLE_RULE_ID).unwrap()[member].clone()
    }

    fn somebody_else_sets(&self, member: &str, value: Value) {
        let edit = |rule: &mut Value| rule[member] = value;
        self.sandbox.world.edit_rule(SAMPLE_RULE_ID, edit).unwrap();
    }

    /// A change whose outcome is unknown: no write arrives.
    fn loses_a_write(&self, name: &str) {
        let lost = r#"{"faults": [{"on": {"kind": "put"}, "times": 4, "do": {"drop_before": {}}}]}"#;
        self.sandbox.world.load_faults(Script::from_json(lost).unwrap());
        let ran = self.run(&["update", "--name", name]);
        assert_eq!(ran.code, Some(11), "{ran}");
    }
}

#[test]
fn what_was_changed_is_shown_undone_and_counted() {
    let desk = Desk::new();
    desk.does(&["update", "--disable", "--reason", "closed on Friday"]);
    desk.does(&["update", "--name", "Refunds"]);
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
          activation     1 of 1 (100 %)
        --- stderr
    "#]]
    .assert_eq(&shown(&desk.does(&["rollback"])));
    let history = document(&desk.does(&["history", "-o", "json"]));
    let told = history["entries"].as_array().unwrap().iter().map(|entry| {
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
        told.collect::<Vec<_>>(),
        [
            json!([5, "rollback", "applied", ["/name"], "undoes 3"]),
            json!([3, "update", "applied", ["/name"], null]),
            json!([1, "update", "applied", ["/enabled"], "closed on Friday"]),
        ]
    );
    let lines = desk.does(&["history", "--limit", "2", "-o", "ndjson"]).stdout;
    assert_eq!(lines.lines().count(), 2);
    let table = desk.does(&["history"]).stdout;
    assert!(
        table.contains("8 → 9") && table.contains("update enabled: closed on Friday"),
        "{table}"
    );
    let stats = document(&desk.does(&["stats", "-o", "json"]));
    assert_eq!(
        (&stats["all"]["updates"], &stats["all"]["activation"]["rate"]),
        (&json!(3), &json!(1.0))
    );
    assert!(stats["all"]["latency_ms"]["p95"].as_f64().unwrap() > 0.0);
    let drawn = desk.does(&["stats"]).stdout;
    assert!(drawn.contains("100.0 %, 3 of 3") && drawn.contains('█'), "{drawn}");
}

#[test]
fn one_entry_is_shown_at_length() {
    let desk = Desk::new();
    desk.does(&["update", "--name", "Refunds"]);
    let ran = desk.does(&["history", "--entry", "1"]);
    for words in [
        "+  \"name\": \"Refunds\",",
        "version        7 → 8",
        "guard          etag",
        "known by       answer",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {ran}");
    }
    let ran = desk.run(&["history", "another", "--entry", "1"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    let ran = desk.run(&["history", "--limit", "0"]);
    assert_eq!(ran.code, Some(64), "{ran}");
    let ran = desk.run(&["history", "--entry", "9"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("error[AR0518]"), "{ran}");
}

#[test]
fn a_rollback_leaves_what_others_did_since_and_collides_with_what_it_would_overwrite() {
    let desk = Desk::new();
    desk.does(&["update", "--name", "Refunds"]);
    desk.somebody_else_sets("description", json!("theirs"));
    let (code, change) = desk.changes(&["rollback", "--dry-run"]);
    assert_eq!(
        (code, &change["outcome"], desk.stored("name")),
        (Some(0), &json!("planned"), json!("Refunds"))
    );
    desk.does(&["rollback"]);
    assert_eq!(
        (desk.stored("name"), desk.stored("description")),
        (json!("Credit Card Detection Rule"), json!("theirs"))
    );
    desk.does(&["update", "--name", "Refunds"]);
    desk.somebody_else_sets("name", json!("theirs"));
    let (code, change) = desk.changes(&["rollback"]);
    assert_eq!((code, &change["outcome"]), (Some(4), &json!("conflict")));
    assert_eq!(
        change["conflicts"],
        json!([{"path": "/name", "base": "Refunds", "ours": "Credit Card Detection Rule", "theirs": "theirs"}])
    );
    assert_eq!(desk.stored("name"), "theirs");
    let ran = desk.run(&["rollback"]);
    assert!(ran.stderr.contains("stands where you would undo"), "{ran}");
    let (code, change) = desk.changes(&["rollback", "--on-conflict", "ours"]);
    assert_eq!((code, &change["conflicts"][0]["theirs"]), (Some(0), &json!("theirs")));
    assert_eq!(desk.stored("name"), "Credit Card Detection Rule");
}

#[test]
fn a_rollback_goes_back_to_an_entry_and_can_be_undone_itself() {
    let desk = Desk::new();
    for name in ["A", "B", "C"] {
        desk.does(&["update", "--name", name]);
    }
    let (code, change) = desk.changes(&["rollback", "--to", "1"]);
    assert_eq!(
        (code, &change["outcome"], desk.stored("name")),
        (Some(0), &json!("applied"), json!("A"))
    );
    desk.does(&["rollback"]);
    assert_eq!(desk.stored("name"), "C");
    for args in [&["rollback", "--to", "99"][..], &["rollback", "--to", "9"]] {
        let ran = desk.run(args);
        assert!(ran.code == Some(1) && ran.stderr.contains("error[AR0517]"), "{ran}");
    }
}

#[test]
fn a_file_of_an_older_version_is_merged_where_the_record_has_that_version() {
    let desk = Desk::new();
    desk.does(&["update", "--enable"]);
    let rule = desk.does(&["get", "-o", "json"]).stdout;
    let file = new_home().join("rule.json");
    fs::write(&file, rule.replace("Credit Card Detection Rule", "mine")).unwrap();
    let file = file.to_str().unwrap();
    desk.does(&["update", "--description", "recorded"]);
    desk.somebody_else_sets("description", json!("theirs"));
    let (code, change) = desk.changes(&["update", "--from", file, "--on-conflict", "fail"]);
    assert_eq!(
        (code, &change["outcome"], &change["theirs_changed"][0]["path"]),
        (Some(4), &json!("conflict"), &json!("/description"))
    );
    let elsewhere = new_home();
    let mut without = desk.command(&["update", "--from", file, "-o", "json"]);
    let ran = run(without.env("ASSIST_RULES_STATE_DIR", &elsewhere));
    assert_eq!((ran.code, writes(&desk)), (Some(4), 1), "{ran}");
    let (code, change) = desk.changes(&["update", "--from", file]);
    assert_eq!(
        (code, &change["outcome"], &change["merges"]),
        (Some(0), &json!("applied"), &json!(1))
    );
    assert_eq!(
        (desk.stored("name"), desk.stored("description")),
        (json!("mine"), json!("theirs"))
    );
}

pub(super) fn writes(desk: &Desk) -> usize {
    super::writes(&desk.sandbox)
}

#[test]
fn what_is_not_known_stays_so_until_it_is_seen_or_a_person_says_it() {
    let desk = Desk::new();
    desk.loses_a_write("lost");
    expect![[r#"
        exit 11
        --- stdout
        entry 1 is not in a1b2c3d4-e5f6-7890-abcd-ef1234567890, but may still arrive
          no write is under way after 15 minutes: run this again then
        --- stderr
    "#]]
    .assert_eq(&shown(&desk.run(&["reconcile"])));
    desk.somebody_else_sets("description", json!("theirs"));
    let ran = desk.run(&["reconcile"]);
    assert!(
        ran.code == Some(11) && ran.stdout.contains("reconcile --close 1 --as"),
        "{ran}"
    );
    let ran = desk.run(&["reconcile", "--close", "1", "--as", "applied"]);
    assert!(ran.code == Some(64) && ran.stderr.contains("--reason"), "{ran}");
    let ran = desk.does(&["update", "--enable"]);
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
    let (code, change) = desk.changes(&closed);
    assert_eq!(
        (code, &change["outcome"], &change["confirmed_by"], &change["entry"]),
        (Some(0), &json!("failed"), &json!("person"), &json!(1))
    );
    let ran = desk.does(&["reconcile"]);
    assert_eq!(ran.stdout, "The outcome of every change is known.\n");
    let entry = document(&desk.does(&["history", "--entry", "1", "-o", "json"]))["entries"][0].clone();
    assert_eq!(
        (
            &entry["outcome"],
            &entry["settled"]["author"]["reason"],
            &entry["author"]["reason"]
        ),
        (&json!("not_applied"), &json!("asked Ada"), &Value::Null)
    );
    assert!(entry["error"].as_str().unwrap().starts_with("AR0508"), "{entry:#}");
    let ran = desk.run(&closed);
    assert!(ran.code == Some(1) && ran.stderr.contains("error[AR0518]"), "{ran}");
}

#[test]
fn a_later_run_finds_out_what_became_of_a_write_whose_answer_was_lost() {
    let desk = Desk::new();
    desk.loses_a_write("late");
    // It arrives after all.
    desk.somebody_else_sets("name", json!("late"));
    let ran = desk.does(&["update", "--description", "next"]);
    assert!(ran.stderr.contains("An earlier run: entry 1 was applied"), "{ran}");
    let history = document(&desk.does(&["history", "-o", "json"]));
    let first = &history["entries"][1];
    assert_eq!(
        (&first["outcome"], &first["confirmed_by"]),
        (&json!("applied"), &json!("read"))
    );
}

#[test]
fn a_user_without_a_record_is_told_so() {
    let desk = Desk {
        sandbox: Sandbox::of(Emulator::sample()),
        state: new_home().join("nothing"),
    };
    assert!(desk.does(&["history"]).stdout.contains("has no such update"));
    assert!(desk.does(&["stats"]).stdout.contains("no update to count"));
    assert_eq!(desk.run(&["rollback"]).code, Some(1));
    assert!(!desk.state.join("ledger.db").exists() || desk.does(&["history"]).stdout.contains("no such"));
}
