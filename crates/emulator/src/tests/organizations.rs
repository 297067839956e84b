//! Organizations: the one that a token belongs to, and several behind one API.

use std::io::ErrorKind;

use serde_json::{Value, json};

use super::{
    client::{Answer, Org, RULES, emulator, rule_path},
    faults::load,
};
use crate::{Client, Emulator, HostedOrganization, Kind, RuleError, SAMPLE_RULE_ID, SANDBOX_ORGANIZATION_ID, Settings};

const ME: &str = "/api/v2/organizations/me";

/// The organization that the API names to the client.
async fn me(org: &Org) -> HostedOrganization {
    let answer = org.get_path(ME).await.json();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    HostedOrganization {
        id: text("id"),
        name: text("name"),
    }
}

/// Another token of the sandbox's client.
async fn renew(org: &mut Org) {
    org.token = org.sign_in().await.json()["access_token"].as_str().unwrap().to_owned();
}

/// A rule with the id of the sample, in another organization.
fn twin() -> Value {
    json!({"id": SAMPLE_RULE_ID, "etag": "1", "name": "Twin", "ruleType": "conversation", "enabled": true})
}

/// The sample, and beside it Acme with a rule of the same id.
async fn two() -> (Org, Emulator) {
    let org = Org::sample().await;
    let acme = org.emulator.add_organization(HostedOrganization::new("Acme"));
    acme.put_rule(twin()).unwrap();
    (org, acme)
}

#[tokio::test]
async fn a_token_is_told_its_organization_without_any_permission() {
    let org = Org::sample().await;
    org.emulator.add_client(Client {
        permissions: [].into(),
        ..Client::sandbox()
    });
    let answer = org.get_path(ME).await;
    let expected = json!({"id": SANDBOX_ORGANIZATION_ID, "name": "Sandbox", "state": "active", "selfUri": ME});
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert!(answer.headers.contains_key("inin-correlation-id"), "{answer:?}");
    assert_eq!(org.emulator.organization(), HostedOrganization::sandbox());
    assert_eq!(org.get().await.status, 403);

    let seen = org.emulator.requests();
    let kinds: Vec<_> = seen.iter().map(|seen| (seen.kind, &*seen.path)).collect();
    assert_eq!(
        kinds,
        [
            (Kind::Token, "/oauth/token"),
            (Kind::Organization, ME),
            (Kind::Get, &*rule_path())
        ]
    );
}

#[tokio::test]
async fn only_a_live_token_and_a_get_are_let_in() {
    let org = Org::sample().await;
    let none = org.ask("GET", ME, &[], b"").await.unwrap();
    assert_eq!(none.refusal(), (401, "authentication.required".to_owned()));
    let put = org.api("PUT", ME, &[], b"{}").await.unwrap();
    assert_eq!((put.status, put.header("allow")), (405, Some("GET")));
    assert_eq!(org.emulator.requests().last().unwrap().kind, Kind::Other);
    org.emulator.revoke_tokens();
    assert_eq!(org.get_path(ME).await.refusal(), (401, "bad.credentials".to_owned()));
}

#[tokio::test]
async fn the_rate_limit_and_a_throttle_burst_count_it_as_any_request() {
    let org = Org::of(emulator(Settings {
        requests_per_minute: 3,
        ..Settings::default()
    }))
    .await;
    let throttle_burst = json!({"on": {"kind": "organization"}, "do": {"storm": {"requests": 1, "retry_after": 2}}});
    load(&org.emulator, &[throttle_burst]);
    let count = |answer: &Answer| (answer.status, answer.header("inin-ratelimit-count").unwrap().to_owned());
    assert_eq!(count(&org.get_path(ME).await), (429, "1".to_owned()));
    assert_eq!(count(&org.get_path(ME).await), (200, "2".to_owned()));
    assert_eq!(count(&org.get().await), (200, "3".to_owned()));
    let refused = org.get_path(ME).await;
    assert_eq!(refused.refusal(), (429, "too.many.requests.retry.after".to_owned()));
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
}

#[tokio::test]
async fn a_script_can_meet_it_and_leave_the_others_alone() {
    let org = Org::sample().await;
    let on = |fault: Value| json!({"on": {"kind": "organization"}, "do": fault});
    load(
        &org.emulator,
        &[
            on(json!({"status": {"code": 500, "body": {"code": "internal.server.error"}}})),
            on(json!({"status": {"code": 429, "retry_after": 9}})),
            on(json!({"garbage": {}})),
            on(json!({"delay": {"ms": 1}})),
            on(json!({"truncated_body": {}})),
            on(json!({"edit_between": {"merge": {"name": "Theirs"}}})),
            on(json!({"drop_before": {}})),
        ],
    );
    let others = || async {
        assert_eq!(org.sign_in().await.status, 200);
        let put = org.put(org.rule()["etag"].as_str().unwrap(), &org.rule()).await;
        let answers = [put, org.get().await, org.get_path(RULES).await];
        assert_eq!(answers.each_ref().map(|answer| answer.status), [200; 3]);
    };
    others().await;
    let failed = org.get_path(ME).await;
    assert_eq!(failed.refusal(), (500, "internal.server.error".to_owned()));
    let throttled = org.get_path(ME).await;
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("9")));
    assert!(org.get_path(ME).await.body.starts_with(b"<!DOCTYPE html>"));
    assert_eq!(me(&org).await, HostedOrganization::sandbox());
    assert!(!org.get_path(ME).await.is_whole());
    assert_eq!(me(&org).await, HostedOrganization::sandbox());
    others().await;
    let cut = org.api("GET", ME, &[], b"").await.unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(me(&org).await, HostedOrganization::sandbox());
}

#[tokio::test]
async fn a_fault_for_every_request_meets_it_too() {
    let org = Org::sample().await;
    load(&org.emulator, &[json!({"do": {"status": {"code": 503}}, "times": 2})]);
    assert_eq!(org.sign_in().await.status, 503);
    assert_eq!(org.get_path(ME).await.status, 503);
    assert_eq!(org.get().await.status, 200);
}

#[tokio::test]
async fn a_token_belongs_to_the_organization_that_its_client_had() {
    let (mut org, acme) = two().await;
    let first = org.token.clone();
    acme.add_client(Client::sandbox());
    assert_eq!(me(&org).await, HostedOrganization::sandbox());
    assert_eq!(org.get().await.json(), org.rule());

    renew(&mut org).await;
    assert_eq!(me(&org).await, acme.organization());
    assert_eq!(org.get().await.json(), twin());

    org.token = first;
    assert_eq!(me(&org).await, HostedOrganization::sandbox());
    assert_eq!(org.get().await.status, 200);
    org.emulator.add_client(Client::sandbox());
    renew(&mut org).await;
    assert_eq!(me(&org).await, HostedOrganization::sandbox());
}

#[tokio::test]
async fn each_organization_has_rules_of_its_own() {
    let (mut org, acme) = two().await;
    let sandbox = org.emulator.snapshot();
    acme.add_client(Client::sandbox());
    renew(&mut org).await;

    assert_eq!(org.get_path(RULES).await.json()["entities"], json!([twin()]));
    assert_eq!(org.put("1", &twin()).await.header("etag"), Some("2"));
    acme.edit_rule(SAMPLE_RULE_ID, |rule| rule["name"] = "Edited".into())
        .unwrap();
    let edited = acme.rule(SAMPLE_RULE_ID).unwrap();
    assert_eq!((&edited["etag"], &edited["name"]), (&json!("3"), &json!("Edited")));
    acme.remove_rule(SAMPLE_RULE_ID);
    assert_eq!((org.get().await.status, acme.rule(SAMPLE_RULE_ID)), (404, None));
    assert_eq!(org.emulator.snapshot(), sandbox);
    assert_eq!(acme.requests(), org.emulator.requests());
    assert_eq!(acme.issued_tokens(), org.emulator.issued_tokens());
}

#[tokio::test]
async fn a_fault_edits_the_rule_of_the_tokens_organization() {
    let (mut org, acme) = two().await;
    let edit = json!({"on": {"kind": "get"}, "do": {"edit_between": {"merge": {"name": "Theirs"}}}});
    acme.add_client(Client::sandbox());
    renew(&mut org).await;
    load(&org.emulator, &[edit]);
    assert_eq!(org.get().await.json()["name"], "Theirs");
    assert_eq!(acme.rule(SAMPLE_RULE_ID).unwrap()["name"], "Theirs");
    assert_eq!(org.rule()["etag"], "7");
}

#[tokio::test]
async fn any_handle_may_be_served() {
    let home = Emulator::sample();
    let acme = home.add_organization(HostedOrganization::new("Acme"));
    let org = Org::of(acme).await;
    assert_eq!(me(&org).await, HostedOrganization::sandbox());
    assert_eq!(org.get().await.json(), home.rule(SAMPLE_RULE_ID).unwrap());
}

#[tokio::test]
async fn a_snapshot_carries_the_organization() {
    let org = Org::sample().await;
    let renamed = HostedOrganization {
        name: "Acme".to_owned(),
        ..HostedOrganization::sandbox()
    };
    org.emulator.set_organization(renamed.clone());
    assert_eq!(me(&org).await, renamed);

    let snapshot = org.emulator.snapshot();
    assert_eq!(
        snapshot["organization"],
        json!({"id": SANDBOX_ORGANIZATION_ID, "name": "Acme"})
    );
    let restored = Emulator::restore(&snapshot, Settings::default()).unwrap();
    assert_eq!((restored.organization(), restored.snapshot()), (renamed, snapshot));
}

#[test]
fn an_organization_is_fresh_where_none_is_given() {
    let settings = Settings::default;
    let before = json!({"rules": []});
    let restore = || Emulator::restore(&before, settings()).unwrap().organization();
    assert_ne!(restore().id, restore().id);
    assert_ne!(Emulator::new(settings()).organization().id, restore().id);
    assert_eq!(
        Emulator::restore(&json!({"rules": [], "organization": {}}), settings()).err(),
        Some(RuleError::Organization)
    );
}

#[tokio::test]
async fn what_belongs_to_another_organization_is_seen_in_writes() {
    let development = Emulator::sample();
    let org = Org::of(Emulator::sample_of(HostedOrganization::new("prod"))).await;
    let id = org.emulator.snapshot()["rules"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("{RULES}/{id}");
    let put = async |action: Value| {
        let mut rule = org.emulator.rule(&id).unwrap();
        rule["actions"] = json!([action]);
        let etag = rule["etag"].as_str().unwrap().to_owned();
        let headers = [("If-Match", &*etag), ("Content-Type", "application/json")];
        let answer = org
            .api("PUT", &path, &headers, rule.to_string().as_bytes())
            .await
            .unwrap();
        assert_eq!(answer.status, 200);
        org.emulator.foreign_writes(&development)
    };
    assert_eq!(
        put(json!({"type": "display", "templateId": "t", "text": "@{hello}"})).await,
        [""; 0]
    );
    let theirs = put(json!({"type": "display", "templateId": SAMPLE_RULE_ID})).await;
    assert_eq!(theirs, [SAMPLE_RULE_ID]);
    let unresolved = put(json!({"type": "display", "templateId": "@{value:T}"})).await;
    assert_eq!(unresolved, [SAMPLE_RULE_ID, "@{value:T}"]);
}
