//! The rule moved, and what becomes of that is the user's choice: fail, merge, or ours.

use emulator::SAMPLE_RULE_ID;
#[cfg(unix)]
use emulator::Script;
use serde_json::{Value, json};

use super::{document, on, sandbox_with, writes};
#[cfg(unix)]
use super::{editing::pasted, recording::Workstation};

/// A fault that has another client change these members right before the write.
fn theirs(members: &str) -> String {
    format!(
        r#"{{"faults": [{{"on": {{"kind": "put"}}, "times": 1, "do": {{"edit_between": {{"merge": {members}}}}}}}]}}"#
    )
}

/// The exit code, and the one change of the result.
fn change(theirs_members: &str, args: &[&str]) -> (Option<i32>, Value, Value, usize) {
    let sandbox = sandbox_with(&theirs(theirs_members));
    let ran = on(&sandbox, &[&["update", "-o", "json"], args].concat());
    let stored = sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    (ran.code, document(&ran)["changes"][0].clone(), stored, writes(&sandbox))
}

const DESCRIBED: &str = r#"{"description": "theirs"}"#;

#[test]
fn different_fields_are_merged() {
    let (code, change, stored, writes) = change(DESCRIBED, &["--name", "ours"]);
    assert_eq!(
        (code, &change["outcome"], &change["merges"], writes),
        (Some(0), &json!("applied"), &json!(1), 2)
    );
    assert_eq!(
        (&change["version_before"], &change["version_after"]),
        (&json!("8"), &json!("9"))
    );
    assert_eq!(
        (&stored["name"], &stored["description"]),
        (&json!("ours"), &json!("theirs"))
    );
}

#[test]
fn who_does_not_want_that_gets_a_conflict_that_says_they_would_merge() {
    let (code, change, stored, writes) = change(DESCRIBED, &["--name", "ours", "--on-conflict", "fail"]);
    assert_eq!((code, &change["outcome"], writes), (Some(4), &json!("conflict"), 1));
    assert_eq!(change["conflicts"], json!([]));
    assert_eq!(change["theirs_changed"][0]["path"], "/description");
    assert_eq!(
        (&stored["name"], &stored["description"]),
        (&json!("Credit Card Detection Rule"), &json!("theirs"))
    );
}

#[test]
fn the_same_field_is_never_merged() {
    let (code, change, stored, _) = change(DESCRIBED, &["--description", "ours"]);
    assert_eq!(
        (code, &change["outcome"], &stored["description"]),
        (Some(4), &json!("conflict"), &json!("theirs"))
    );
    let collision = &change["conflicts"][0];
    assert_eq!(
        (&collision["ours"], &collision["theirs"]),
        (&json!("ours"), &json!("theirs"))
    );
}

#[test]
fn ours_counts_where_the_user_says_so_and_what_it_overwrote_is_told() {
    let (code, change, stored, _) = change(DESCRIBED, &["--description", "ours", "--on-conflict", "ours"]);
    assert_eq!(
        (code, &change["outcome"], &stored["description"]),
        (Some(0), &json!("applied"), &json!("ours"))
    );
    assert_eq!(change["conflicts"][0]["theirs"], "theirs");
}

#[test]
fn what_belongs_together_is_merged_only_by_the_user_s_word() {
    let rewritten = r#"{"actions": [{"type": "call"}], "enabled": false}"#;
    let switched_on = ["--enable", "--name", "ours"];
    let (code, change_of, _, _) = change(rewritten, &switched_on);
    assert_eq!(
        (code, &change_of["outcome"]),
        (Some(4), &json!("conflict")),
        "they switched it off"
    );
    let rewritten = r#"{"actions": [{"type": "call"}]}"#;
    let off = ["--disable", "--on-conflict", "merge"];
    let (code, change_of, stored, _) = change(rewritten, &off);
    assert_eq!(
        (code, &change_of["outcome"]),
        (Some(0), &json!("applied")),
        "a rule that is off fires on nothing"
    );
    assert_eq!(
        (&stored["enabled"], &stored["actions"]),
        (&json!(false), &json!([{"type": "call"}]))
    );
}

#[test]
fn a_version_that_moved_alone_is_nobody_s_change() {
    let sandbox = sandbox_with(r#"{"faults": [{"on": {"kind": "put"}, "times": 1, "do": {"moved_tag": {}}}]}"#);
    let ran = on(&sandbox, &["update", "-o", "json", "--name", "ours"]);
    let change = &document(&ran)["changes"][0];
    assert_eq!(
        (ran.code, &change["outcome"], &change["version_after"]),
        (Some(0), &json!("applied"), &json!("9"))
    );
}

/// FIELD H6: a conflict of what belongs together says who changed each member, and the command that merges it.
#[test]
fn a_conflict_of_a_group_says_who_changed_what_and_what_merges_it() {
    let sandbox = sandbox_with(&theirs(r#"{"actions": [{"type": "call"}]}"#));
    let ran = on(&sandbox, &["update", "--disable", "--no-sinks"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("what they changed\n    /actions"), "{ran}");
    let sandbox = sandbox_with(&theirs(r#"{"enabled": false}"#));
    let conditions = r#"{"conditions": [], "enabled": true, "name": "ours"}"#;
    let mut update = super::against(&sandbox);
    super::file(&update, "change.json", conditions);
    update.args([
        "update",
        "--from",
        "change.json",
        "--on-conflict",
        "merge",
        "--no-sinks",
        "--reason",
        "it's",
    ]);
    let ran = crate::binary::run(&mut update);
    assert_eq!(ran.code, Some(4), "{ran}");
    for words in [
        "these belong together: `enabled` (they changed it), `conditions` (you changed it);",
        &format!(
            "next: assist-rules update {SAMPLE_RULE_ID} --from change.json --accept-group-merge --reason 'it'\\''s' --no-sinks\n"
        ),
    ] {
        assert!(ran.stderr.contains(words), "{words}: {ran}");
    }
}

/// FIELD H: the last line of a conflict and of an unknown outcome is the next command, which runs as it stands.
#[cfg(unix)]
#[test]
fn a_report_that_needs_more_ends_with_a_command_that_can_be_pasted() {
    let workstation = Workstation::new();
    let load = |faults: &str| {
        let script = Script::from_json(faults).unwrap();
        workstation.sandbox.emulator.load_faults(script);
    };
    load(&theirs(DESCRIBED));
    let ran = workstation.run(&["update", "--description", "ours; it's", "--deadline", "30s"]);
    assert_eq!(ran.code, Some(4), "{ran}");
    assert!(
        ran.stderr
            .lines()
            .last()
            .unwrap()
            .starts_with("next: assist-rules update "),
        "{ran}"
    );
    let shown = pasted(&workstation, &ran, "next: ");
    assert_eq!(shown.code, Some(0), "{shown}");
    assert!(
        shown.stdout.contains("+  \"description\": \"ours; it's\"") && shown.stdout.contains("planned"),
        "{shown}"
    );
    load(r#"{"faults": [{"on": {"kind": "put"}, "times": 4, "do": {"drop_before": {}}}]}"#);
    let ran = workstation.run(&["update", "--name", "X", "--no-sinks"]);
    assert_eq!(ran.code, Some(11), "{ran}");
    assert_eq!(
        ran.stderr.lines().last(),
        Some("next: assist-rules reconcile --no-sinks"),
        "{ran}"
    );
    let settled = pasted(&workstation, &ran, "next: ");
    assert_eq!(settled.code, Some(11), "the lease still runs: {settled}");
}
