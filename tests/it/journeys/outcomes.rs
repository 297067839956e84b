//! Updates that end otherwise than applied: rejected, denied, deferred, failed, unknown.

use emulator::{Client, Emulator, Permission};
use expect_test::{Expect, expect};
use serde_json::json;

use super::{document, on, sandbox_with, shown, writes};
use crate::sandbox::Sandbox;

fn on_put(deed: &str) -> Sandbox {
    sandbox_with(&format!(
        r#"{{"faults": [{{"on": {{"kind": "put"}}, "times": 100, "do": {deed}}}]}}"#
    ))
}

#[test]
fn each_outcome_has_its_words_and_its_exit_code() {
    let cases: [(&str, i32, &str, Expect); 4] = [
        (
            r#"{"status": {"code": 400, "body": {"message": "No more than 3 rules."}}}"#,
            1,
            "rejected",
            expect![[r#"
                rejected  Ours (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
                  version        7
                  time           <n> ms, 2 requests
                  recorded       entry 1, head <head>
                  updates        0 of 1 carried out (0 %)
                  correlation id <id>
                --- stderr
                error[AR0505]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: No more than 3 rules.
                  help: The server answered 400, or 409 or 412 although the rule had not moved: a name that is taken, a limit that this program does not know, or something on the way that rewrites the version. Nobody else changed the rule, and nothing was written. The server's own words stand in the message; the correlation id is what Genesys support asks for. After 412 the same command may pass a moment later: a replica may lag.
                  correlation id: <id>
            "#]],
        ),
        (
            r#"{"status": {"code": 429, "retry_after": 3600}}"#,
            7,
            "deferred",
            expect![[r#"
                deferred  Ours (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
                  version        7
                  time           <n> ms, 2 requests
                  recorded       entry 1, head <head>
                  retry at       <time>
                  updates        0 of 1 carried out (0 %)
                  correlation id <id>
                --- stderr
                error[AR0506]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: This answer is an injected fault.
                  help: The organization's limit is spent, and waiting as long as the server asks would go past the deadline. Nothing was changed. Run the command again at the time that the report names, or raise `--deadline`.
                  context id: <id>
                  correlation id: <id>
            "#]],
        ),
        (
            r#"{"drop_before": {}}"#,
            11,
            "unknown",
            expect![[r#"
                unknown  Ours (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
                  version        7
                  time           <n> ms, 9 requests
                  recorded       entry 1, head <head>
                  updates        0 of 1 carried out (0 %)
                  correlation id <id>
                --- stderr
                error[AR0508]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: the answer was lost: connection closed before message completed
                  help: A write was sent, and its answer never came or said nothing. It may have been applied, and it may still be. The next command that writes, or `assist-rules reconcile`, finds out as soon as it can be known. The same command is safe to run again: it starts from the rule as it is then.
                next: assist-rules reconcile --quiet
            "#]],
        ),
        (
            r#"{"status": {"code": 404}}"#,
            1,
            "failed",
            expect![[r#"
                failed  Ours (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
                  version        7
                  time           <n> ms, 2 requests
                  recorded       entry 1, head <head>
                  updates        0 of 1 carried out (0 %)
                  correlation id <id>
                --- stderr
                error[AR0501]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: the server answered 404: there is no such rule, or the organization lacks the trigger-rule contract: This answer is an injected fault.
                  help: the organization has rules, and none of this id: `assist-rules list` shows them; `name:TEXT` names one by its name
                  context id: <id>
                  correlation id: <id>
            "#]],
        ),
    ];
    for (deed, code, outcome, expected) in cases {
        let sandbox = on_put(deed);
        let ran = on(&sandbox, &["update", "--name", "Ours", "-q"]);
        assert_eq!(ran.code, Some(code), "{deed}: {ran}");
        // How often it waited, and how long, is chance.
        let shown_now = shown(&ran).replace(", of which <n> ms waited", "");
        let (_, shown_now) = shown_now.split_once("\n\n").unwrap();
        expected.assert_eq(shown_now);
        let sandbox = on_put(deed);
        let ran = on(&sandbox, &["update", "--name", "Ours", "-q", "-o", "json"]);
        let result = document(&ran);
        assert_eq!((ran.code, &result["exit_code"]), (Some(code), &json!(code)));
        assert_eq!(
            (&result["changes"][0]["outcome"], &result["summary"][outcome]),
            (&json!(outcome), &json!(1))
        );
    }
}

#[test]
fn a_deferred_update_says_when_to_come_back() {
    let sandbox = on_put(r#"{"status": {"code": 429, "retry_after": 3600}}"#);
    let result = document(&on(&sandbox, &["update", "--name", "Ours", "-o", "json"]));
    assert!(
        result["changes"][0]["retry_at"].as_str().unwrap().ends_with('Z'),
        "{result:#}"
    );
}

#[test]
fn writing_needs_the_permission_to_update() {
    let emulator = Emulator::sample();
    let mut client = Client::sandbox();
    client.permissions.remove(&Permission::Update);
    emulator.add_client(client);
    let sandbox = Sandbox::of(emulator);
    let ran = on(&sandbox, &["update", "--name", "Ours"]);
    assert_eq!(ran.code, Some(8), "{ran}");
    expect![[r#"
        error[AR0503]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: Unable to perform the requested action. You are missing the following permission(s): [agentassist:trigger-rule:update]
          help: the server names what is missing: agentassist:trigger-rule:update; an administrator adds it to a role of the OAuth client
          context id: <id>
          correlation id: <id>
    "#]].assert_eq(&super::redacted(&ran.stderr));
    let ran = on(&sandbox, &["update", "--name", "Ours", "-o", "json"]);
    assert_eq!((ran.code, &document(&ran)["summary"]["denied"]), (Some(8), &json!(1)));
    assert_eq!(writes(&sandbox), 2);
}

#[test]
fn a_page_that_says_200_to_a_write_has_not_stored_it() {
    let sandbox = on_put(r#"{"garbage": {}}"#);
    let ran = on(&sandbox, &["update", "--name", "Ours", "-o", "json"]);
    assert_ne!(ran.code, Some(0), "{ran}");
}
