//! A network that repeats requests, and refusals of a rule that has not moved: nothing is reported that is not so.

use emulator::{SAMPLE_RULE_ID, Script};
use expect_test::expect;
use serde_json::{Value, json};

use super::{document, on, recording::Workstation, sandbox_with, shown, writes};
#[cfg(unix)]
use crate::{binary::run, nginx::Nginx};

/// The gateway loses the answer to the write, and passes on the answer to its repetition.
const REPEATED: &str = r#"{"faults": [{"on": {"kind": "put"}, "do": {"repeat": {}}}]}"#;

fn load(workstation: &Workstation, faults: &str) {
    workstation
        .sandbox
        .emulator
        .load_faults(Script::from_json(faults).unwrap());
}

/// FIELD C1: the API logs 200 and then 412, and the client hears the 412 alone.
#[test]
fn a_write_that_a_gateway_repeats_is_applied_and_says_how_it_is_known() {
    let workstation = Workstation::new();
    load(&workstation, REPEATED);
    expect![[r#"
        exit 0
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

        applied  Ours (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          version        7 → 8
          time           <n> ms, 3 requests
          recorded       entry 1, head <head>
          updates        1 of 1 carried out (100 %)
        --- stderr
        warning[AR0215]: a read confirms it: applied by this run, or identically by another
    "#]]
    .assert_eq(&shown(&workstation.run(&["update", "--name", "Ours"])));
    let stored = workstation.sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    assert_eq!((&stored["name"], &stored["etag"]), (&json!("Ours"), &json!("8")));
}

#[test]
fn each_way_of_repeating_a_write_is_told_as_it_is() {
    for (repeat, code, outcome, evidence) in [
        (r#"{"times": 1}"#, 0, "applied", json!("read")),
        (r#"{"times": 3}"#, 0, "applied", json!("read")),
        // Another user changed another member before the repetition.
        (r#"{"edit": {"description": "Theirs"}}"#, 0, "applied", json!("read")),
        // Another user wrote over it: of such a network a conflict means no more than that ours is not there.
        (r#"{"edit": {"name": "Theirs"}}"#, 4, "conflict", Value::Null),
        // The first answer arrives, and the repetitions come late: the version refuses them.
        (r#"{"times": 2, "late_ms": 1}"#, 0, "applied", json!("answer")),
    ] {
        let faults = format!(r#"{{"faults": [{{"on": {{"kind": "put"}}, "do": {{"repeat": {repeat}}}}}]}}"#);
        let sandbox = sandbox_with(&faults);
        let ran = on(&sandbox, &["update", "--name", "Ours", "-o", "json"]);
        let change = document(&ran)["changes"][0].clone();
        assert_eq!(
            (ran.code, &change["outcome"], &change["confirmed_by"]),
            (Some(code), &json!(outcome), &evidence),
            "{repeat} {ran}"
        );
        let warnings: Vec<_> = change["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| &found["code"])
            .collect();
        let is_warned = warnings.contains(&&json!("AR0215"));
        assert_eq!(is_warned, evidence == json!("read"), "{repeat} {ran}");
        assert_eq!(writes(&sandbox), 1, "{repeat}");
    }
}

#[test]
fn what_a_read_alone_confirmed_is_undone_only_by_a_persons_word() {
    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "Before"]);
    load(&workstation, REPEATED);
    workstation.does(&["update", "--name", "Ours"]);
    let history = workstation.does(&["history", "--entry", "3"]);
    assert!(
        history.stdout.contains("read: by this run, or identically by another"),
        "{history}"
    );

    let refused = workstation.run(&["rollback"]);
    assert_eq!(refused.code, Some(64), "{refused}");
    assert!(
        refused.stderr.contains("Entry 3") && refused.stderr.contains("--yes"),
        "{refused}"
    );
    assert_eq!(
        workstation.sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["name"],
        "Ours"
    );

    assert_eq!(workstation.run(&["rollback", "--dry-run"]).code, Some(0));
    workstation.does(&["rollback", "--yes"]);
    assert_eq!(
        workstation.sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["name"],
        "Before"
    );
}

/// FIELD B4: a firewall lets a write through and blocks its answer, or blocks the write itself.
#[test]
fn a_page_in_place_of_the_answer_is_not_believed() {
    for status in [200, 302, 403, 406, 413, 422] {
        for (is_carried_out, outcome, code) in [(true, "applied", 0), (false, "failed", 1)] {
            let faults = format!(
                r#"{{"faults": [{{"on": {{"kind": "put"}}, "do": {{"garbage": {{"code": {status}, "carried_out": {is_carried_out}}}}}}}]}}"#
            );
            let sandbox = sandbox_with(&faults);
            let ran = on(&sandbox, &["update", "--name", "Ours", "-o", "json"]);
            let change = document(&ran)["changes"][0].clone();
            // A page with 200 may come of a write that is still to arrive: it is sent again, and that succeeds.
            let expected = if status == 200 {
                (Some(0), json!("applied"))
            } else {
                (Some(code), json!(outcome))
            };
            assert_eq!((ran.code, change["outcome"].clone()), expected, "{status} {ran}");
            let stored = sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
            assert_eq!(
                stored["name"] == json!("Ours"),
                outcome_is_applied(&change),
                "{status} {ran}"
            );
        }
    }
}

fn outcome_is_applied(change: &Value) -> bool {
    change["outcome"] == json!("applied")
}

/// A cache that keeps documents longer than their headers, and a notice in the platform's place.
#[test]
fn a_cache_makes_no_report_untrue() {
    let sandbox = sandbox_with(r#"{"faults": []}"#);
    let old = sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    let cached = json!({"faults": [
        {"on": {"kind": "put"}, "do": {"edit_between": {"merge": {"description": "Theirs"}}}},
        {"on": {"kind": "get"}, "do": {"status": {"code": 200, "headers": {"etag": "\"8\""}, "body": old}}},
    ]});
    let sandbox = sandbox_with(&cached.to_string());
    on(&sandbox, &["update", "--disable"]);
    let stored = sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    assert_eq!(
        (&stored["description"], &stored["enabled"]),
        (&json!("Theirs"), &json!(false))
    );

    for body in [old, json!({"message": "down for maintenance", "status": 503})] {
        let answered = json!({"faults": [{"on": {"kind": "put"}, "do": {"status": {"code": 200, "body": body}}}]});
        let sandbox = sandbox_with(&answered.to_string());
        let ran = on(&sandbox, &["update", "--disable", "-o", "json"]);
        let change = document(&ran)["changes"][0].clone();
        let stored = sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
        // Nothing was written at first: it is sent again.
        assert_eq!(
            (ran.code, &change["version_after"], &stored["enabled"]),
            (Some(0), &json!("8"), &json!(false)),
            "{ran}"
        );
        assert_eq!(writes(&sandbox), 2, "{ran}");
    }
}

/// FIELD B3: the document did not move, so nobody else is blamed, and the server's words say why.
#[test]
fn a_refusal_of_a_rule_that_has_not_moved_is_no_conflict() {
    let taken =
        r#"{"message": "a rule with the name X already exists", "code": "general.conflict", "contextId": "c-1"}"#;
    for (status, body, words, retryable) in [
        (409, taken, "a rule with the name X already exists", false),
        (
            412,
            r#"{"message": "the tag is not current"}"#,
            "the tag is not current",
            true,
        ),
    ] {
        let faults = format!(
            r#"{{"faults": [{{"on": {{"kind": "put"}}, "do": {{"status": {{"code": {status}, "body": {body}}}}}}}]}}"#
        );
        let sandbox = sandbox_with(&faults);
        let ran = on(&sandbox, &["update", "--name", "X", "-o", "json"]);
        let change = document(&ran)["changes"][0].clone();
        assert_eq!((ran.code, &change["outcome"]), (Some(1), &json!("rejected")), "{ran}");
        let error = &change["error"];
        assert!(error["message"].as_str().unwrap().ends_with(words), "{ran}");
        assert_eq!(
            (&error["status"], &error["retryable"]),
            (&json!(status), &json!(retryable)),
            "{ran}"
        );
        assert_eq!(writes(&sandbox), 1);
    }
}

/// FIELD B3: the platform's own transaction passes a moment later.
#[test]
fn a_transaction_that_the_platform_cancelled_is_sent_again_and_in_the_end_deferred() {
    let cancelled = |times: u32| {
        format!(
            r#"{{"faults": [{{"on": {{"kind": "put"}}, "times": {times}, "do": {{"status": {{"code": 409,
                "body": {{"message": "Transaction canceled", "code": "RULE_PERSISTENCE_CONFLICT"}}}}}}}}]}}"#
        )
    };
    let sandbox = sandbox_with(&cancelled(1));
    let ran = on(&sandbox, &["update", "--name", "Ours"]);
    assert_eq!((ran.code, writes(&sandbox)), (Some(0), 2), "{ran}");

    let sandbox = sandbox_with(&cancelled(9));
    let ran = on(&sandbox, &["update", "--name", "Ours", "-o", "json"]);
    let change = document(&ran)["changes"][0].clone();
    assert_eq!(
        (ran.code, &change["outcome"], writes(&sandbox)),
        (Some(7), &json!("deferred"), 4),
        "{ran}"
    );
    assert!(change["retry_at"].is_string(), "{ran}");
}

/// FIELD C1 with a stock nginx: it sends an idempotent request again where a connection that it kept ends without an answer.
#[cfg(unix)]
#[test]
fn a_stock_nginx_that_repeats_a_write_makes_no_report_untrue() {
    let workstation = Workstation::new();
    let [_, (_, api), ..] = workstation.sandbox.env();
    let Some(nginx) = Nginx::in_front_of(api, "a_stock_nginx_that_repeats_a_write_makes_no_report_untrue") else {
        return;
    };
    load(
        &workstation,
        r#"{"faults": [{"on": {"kind": "put"}, "do": {"drop_after": {}}}]}"#,
    );
    let mut update = workstation.command(&["update", "--name", "Ours", "-o", "json"]);
    let ran = run(update.env("ASSIST_RULES_API_URL", nginx.url()));
    let change = document(&ran)["changes"][0].clone();
    assert_eq!(
        (
            ran.code,
            &change["outcome"],
            &change["confirmed_by"],
            &change["requests"]
        ),
        (Some(0), &json!("applied"), &json!("read"), &json!(3)),
        "{ran}"
    );
    // One write of the program: nginx tried it twice, and passed the second answer on.
    assert_eq!(nginx.writes(), ["502, 412 -> 412"]);
    let at_api = workstation
        .sandbox
        .emulator
        .requests()
        .into_iter()
        .filter(|request| request.method == "PUT");
    assert_eq!(
        at_api.map(|request| request.status).collect::<Vec<_>>(),
        [None, Some(412)]
    );
    assert_eq!(workstation.sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["etag"], "8");
    assert_eq!(workstation.run(&["rollback"]).code, Some(64));
}
