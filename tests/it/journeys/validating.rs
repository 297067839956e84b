//! `validate`: files checked without a network.

use expect_test::expect;
use serde_json::json;

use super::{document, file, shown};
use crate::binary::{assist_rules, feed, run};

/// The output for a file of these words.
pub(super) fn validated(name: &str, text: &str, args: &[&str]) -> crate::binary::Ran {
    let mut command = assist_rules();
    file(&command, name, text);
    run(command.args(["validate", name]).args(args))
}

#[test]
fn warnings_fail_only_where_they_are_to() {
    let rule = r#"{"actions": []}"#;
    assert_eq!(validated("rule.json", rule, &[]).code, Some(0));
    assert_eq!(validated("rule.json", rule, &["--fail-on", "warning"]).code, Some(3));
}

#[test]
fn stdin_is_a_file() {
    let ran = feed(assist_rules().args(["validate", "-"]), "{\"enabled\": 1}");
    expect![[r#"
        exit 3
        --- stdout
        error[AR0108]: expected true or false, found a number
         --> stdin:1:13
          |
        1 | {"enabled": 1}
          |             ^ a value of the wrong type

        1 error, 0 warnings in 1 file
        --- stderr
    "#]]
    .assert_eq(&shown(&ran));
    let ran = feed(assist_rules().args(["validate", "-"]), "enabled: true\n");
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn folders_are_walked_in_order() {
    let mut command = assist_rules();
    for (name, text) in [
        ("rules/b.yaml", "enabled: 1\n"),
        ("rules/a/z.json", "{\"enabled\": 1}"),
        ("rules/c.yml", "enabled: true\n"),
        ("rules/notes.txt", "enabled: 1\n"),
        ("rules/.git/x.json", "{"),
    ] {
        file(&command, name, text);
    }
    let ran = run(command.args(["validate", "rules", "-o", "json"]));
    let findings = document(&ran);
    let files: Vec<String> = findings["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["file"].as_str().unwrap().replace('\\', "/"))
        .collect();
    assert_eq!(
        (ran.code, files),
        (Some(3), vec!["rules/a/z.json".to_owned(), "rules/b.yaml".to_owned()])
    );
    assert_eq!(
        findings["summary"],
        json!({"files": 3, "rules": 3, "errors": 2, "warnings": 0})
    );
}

#[test]
fn a_folder_without_files_is_a_wrong_command_line() {
    let mut command = assist_rules();
    let folder = file(&command, "empty/readme.txt", "").parent().unwrap().to_owned();
    let ran = run(command.args(["validate", "-o", "json"]).arg(folder));
    assert_eq!((ran.code, &document(&ran)["code"]), (Some(64), &json!("AR0604")));
}

#[test]
fn places_are_told_by_character_and_hold_in_odd_texts() {
    for (text, line, column) in [
        ("\u{feff}{\"enabled\": 1}", 1, 13),
        ("{\r\n  \"enabled\": 1\r\n}", 2, 14),
        ("{\"name\": \"é𝄞\", \"enabled\": 1}", 1, 27),
        ("{\"enabled\": 1", 1, 14),
        ("{\"enabled\": tru}", 1, 13),
        ("", 1, 1),
        ("a: [1\n", 1, 4),
        ("enabled: true\nname: \"x\n", 2, 7),
        ("enabled: true\n\tname: x\n", 1, 10),
        ("enabled: &a [*b]\n", 1, 14),
    ] {
        let ran = feed(assist_rules().args(["validate", "-", "-o", "json"]), text);
        let start = document(&ran)["findings"][0]["range"]["start"].clone();
        assert_eq!(start, json!({"line": line, "column": column}), "{text:?}: {ran}");
    }
}

#[test]
fn nothing_is_needed_to_validate() {
    let mut command = assist_rules();
    file(&command, "rule.json", emulator::SAMPLE_RULE);
    let ran = run(command
        .args(["validate", "rule.json"])
        .env("ASSIST_RULES_API_URL", "nonsense"));
    assert_eq!(ran.code, Some(0), "{ran}");
}
