//! Faults of the transport: what a client gets, and whether anything was done.

use std::io::ErrorKind;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::{Answer, Org, rule_path};
use crate::{Emulator, SAMPLE_RULE_ID, Script};

/// The sample organization under one fault.
pub(super) async fn under(fault: Value) -> Org {
    let org = Org::sample().await;
    load(&org.emulator, &[fault]);
    org
}

pub(super) fn load(emulator: &Emulator, faults: &[Value]) {
    emulator.load_faults(Script::from_json(&json!({"faults": faults}).to_string()).unwrap());
}

fn on_put(fault: &str) -> Value {
    json!({"on": {"kind": "put"}, "do": {fault: {}}})
}

fn status(org: &Org) -> Option<u16> {
    org.emulator.requests().last().unwrap().status
}

#[tokio::test]
async fn a_connection_may_close_before_or_after_the_effect() {
    for (fault, version) in [("drop_before", "7"), ("drop_after", "8")] {
        let org = under(on_put(fault)).await;
        let error = org.try_put("7", &org.rule()).await.unwrap_err();
        assert_eq!(
            (error.kind(), status(&org)),
            (ErrorKind::UnexpectedEof, None),
            "{fault}"
        );
        assert_eq!(org.rule()["etag"], version, "{fault}");
        assert_eq!(org.put(version, &org.rule()).await.status, 200, "{fault} is over");
    }
}

#[tokio::test]
async fn an_answer_may_break_off_in_its_body() {
    let org = under(on_put("reset_in_body")).await;
    let answer = org.put("7", &org.rule()).await;
    let whole = org.get().await;
    assert_eq!(
        (answer.status, answer.header("etag"), status(&org)),
        (200, Some("8"), Some(200))
    );
    assert_eq!(answer.header("content-length"), whole.header("content-length"));
    assert_eq!(answer.body, whole.body[..whole.body.len() / 2]);
    assert_eq!(
        answer.ending.map(|ending| ending.kind()),
        Some(ErrorKind::ConnectionReset)
    );
}

#[tokio::test]
async fn an_answer_may_be_shorter_than_it_says() {
    let org = under(on_put("truncated_body")).await;
    let answer = org.put("7", &org.rule()).await;
    assert!(!answer.is_whole() && answer.ending.is_none(), "{answer:?}");
    assert_eq!((answer.status, answer.json()), (200, org.rule()));
    assert_eq!(org.rule()["etag"], "8");
    assert!(org.get().await.is_whole());
}

#[tokio::test]
async fn a_body_may_never_end() {
    let org = under(on_put("endless_body")).await;
    let body = org.rule().to_string();
    let bearer = format!("Bearer {}", org.token);
    let headers = [
        ("Authorization", &*bearer),
        ("If-Match", "7"),
        ("Content-Type", "application/json"),
    ];
    let mut stream = org.send("PUT", &rule_path(), &headers, body.as_bytes()).await.unwrap();
    let mut received = vec![0; 4 * 1024 * 1024];
    stream.read_exact(&mut received).await.unwrap();
    let answer = Answer::parse(&received).unwrap();
    assert_eq!(
        (answer.status, answer.header("transfer-encoding")),
        (200, Some("chunked"))
    );
    assert!(answer.body.starts_with(b"1\r\n\"\r\n2000\r\nxxxx"));
    assert_eq!(org.rule()["etag"], "8");
    assert_eq!(org.get().await.status, 200, "others are served meanwhile");

    org.running.shutdown().await;
    let mut rest = Vec::new();
    drop(stream.read_to_end(&mut rest).await);
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_client_that_is_silent() {
    let org = Org::sample().await;
    let mut stream = tokio::net::TcpStream::connect(org.running.address).await.unwrap();
    stream
        .write_all(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        .await
        .unwrap();
    org.get().await;
    org.running.shutdown().await;
    let mut rest = Vec::new();
    drop(stream.read_to_end(&mut rest).await);
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn a_late_request_is_carried_out_though_its_client_has_gone() {
    let org = under(json!({"on": {"kind": "put"}, "do": {"delay": {"ms": 30}}})).await;
    let started = std::time::Instant::now();
    assert_eq!(org.put("7", &org.rule()).await.status, 200);
    assert!(started.elapsed().as_millis() >= 30);

    load(
        &org.emulator,
        &[json!({"on": {"kind": "put"}, "do": {"delay": {"ms": 30}}})],
    );
    let body = org.rule().to_string();
    let bearer = format!("Bearer {}", org.token);
    let headers = [
        ("Authorization", &*bearer),
        ("If-Match", "8"),
        ("Content-Type", "application/json"),
    ];
    let stream = org.send("PUT", &rule_path(), &headers, body.as_bytes()).await.unwrap();
    until(|| org.emulator.requests().len() == 3).await;
    drop(stream);
    until(|| org.rule()["etag"] == "9").await;
}

/// Lets the emulator go on until `is_done`; gives up in time.
async fn until(is_done: impl Fn() -> bool) {
    let reached = async {
        while !is_done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), reached)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_fault_meets_the_requests_that_it_is_for() {
    let org = Org::sample().await;
    let gone = |code: u16| json!({"status": {"code": code}});
    let script = [
        json!({"on": {"method": "get", "path_contains": SAMPLE_RULE_ID, "skip": 1}, "times": 2, "do": gone(502)}),
        json!({"on": {"kind": "get"}, "do": gone(503)}),
        json!({"on": {"kind": "list"}, "do": gone(504)}),
        json!({"on": {"kind": "token"}, "do": gone(500)}),
        json!({"on": {"method": "DELETE"}, "do": gone(501)}),
    ];
    load(&org.emulator, &script);
    for expected in [503, 502, 502, 200] {
        assert_eq!(org.get().await.status, expected);
    }
    assert_eq!(org.get_path(super::client::RULES).await.status, 504);
    assert_eq!(org.sign_in().await.status, 500);
    assert_eq!(org.put("7", &org.rule()).await.status, 200);
    assert_eq!(org.api("DELETE", "/", &[], b"").await.unwrap().status, 501);
}

#[tokio::test]
async fn a_new_script_takes_the_place_of_the_old() {
    let org = under(on_put("drop_before")).await;
    org.emulator.load_faults(Script::default());
    assert_eq!(org.put("7", &org.rule()).await.status, 200);
}
