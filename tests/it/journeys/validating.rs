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

/// FIELD A10: files as PowerShell and Notepad write them.
#[test]
fn a_file_of_a_windows_tool_is_read() {
    let text = "{\r\n  \"name\": \"Größe \u{1f980}\"\r\n}\r\n";
    let units: Vec<u16> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let marked = format!("\u{feff}{text}").into_bytes();
    let mut odd = little.clone();
    odd.push(0);
    let unmarked: Vec<u8> = little.iter().copied().skip(2).collect();
    for (bytes, code) in [(little, 0), (big, 0), (marked, 0), (odd, 3), (unmarked, 3)] {
        for name in ["rule.json", "rule.yaml"] {
            let mut command = assist_rules();
            std::fs::write(command.get_current_dir().unwrap().join(name), &bytes).unwrap();
            let ran = run(command.args(["validate", name]));
            assert_eq!(ran.code, Some(code), "{name} {ran}");
        }
    }
}

/// FIELD F4: links, endings in any case, hidden files, what is no file, and one bad argument beside good ones.
#[cfg(unix)]
#[test]
fn folders_are_walked_as_people_have_them() {
    use std::os::unix::fs::symlink;

    let mut command = assist_rules();
    let home = command.get_current_dir().unwrap().to_owned();
    let rules = home.join("rules");
    std::fs::create_dir_all(rules.join("deep")).unwrap();
    std::fs::create_dir_all(rules.join(".git")).unwrap();
    let bad = "{\"enabld\": true}";
    for name in [
        "rules/A.JSON",
        "rules/deep/b.Yml",
        "rules/.git/c.json",
        "elsewhere.json",
        "README.md",
    ] {
        std::fs::write(home.join(name), bad).unwrap();
    }
    symlink(&rules, rules.join("deep").join("up")).unwrap();
    symlink(home.join("elsewhere.json"), rules.join("link.json")).unwrap();
    symlink("nowhere", rules.join("broken.json")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(rules.join("pipe.json"))
        .status();
    assert!(made.unwrap().success());
    let ran = run(command.args(["validate", "missing.json", "rules", "elsewhere.json", "-o", "json"]));
    assert_eq!(ran.code, Some(64), "{ran}");
    let found = document(&ran);
    let files: Vec<&str> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["file"].as_str().unwrap())
        .collect();
    // FIELD G1: a file that is named twice, here by a link, is reported once.
    assert_eq!(files, ["rules/A.JSON", "rules/deep/b.Yml", "rules/link.json"]);
    for words in [
        "cannot read `missing.json`",
        "Passed over `rules/.git`: it is hidden.",
        "Passed over `rules/broken.json`: it leads nowhere.",
        "Passed over `rules/deep/up`: it was walked already.",
        "Passed over `rules/pipe.json`: it is no regular file.",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {ran}");
    }
}

#[test]
fn a_file_of_yaml_may_have_several_documents() {
    let text = "# shared\nid: r-1\nenabled: 1\n---\nid: r-2\nenabled: true\n---\n# nothing\n---\nid: r-1\nconditions: &c []\n...\n";
    let ran = validated("rules.yaml", text, &[]);
    expect![[r#"
        exit 3
        --- stdout
        error[AR0113]: the rule `r-1` stands in this file twice
         --> rules.yaml:2:5
          |
        2 | id: r-1
          |     ^^^ two documents are about one thing

        error[AR0108]: expected true or false, found a number
         --> rules.yaml:3:10
          |
        3 | enabled: 1
          |          ^ a value of the wrong type

        error[AR0113]: the rule `r-1` stands in this file twice
          --> rules.yaml:10:5
           |
        10 | id: r-1
           |     ^^^ two documents are about one thing

        warning[AR0208]: the rule has no conditions
          --> rules.yaml:11:16
           |
        11 | conditions: &c []
           |                ^ a rule without conditions

        3 errors, 1 warning in 1 file
        --- stderr
    "#]]
    .assert_eq(&shown(&ran));
    let summary = &document(&validated("rules.yaml", text, &["-o", "json"]))["summary"];
    assert_eq!(summary, &json!({"files": 1, "rules": 3, "errors": 3, "warnings": 1}));
    let whole = validated("rules.yaml", "id: r-1\nname: a\n---\nid: r-2\nname: b\n", &[]);
    assert_eq!(whole.code, Some(0), "{whole}");
}

#[test]
fn a_change_is_one_document() {
    let mut command = assist_rules();
    file(&command, "change.yaml", "name: a\n---\nname: b\n");
    let ran = run(command.args(["update", "--sandbox", "--from", "change.yaml"]));
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(
        ran.stderr.contains("more than one document") && ran.stderr.contains("change.yaml:3:1"),
        "{ran}"
    );
}

/// FIELD F5: two files of one rule, both named.
#[test]
fn two_files_of_one_rule_are_told_by_both_places() {
    let mut command = assist_rules();
    for (name, text) in [
        ("a.json", r#"{"id": "r1", "name": "A"}"#),
        ("b.yaml", "name: B\nid: r1\n"),
        ("c.json", r#"{"id": "r2", "name": "C"}"#),
    ] {
        file(&command, name, text);
    }
    let ran = run(command.args(["validate", "a.json", "b.yaml", "c.json", "-o", "json"]));
    assert_eq!(ran.code, Some(3), "{ran}");
    let findings = document(&ran)["findings"].clone();
    let all = findings.as_array().unwrap().iter();
    let same: Vec<_> = all.filter(|it| it["code"] == "AR0113").collect();
    let files: Vec<_> = same.iter().map(|it| it["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["a.json", "b.yaml"], "{ran}");
    assert_eq!(same[1]["range"]["start"]["line"], 2);
    assert!(same[0]["message"].as_str().unwrap().contains("`b.yaml`"), "{ran}");
}

/// FIELD B7: half a character is seen before anything is sent.
#[test]
fn half_a_character_is_warned_of_offline() {
    let text = r#"{"conditions": [{"type": "keyword", "field": "f", "operator": "contains", "value": "a\ud800b"}]}"#;
    let ran = validated("change.json", text, &["--fail-on", "warning"]);
    assert!(ran.code == Some(3) && ran.stdout.contains("AR0216"), "{ran}");
}

/// FIELD F3: an author's own members, and a change that names its rule.
#[test]
fn notes_are_taken_and_an_id_alone_makes_no_rule() {
    let sandbox = crate::sandbox::Sandbox::sample();
    let mut update = super::against(&sandbox);
    let id = emulator::SAMPLE_RULE_ID;
    let change = format!("$schema: x\nid: {id}\nx-why: &why legal asked\ndescription: *why\n");
    super::file(&update, "change.yaml", change);
    let ran = crate::binary::run(update.args(["update", "--from", "change.yaml"]));
    assert_eq!(ran.code, Some(0), "{ran}");
    let rule = sandbox.emulator.rule(id).unwrap();
    assert_eq!((&rule["description"], rule.get("x-why")), (&"legal asked".into(), None));
    let mut other = super::against(&sandbox);
    super::file(&other, "change.json", r#"{"id": "another", "name": "x"}"#);
    let ran = crate::binary::run(other.args(["update", "--from", "change.json"]));
    assert_eq!(ran.code, Some(3), "{ran}");
}

/// A reader of a report must not take an incomplete check for a whole one.
#[test]
fn a_file_that_could_not_be_read_is_in_every_report() {
    for (format, part) in [
        ("json", r#""message": "cannot read `absent.json`"#),
        ("sarif", r#""executionSuccessful": false"#),
        ("junit", r#"errors="1""#),
        ("github", "::error title=AR0604::cannot read `absent.json`"),
    ] {
        for others in [&["rule.json"] as &[&str], &[]] {
            let mut command = assist_rules();
            file(&command, "rule.json", r#"{"enabled": true}"#);
            let ran = run(command.args(["validate", "-o", format, "absent.json"]).args(others));
            assert!(ran.code == Some(64) && ran.stdout.contains(part), "{format}: {ran}");
        }
    }
    let whole = validated("rule.json", r#"{"enabled": true}"#, &["-o", "sarif"]);
    assert!(whole.stdout.contains(r#""executionSuccessful": true"#), "{whole}");
}
