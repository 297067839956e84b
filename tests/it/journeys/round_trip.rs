//! Get, edit, update: the usual way of working, with unknown members.

use emulator::SAMPLE_RULE_ID;
use expect_test::expect;
use serde_json::{Value, json};

use super::{against, document, on, shown, writes};
use crate::{binary::feed, sandbox::Sandbox};

/// The sample rule with unknown members at every level.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::sample();
    sandbox
        .emulator
        .edit_rule(SAMPLE_RULE_ID, |rule| {
            rule["owner"] = json!({"team": ["a", null]});
            rule["conditions"][0]["weight"] = json!(0.5);
            rule["actions"][0]["color"] = json!("red");
        })
        .unwrap();
    sandbox
}

fn update(sandbox: &Sandbox, text: &str, args: &[&str]) -> crate::binary::Ran {
    feed(against(sandbox).args(["update", "--from", "-"]).args(args), text)
}

#[test]
fn what_was_fetched_can_be_edited_and_sent_back() {
    for format in ["json", "yaml"] {
        let sandbox = sandbox();
        let fetched = on(&sandbox, &["get", "-o", format]).stdout;
        let unchanged = update(&sandbox, &fetched, &["-o", "json"]);
        assert_eq!(
            document(&unchanged)["changes"][0]["outcome"],
            "unchanged",
            "{unchanged}"
        );
        let edited = fetched.replace("credit card declined", "card refused");
        let ran = update(&sandbox, &edited, &["-o", "json"]);
        let change = document(&ran)["changes"][0].clone();
        assert_eq!(
            (&change["outcome"], &change["findings"], &change["diff"]),
            (
                &json!("applied"),
                &json!([]),
                &json!([{"path": "/conditions/0/value", "before": "credit card declined", "after": "card refused"}])
            ),
            "{ran}"
        );
        let stored = sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
        assert_eq!(stored["owner"], json!({"team": ["a", null]}));
        assert_eq!(stored["conditions"][0]["weight"], 0.5);
        assert_eq!(stored["actions"][0]["color"], "red");
    }
}

/// The one control character that JSON leaves as it is, and that is taken away with colors.
#[test]
fn a_text_with_a_control_character_is_in_every_document() {
    let sandbox = Sandbox::sample();
    let edit = |rule: &mut Value| rule["name"] = json!("a\u{7f}b\u{1b}[31mc");
    sandbox.emulator.edit_rule(SAMPLE_RULE_ID, edit).unwrap();
    for color in ["auto", "always", "never"] {
        let fetched = document(&on(&sandbox, &["get", "-o", "json", "--color", color]));
        assert_eq!(fetched["name"], "a\u{7f}b\u{1b}[31mc", "{color}");
    }
    let fetched = on(&sandbox, &["get", "-o", "yaml"]).stdout;
    assert!(fetched.contains("name: \"a\\x7Fb\\e[31mc\"\n"), "{fetched}");
    let sent = update(&sandbox, &fetched, &["-o", "json"]);
    assert_eq!(document(&sent)["changes"][0]["outcome"], "unchanged", "{sent}");
}

#[test]
fn a_fetched_rule_is_bound_to_the_version_that_it_had() {
    let sandbox = sandbox();
    let fetched = on(&sandbox, &["get", "-o", "json"]).stdout;
    let theirs = |rule: &mut Value| rule["description"] = json!("theirs");
    sandbox.emulator.edit_rule(SAMPLE_RULE_ID, theirs).unwrap();
    let edited = fetched.replace("Credit Card Detection Rule", "Ours");
    let ran = update(&sandbox, &edited, &[]);
    expect![[r#"
        exit 4
        --- stdout
        conflict  Credit Card Detection Rule (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          version        9; the change was made for 8

          /name
            base    not known
            ours    "Ours"
            theirs  "Credit Card Detection Rule"

          /description
            base    not known
            ours    "Triggers assist when customer mentions payment failure"
            theirs  "theirs"

          time           <n> ms, 1 request
          recorded       entry 1, head <head>
          updates        0 of 1 carried out (0 %)
          correlation id <id>
        --- stderr
        error[AR0502]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: it is not at version 8
          help: fetch the rule anew, or name the version that it has now
          correlation id: <id>
        next: assist-rules get a1b2c3d4-e5f6-7890-abcd-ef1234567890
    "#]]
    .assert_eq(&shown(&ran));
    assert_eq!(writes(&sandbox), 0);
}

#[test]
fn a_stranger_that_the_rule_does_not_have_is_a_mistake() {
    let sandbox = sandbox();
    let fetched = on(&sandbox, &["get", "-o", "json"]).stdout;
    for (from, to) in [
        ("\"owner\"", "\"owners\""),
        ("\"weight\": 0.5", "\"weight\": 0.6"),
        ("\"enabled\"", "\"enabld\""),
    ] {
        let ran = update(&sandbox, &fetched.replace(from, to), &["-o", "json"]);
        assert_eq!((ran.code, writes(&sandbox)), (Some(3), 0), "{to}: {ran}");
    }
}

#[test]
fn another_rule_s_file_is_refused() {
    let sandbox = sandbox();
    let fetched = on(&sandbox, &["get", "-o", "json"]).stdout;
    for (from, to, code) in [
        (SAMPLE_RULE_ID, "another", "AR0107"),
        ("\"conversation\",", "\"voice\",", "AR0106"),
        ("\"enabled\": true,", "", "AR0105"),
    ] {
        let ran = update(&sandbox, &fetched.replace(from, to), &["-o", "json"]);
        assert_eq!((ran.code, writes(&sandbox)), (Some(3), 0), "{to}: {ran}");
        let codes = document(&ran)["changes"][0]["findings"].to_string();
        assert!(codes.contains(code), "{ran}");
    }
}
