//! `update` and `diff`: the request, the write, the report.

use emulator::{SAMPLE_CHANGE, SAMPLE_RULE_ID};
use expect_test::expect;

use super::{against, document, file, on, shown, writes};
use crate::{
    binary::{assist_rules, feed, run},
    sandbox::Sandbox,
};

#[test]
fn the_sample_change_is_applied_to_the_sample_rule() {
    let sandbox = Sandbox::sample();
    let ran = feed(against(&sandbox).args(["update", "--from", "-"]), SAMPLE_CHANGE);
    expect![[r#"
        exit 0
        --- stdout
        --- a1b2c3d4-e5f6-7890-abcd-ef1234567890 (version 7)
        +++ a1b2c3d4-e5f6-7890-abcd-ef1234567890 (your change)
        @@ -10,13 +10,19 @@
               "type": "keyword",
               "field": "conversation.text",
               "operator": "contains",
        -      "value": "credit card declined"
        +      "value": "billing dispute"
        +    },
        +    {
        +      "type": "sentiment",
        +      "field": "conversation.sentiment",
        +      "operator": "lt",
        +      "value": 0.4
             }
           ],
           "actions": [
             {
               "type": "display",
        -      "templateId": "tmpl_98765",
        +      "templateId": "tmpl_billing_01",
               "priority": 1
             }
           ]

        applied  Credit Card Detection Rule (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          version        7 → 8
          time           <n> ms, 2 requests
          recorded       entry 1, head <head>
          updates        1 of 1 carried out (100 %)
        --- stderr
    "#]]
    .assert_eq(&shown(&ran));
    let stored = sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    let asked: serde_json::Value = serde_json::from_str(SAMPLE_CHANGE).unwrap();
    assert_eq!(stored["conditions"], asked["conditions"]);
    assert_eq!(stored["name"], "Credit Card Detection Rule");
}

#[test]
fn an_applied_change_is_told_as_json() {
    let sandbox = Sandbox::sample();
    expect![[r#"
        exit 0
        --- stdout
        {
          "format_version": "1.0",
          "kind": "result",
          "run_id": "<id>",
          "exit_code": 0,
          "target": {
            "api": "http://127.0.0.1:<port>",
            "org": {
              "id": "<id>",
              "name": "Sandbox"
            },
            "sandbox": false
          },
          "changes": [
            {
              "document": "rule/a1b2c3d4-e5f6-7890-abcd-ef1234567890",
              "id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
              "name": "Ours",
              "outcome": "applied",
              "guard": "etag",
              "version_before": "7",
              "version_after": "8",
              "attempts": 1,
              "requests": 2,
              "merges": 0,
              "waited_ms": 0,
              "latency_ms": <n>,
              "confirmed_by": "answer",
              "correlation_id": "<id>",
              "diff": [
                {
                  "path": "/name",
                  "before": "Credit Card Detection Rule",
                  "after": "Ours"
                }
              ],
              "conflicts": [],
              "theirs_changed": [],
              "findings": [],
              "entry": 1,
              "error": null
            }
          ],
          "summary": {
            "applied": 1,
            "unchanged": 0,
            "conflict": 0,
            "rejected": 0,
            "denied": 0,
            "failed": 0,
            "deferred": 0,
            "unknown": 0,
            "overwritten": 0,
            "planned": 0,
            "not_attempted": 0
          },
          "activation": {
            "attempted": 1,
            "activated": 1,
            "rate": 1.0
          },
          "delivery": {
            "queued": 0,
            "delivered": 0,
            "failed": 0
          },
          "head": "<head>"
        }
        --- stderr
    "#]]
    .assert_eq(&shown(&on(&sandbox, &["update", "--name", "Ours", "-o", "json"])));
    let put = sandbox.emulator.requests().pop().unwrap();
    assert_eq!((put.method.as_str(), put.if_match.as_deref()), ("PUT", Some("7")));
}

#[test]
fn an_applied_change_is_told_as_yaml() {
    let ran = on(&Sandbox::sample(), &["update", "--disable", "-o", "yaml"]);
    assert!(
        ran.stdout.starts_with("format_version: \"1.0\"\nkind: result\n"),
        "{ran}"
    );
    assert!(ran.stdout.contains("  outcome: applied\n"), "{ran}");
}

#[test]
fn what_the_rule_says_already_is_not_sent() {
    let sandbox = Sandbox::sample();
    expect![[r#"
        exit 0
        --- stdout
        unchanged  Credit Card Detection Rule (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          version        7
          time           <n> ms, 1 request
          recorded       entry 1, head <head>
          updates        1 of 1 carried out (100 %)
        --- stderr
    "#]]
    .assert_eq(&shown(&on(&sandbox, &["update", "--enable"])));
    let ran = on(&sandbox, &["update", "--enable", "-o", "json", "--detailed-exitcode"]);
    let result = document(&ran);
    assert_eq!(ran.code, Some(0));
    assert_eq!(result["changes"][0]["outcome"], "unchanged");
    assert_eq!(result["activation"]["rate"], 1.0);
    assert_eq!(writes(&sandbox), 0);
}

#[test]
fn flags_and_file_name_the_change_together() {
    let sandbox = Sandbox::sample();
    let mut command = against(&sandbox);
    let change = super::file(&command, "change.yml", "name: from the file\nenabled: false\n");
    command
        .args(["update", "--description", "by flag", "--from"])
        .arg(change);
    let ran = run(&mut command);
    assert_eq!(ran.code, Some(0), "{ran}");
    let stored = sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    assert_eq!(
        (&stored["name"], &stored["description"], &stored["enabled"]),
        (&"from the file".into(), &"by flag".into(), &false.into())
    );
}

#[test]
fn a_warning_is_told_and_fails_only_where_it_is_to() {
    let sandbox = Sandbox::sample();
    let change = r#"{"actions": []}"#;
    let ran = feed(
        against(&sandbox).args(["update", "--from", "-", "--fail-on", "warning"]),
        change,
    );
    assert_eq!((ran.code, writes(&sandbox)), (Some(3), 0), "{ran}");
    let ran = feed(against(&sandbox).args(["update", "--from", "-"]), change);
    expect![[r#"
        exit 0
        --- stdout
        --- a1b2c3d4-e5f6-7890-abcd-ef1234567890 (version 7)
        +++ a1b2c3d4-e5f6-7890-abcd-ef1234567890 (your change)
        @@ -13,11 +13,5 @@
               "value": "credit card declined"
             }
           ],
        -  "actions": [
        -    {
        -      "type": "display",
        -      "templateId": "tmpl_98765",
        -      "priority": 1
        -    }
        -  ]
        +  "actions": []
         }

        applied  Credit Card Detection Rule (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          version        7 → 8
          time           <n> ms, 2 requests
          recorded       entry 1, head <head>
          updates        1 of 1 carried out (100 %)
        --- stderr
        warning[AR0209]: the rule has no actions
         --> stdin:1:13
          |
        1 | {"actions": []}
          |             ^^ a rule without actions
    "#]]
    .assert_eq(&shown(&ran));
}

#[test]
fn nothing_named_is_a_wrong_command_line() {
    let sandbox = Sandbox::sample();
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error[AR0111]: nothing to change is named
          help: name something with --from FILE, --name, --description, --enable or --disable
    "#]]
    .assert_eq(&shown(&on(&sandbox, &["update"])));
    for change in ["{}", ""] {
        let ran = feed(against(&sandbox).args(["update", "--from", "-"]), change);
        assert!(ran.code == Some(64) || ran.code == Some(3), "{ran}");
    }
    assert!(sandbox.emulator.requests().is_empty());
}

#[test]
fn a_rule_must_be_named() {
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error[AR0601]: no rule is named
          help: give its id or its name, or set GENESYS_RULE_ID
    "#]]
    .assert_eq(&shown(&run(assist_rules().args(["update", "--enable"]))));
}

/// A pipe that has the change is read once.
#[cfg(unix)]
#[test]
fn a_change_from_a_pipe_is_not_read_for_its_rule() {
    let mut update = assist_rules();
    update.args(["update", "--sandbox", "--from", "/dev/stdin"]);
    let ran = feed(&mut update, "{\"name\": \"Ours\"}");
    assert!(ran.code == Some(0) && ran.stdout.contains("Ours"), "{ran}");
}

/// A file that names its rule needs no second word for it; a file that is not there is told first.
#[test]
fn a_file_names_its_rule() {
    let sandbox = Sandbox::sample();
    let on = |args: &[&str]| {
        let mut command = against(&sandbox);
        command.env_remove("GENESYS_RULE_ID");
        file(&command, "change.yaml", format!("id: {SAMPLE_RULE_ID}\nname: Ours\n"));
        file(&command, "none.yaml", "name: Ours\n");
        run(command.args(args))
    };
    let ran = on(&["diff", "--from", "change.yaml", "-o", "json"]);
    assert_eq!(document(&ran)["changes"][0]["outcome"], "planned", "{ran}");
    let ran = on(&["update", "--from", "change.yaml"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["name"], "Ours");
    for (name, message) in [
        ("none.yaml", "no rule is named"),
        ("absent.yaml", "cannot read `absent.yaml`"),
    ] {
        let ran = on(&["diff", "--from", name]);
        assert!(ran.code == Some(64) && ran.stderr.contains(message), "{ran}");
    }
}

/// `enable` and `disable` are short for `update`.
#[test]
fn a_rule_is_switched_on_and_off_by_a_command_of_its_own() {
    let sandbox = Sandbox::sample();
    for (args, code, enabled) in [
        (&["disable"] as &[&str], 0, false),
        (&["disable"], 0, false),
        (&["enable", "--dry-run", "--detailed-exitcode"], 2, false),
        (&["enable", SAMPLE_RULE_ID, "--reason", "back from lunch"], 0, true),
        (&["enable", "--if-version", "1"], 4, true),
    ] {
        let ran = on(&sandbox, args);
        assert_eq!(ran.code, Some(code), "{args:?} {ran}");
        let rule = sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
        assert_eq!(rule["enabled"], enabled, "{args:?}");
    }
}
