//! Answers that are none: a clear error in bounded memory, and no write that the user did not ask for.

use emulator::{Emulator, SAMPLE_RULE_ID};
use expect_test::{Expect, expect};
use serde_json::json;

use super::{document, on, sandbox_with, shown, writes};
use crate::sandbox::Sandbox;

fn fault(kind: &str, deed: &str) -> Sandbox {
    sandbox_with(&format!(
        r#"{{"faults": [{{"on": {{"kind": "{kind}"}}, "times": 100, "do": {deed}}}]}}"#
    ))
}

#[test]
fn an_answer_to_a_read_that_is_no_rule_is_a_clear_error() {
    let cases: [(&str, &str, i32, Expect); 9] = [
        (
            "get",
            r#"{"garbage": {}}"#,
            1,
            expect![[r#"
                error[AR0509]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: answered by something in front of the platform (HTTP 200, text/html, `Welcome to the guest network`)
                  help: The server answered with something that is no rule: a proxy's page, half a document, or far too much of it. Check the URL and what stands between here and there.
                  correlation id: <id>
            "#]],
        ),
        (
            "get",
            r#"{"endless_body": {}}"#,
            1,
            expect![[r#"
            error[AR0509]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: the answer has more than 1048576 bytes
              help: The server answered with something that is no rule: a proxy's page, half a document, or far too much of it. Check the URL and what stands between here and there.
              correlation id: <id>
        "#]],
        ),
        (
            "get",
            r#"{"truncated_body": {}}"#,
            7,
            expect![[r#"
                error[AR0507]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: the answer broke off: end of file before message length reached
                  help: nothing was changed: run the command again
                  correlation id: <id>
            "#]],
        ),
        (
            "get",
            r#"{"drop_before": {}}"#,
            7,
            expect![[r#"
                error[AR0507]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: the answer was lost: connection closed before message completed
                  help: nothing was changed: run the command again
            "#]],
        ),
        (
            "get",
            r#"{"status": {"code": 302, "headers": {"location": "https://example.com"}}}"#,
            1,
            expect![[r#"
                error[AR0511]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: This answer is an injected fault.
                  help: Redirects are refused: following one would hand the token to another address. Check the region or the base URL.
                  context id: <id>
                  correlation id: <id>
            "#]],
        ),
        (
            "get",
            r#"{"status": {"code": 503, "body": {"message": "Down for\u001b[31m repair."}}}"#,
            7,
            expect![[r#"
                error[AR0514]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: Down for [31m repair.
                  help: The server answered with an error of its own (5xx, or 409 for a transaction that it cancelled) each time that it was asked. Nothing was changed: run the command again later.
                  correlation id: <id>
            "#]],
        ),
        (
            "token",
            r#"{"garbage": {}}"#,
            1,
            expect![[r#"
                error[AR0509]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: no token: answered by something in front of the platform (HTTP 200, text/html, `Welcome to the guest network`)
                  help: The server answered with something that is no rule: a proxy's page, half a document, or far too much of it. Check the URL and what stands between here and there.
                  correlation id: <id>
            "#]],
        ),
        (
            "token",
            r#"{"endless_body": {}}"#,
            1,
            expect![[r#"
                error[AR0509]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: no token: the answer has more than 1048576 bytes
                  help: The server answered with something that is no rule: a proxy's page, half a document, or far too much of it. Check the URL and what stands between here and there.
                  correlation id: <id>
            "#]],
        ),
        (
            "token",
            r#"{"truncated_body": {}}"#,
            7,
            expect![[r#"
            error[AR0507]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: no token: the answer broke off: end of file before message length reached
              help: No connection was made, or no answer to a read came back whole. Nothing was changed. Check the region, the network and the proxy; `assist-rules doctor` tries each of them.
              correlation id: <id>
        "#]],
        ),
    ];
    for (kind, deed, code, expected) in cases {
        let sandbox = fault(kind, deed);
        let ran = on(&sandbox, &["get"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{deed}: {ran}");
        expected.assert_eq(&super::redacted(&ran.stderr));
        let ran = on(&sandbox, &["get", "-o", "json"]);
        assert_eq!((ran.code, &document(&ran)["exit_code"]), (Some(code), &json!(code)));
    }
}

#[test]
fn an_update_that_cannot_read_the_rule_writes_nothing() {
    for (deed, code) in [
        (r#"{"garbage": {}}"#, 1),
        (r#"{"endless_body": {}}"#, 1),
        (r#"{"lost_version": {}}"#, 1),
        (r#"{"status": {"code": 302}}"#, 1),
        (r#"{"status": {"code": 418}}"#, 1),
        (r#"{"truncated_body": {}}"#, 7),
        (r#"{"reset_in_body": {}}"#, 7),
        (r#"{"status": {"code": 500}}"#, 7),
    ] {
        let sandbox = fault("get", deed);
        let ran = on(
            &sandbox,
            &["update", "--name", "X", "-o", "json", "--deadline", "300ms"],
        );
        let result = document(&ran);
        assert_eq!(
            (ran.code, &result["exit_code"]),
            (Some(code), &json!(code)),
            "{deed}: {ran}"
        );
        assert_eq!((writes(&sandbox), &result["target"]["sandbox"]), (0, &json!(false)));
    }
}

#[test]
fn a_rule_of_another_id_is_not_written_to() {
    let emulator = Emulator::sample();
    let sandbox = Sandbox::of(emulator);
    let body = json!({"id": "another", "etag": "1", "ruleType": "conversation", "enabled": true});
    let script = json!({"faults": [{"on": {"kind": "get"}, "do": {"status": {"code": 200, "body": body}}}]});
    sandbox
        .emulator
        .load_faults(emulator::Script::from_json(&script.to_string()).unwrap());
    expect![[r#"
        exit 1
        --- stdout
        failed  a1b2c3d4-e5f6-7890-abcd-ef1234567890
          time           <n> ms, 1 request
          recorded       entry 1, head <head>
          updates        0 of 1 carried out (0 %)
          correlation id <id>
        --- stderr
        error[AR0513]: cannot update `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: the answer is about the rule `another`
          help: The document in the answer has another id than the one that was asked for. Nothing is written.
          correlation id: <id>
    "#]]
    .assert_eq(&shown(&on(&sandbox, &["update", "--name", "X"])));
    assert_eq!(writes(&sandbox), 0);
}

#[test]
fn a_write_whose_answer_is_no_rule_is_settled_by_a_read() {
    for deed in [
        r#"{"garbage": {"carried_out": true}}"#,
        r#"{"endless_body": {}}"#,
        r#"{"truncated_body": {}}"#,
        r#"{"drop_after": {}}"#,
        r#"{"lost_version": {}}"#,
    ] {
        let sandbox = fault("put", deed);
        let ran = on(&sandbox, &["update", "--name", "Ours", "-o", "json"]);
        let result = document(&ran);
        let change = &result["changes"][0];
        assert_eq!(
            (ran.code, &change["outcome"], &change["version_after"]),
            (Some(0), &json!("applied"), &json!("8")),
            "{deed}: {ran}"
        );
        assert_eq!(sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["name"], "Ours");
        assert_eq!(writes(&sandbox), 1);
    }
}

/// Without an end of its own, a body would fill any memory: the limit is 200 MiB of address space.
#[cfg(target_os = "linux")]
#[test]
fn a_body_without_end_takes_bounded_memory() {
    use std::process::Command;

    use crate::binary::{assist_rules, run};

    let sandbox = fault("get", r#"{"endless_body": {}}"#);
    let program = assist_rules();
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -v 204800 && exec \"$0\" get"])
        .arg(program.get_program())
        .current_dir(program.get_current_dir().unwrap())
        .env_clear()
        .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .envs(sandbox.env())
        .env("GENESYS_RULE_ID", SAMPLE_RULE_ID);
    let ran = run(&mut limited);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains("the answer has more than 1048576 bytes"), "{ran}");
}

/// FIELD B7: half a character in one rule keeps no list from being shown and no rule from being switched off.
#[test]
fn half_a_character_in_one_rule_breaks_nothing_else() {
    let sandbox = Sandbox::sample();
    let workstation = super::recording::Workstation {
        sandbox,
        state: crate::binary::new_home().join("state"),
    };
    let rule = r#"{"id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890", "etag": "7", "name": "half \ud83d name", "ruleType": "conversation",
        "enabled": true, "conditions": [], "actions": [{"type": "call"}], "x": "\ud800"}"#;
    let serve = |times: u32, kind: &str, body: &str| {
        let faults = format!(
            r#"{{"faults": [{{"on": {{"kind": "{kind}"}}, "times": {times}, "do": {{"status": {{"code": 200, "body": {body}}}}}}}]}}"#
        );
        workstation
            .sandbox
            .emulator
            .load_faults(emulator::Script::from_json(&faults).unwrap());
    };
    serve(
        1,
        "list",
        &format!(r#"{{"entities": [{rule}, {{"id": "other", "etag": "1", "name": "Other"}}], "pageCount": 1}}"#),
    );
    let listed = workstation.does(&["list"]);
    assert!(
        listed.stdout.contains("Other") && listed.stdout.contains("half"),
        "{listed}"
    );
    for format in ["human", "json", "yaml"] {
        serve(1, "get", rule);
        workstation.does(&["get", "-o", format]);
    }
    serve(1, "get", rule);
    let shown = workstation.does(&["get", "-o", "json"]);
    assert!(shown.stdout.contains(r#""half \ud83d name""#), "{shown}");

    let switched_off = rule.replace("true", "false").replace("\"7\"", "\"8\"");
    let faults = format!(
        r#"{{"faults": [{{"on": {{"kind": "get"}}, "do": {{"status": {{"code": 200, "body": {rule}}}}}}},
            {{"on": {{"kind": "put"}}, "do": {{"status": {{"code": 200, "body": {switched_off}}}}}}}]}}"#
    );
    workstation
        .sandbox
        .emulator
        .load_faults(emulator::Script::from_json(&faults).unwrap());
    workstation.does(&["update", "--disable"]);
    let sent = workstation
        .sandbox
        .emulator
        .requests()
        .into_iter()
        .rfind(|request| request.method == "PUT")
        .unwrap();
    let body = String::from_utf8(sent.body.to_vec()).unwrap();
    assert!(
        body.contains(r#""half \ud83d name""#) && body.contains(r#""x":"\ud800""#),
        "{body}"
    );
    assert!(body.contains(r#""enabled":false"#), "{body}");
    workstation.does(&["history"]);
    workstation.does(&["audit", "verify"]);
}

/// FIELD B4 and B5: a page in front of the platform says nothing about rights or secrets.
#[test]
fn an_answer_in_front_of_the_platform_is_told_as_one() {
    const PAGE: &str = r#"{"garbage": {"code": 403}}"#;
    for kind in ["get", "put", "token"] {
        let sandbox = fault(kind, PAGE);
        let ran = on(&sandbox, &["update", "--name", "X", "-o", "json"]);
        let text = &ran.stdout;
        assert_eq!(ran.code, Some(1), "{kind} {ran}");
        assert!(
            text.contains("answered by something in front of the platform (HTTP 403"),
            "{kind} {ran}"
        );
        assert!(
            !text.contains("secret was refused") && !text.contains("lack a permission"),
            "{kind} {ran}"
        );
    }
}

/// FIELD B6: no such rule, or no such API.
#[test]
fn a_rule_that_is_not_there_is_told_from_an_api_that_is_not_there() {
    for args in [&["get", "nope"][..], &["update", "nope", "--disable"]] {
        let ran = on(&Sandbox::sample(), args);
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains("none of this id"), "{ran}");
        let no_api = fault("list", r#"{"status": {"code": 404}}"#);
        let ran = on(&no_api, args);
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains("no such API"), "{ran}");
    }
}

/// FIELD B1 and B2: the platform's own words, its details with the field names first, and the limit.
#[test]
fn the_platforms_own_words_are_shown() {
    let body = r#"{"message": "The rule is not valid.", "messageWithParams": "The rule {x} is not valid.", "code": "bad.request",
        "details": [{"errorCode": "too.long", "fieldName": "name"}], "errors": [{"code": "e2", "message": "Second."}],
        "limit": {"key": "rules.per.org", "namespace": "agent.assist", "value": 500}}"#;
    let refusal = format!(r#"{{"status": {{"code": 400, "body": {body}}}}}"#);
    let ran = on(&fault("put", &refusal), &["update", "--name", "X"]);
    for words in [
        "The rule is not valid.",
        "name: (too.long)",
        "Second. (e2)",
        "limit rules.per.org of agent.assist is 500",
    ] {
        assert!(
            ran.stderr.contains(words) && !ran.stderr.contains("{x}"),
            "{words} {ran}"
        );
    }
    let ran = on(&fault("put", &refusal), &["update", "--name", "X", "-o", "json"]);
    let error = document(&ran)["changes"][0]["error"].clone();
    assert_eq!(error["platform_code"], "bad.request");
    assert_eq!(
        error["details"][0],
        json!({"field": "name", "code": "too.long", "message": null})
    );
    assert_eq!(
        error["limit"],
        json!({"key": "rules.per.org", "namespace": "agent.assist", "value": "500"})
    );
    assert!(error["help"].is_string());

    let denied = r#"{"status": {"code": 403, "body": {"message": "You are missing the following permission(s): [a:b:edit]", "code": "missing.permissions"}}}"#;
    let ran = on(&fault("put", denied), &["update", "--name", "X"]);
    assert!(
        ran.code == Some(8) && ran.stderr.contains("names what is missing: a:b:edit"),
        "{ran}"
    );
}
