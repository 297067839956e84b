//! `edit`: a rule in an editor, and back.

use std::{process::Stdio, thread};

use emulator::{SAMPLE_RULE_ID, Script};

use super::{against, file, recording::Desk, writes};
use crate::{binary::run, postgres::Schema, sandbox::Sandbox};

/// Runs `edit` with an editor that does this to the file.
fn edit(sandbox: &Sandbox, editor: &str) -> crate::binary::Ran {
    run(against(sandbox).arg("edit").env("EDITOR", editor))
}

#[test]
fn what_was_saved_is_applied() {
    let sandbox = Sandbox::sample();
    let ran = edit(&sandbox, "sed -i.old s/Detection/Edited/");
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("7 → 8"), "{ran}");
    assert_eq!(
        sandbox.world.rule(SAMPLE_RULE_ID).unwrap()["name"],
        "Credit Card Edited Rule"
    );
}

#[test]
fn what_was_not_changed_is_not_sent() {
    let sandbox = Sandbox::sample();
    let ran = edit(&sandbox, "true");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran}");
    assert!(sandbox.world.requests().iter().all(|request| request.method != "PUT"));
}

#[test]
fn a_text_with_findings_is_kept_and_the_way_back_is_told() {
    let sandbox = Sandbox::sample();
    let ran = edit(&sandbox, "sed -i.old s/contains/near/");
    assert_eq!(ran.code, Some(3), "{ran}");
    let (_, back) = ran
        .stderr
        .split_once("Go on with it: assist-rules update ")
        .unwrap_or_else(|| panic!("{ran}"));
    let file = back.split('\'').nth(1).unwrap();
    assert!(std::fs::read_to_string(file).unwrap().contains("near"), "{ran}");
    assert_eq!(sandbox.world.rule(SAMPLE_RULE_ID).unwrap()["etag"], "7");
}

/// The number of texts that `edit` keeps because they were not applied.
fn kept(state: &std::path::Path) -> usize {
    let files = std::fs::read_dir(state.join("edits")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .count()
}

#[test]
fn a_text_that_was_applied_is_not_to_be_gone_on_with_although_a_delivery_is_pending() {
    let desk = Desk::new();
    let sinks = "[[sinks]]\nname = \"chat\"\nkind = \"command\"\nargv = [\"false\"]\n";
    let mut command = desk.command(&["edit", "--config", "mine.toml"]);
    file(&command, "mine.toml", sinks);
    let ran = run(command.env("EDITOR", "sed -i.old s/Detection/Edited/"));
    assert_eq!(ran.code, Some(10), "{ran}");
    let told = format!("Your text was applied: `{SAMPLE_RULE_ID}` has it as version 8.\n");
    assert!(ran.stderr.ends_with(&told) && !ran.stderr.contains("Go on"), "{ran}");
    assert_eq!(kept(&desk.state), 0);
}

#[test]
fn a_text_that_was_applied_is_not_to_be_gone_on_with_although_it_could_not_be_recorded() {
    let Some(schema) = Schema::new("a_text_that_was_applied") else {
        return;
    };
    let desk = Desk::new();
    let late = r#"{"faults": [{"on": {"kind": "put"}, "times": 1, "do": {"delay": {"ms": 1500}}}]}"#;
    desk.sandbox.world.load_faults(Script::from_json(late).unwrap());
    let mut edit = desk.command(&["edit", "--ledger", &schema.url()]);
    let edit = edit.env("EDITOR", "sed -i.old s/Detection/Edited/");
    let child = edit.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while writes(&desk.sandbox) == 0 {
        thread::yield_now();
    }
    schema.query("ALTER TABLE entries RENAME TO kept");
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(12), "{stderr}");
    assert!(
        stderr.contains("Your text was applied") && !stderr.contains("Go on"),
        "{stderr}"
    );
    assert_eq!(kept(&desk.state), 0);
}

#[test]
fn a_text_of_which_nobody_knows_whether_it_was_applied_is_kept_and_not_to_be_gone_on_with() {
    let desk = Desk::new();
    let lost = r#"{"faults": [
        {"on": {"kind": "put"}, "do": {"status": {"code": 503}}, "times": 9},
        {"on": {"kind": "get", "skip": 2}, "do": {"status": {"code": 503}}, "times": 99}]}"#;
    desk.sandbox.world.load_faults(Script::from_json(lost).unwrap());
    let mut command = desk.command(&["edit", "--deadline", "3s"]);
    let ran = run(command.env("EDITOR", "sed -i.old s/Detection/Edited/"));
    assert_eq!(ran.code, Some(11), "{ran}");
    assert!(
        ran.stderr.contains("Whether it was applied is not known") && !ran.stderr.contains("Go on"),
        "{ran}"
    );
    assert_eq!(kept(&desk.state), 1);
}

#[test]
fn an_editor_that_fails_changes_nothing() {
    let sandbox = Sandbox::sample();
    let ran = edit(&sandbox, "false");
    assert_eq!(ran.code, Some(64), "{ran}");
    assert!(ran.stderr.contains("your text is kept in "), "{ran}");
}
