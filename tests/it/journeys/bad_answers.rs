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
            error[AR0509]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: the answer is not JSON: expected a value (it looks like a web page)
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
                error[AR0511]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: The emulator was told to answer so.
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
                  help: The server answered with an error of its own (5xx) each time that it was asked. Nothing was changed.
                  correlation id: <id>
            "#]],
        ),
        (
            "token",
            r#"{"garbage": {}}"#,
            1,
            expect![[r#"
                error[AR0509]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: no token: the answer is not JSON: expected a value (it looks like a web page)
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
    let world = Emulator::sample();
    let sandbox = Sandbox::of(world);
    let body = json!({"id": "another", "etag": "1", "ruleType": "conversation", "enabled": true});
    let script = json!({"faults": [{"on": {"kind": "get"}, "do": {"status": {"code": 200, "body": body}}}]});
    sandbox
        .world
        .load_faults(emulator::Script::from_json(&script.to_string()).unwrap());
    expect![[r#"
        exit 1
        --- stdout
        failed  (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          time           <n> ms, 1 request
          recorded       entry 1, head <head>
          activation     0 of 1 (0 %)
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
        assert_eq!(sandbox.world.rule(SAMPLE_RULE_ID).unwrap()["name"], "Ours");
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
