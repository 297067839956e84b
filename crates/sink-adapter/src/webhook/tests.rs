//! Webhooks over real sockets: what is posted, what answers mean, and what is never connected to.

mod guard;
mod receiver;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::samples::{clock, event, event_of, retry_error, sink, soon};
use crate::settings::SinkKind;
use receiver::Receiver;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn webhook(url: &str, secrets: &[&str], timeout: Duration) -> Arc<dyn EventSink> {
    sink(SinkKind::Webhook {
        url: url.to_owned(),
        secrets: secrets.iter().map(|secret| SecretString::from(*secret)).collect(),
        allow_private: true,
        timeout,
    })
}

/// Delivers to a server on this machine that gives this answer.
async fn answered(answer: &str) -> Result<(), DeliveryError> {
    let receiver = Receiver::start(vec![answer.to_owned()]).await;
    let webhook = webhook(&receiver.url(), &[SECRET], SinkKind::TIMEOUT);
    webhook.deliver(&event()).await
}

fn answer(status: &str, rest: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{rest}")
}

#[tokio::test]
async fn an_event_is_posted_and_its_signatures_verify() {
    let receiver = Receiver::start(vec![answer("204 No Content", "\r\n"); 2]).await;
    let other = format!("whsec_{}", STANDARD.encode([7; 32]));
    let webhook = webhook(&receiver.url(), &[SECRET, &other], SinkKind::TIMEOUT);
    for entry in [1, 1] {
        let delivered = webhook
            .deliver(&event_of("e9", entry, r#"{"id":"r1","name":"Ä"}"#))
            .await;
        assert_eq!(delivered, Ok(()));
    }
    let requests = receiver.requests().await;
    assert_eq!(requests[0], requests[1]);
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let header = |name: &str| {
        let lines: Vec<_> = head.lines().filter_map(|line| line.split_once(": ")).collect();
        let found: Vec<_> = lines.iter().filter(|(found, _)| *found == name).collect();
        assert_eq!(found.len(), 1, "{name} in {head}");
        found[0].1
    };
    assert!(head.starts_with("POST /hook?t=1 HTTP/1.1\r\n"), "{head}");
    assert_eq!(header("content-type"), "application/cloudevents+json");
    assert_eq!(header("webhook-id"), "e9");
    assert_eq!(header("webhook-timestamp"), "0");
    assert_eq!(body, cloud_event::body(&event_of("e9", 1, r#"{"id":"r1","name":"Ä"}"#)));
    let signatures: Vec<_> = header("webhook-signature").split(' ').collect();
    let keys = [
        STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap(),
        vec![7; 32],
    ];
    assert_eq!(signatures.len(), keys.len());
    for (signature, key) in signatures.into_iter().zip(keys) {
        let signature = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        hmac::verify(&key, format!("e9.0.{body}").as_bytes(), &signature).unwrap();
    }
}

#[tokio::test]
async fn each_answer_means_something_for_the_next_try() {
    let again = |error: &str, wait: Option<u64>| {
        Err(DeliveryError::Retry {
            error: error.to_owned(),
            wait: wait.map(Duration::from_secs),
        })
    };
    let not_followed = |code: u16| {
        let error = format!("the server answered {code}, and redirects are not followed: configure the new address");
        again(&error, None)
    };
    for (status, rest, expected) in [
        ("200 OK", "Content-Length: 2\r\n\r\nok", Ok(())),
        ("202 Accepted", "\r\n", Ok(())),
        ("299 Fine", "\r\n", Ok(())),
        (
            "410 Gone",
            "\r\nmoved out",
            Err(DeliveryError::Gone {
                error: "the server answered 410, it wants no more events: moved out".to_owned(),
            }),
        ),
        (
            "429 Too Many",
            "Retry-After: 7\r\n\r\n",
            again("the server answered 429", Some(7)),
        ),
        (
            "503 Busy",
            "Retry-After: 9\r\n\r\nx",
            again("the server answered 503: x", Some(9)),
        ),
        ("503 Busy", "\r\n", again("the server answered 503", None)),
        // Only those two are asked to say when.
        (
            "500 Oops",
            "Retry-After: 9\r\n\r\n",
            again("the server answered 500", None),
        ),
        (
            "400 Bad",
            "\r\n\u{1b}[2Jno\r\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            again("the server answered 400: \\u{1b}[2Jno [secret]", None),
        ),
        (
            "400 Bad",
            "\r\nMfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            again("the server answered 400: [secret]", None),
        ),
        ("404 Not Found", "\r\n", again("the server answered 404", None)),
        ("302 Found", "Location: https://example.org/\r\n\r\n", not_followed(302)),
        ("308 Moved", "Location: /\r\n\r\n", not_followed(308)),
        ("304 Not Modified", "\r\n", not_followed(304)),
    ] {
        assert_eq!(answered(&answer(status, rest)).await, expected, "{status} {rest}");
    }
}

#[tokio::test]
async fn what_is_not_answered_is_tried_again() {
    let error = retry_error(answered("").await);
    assert!(error.starts_with("the server was not reached: "), "{error}");
    let error = retry_error(answered("SSH-2.0\r\n\r\n").await);
    assert!(error.starts_with("the server was not reached: "), "{error}");

    let closed = Receiver::start(Vec::new()).await;
    let url = closed.url();
    closed.requests().await;
    let error = retry_error(webhook(&url, &[SECRET], SinkKind::TIMEOUT).deliver(&event()).await);
    assert!(error.contains("refused"), "{error}");

    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let hurried = webhook(&url, &[SECRET], Duration::from_millis(50));
    let delivered = soon(hurried.deliver(&event())).await;
    assert_eq!(retry_error(delivered), "the server took too long");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    for (status, is_taken) in [("200 OK", true), ("500 Oops", false)] {
        let receiver = Receiver::endless(answer(status, "\r\n")).await;
        let webhook = webhook(&receiver.url(), &[SECRET], SinkKind::TIMEOUT);
        let delivered = soon(webhook.deliver(&event())).await;
        assert_eq!(delivered.is_ok(), is_taken, "{delivered:?}");
    }
}

#[test]
fn urls_are_refused_for_what_is_wrong_with_them() {
    let private = |host: &str| Some(WebhookUrlError::Private(host.to_owned()));
    for (url, allow_private, fault) in [
        ("https://hooks.example.org/x", false, None),
        ("https://93.184.216.34/", false, None),
        ("https://10.0.0.1/", false, private("10.0.0.1")),
        ("https://10.0.0.1/", true, None),
        ("https://localhost./", false, private("localhost.")),
        ("https://localhost/", true, None),
        ("http://localhost/", true, None),
        ("http://[::1]:8080/", true, None),
        ("http://127.0.0.1/", false, Some(WebhookUrlError::Scheme)),
        ("http://10.0.0.1/", true, Some(WebhookUrlError::Scheme)),
        ("http://hooks.example.org/", true, Some(WebhookUrlError::Scheme)),
        ("https://ann@hooks.example.org/", true, Some(WebhookUrlError::UserInfo)),
        ("https://:pw@hooks.example.org/", false, Some(WebhookUrlError::UserInfo)),
        ("hooks.example.org", false, Some(WebhookUrlError::NoUrl)),
        ("mailto:ann@example.org", true, Some(WebhookUrlError::Scheme)),
    ] {
        let made = Webhook::new(
            "audit".to_owned(),
            url,
            &[SecretString::from(SECRET)],
            allow_private,
            SinkKind::TIMEOUT,
            clock(),
            None,
        );
        assert_eq!(made.err(), fault.map(SinkSettingsError::Url), "{url}");
    }
}
