//! `get` and `list`: what the server holds, and nothing added.

use emulator::{Emulator, Permission, SAMPLE_RULE, SAMPLE_RULE_ID};
use expect_test::expect;
use serde_json::{Value, json};

use super::{against, document, on, sandbox_with, shown};
use crate::{
    binary::{Ran, feed, run},
    sandbox::Sandbox,
};

/// A rule with members that no published model has, in an unusual order.
const STRANGE: &str = r#"{
  "zebra": null,
  "enabled": false,
  "id": "strange-1",
  "score": 1.50,
  "ruleType": "voice",
  "conditions": [
    {
      "value": 12345678901234567,
      "operator": "like",
      "type": "new"
    }
  ],
  "etag": "v-1",
  "actions": [],
  "apple": {
    "deep": [
      true,
      1e2
    ]
  }
}
"#;

#[test]
fn get_shows_a_rule_to_a_person() {
    expect![[r#"
        exit 0
        --- stdout
        Credit Card Detection Rule
        Triggers assist when customer mentions payment failure

          id        a1b2c3d4-e5f6-7890-abcd-ef1234567890
          version   7
          type      conversation
          enabled   yes

        when all of
          conversation.text contains "credit card declined"  (keyword)

        then
          display tmpl_98765  (priority 1)
        --- stderr
    "#]]
    .assert_eq(&shown(&on(&Sandbox::sample(), &["get"])));
}

#[test]
fn get_prints_the_document_as_it_was_served() {
    let sandbox = Sandbox::sample();
    let ran = on(&sandbox, &["get", SAMPLE_RULE_ID, "-o", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let served: Value = serde_json::from_str(SAMPLE_RULE).unwrap();
    assert_eq!(ran.stdout, format!("{served:#}\n"));
}

#[test]
fn get_keeps_order_strangers_and_nulls() {
    let sandbox = Sandbox::sample();
    sandbox
        .emulator
        .put_rule(serde_json::from_str(STRANGE).unwrap())
        .unwrap();
    let ran = on(&sandbox, &["get", "rule/strange-1", "-o", "json"]);
    // The emulator itself keeps no digits, only values.
    let served = STRANGE.replace("1.50", "1.5").replace("1e2", "100.0");
    assert_eq!((ran.code, ran.stdout), (Some(0), served));
    expect![[r#"
        exit 0
        --- stdout
        (no name)

          id        strange-1
          version   v-1
          type      voice
          enabled   no

        when all of
          {"value":12345678901234567,"operator":"like","type":"new"}

        then
          (no actions)
        --- stderr
    "#]]
    .assert_eq(&shown(&on(&sandbox, &["get", "strange-1"])));
}

#[test]
fn numbers_keep_their_digits_whatever_prints_them() {
    let served = SAMPLE_RULE
        .replace("keyword", "sentiment")
        .replace("contains", "lt")
        .replace("\"credit card declined\"", "0.50")
        .replacen('{', r#"{"weights": [2.500, -0, 1E2],"#, 1);
    let fault =
        format!(r#"{{"on": {{"kind": "get"}}, "times": 9, "do": {{"status": {{"code": 200, "body": {served}}}}}}}"#);
    let sandbox = sandbox_with(&format!(r#"{{"faults": [{fault}]}}"#));
    let words = |ran: &Ran| ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let change =
        r#"{"conditions": [{"type": "sentiment", "field": "conversation.text", "operator": "lt", "value": 0.90}]}"#;
    for (format, got, diffed) in [
        ("json", "[ 2.500, -0, 1E2 ]", "\"before\": 0.50, \"after\": 0.90 }"),
        ("yaml", "- 2.500 - -0 - 1E2", "before: 0.50 after: 0.90"),
    ] {
        let ran = on(&sandbox, &["get", "-o", format]);
        assert!(words(&ran).contains(got), "{ran}");
        let ran = feed(against(&sandbox).args(["diff", "--from", "-", "-o", format]), change);
        assert!(words(&ran).contains(diffed), "{ran}");
    }
}

#[test]
fn get_prints_yaml() {
    expect![[r#"
        exit 0
        --- stdout
        id: a1b2c3d4-e5f6-7890-abcd-ef1234567890
        etag: "7"
        name: Credit Card Detection Rule
        description: Triggers assist when customer mentions payment failure
        ruleType: conversation
        enabled: true
        conditions:
        - type: keyword
          field: conversation.text
          operator: contains
          value: credit card declined
        actions:
        - type: display
          templateId: tmpl_98765
          priority: 1
        --- stderr
    "#]]
    .assert_eq(&shown(&on(&Sandbox::sample(), &["get", "-o", "yaml"])));
}

#[test]
fn list_shows_all_rules() {
    let sandbox = Sandbox::sample();
    let mut bare = json!({"id": "b-2", "ruleType": "voice", "enabled": false, "etag": "3"});
    sandbox.emulator.put_rule(bare.clone()).unwrap();
    bare["id"] = json!("c-3");
    bare["name"] = json!("\u{1b}[31mred");
    sandbox.emulator.put_rule(bare).unwrap();
    expect![[r#"
        exit 0
        --- stdout
        ID                                    NAME                        TYPE          ENABLED  CONDITIONS  ACTIONS  VERSION
        a1b2c3d4-e5f6-7890-abcd-ef1234567890  Credit Card Detection Rule  conversation  yes      1           1        7
        b-2                                                               voice         no       0           0        3
        c-3                                   \u{1b}[31mred               voice         no       0           0        3
        --- stderr
    "#]].assert_eq(&shown(&on(&sandbox, &["list"])));
    expect![[r#"
        exit 0
        --- stdout
        format_version: "1.0"
        kind: rules
        rules:
        - id: a1b2c3d4-e5f6-7890-abcd-ef1234567890
          name: Credit Card Detection Rule
          type: conversation
          enabled: true
          conditions: 1
          actions: 1
          version: "7"
        - id: b-2
          name: null
          type: voice
          enabled: false
          conditions: 0
          actions: 0
          version: "3"
        - id: c-3
          name: "\e[31mred"
          type: voice
          enabled: false
          conditions: 0
          actions: 0
          version: "3"
        total: 3
        --- stderr
    "#]]
    .assert_eq(&shown(&on(&sandbox, &["list", "-o", "yaml"])));
    let listed = document(&on(&sandbox, &["list", "-o", "json"]));
    assert_eq!(listed["rules"][1]["name"], Value::Null);
    assert_eq!(listed["rules"][2]["name"], "\u{1b}[31mred");
}

#[test]
fn list_goes_through_all_pages() {
    let sandbox = Sandbox::sample();
    for number in 0..230 {
        let id = format!("r{number:03}");
        let rule = json!({"id": id, "ruleType": "conversation", "enabled": true});
        sandbox.emulator.put_rule(rule).unwrap();
    }
    let listed = document(&on(&sandbox, &["list", "-o", "json"]));
    assert_eq!(listed["rules"].as_array().unwrap().len(), 231);
}

/// As a server answers while others delete rules: one moves to a page that was read.
#[test]
fn a_listing_that_shows_less_than_the_server_counts_says_so() {
    let listing = r#"{"faults": [{"on": {"kind": "list"}, "do": {"status": {"code": 200,
        "body": {"entities": [{"id": "r1", "name": "Refund"}], "pageNumber": 1, "pageCount": 1, "total": 3}}}}]}"#;
    let ran = on(&sandbox_with(listing), &["list", "-o", "json"]);
    let listed = document(&ran);
    assert_eq!(
        (&listed["total"], listed["rules"].as_array().unwrap().len()),
        (&json!(3), 1)
    );
    assert!(
        ran.stderr.contains("the server counts 3 rules and showed 1"),
        "{}",
        ran.stderr
    );
    let by_name = on(&sandbox_with(listing), &["get", "name:Returns"]);
    assert_eq!(by_name.code, Some(1));
    assert!(
        by_name.stderr.contains("the listing is not whole"),
        "{}",
        by_name.stderr
    );
}

#[test]
fn an_organization_without_rules_has_an_empty_list() {
    let sandbox = Sandbox::sample();
    sandbox.emulator.remove_rule(SAMPLE_RULE_ID);
    let ran = on(&sandbox, &["list"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "There are no rules.\n"));
}

#[test]
fn a_listing_that_is_not_there_is_no_rule_that_is_not_there() {
    let sandbox = super::sandbox_with(r#"{"faults": [{"on": {"kind": "list"}, "do": {"status": {"code": 404}}}]}"#);
    expect![[r#"
        exit 1
        --- stdout
        --- stderr
        error[AR0501]: cannot list the rules: the server answered 404: there is no such rule, or the organization lacks the trigger-rule contract: This answer is an injected fault.
          help: the listing of trigger rules is assumed, not documented, and this organization does not have it; `get` and `update` work on a rule's id
          context id: <id>
          correlation id: <id>
    "#]].assert_eq(&shown(&on(&sandbox, &["list"])));
}

#[test]
fn a_second_run_needs_no_second_token() {
    let sandbox = Sandbox::sample();
    let mut command = against(&sandbox);
    command.args(["update", "--name", "first"]);
    assert_eq!(run(&mut command).code, Some(0));
    // Token, organization, read and write.
    assert_eq!(sandbox.emulator.requests().len(), 4);
    let state = command.get_current_dir().unwrap().join("state/assist-rules");
    let mut again = against(&sandbox);
    again
        .args(["update", "--name", "second"])
        .env("ASSIST_RULES_STATE_DIR", state);
    assert_eq!(run(&mut again).code, Some(0));
    assert_eq!(sandbox.emulator.requests().len(), 6);
    assert_eq!(sandbox.emulator.issued_tokens().len(), 1);
}

#[test]
fn a_cached_token_that_was_revoked_is_replaced() {
    let sandbox = Sandbox::sample();
    let mut command = against(&sandbox);
    command.arg("get");
    assert_eq!(run(&mut command).code, Some(0));
    sandbox.emulator.revoke_tokens();
    let ran = run(&mut command);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(sandbox.emulator.issued_tokens().len(), 2);
}

#[test]
fn a_rule_that_is_not_there_is_told_with_the_reason_that_is_likely() {
    let sandbox = Sandbox::sample();
    expect![[r#"
        exit 1
        --- stdout
        --- stderr
        error[AR0501]: cannot get `gone`: the server answered 404: there is no such rule, or the organization lacks the trigger-rule contract: The trigger rule gone could not be found.
          help: the organization has rules, and none of this id: `assist-rules list` shows them; `name:TEXT` names one by its name
          context id: <id>
          correlation id: <id>
    "#]].assert_eq(&shown(&on(&sandbox, &["get", "gone"])));
    expect![[r#"
        exit 1
        --- stdout
        {
          "format_version": "1.0",
          "kind": "error",
          "exit_code": 1,
          "code": "AR0501",
          "message": "cannot get `gone`: the server answered 404: there is no such rule, or the organization lacks the trigger-rule contract: The trigger rule gone could not be found.",
          "status": 404,
          "context_id": "<id>",
          "correlation_id": "<id>",
          "retryable": false,
          "platform_code": "not.found",
          "details": [],
          "limit": null,
          "help": "the organization has rules, and none of this id: `assist-rules list` shows them; `name:TEXT` names one by its name"
        }
        --- stderr
        error[AR0501]: cannot get `gone`: the server answered 404: there is no such rule, or the organization lacks the trigger-rule contract: The trigger rule gone could not be found.
          help: the organization has rules, and none of this id: `assist-rules list` shows them; `name:TEXT` names one by its name
          context id: <id>
          correlation id: <id>
    "#]].assert_eq(&shown(&on(&sandbox, &["get", "gone", "-o", "json"])));
}

#[test]
fn reading_needs_the_permission_to_view() {
    let emulator = Emulator::sample();
    let mut client = emulator::Client::sandbox();
    client.permissions.remove(&Permission::View);
    emulator.add_client(client);
    let sandbox = Sandbox::of(emulator);
    expect![[r#"
        exit 8
        --- stdout
        --- stderr
        error[AR0503]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: Unable to perform the requested action. You are missing the following permission(s): [agentassist:trigger-rule:view]
          help: the server names what is missing: agentassist:trigger-rule:view; an administrator adds it to a role of the OAuth client
          context id: <id>
          correlation id: <id>
    "#]].assert_eq(&shown(&on(&sandbox, &["get"])));
    assert_eq!(on(&sandbox, &["list"]).code, Some(8));
}
