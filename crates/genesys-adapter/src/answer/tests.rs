//! Every answer that a server can give, as tables.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use domain::{FailureClass, IndeterminateCause, RequestError};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use ports::Redactor;

use super::{BodyFault, RawAnswer, ResponseReader, no_answer};
use crate::resource::TriggerRules;

const RULE: &str = r#"{"id":"r1","etag":"7","enabled":true}"#;

fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> RawAnswer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    RawAnswer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: map,
        body: Ok(Bytes::from_static(body.as_bytes())),
    }
}

fn reading<'a>(answer: &'a RawAnswer, redactor: &'a Redactor) -> ResponseReader<'a> {
    ResponseReader {
        answer,
        redactor,
        now: SystemTime::UNIX_EPOCH,
        requests: 1,
    }
}

fn read(answer: &RawAnswer) -> Result<Option<String>, RequestError> {
    let stored = reading(answer, &Redactor::default()).stored(&TriggerRules::default(), &"r1".parse().unwrap())?;
    Ok(stored.version.map(|version| version.as_sent().to_owned()))
}

fn write(answer: &RawAnswer) -> Result<bool, FailureClass> {
    let written = reading(answer, &Redactor::default()).written(
        &TriggerRules::default(),
        &"r1".parse().unwrap(),
        Some(&"\"6\"".parse().unwrap()),
    );
    written.map(|stored| stored.is_some()).map_err(|failure| failure.class)
}

#[test]
fn the_version_is_the_header_s_unless_it_is_weak_or_the_body_has_another() {
    for (headers, body, version) in [
        (&[("etag", "7")][..], RULE, Some("7")),
        (&[("etag", "\"7\"")], RULE, Some("\"7\"")),
        (&[("etag", "\"8\"")], r#"{"id":"r1"}"#, Some("\"8\"")),
        // A cache that renews the headers of what it keeps; a gateway that makes tags of its own.
        (&[("etag", "\"8\"")], RULE, Some("7")),
        (&[("etag", "\"7-gzip\"")], RULE, Some("7")),
        (&[("etag", "W/\"8\"")], RULE, Some("7")),
        (&[("etag", "*")], RULE, Some("7")),
        (&[], RULE, Some("7")),
        (&[("etag", "W/\"8\"")], r#"{"id":"r1"}"#, None),
        (&[], r#"{"id":"r1","etag":"*"}"#, None),
        (&[], r#"{"id":"r1","etag":7}"#, None),
    ] {
        assert_eq!(
            read(&answer(200, headers, body)).unwrap().as_deref(),
            version,
            "{headers:?} {body}"
        );
    }
}

fn server_error(wait: Option<Duration>) -> FailureClass {
    FailureClass::Indeterminate {
        wait,
        cause: IndeterminateCause::ServerError,
    }
}

#[test]
fn each_status_of_a_write_means_what_can_be_done_about_it() {
    let wait = |seconds| Some(Duration::from_secs(seconds));
    for (answer, expected) in [
        (answer(200, &[], RULE), Ok(true)),
        (answer(201, &[], RULE), Ok(true)),
        (answer(200, &[], ""), Ok(false)),
        (answer(200, &[], "<html>"), Err(no_answer())),
        (
            answer(200, &[("content-type", "text/html; charset=utf-8")], ""),
            Err(no_answer()),
        ),
        (answer(200, &[("content-type", "application/json")], ""), Ok(false)),
        (answer(200, &[], r#"{"id":"r2"}"#), Err(no_answer())),
        (
            answer(200, &[], r#"{"message":"down for maintenance"}"#),
            Err(no_answer()),
        ),
        (answer(201, &[], r#"{"id":5,"enabled":true}"#), Err(no_answer())),
        (answer(200, &[], r#"{"id":"r1","etag":"6"}"#), Err(no_answer())),
        (answer(200, &[("etag", "6")], r#"{"id":"r1"}"#), Err(no_answer())),
        (answer(204, &[], ""), Ok(false)),
        (answer(202, &[], ""), Err(no_answer())),
        (
            answer(302, &[("location", "https://example.com")], ""),
            Err(FailureClass::Redirected),
        ),
        (answer(400, &[], r#"{"message":"no"}"#), Err(FailureClass::Rejected)),
        (
            answer(
                400,
                &[],
                r#"{"message":"Version 3 does not match the current version 4"}"#,
            ),
            Err(FailureClass::PreconditionFailed),
        ),
        (answer(401, &[], ""), Err(FailureClass::Unauthenticated)),
        (answer(403, &[], ""), Err(FailureClass::Denied)),
        (answer(404, &[], ""), Err(FailureClass::NotFound)),
        (answer(408, &[], ""), Err(no_answer())),
        (answer(409, &[], ""), Err(FailureClass::Conflict)),
        (
            answer(
                409,
                &[],
                r#"{"code":"general.conflict","message":"a rule with the name X already exists"}"#,
            ),
            Err(FailureClass::Conflict),
        ),
        (
            answer(409, &[], r#"{"code":"RULE_PERSISTENCE_CONFLICT","message":"no"}"#),
            Err(FailureClass::TransactionCancelled),
        ),
        (
            answer(409, &[], r#"{"message":"Transaction canceled, please try again"}"#),
            Err(FailureClass::TransactionCancelled),
        ),
        (answer(406, &[], "<html>"), Err(FailureClass::Malformed)),
        (answer(413, &[], "<html>"), Err(FailureClass::Malformed)),
        (answer(422, &[], ""), Err(FailureClass::Rejected)),
        (answer(412, &[], ""), Err(FailureClass::PreconditionFailed)),
        (answer(421, &[], ""), Err(FailureClass::NotSent)),
        (answer(425, &[], ""), Err(FailureClass::NotSent)),
        (answer(428, &[], ""), Err(FailureClass::Rejected)),
        (
            answer(429, &[("retry-after", "7")], ""),
            Err(FailureClass::Throttled { wait: wait(7) }),
        ),
        (answer(500, &[], ""), Err(server_error(None))),
        (answer(503, &[("retry-after", "9")], ""), Err(server_error(wait(9)))),
    ] {
        assert_eq!(write(&answer), expected, "{}", answer.status);
    }
}

#[test]
fn what_says_that_a_version_moved_says_nothing_of_the_sort_to_a_read() {
    let moved = r#"{"message":"Version 3 does not match the current version 4"}"#;
    for (status, body) in [(400, moved), (409, ""), (412, "")] {
        let failure = read(&answer(status, &[], body)).unwrap_err();
        assert_eq!(failure.class, FailureClass::Rejected, "{status}");
    }
}

#[test]
fn a_read_that_shows_no_rule_is_malformed() {
    for body in [
        "<html></html>",
        "",
        "[]",
        "\"text\"",
        r#"{"id":"r1""#,
        r#"{"id":"r1","id":"r1"}"#,
        r#"{"message":"down for maintenance"}"#,
    ] {
        let failure = read(&answer(200, &[], body)).unwrap_err();
        assert_eq!(failure.class, FailureClass::Malformed, "{body}");
    }
    assert_eq!(read(&answer(204, &[], "")).unwrap_err().class, FailureClass::Malformed);
    assert_eq!(
        read(&answer(200, &[], r#"{"id":"r2"}"#)).unwrap_err().class,
        FailureClass::IdMismatch
    );
}

#[test]
fn the_platform_s_words_are_kept_without_secrets() {
    let mut redactor = Redactor::default();
    redactor.add(&secrecy::SecretString::from("hunter22"));
    let answer = answer(
        403,
        &[
            ("inin-correlation-id", "corr-1"),
            ("inin-ratelimit-allowed", "300"),
            ("inin-ratelimit-count", "17"),
            ("inin-ratelimit-reset", "42"),
        ],
        r#"{"message":"Missing agentassist:trigger-rule:update, token hunter22","code":"missing.permissions","contextId":"ctx-1"}"#,
    );
    let failure = reading(&answer, &redactor)
        .written(&TriggerRules::default(), &"r1".parse().unwrap(), None)
        .unwrap_err();
    assert_eq!(
        failure.message,
        "Missing agentassist:trigger-rule:update, token [secret]"
    );
    let metadata = failure.metadata;
    assert_eq!(
        (metadata.status, metadata.platform_code.as_deref()),
        (Some(403), Some("missing.permissions"))
    );
    assert_eq!(
        (metadata.context_id.as_deref(), metadata.correlation_id.as_deref()),
        (Some("ctx-1"), Some("corr-1"))
    );
    let window = metadata
        .rate
        .map(|rate| (rate.allowed, rate.count, rate.reset.as_secs()));
    assert_eq!(window, Some((300, 17, 42)));
}

#[test]
fn a_listing_is_a_page_of_rules() {
    let page = |body| {
        let answer = answer(200, &[], body);
        reading(&answer, &Redactor::default())
            .page(&TriggerRules::default(), None)
            .map_err(|failure| failure.class)
    };
    let read = page(r#"{"entities":[{"id":"r1","etag":"7"},{"id":"../x"}],"pageCount":3,"total":250}"#).unwrap();
    assert_eq!((read.next.unwrap().0.as_str(), read.total), ("2", Some(250)));
    let shown: Vec<_> = read
        .documents
        .iter()
        .map(|rule| (rule.stated_id.as_str(), rule.id.is_some()))
        .collect();
    assert_eq!(shown, [("r1", true), ("../x", false)]);
    assert_eq!(page(r#"{"entities":7}"#), Err(FailureClass::Malformed));
    assert_eq!(page(r#"{"entities":[7]}"#), Err(FailureClass::Malformed));
}

#[test]
fn a_page_that_breaks_off_confirms_nothing() {
    for (media_type, is_confirmed) in [
        ("text/html", false),
        ("text/plain; charset=utf-8", false),
        ("application/json", true),
    ] {
        for fault in [BodyFault::Lost("cut".to_owned()), BodyFault::TooLarge { limit: 9 }] {
            let page = RawAnswer {
                body: Err(fault),
                ..answer(200, &[("content-type", media_type)], "")
            };
            assert_eq!(write(&page).is_ok(), is_confirmed, "{media_type}");
        }
    }
}
