//! Requests that the platform refuses, and its error responses.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::{Org, RULES, rule_path};
use crate::{Client, Emulator, Permission, SAMPLE_RULE_ID};

const JSON: &str = "application/json";

async fn put_bytes(org: &Org, media_type: &str, body: &[u8]) -> super::client::Answer {
    org.api(
        "PUT",
        &rule_path(),
        &[("If-Match", "7"), ("Content-Type", media_type)],
        body,
    )
    .await
    .unwrap()
}

#[tokio::test]
async fn an_error_has_the_body_of_the_platform() {
    let org = Org::sample().await;
    let answer = org.get_path(&format!("{RULES}/none")).await;
    let correlation_id = answer.header("inin-correlation-id").unwrap();
    let expected = json!({
        "message": "The trigger rule none could not be found.", "code": "not.found", "status": 404,
        "messageParams": {"id": "none"}, "contextId": correlation_id, "details": [], "errors": [],
    });
    assert_eq!((answer.status, answer.json()), (404, expected));
}

#[tokio::test]
async fn a_body_must_be_a_json_object_of_bounded_size() {
    let org = Org::sample().await;
    let large = padded("{}", 1024 * 1024 + 1);
    let largest = padded(&org.rule().to_string(), 1024 * 1024);
    for (media_type, body, status, code) in [
        (JSON, "{", 400, "invalid.json"),
        (JSON, "", 400, "invalid.json"),
        (JSON, "[]", 400, "invalid.json"),
        (JSON, "{\"a\": 1e999}", 400, "invalid.json"),
        (JSON, "{} {}", 400, "invalid.json"),
        ("text/plain", "{}", 415, "unsupported.media.type"),
        (JSON, &*large, 413, "payload.too.large"),
    ] {
        assert_eq!(
            put_bytes(&org, media_type, body.as_bytes()).await.refusal(),
            (status, code.to_owned())
        );
    }
    assert_eq!(org.rule()["etag"], "7");
    assert_eq!(
        put_bytes(&org, "Application/JSON; charset=utf-8", largest.as_bytes())
            .await
            .status,
        200
    );
}

fn padded(text: &str, length: usize) -> String {
    " ".repeat(length - text.len()) + text
}

#[tokio::test]
async fn a_rule_over_the_limits_is_refused_and_changes_nothing() {
    let org = Org::sample().await;
    let condition = json!({"type": "keyword", "field": "f", "operator": "contains", "value": "x"});
    let with = |name: &str, value: Value| {
        let mut condition = condition.clone();
        condition[name] = value;
        json!({"conditions": [condition]})
    };
    for (change, code, field) in [
        (json!({"id": null}), "missing.field", "id"),
        (json!({"ruleType": null}), "missing.field", "ruleType"),
        (json!({"enabled": null}), "missing.field", "enabled"),
        (json!({"id": "other"}), "immutable.field", "id"),
        (json!({"ruleType": "other"}), "immutable.field", "ruleType"),
        (json!({"enabled": "true"}), "invalid.value", "enabled"),
        (json!({"conditions": {}}), "invalid.value", "conditions"),
        (json!({"actions": "none"}), "invalid.value", "actions"),
        (
            json!({"conditions": vec![condition.clone(); 51]}),
            "too.many.conditions",
            "conditions",
        ),
        (
            with("operator", json!("matches")),
            "unsupported.operator",
            "conditions[0].operator",
        ),
        (with("operator", json!("gt")), "invalid.value", "conditions[0].value"),
        (json!({"conditions": [{}]}), "missing.field", "conditions[0].type"),
        (
            json!({"actions": [{"type": "email"}]}),
            "unsupported.action.type",
            "actions[0].type",
        ),
    ] {
        let mut rule = org.rule();
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                drop(rule.as_object_mut().unwrap().shift_remove(name));
            } else {
                rule[name] = value.clone();
            }
        }
        let answer = org.put("7", &rule).await;
        assert_eq!(answer.refusal(), (400, code.to_owned()), "{change}");
        assert_eq!(
            answer.json()["details"][0],
            json!({"errorCode": code, "fieldName": field})
        );
    }
    assert_eq!(org.rule()["etag"], "7");
    let fifty = with_fifty(&org.rule(), &condition);
    assert_eq!(org.put("7", &fifty).await.status, 200);
}

fn with_fifty(rule: &Value, condition: &Value) -> Value {
    let mut rule = rule.clone();
    rule["conditions"] = json!(vec![condition; 50]);
    rule
}

#[tokio::test]
async fn only_a_live_token_is_let_in() {
    let mut org = Org::sample().await;
    let none = org.ask("GET", &rule_path(), &[], b"").await.unwrap();
    assert_eq!(none.refusal(), (401, "authentication.required".to_owned()));
    let unknown = org
        .ask("GET", &rule_path(), &[("Authorization", "Bearer guess")], b"")
        .await
        .unwrap();
    assert_eq!(unknown.refusal(), (401, "bad.credentials".to_owned()));

    org.emulator.expire_tokens();
    assert_eq!(org.get().await.refusal(), (401, "token.expired".to_owned()));
    org.token = org.sign_in().await.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(org.get().await.status, 200);
    org.emulator.revoke_tokens();
    assert_eq!(org.get().await.refusal(), (401, "bad.credentials".to_owned()));
}

#[tokio::test]
async fn a_role_that_lacks_the_permission_is_named_it() {
    for (permissions, get, put, missing) in [
        (
            BTreeSet::from([Permission::View]),
            200,
            403,
            "agentassist:trigger-rule:update",
        ),
        (
            BTreeSet::from([Permission::Update]),
            403,
            200,
            "agentassist:trigger-rule:view",
        ),
    ] {
        let emulator = Emulator::sample();
        emulator.add_client(Client {
            permissions,
            ..Client::sandbox()
        });
        let org = Org::of(emulator).await;
        let answers = [org.get().await, org.put("7", &org.rule()).await];
        assert_eq!(answers.each_ref().map(|answer| answer.status), [get, put]);
        let refused = answers.iter().find(|answer| answer.status == 403).unwrap().json();
        assert_eq!(
            (&refused["code"], &refused["messageParams"]["permissions"]),
            (&json!("missing.permissions"), &json!(missing))
        );
        assert!(refused["message"].as_str().unwrap().contains(missing), "{refused}");
    }
}

#[tokio::test]
async fn only_what_is_there_can_be_asked_for() {
    let org = Org::sample().await;
    for (method, path, status, allow) in [
        ("GET", "/api/v2/users/me".to_owned(), 404, None),
        ("GET", format!("{RULES}/"), 404, None),
        ("GET", format!("{RULES}/../{SAMPLE_RULE_ID}"), 404, None),
        ("PUT", format!("{RULES}/none"), 404, None),
        ("DELETE", rule_path(), 405, Some("GET, PUT")),
        ("PATCH", rule_path(), 405, Some("GET, PUT")),
        ("POST", RULES.to_owned(), 405, Some("GET")),
        ("GET", "/oauth/token".to_owned(), 405, Some("POST")),
    ] {
        let answer = org
            .api(method, &path, &[("Content-Type", JSON), ("If-Match", "7")], b"{}")
            .await
            .unwrap();
        assert_eq!(
            (answer.status, answer.header("allow")),
            (status, allow),
            "{method} {path}"
        );
        assert_eq!(answer.json()["status"], status);
    }
    org.emulator.remove_rule(SAMPLE_RULE_ID);
    assert_eq!(org.get().await.status, 404);
}
