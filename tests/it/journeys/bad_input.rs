//! Faults in the user's input: reported with their place, and nothing is sent.

use std::fs;

use expect_test::{Expect, expect};
use serde_json::json;

use super::{against, document, on, shown, writes};
use crate::{
    binary::{feed, new_home, run},
    sandbox::Sandbox,
};

#[test]
fn a_file_that_is_no_document_is_shown_where_it_breaks() {
    let sandbox = Sandbox::sample();
    let cases: [(&str, &[u8], Expect); 4] = [
        (
            "cut.json",
            b"{\n  \"name\": \"x\",\n",
            expect![[r#"
                error[AR0001]: expected the name of a member in quotes
                 --> cut.json:2:16
                  |
                2 |   "name": "x",
                  |               ^ the text is not JSON
                error[AR0001]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: what is asked for is not sound; nothing was sent
                  help: the findings say what to fix
            "#]],
        ),
        (
            "cut.yaml",
            b"enabled: false\nname: [1\n",
            expect![[r#"
                error[AR0002]: unclosed bracket '['
                 --> cut.yaml:2:7
                  |
                2 | name: [1
                  |       ^ the text is not YAML
                error[AR0002]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: what is asked for is not sound; nothing was sent
                  help: the findings say what to fix
            "#]],
        ),
        (
            "twice.yml",
            b"name: a\nname: b\n",
            expect![[r#"
                error[AR0003]: the member `name` stands twice in one object
                 --> twice.yml:2:1
                  |
                2 | name: b
                  | ^^^^ a member stands twice in one object
                error[AR0003]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: what is asked for is not sound; nothing was sent
                  help: the findings say what to fix
            "#]],
        ),
        (
            "latin.json",
            b"{\n  \"name\": \"caf\xe9\"\n}\n",
            expect![[r#"
            error[AR0001]: the text is not UTF-8
             --> latin.json:2:15
              |
            2 |   "name": "caf�"
              |               ^ the text is not JSON
              |
              = help: save the file as UTF-8
            error[AR0001]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: what is asked for is not sound; nothing was sent
              help: the findings say what to fix
        "#]],
        ),
    ];
    for (name, text, expected) in cases {
        let mut command = against(&sandbox);
        super::file(&command, name, text);
        let ran = run(command.args(["update", "--from", name]));
        assert_eq!(ran.code, Some(3), "{ran}");
        expected.assert_eq(&ran.stderr);
        let ran = run(command.args(["-o", "json"]));
        assert_eq!(
            (ran.code, &document(&ran)["changes"][0]["outcome"]),
            (Some(3), &json!("rejected"))
        );
    }
    assert!(sandbox.emulator.requests().is_empty());
}

#[test]
fn an_unknown_member_is_shown_with_the_one_that_was_meant() {
    let sandbox = Sandbox::sample();
    let change = "{\n  \"name\": \"X\",\n  \"enabld\": false\n}\n";
    let ran = feed(against(&sandbox).args(["update", "--from", "-"]), change);
    expect![[r#"
        exit 3
        --- stdout
        rejected  Credit Card Detection Rule (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          version        7
          time           <n> ms, 1 request
          recorded       entry 1, head <head>
          updates        0 of 1 carried out (0 %)
          correlation id <id>
        --- stderr
        error[AR0109]: unknown member `enabld`
         --> stdin:3:13
          |
        3 |   "enabld": false
          |             ^^^^^ unknown member
          |
          = help: did you mean `enabled`?
        error[AR0109]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: the rule would not be sound; nothing was sent
          help: the findings say what to fix
    "#]].assert_eq(&shown(&ran));
    assert_eq!(writes(&sandbox), 0);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let sandbox = Sandbox::sample();
    let change =
        r#"{"enabld": false, "conditions": [{"type": "keyword", "field": "f", "operator": "near", "value": 1}]}"#;
    let ran = feed(against(&sandbox).args(["update", "--from", "-", "-o", "json"]), change);
    let findings = document(&ran)["changes"][0]["findings"].clone();
    let codes: Vec<&str> = findings
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|found| found["code"].as_str())
        .collect();
    assert_eq!(
        (ran.code, codes.as_slice()),
        (Some(3), &["AR0109", "AR0101"] as &[&str]),
        "{ran}"
    );
}

#[test]
fn the_fifty_first_condition_is_one_too_many() {
    let sandbox = Sandbox::sample();
    let change = |count| {
        let condition = |number| json!({"type": "keyword", "field": "f", "operator": "equals", "value": number});
        json!({"conditions": (0..count).map(condition).collect::<Vec<_>>()}).to_string()
    };
    let ran = feed(
        against(&sandbox).args(["update", "--from", "-", "-o", "json"]),
        &change(51),
    );
    assert_eq!(ran.code, Some(3), "{ran}");
    assert_eq!(document(&ran)["changes"][0]["findings"][0]["code"], "AR0103");
    assert_eq!(writes(&sandbox), 0);
    let ran = feed(
        against(&sandbox).args(["update", "--from", "-", "-o", "json"]),
        &change(50),
    );
    assert_eq!((ran.code, writes(&sandbox)), (Some(0), 1), "{ran}");
}

#[test]
fn what_cannot_be_a_rule_id_is_not_sent() {
    let sandbox = Sandbox::sample();
    let long = "a".repeat(129);
    let ids = [
        "a/b",
        "..",
        ".",
        "%2e",
        "%2e%2e",
        "",
        "-x",
        "a\nb",
        "rule/",
        "copilot/a/b/c",
        "queue/a",
        &long,
    ];
    for id in ids {
        for command in [
            &["get"] as &[&str],
            &["update", "--enable"],
            &["diff", "--enable"],
            &["doctor"],
        ] {
            let ran = on(&sandbox, &[command, &["--", id]].concat());
            assert_eq!(ran.code, Some(64), "{id}: {ran}");
            let ran = run(against(&sandbox)
                .args(command)
                .env("GENESYS_RULE_ID", if id.is_empty() { "/" } else { id }));
            assert_eq!(ran.code, Some(64), "{id}: {ran}");
        }
    }
    assert!(sandbox.emulator.requests().is_empty());
    // These are names, and are looked up in the listing.
    for name in ["a b", "é", "a?b", "a#b"] {
        let ran = on(&sandbox, &["update", "--enable", "--", name]);
        assert_eq!(ran.code, Some(1), "{name}: {ran}");
    }
    let sent = sandbox.emulator.requests();
    assert!(
        sent.iter()
            .all(|seen| seen.method != "PUT" && seen.kind != emulator::Kind::Get),
        "{sent:?}"
    );
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error[AR0605]: a rule's id has letters, digits, `_` and `-`, and starts with a letter or digit: `../x` has '.'
          help: A rule's id has 1 to 128 letters, digits, `_` and `-`, and starts with a letter or digit. Nothing was sent.
    "#]].assert_eq(&shown(&on(&sandbox, &["get", "../x"])));
}

#[test]
fn a_file_that_cannot_be_read_is_a_wrong_command_line() {
    let sandbox = Sandbox::sample();
    for from in ["absent.json", "."] {
        let ran = on(&sandbox, &["update", "--from", from, "-o", "json"]);
        let error = document(&ran);
        assert_eq!(
            (ran.code, &error["kind"], &error["code"]),
            (Some(64), &json!("error"), &json!("AR0604"))
        );
    }
    assert!(sandbox.emulator.requests().is_empty());
}

/// A merge may leave its marks in the manifest of a folder.
#[test]
fn a_manifest_that_is_none_is_told_once_for_all_files() {
    let sandbox = Sandbox::sample();
    let home = new_home();
    fs::create_dir_all(home.join("rules/more")).unwrap();
    fs::write(home.join("rules/.assist-rules.json"), "<<<<<<< ours\n").unwrap();
    for name in ["one", "two", "more/three"] {
        let id = name.replace('/', "-");
        fs::write(home.join(format!("rules/{name}.json")), format!(r#"{{"id":"{id}"}}"#)).unwrap();
    }
    for command in ["validate", "plan"] {
        let ran = run(against(&sandbox).current_dir(&home).args([command, "rules"]));
        let times = ran.stderr.matches("is no manifest of a folder").count();
        assert_eq!((ran.code, times), (Some(64), 1), "{command} {ran}");
    }
    assert!(sandbox.emulator.requests().is_empty());
}

#[test]
fn a_file_that_is_too_large_or_too_deep_is_refused_and_not_read_to_its_end() {
    let sandbox = Sandbox::sample();
    let large = format!(r#"{{"name": "{}"}}"#, "x".repeat(3 << 20));
    let deep = format!(r#"{{"name": {}"#, "[".repeat(100_000));
    let deep_yaml = format!("name: {}", "[".repeat(100_000));
    let levels = (b'b'..b'j').map(|level| {
        let below = format!("*{}", char::from(level - 1));
        format!("{0}: &{0} [{1}]\n", char::from(level), vec![below; 10].join(", "))
    });
    let bomb = format!("a: &a [x, x, x]\n{}", levels.collect::<String>());
    for (text, code) in [
        (large, "AR0004"),
        (deep, "AR0005"),
        (deep_yaml, "AR0005"),
        (bomb, "AR0004"),
    ] {
        let ran = feed(against(&sandbox).args(["update", "--from", "-", "-o", "json"]), &text);
        let found = document(&ran)["changes"][0]["findings"][0]["code"].clone();
        assert_eq!((ran.code, found), (Some(3), json!(code)), "{}", ran.stderr);
    }
    assert!(sandbox.emulator.requests().is_empty());
}

#[test]
fn what_a_file_holds_does_nothing_to_a_terminal() {
    let sandbox = Sandbox::sample();
    let change = "{\"name\": \"\u{1b}[31m\u{9b}2J\u{202e}x\", \"na\u{1b}]0;me\": 1}";
    let ran = feed(against(&sandbox).args(["diff", "--from", "-"]), change);
    assert!(!ran.to_string().contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{ran:?}");
    sandbox
        .emulator
        .edit_rule(emulator::SAMPLE_RULE_ID, |rule| {
            rule["name"] = json!("\u{1b}[31m\u{202e}");
        })
        .unwrap();
    for args in [&["get"] as &[&str], &["list"], &["diff", "--name", "X"]] {
        let ran = on(&sandbox, args);
        assert!(!ran.to_string().contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{ran:?}");
    }
}
