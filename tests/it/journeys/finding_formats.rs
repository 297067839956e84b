//! Findings in each form that `validate` prints.

use std::{fs, process::Command};

use expect_test::expect;
use serde_json::{Value, json};

use super::{document, file, shown, validating::validated};
use crate::{
    binary::{assist_rules, run},
    repository::root,
};

const FAULTY_JSON: &str = r#"{
  "conditions": [
    {"type": "keyword", "field": "conversation.text", "operator": "near", "value": "é x"},
    {"type": "sentiment", "field": "conversation.sentiment", "operator": "lt", "value": "0.4"},
    {"type": "sentiment", "field": "conversation.sentiment", "operator": "lt"}
  ],
  "actions": [],
  "enabld": true
}
"#;

const FAULTY_YAML: &str = "\
# A comment, which YAML may have.
conditions:
  - type: keyword
    field: conversation.text
    operator: regex
    value: \"a(b\"
enabled: no
";

#[test]
fn findings_are_shown_in_json() {
    expect![[r#"
        exit 3
        --- stdout
        error[AR0101]: unknown operator `near`
         --> rule.json:3:67
          |
        3 |     {"type": "keyword", "field": "conversation.text", "operator": "near", "value": "é x"},
          |                                                                   ^^^^^^ unknown operator
          |
          = help: known here: contains, equals, starts_with, ends_with, regex, gt, lt

        error[AR0102]: `lt` takes a finite number
         --> rule.json:4:89
          |
        4 |     {"type": "sentiment", "field": "conversation.sentiment", "operator": "lt", "value": "0.4"},
          |                                                                                         ^^^^^ operator and value do not fit
          |
          = help: write it without quotes: 0.4

        error[AR0105]: a condition needs `value`
         --> rule.json:5:5
          |
        5 |     {"type": "sentiment", "field": "conversation.sentiment", "operator": "lt"}
          |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a required member is missing

        warning[AR0209]: the rule has no actions
         --> rule.json:7:14
          |
        7 |   "actions": [],
          |              ^^ a rule without actions

        error[AR0109]: unknown member `enabld`
         --> rule.json:8:13
          |
        8 |   "enabld": true
          |             ^^^^ unknown member
          |
          = help: did you mean `enabled`?

        4 errors, 1 warning in 1 file
        --- stderr
    "#]].assert_eq(&shown(&validated("rule.json", FAULTY_JSON, &[])));
}

#[test]
fn findings_are_shown_in_yaml() {
    expect![[r#"
        exit 3
        --- stdout
        error[AR0110]: the regular expression breaks at its character 2: unclosed group
         --> rule.yaml:6:12
          |
        6 |     value: "a(b"
          |            ^^^^^ the regular expression cannot be used

        error[AR0108]: expected true or false, found a text
         --> rule.yaml:7:10
          |
        7 | enabled: no
          |          ^^ a value of the wrong type

        2 errors, 0 warnings in 1 file
        --- stderr
    "#]]
    .assert_eq(&shown(&validated("rule.yaml", FAULTY_YAML, &[])));
}

#[test]
fn findings_are_a_document() {
    expect![[r#"
        exit 3
        --- stdout
        {
          "format_version": "1.0",
          "kind": "findings",
          "findings": [
            {
              "code": "AR0110",
              "severity": "error",
              "message": "the regular expression breaks at its character 2: unclosed group",
              "pointer": "/conditions/0/value",
              "file": "rule.yaml",
              "range": {
                "start": {
                  "line": 6,
                  "column": 12
                },
                "end": {
                  "line": 6,
                  "column": 17
                }
              }
            },
            {
              "code": "AR0108",
              "severity": "error",
              "message": "expected true or false, found a text",
              "pointer": "/enabled",
              "file": "rule.yaml",
              "range": {
                "start": {
                  "line": 7,
                  "column": 10
                },
                "end": {
                  "line": 7,
                  "column": 12
                }
              }
            }
          ],
          "unread": [],
          "summary": {
            "files": 1,
            "rules": 1,
            "errors": 2,
            "warnings": 0
          }
        }
        --- stderr
    "#]]
    .assert_eq(&shown(&validated("rule.yaml", FAULTY_YAML, &["-o", "json"])));
}

#[test]
fn findings_are_annotations() {
    expect![[r#"
        exit 3
        --- stdout
        ::error file=a%2Cb.json,line=3,col=67,endLine=3,endColumn=73,title=AR0101::unknown operator `near` (known here: contains, equals, starts_with, ends_with, regex, gt, lt)
        ::error file=a%2Cb.json,line=4,col=89,endLine=4,endColumn=94,title=AR0102::`lt` takes a finite number (write it without quotes: 0.4)
        ::error file=a%2Cb.json,line=5,col=5,endLine=5,endColumn=79,title=AR0105::a condition needs `value`
        ::error file=a%2Cb.json,line=8,col=13,endLine=8,endColumn=17,title=AR0109::unknown member `enabld` (did you mean `enabled`?)
        ::warning file=a%2Cb.json,line=7,col=14,endLine=7,endColumn=16,title=AR0209::the rule has no actions
        4 errors, 1 warning
        --- stderr
    "#]].assert_eq(&shown(&validated("a,b.json", FAULTY_JSON, &["-o", "github"])));
}

#[test]
fn findings_are_a_junit_report() {
    expect![[r#"
        exit 3
        --- stdout
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
          <testsuite name="assist-rules validate" tests="1" failures="1" errors="0" skipped="0">
            <testcase classname="assist-rules" name="a&amp;b.json">
              <failure type="AR0101" message="3:67: unknown operator `near`">known here: contains, equals, starts_with, ends_with, regex, gt, lt</failure>
              <failure type="AR0102" message="4:89: `lt` takes a finite number">write it without quotes: 0.4</failure>
              <failure type="AR0105" message="5:5: a condition needs `value`"></failure>
              <failure type="AR0109" message="8:13: unknown member `enabld`">did you mean `enabled`?</failure>
              <system-out>AR0209 7:14: the rule has no actions</system-out>
            </testcase>
          </testsuite>
        </testsuites>
        --- stderr
    "#]].assert_eq(&shown(&validated("a&b.json", FAULTY_JSON, &["-o", "junit"])));
}

#[test]
fn findings_are_a_sarif_log() {
    let ran = validated("a b.json", FAULTY_JSON, &["-o", "sarif"]);
    assert_eq!(ran.code, Some(3));
    let log = document(&ran);
    let run = &log["runs"][0];
    expect![[r#"
        {
          "ruleId": "AR0101",
          "level": "error",
          "message": {
            "text": "unknown operator `near`; known here: contains, equals, starts_with, ends_with, regex, gt, lt"
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "a%20b.json"
                },
                "region": {
                  "startLine": 3,
                  "startColumn": 67,
                  "endLine": 3,
                  "endColumn": 73
                }
              },
              "logicalLocations": [
                {
                  "fullyQualifiedName": "/conditions/0/operator"
                }
              ]
            }
          ]
        }"#]]
    .assert_eq(&format!("{:#}", run["results"][0]));
    let known = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        assert!(known.iter().any(|rule| rule["id"] == result["ruleId"]), "{result}");
    }
}

/// FIELD G2: GitHub shows ten of a severity, so the most severe stand first, and the counts last.
#[test]
fn github_is_given_what_it_shows_and_the_counts() {
    let bad = r#"{"type": "x", "field": "f", "operator": "near", "value": "a"}"#;
    let conditions = vec![bad; 15].join(",\n");
    let ran = validated(
        "rule.json",
        &format!("{{\"conditions\": [{conditions}], \"enabld\": 1}}"),
        &["-o", "github"],
    );
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let starting = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((starting("::error "), starting("::warning ")), (10, 10), "{ran}");
    assert!(lines.iter().take(10).all(|line| line.starts_with("::error ")), "{ran}");
    assert_eq!(
        lines.last().unwrap(),
        &"16 errors, 15 warnings; 11 are not shown above, since GitHub shows 10 of a severity"
    );
}

/// FIELD G2: well-formed for any text, with counts that agree.
#[test]
fn a_junit_report_is_well_formed_for_any_text() {
    let text = "{\"conditions\": [{\"type\": \"a\\u0000\u{ffff}\u{fffe}<&>\\u001b]]>\", \"field\": \"f\", \"operator\": \"x\", \"value\": 1}]}";
    let ran = validated("<&\">.json", text, &["-o", "junit"]);
    assert!(
        !ran.stdout.contains(['\u{ffff}', '\u{fffe}', '\u{0}', '\u{1b}']),
        "{ran}"
    );
    assert!(ran.stdout.contains("tests=\"1\" failures=\"1\""), "{ran}");
    let output = ran.stdout.find("<system-out>").unwrap();
    assert!(ran.stdout.rfind("<failure").unwrap() < output, "{ran}");
}

#[test]
fn what_is_sound_is_told_in_every_format() {
    let change = emulator::SAMPLE_CHANGE;
    for (format, said) in [
        ("human", "0 errors, 0 warnings in 1 file\n"),
        ("github", ""),
        (
            "yaml",
            "format_version: \"1.0\"\nkind: findings\nfindings: []\nunread: []\nsummary:\n  files: 1\n  rules: 1\n  errors: 0\n  warnings: 0\n",
        ),
    ] {
        let ran = validated("change.json", change, &["-o", format]);
        assert_eq!(
            (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
            (Some(0), said, "")
        );
    }
    let none: Value = document(&validated("change.json", change, &["-o", "sarif"]))["runs"][0]["results"].clone();
    assert_eq!(none, json!([]));
}

/// FIELD G1: GitHub takes the findings, by the tool of those who wrote the format.
#[test]
fn findings_are_what_github_takes() {
    let tools = root().join("target/tools");
    let folders = fs::read_dir(tools)
        .into_iter()
        .flatten()
        .flatten()
        .map(|folder| folder.path());
    let script = folders
        .map(|folder| folder.join("node_modules/@microsoft/sarif-multitool/bin.js"))
        .find(|script| script.is_file());
    let Some(script) = script else {
        ports::testing::skip(
            "findings_are_what_github_takes",
            "it needs sarif-multitool (cargo xtask tools sarif-multitool)",
        );
        return;
    };
    // Why: scripts of packages are not run, and one would do this.
    #[cfg(unix)]
    for system in ["linux", "darwin"] {
        use std::os::unix::fs::PermissionsExt as _;
        let packages = script.parent().and_then(|package| package.parent()).unwrap();
        let program = packages.join(format!("sarif-multitool-{system}/Sarif.Multitool"));
        if program.is_file() {
            fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    let mut validate = assist_rules();
    validate.args(["validate", "a b.json", "é/bad.yaml", "cut.json", "-o", "sarif"]);
    file(
        &validate,
        "a b.json",
        r#"{"conditions": [{"operator": "near", "value": "<&\u001b>"}], "x": 1}"#,
    );
    file(&validate, "é/bad.yaml", "id: !tag a\nname: ' x'\n");
    file(&validate, "cut.json", "{");
    let printed = run(&mut validate);
    assert_eq!(printed.code, Some(3), "{printed}");
    let log = file(&validate, "log.sarif", &printed.stdout);
    let mut github = Command::new("node");
    // Why: its runtime else asks for the tables of languages, which small machines have not.
    github.env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
    let ran = run(github
        .arg(script)
        .arg("validate")
        .arg(log)
        .args(["--rule-kind", "Ghas"]));
    assert_eq!(ran.code, Some(0), "{ran}");
    let found = ["warning", "error"].map(|severity| ran.to_string().contains(&format!(": {severity} ")));
    assert_eq!(found, [false, false], "{ran}");
}
