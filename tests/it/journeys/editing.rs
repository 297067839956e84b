//! `edit`: a rule in an editor, and back.

use emulator::SAMPLE_RULE_ID;

use super::against;
use crate::{binary::run, sandbox::Sandbox};

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

#[test]
fn an_editor_that_fails_changes_nothing() {
    let sandbox = Sandbox::sample();
    let ran = edit(&sandbox, "false");
    assert_eq!(ran.code, Some(64), "{ran}");
    assert!(ran.stderr.contains("your text is kept in "), "{ran}");
}
