//! Faults of the platform and of what stands before it: the transport is sound, the answer is not.

use serde_json::{Value, json};

use super::{
    client::{Org, emulator},
    faults::{load, under},
};
use crate::{RetryAfter, SAMPLE_RULE_ID, ServerClock, Settings};

#[tokio::test]
async fn a_gateway_may_answer_in_its_place() {
    for (carried_out, version) in [(false, "7"), (true, "8")] {
        let status = json!({"code": 503, "retry_after": 7, "headers": {"Via": "1.1 gate"}, "carried_out": carried_out});
        let org = under(json!({"on": {"kind": "put"}, "do": {"status": status}})).await;
        let answer = org.put("7", &org.rule()).await;
        assert_eq!(answer.refusal(), (503, "fault.on.demand".to_owned()));
        assert_eq!(
            (answer.header("retry-after"), answer.header("via")),
            (Some("7"), Some("1.1 gate"))
        );
        assert_eq!(
            Some(answer.json()["contextId"].as_str().unwrap()),
            answer.header("inin-correlation-id")
        );
        assert_eq!(org.rule()["etag"], version);
    }
}

#[tokio::test]
async fn a_status_may_have_any_body() {
    let conflict = json!({"message": "does not match the current version", "stranger": [1]});
    let org = under(json!({"do": {"status": {"code": 409, "body": conflict}}})).await;
    let answer = org.get().await;
    assert_eq!((answer.status, answer.json()), (409, conflict));
}

#[tokio::test]
async fn a_status_may_tell_the_wait_as_a_date() {
    let clock = ServerClock::new(|| std::time::UNIX_EPOCH);
    let org = Org::of(emulator(Settings {
        retry_after: RetryAfter::HttpDate,
        clock,
        ..Settings::default()
    }))
    .await;
    load(
        &org.emulator,
        &[json!({"do": {"status": {"code": 503, "retry_after": 90}}})],
    );
    assert_eq!(
        org.get().await.header("retry-after"),
        Some("Thu, 01 Jan 1970 00:01:30 GMT")
    );
}

#[tokio::test]
async fn a_page_of_html_may_come_with_a_200() {
    for (carried_out, version) in [(false, "7"), (true, "8")] {
        let org = under(json!({"on": {"kind": "put"}, "do": {"garbage": {"carried_out": carried_out}}})).await;
        let answer = org.put("7", &org.rule()).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("text/html; charset=utf-8"))
        );
        assert!(answer.body.starts_with(b"<!DOCTYPE html>") && answer.is_whole());
        assert_eq!(org.rule()["etag"], version);
    }
}

#[tokio::test]
async fn somebody_may_edit_right_before() {
    let merge = json!({"description": "theirs", "stranger": {"a": 1}, "name": null});
    let org = under(json!({"on": {"kind": "put"}, "do": {"edit_between": {"merge": merge}}})).await;
    let mut expected = org.rule();
    assert_eq!(org.put("7", &expected).await.status, 412);
    expected["etag"] = "8".into();
    expected["description"] = "theirs".into();
    expected.as_object_mut().unwrap().shift_remove("name");
    expected["stranger"] = json!({"a": 1});
    assert_eq!(org.rule().to_string(), expected.to_string());
}

#[tokio::test]
async fn a_tag_may_move_alone() {
    let org = under(json!({"on": {"kind": "put"}, "do": {"moved_tag": {}}})).await;
    let mut expected = org.rule();
    assert_eq!(org.put("7", &expected).await.status, 412);
    expected["etag"] = "8".into();
    assert_eq!(org.rule(), expected);
}

#[tokio::test]
async fn an_edit_of_a_rule_that_is_gone_edits_nothing() {
    let org = under(json!({"do": {"moved_tag": {}}})).await;
    org.emulator.remove_rule(SAMPLE_RULE_ID);
    assert_eq!(org.get().await.status, 404);
}

#[tokio::test]
async fn a_token_may_be_revoked_right_before() {
    let mut org = under(json!({"on": {"kind": "put"}, "do": {"revoke_token": {}}})).await;
    let other = org.sign_in().await.json();
    assert_eq!(org.put("7", &org.rule()).await.status, 401);
    assert_eq!(org.get().await.status, 401);
    org.token = other["access_token"].as_str().unwrap().to_owned();
    assert_eq!(org.put("7", &org.rule()).await.status, 200, "another token lives on");
}

#[tokio::test]
async fn the_clock_of_an_answer_may_be_off() {
    let clock = ServerClock::new(|| std::time::UNIX_EPOCH + std::time::Duration::from_hours(1));
    let org = Org::of(emulator(Settings {
        clock,
        ..Settings::default()
    }))
    .await;
    for (seconds, date) in [
        (90, "Thu, 01 Jan 1970 01:01:30 GMT"),
        (-3600, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ] {
        load(&org.emulator, &[json!({"do": {"clock_skew": {"seconds": seconds}}})]);
        assert_eq!(org.get().await.header("date"), Some(date));
        assert_eq!(org.get().await.header("date"), Some("Thu, 01 Jan 1970 01:00:00 GMT"));
    }
}

#[tokio::test]
async fn a_throttle_burst_slows_so_many_requests_down() {
    let org = under(json!({"on": {"kind": "put"}, "do": {"storm": {"requests": 2, "retry_after": 3}}})).await;
    assert_eq!(org.get().await.status, 200);
    for answer in [org.put("7", &org.rule()).await, org.get().await] {
        assert_eq!(answer.refusal(), (429, "too.many.requests.retry.after".to_owned()));
        assert_eq!(answer.header("retry-after"), Some("3"));
    }
    assert_eq!((org.get().await.status, &org.rule()["etag"]), (200, &json!("7")));
}

#[tokio::test]
async fn an_answer_may_lose_its_version() {
    let org = under(json!({"on": {"kind": "put"}, "do": {"lost_version": {}}})).await;
    let answer = org.put("7", &org.rule()).await;
    assert_eq!(
        (answer.status, answer.header("etag"), answer.is_whole()),
        (200, None, true)
    );
    let mut expected: Value = org.rule();
    assert_eq!(expected.as_object_mut().unwrap().shift_remove("etag"), Some("8".into()));
    assert_eq!(answer.json().to_string(), expected.to_string());
}
