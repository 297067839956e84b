//! The rule moved: exit 4, both sides shown, nothing overwritten.

use emulator::SAMPLE_RULE_ID;
use expect_test::expect;

use super::{document, on, sandbox_with, shown, writes};
use crate::sandbox::Sandbox;

const THEIRS: &str = r#"{"faults": [{"on": {"kind": "put"}, "do": {"edit_between": {"merge": {"name": "Theirs"}}}}]}"#;

#[test]
fn a_stale_version_overwrites_nothing_and_shows_three_sides() {
    let sandbox = sandbox_with(THEIRS);
    expect![[r#"
        exit 4
        --- stdout
        --- a1b2c3d4-e5f6-7890-abcd-ef1234567890 (version 7)
        +++ a1b2c3d4-e5f6-7890-abcd-ef1234567890 (your change)
        @@ -1,7 +1,7 @@
         {
           "id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
           "etag": "7",
        -  "name": "Credit Card Detection Rule",
        +  "name": "Ours",
           "description": "Triggers assist when customer mentions payment failure",
           "ruleType": "conversation",
           "enabled": true,

        conflict  Ours (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          version        7 when it was read, 8 now

          /name
            base    "Credit Card Detection Rule"
            ours    "Ours"
            theirs  "Theirs"

          what they changed
            /name  "Credit Card Detection Rule" → "Theirs"

          time           <n> ms, 3 requests
          recorded       entry 1, head <head>
          updates        0 of 1 carried out (0 %)
          correlation id <id>
        --- stderr
        error[AR0502]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: somebody else changed it meanwhile; nothing was overwritten
          help: look at both sides; then run the command again: it starts from the rule as it is now, or `--on-conflict ours` overwrites what collides, and says what it was
          correlation id: <id>
        next: assist-rules update a1b2c3d4-e5f6-7890-abcd-ef1234567890 --name Ours --on-conflict ours --dry-run
    "#]].assert_eq(&shown(&on(&sandbox, &["update", "--name", "Ours"])));
    assert_eq!(sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["name"], "Theirs");
    assert_eq!(writes(&sandbox), 1);
}

#[test]
fn a_stale_version_is_told_as_json() {
    let sandbox = sandbox_with(THEIRS);
    let ran = on(&sandbox, &["update", "--name", "Ours", "-o", "json"]);
    assert_eq!(ran.code, Some(4), "{ran}");
    let result = document(&ran);
    assert_eq!(result["summary"]["conflict"], 1);
    let change = &result["changes"][0];
    expect![[r#"
        [
          {
            "path": "/name",
            "base": "Credit Card Detection Rule",
            "ours": "Ours",
            "theirs": "Theirs"
          }
        ]
        {
          "code": "AR0502",
          "message": "cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: somebody else changed it meanwhile; nothing was overwritten",
          "status": null,
          "context_id": null,
          "correlation_id": "<id>",
          "retryable": false,
          "platform_code": null,
          "details": [],
          "limit": null,
          "help": "look at both sides; then run the command again: it starts from the rule as it is now, or `--on-conflict ours` overwrites what collides, and says what it was"
        }"#]].assert_eq(&super::redacted(&format!(
        "{:#}\n{:#}",
        change["conflicts"], change["error"]
    )));
}

#[test]
fn a_version_that_was_named_must_be_the_stored_one() {
    let sandbox = Sandbox::sample();
    expect![[r#"
        exit 4
        --- stdout
        conflict  Credit Card Detection Rule (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          version        7; the change was made for 3

          /name
            base    not known
            ours    "X"
            theirs  "Credit Card Detection Rule"

          time           <n> ms, 1 request
          recorded       entry 1, head <head>
          updates        0 of 1 carried out (0 %)
          correlation id <id>
        --- stderr
        error[AR0502]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: it is not at version 3
          help: fetch the rule anew, or name the version that it has now
          correlation id: <id>
        next: assist-rules get a1b2c3d4-e5f6-7890-abcd-ef1234567890
    "#]]
    .assert_eq(&shown(&on(&sandbox, &["update", "--name", "X", "--if-version", "3"])));
    let ran = on(&sandbox, &["update", "--name", "X", "--if-version", "3", "-o", "json"]);
    assert_eq!(ran.code, Some(4), "{ran}");
    assert_eq!(document(&ran)["changes"][0]["error"]["code"], "AR0502");
    assert_eq!(writes(&sandbox), 0);
    let ran = on(&sandbox, &["update", "--name", "X", "--if-version", "7"]);
    assert_eq!((ran.code, writes(&sandbox)), (Some(0), 1), "{ran}");
}

#[test]
fn what_cannot_be_a_version_is_a_wrong_command_line() {
    let sandbox = Sandbox::sample();
    for version in ["", "*", "W/\"7\"", "a b", "é"] {
        let ran = on(&sandbox, &["update", "--name", "X", "--if-version", version]);
        assert_eq!(ran.code, Some(64), "{version}: {ran}");
    }
    assert!(sandbox.emulator.requests().is_empty());
}

/// A gateway's 404 in JSON cannot be told from the platform's: the report says what was seen, and blames nobody.
#[test]
fn a_rule_that_is_out_of_sight_after_a_refusal_is_not_said_to_be_changed() {
    let sandbox = sandbox_with(
        r#"{"faults": [{"on": {"kind": "put"}, "do": {"status": {"code": 412}}},
            {"on": {"kind": "get", "skip": 1}, "times": 9, "do": {"status": {"code": 404, "body": {"message": "Not Found"}}}}]}"#,
    );
    let ran = on(&sandbox, &["update", SAMPLE_RULE_ID, "--name", "Ours"]);
    assert_eq!(ran.code, Some(4));
    let error = ran.stderr.split_once("error[").unwrap().1;
    expect![[r#"
        AR0502]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: it was there when it was read, and 404 is the answer to it now
          help: somebody deleted it, or something on the way answers in the platform's place: if `get` shows it, run the command again
    "#]]
    .assert_eq(&error.split_inclusive('\n').take(2).collect::<String>());
    assert_eq!(
        ran.stderr.lines().last(),
        Some("next: assist-rules get a1b2c3d4-e5f6-7890-abcd-ef1234567890")
    );
}
