//! Reading and writing rules under their versions.

use serde_json::{Value, json};

use super::client::{Org, RULES, emulator, rule_path};
use crate::{
    BodyEtag, Emulator, EtagHeader, SAMPLE_CHANGE, SAMPLE_RULE, SAMPLE_RULE_ID, SANDBOX_ORGANIZATION_ID, Settings,
};

#[tokio::test]
async fn a_rule_is_served_as_it_was_made() {
    let org = Org::sample().await;
    let answer = org.get().await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("7")));
    assert_eq!(
        answer.json().to_string(),
        serde_json::from_str::<Value>(SAMPLE_RULE).unwrap().to_string()
    );
    for name in ["inin-correlation-id", "date", "inin-ratelimit-count"] {
        assert!(answer.headers.contains_key(name), "{name}");
    }
    assert_eq!(org.emulator.rule(SAMPLE_RULE_ID), Some(answer.json()));
}

#[tokio::test]
async fn a_put_replaces_the_whole_rule_and_makes_a_version() {
    let org = Org::sample().await;
    let given = r#"{"stranger":{"b":1,"a":[null]},"enabled":false,"etag":"99","ruleType":"conversation","id":"ID","price":0.1}"#
        .replace("ID", SAMPLE_RULE_ID);
    let answer = org.put("7", &serde_json::from_str(&given).unwrap()).await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("8")));
    assert_eq!(answer.json().to_string(), given.replace(r#""99""#, r#""8""#));
    assert_eq!(org.get().await.body, answer.body);

    let again = org.put("8", &answer.json()).await;
    assert_eq!(
        (again.status, again.header("etag")),
        (200, Some("9")),
        "an identical write is a write"
    );
}

#[tokio::test]
async fn the_sample_change_fits_the_sample_rule() {
    let org = Org::sample().await;
    let mut rule = org.get().await.json();
    for (name, value) in serde_json::from_str::<Value>(SAMPLE_CHANGE)
        .unwrap()
        .as_object()
        .unwrap()
    {
        rule[name] = value.clone();
    }
    let answer = org.put("7", &rule).await;
    rule["etag"] = json!("8");
    assert_eq!((answer.status, answer.json()), (200, rule));
}

#[tokio::test]
async fn the_tag_has_the_form_that_the_settings_say() {
    for (etag_header, body_etag, header, member) in [
        (EtagHeader::Bare, BodyEtag::Present, Some("7"), Some("7")),
        (EtagHeader::Quoted, BodyEtag::Absent, Some("\"7\""), None),
        (EtagHeader::Weak, BodyEtag::Present, Some("W/\"7\""), Some("7")),
        (EtagHeader::Absent, BodyEtag::Absent, None, None),
    ] {
        let org = Org::of(emulator(Settings {
            etag_header,
            body_etag,
            ..Settings::default()
        }))
        .await;
        let answer = org.get().await;
        let body = answer.json();
        assert_eq!(
            (answer.header("etag"), body.get("etag").and_then(Value::as_str)),
            (header, member)
        );
        let mut expected: Value = serde_json::from_str(SAMPLE_RULE).unwrap();
        if body_etag == BodyEtag::Absent {
            expected.as_object_mut().unwrap().shift_remove("etag");
        }
        assert_eq!(body.to_string(), expected.to_string());
        let status = if etag_header == EtagHeader::Weak { 412 } else { 200 };
        assert_eq!(
            org.put(header.unwrap_or("7"), &body).await.status,
            status,
            "{etag_header:?}"
        );
    }
}

#[tokio::test]
async fn a_write_needs_the_version_that_is_there() {
    let org = Org::sample().await;
    let rule = org.rule();
    org.emulator
        .edit_rule(SAMPLE_RULE_ID, |rule| rule["name"] = "theirs".into())
        .unwrap();
    let body = rule.to_string();
    let without = org
        .api(
            "PUT",
            &rule_path(),
            &[("Content-Type", "application/json")],
            body.as_bytes(),
        )
        .await
        .unwrap();
    assert_eq!(without.refusal(), (428, "precondition.required".to_owned()));
    for (if_match, status) in [("7", 412), ("W/\"8\"", 412), ("*", 400)] {
        assert_eq!(org.put(if_match, &rule).await.status, status, "{if_match}");
    }
    assert_eq!(
        (&org.rule()["name"], &org.rule()["etag"]),
        (&"theirs".into(), &"8".into())
    );
    assert_eq!(org.put("\"8\"", &rule).await.status, 200);
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    let emulator = Emulator::sample();
    for index in 1..30 {
        emulator.put_rule(json!({"id": format!("rule-{index}")})).unwrap();
    }
    let org = Org::of(emulator).await;
    for (query, size, number, count, pages, first) in [
        ("", 25, 1, 25, 2, SAMPLE_RULE_ID),
        ("?pageNumber=2", 25, 2, 5, 2, "rule-25"),
        ("?pageSize=10&pageNumber=3", 10, 3, 10, 3, "rule-20"),
        ("?pageSize=100", 100, 1, 30, 1, SAMPLE_RULE_ID),
    ] {
        let page = org.get_path(&format!("{RULES}{query}")).await.json();
        assert_eq!(page["entities"].as_array().unwrap().len(), count, "{query}");
        assert_eq!(page["entities"][0]["id"], first, "{query}");
        let figures = ["pageSize", "pageNumber", "total", "pageCount"].map(|name| page[name].as_u64().unwrap());
        assert_eq!(figures, [size, number, 30, pages], "{query}");
    }
    assert_eq!(
        org.get_path(&format!("{RULES}?pageNumber=9")).await.json()["entities"],
        json!([])
    );
    for query in [
        "pageSize=101",
        "pageSize=0",
        "pageSize=x",
        "pageNumber=0",
        "pageNumber=-1",
    ] {
        assert_eq!(org.get_path(&format!("{RULES}?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn the_rules_may_live_elsewhere() {
    let settings = Settings {
        trigger_rules_path: "/platform/rules".to_owned(),
        ..Settings::default()
    };
    let org = Org::of(emulator(settings)).await;
    assert_eq!(
        org.get_path(&format!("/platform/rules/{SAMPLE_RULE_ID}")).await.status,
        200
    );
    assert_eq!(org.get().await.status, 404);
}

#[tokio::test]
async fn a_snapshot_brings_the_rules_back() {
    let org = Org::sample().await;
    org.put("7", &org.rule()).await;
    let restored = Emulator::restore(&org.emulator.snapshot(), Settings::default()).unwrap();
    assert_eq!(
        restored.rule(SAMPLE_RULE_ID).unwrap().to_string(),
        org.rule().to_string()
    );
    assert_eq!(restored.rule(SAMPLE_RULE_ID).unwrap()["etag"], "8");
    restored.remove_rule(SAMPLE_RULE_ID);
    let snapshot = restored.snapshot();
    assert_eq!(
        (
            restored.rule(SAMPLE_RULE_ID),
            &snapshot["organization"],
            &snapshot["rules"]
        ),
        (
            None,
            &json!({"id": SANDBOX_ORGANIZATION_ID, "name": "Sandbox"}),
            &json!([])
        )
    );
}

#[tokio::test]
async fn the_log_tells_what_was_sent() {
    let org = Org::sample().await;
    org.get_path(&format!("{RULES}?pageSize=1")).await;
    let answer = org.put("\"7\"", &org.rule()).await;
    let seen = org.emulator.requests();
    assert_eq!(seen[1].path, format!("{RULES}?pageSize=1"));
    let put = &seen[2];
    assert_eq!(
        (&*put.method, &*put.path, put.status),
        ("PUT", &*rule_path(), Some(200))
    );
    assert_eq!(put.if_match.as_deref(), Some("\"7\""));
    assert_eq!(serde_json::from_slice::<Value>(&put.body).unwrap()["etag"], "7");
    assert_eq!(Some(&*put.correlation_id), answer.header("inin-correlation-id"));
}

#[tokio::test]
async fn nobody_is_there_after_a_shutdown() {
    let Org { running, .. } = Org::sample().await;
    let address = running.address;
    running.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
