//! The pause that a sink asks for, and the deadline of a delivery.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use super::{Workstation, answering, document, json, listen, webhook};

/// An answer of a sink: its status, a header beside it, and its body.
fn answer(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

/// FIELD D1: a sink that asks for a pause is sent nothing inside of it: not by `deliver`, not by the next update, not again by
/// hand. The event stays, and its time is told in text and in JSON.
#[test]
fn nothing_is_sent_to_a_sink_inside_its_pause() {
    let (too_many, unavailable) = ("429 Too Many Requests", "503 Service Unavailable");
    let words = "Rate limit exceeded. Retry the request in [4200] seconds";
    for answer in [
        answer(too_many, "retry-after: 4.5\r\n", ""),
        answer(unavailable, "retry-after: 7200\r\n", ""),
        answer(too_many, "retry-after: 999999999999999999999\r\n", ""),
        answer(too_many, "retry-after: Tue, 31 Dec 2999 00:00:00 GMT\r\n", ""),
        answer(too_many, "", words),
        answer(too_many, "retry-after: soon\r\n", words),
    ] {
        let (url, posted) = answering(answer.clone());
        let workstation = Workstation::new(&webhook(&url));
        let ran = workstation.run(&["update", "--name", "A"]);
        assert_eq!(ran.code, Some(10), "{answer}: {ran}");
        let expected = "The sink `chat` asked for a pause: nothing is sent to it before 2";
        assert!(ran.stderr.contains(expected), "{answer}: {ran}");
        posted.recv().unwrap();
        let ran = workstation.run(&["update", "--name", "B", "-o", "json"]);
        assert!(ran.code == Some(10) && ran.stderr.contains(expected), "{answer}: {ran}");
        let ran = workstation.run(&["deliver", "-o", "json"]);
        let sink = &document(&ran)["sinks"][0];
        let until = sink["paused_until"].as_str().unwrap_or_default();
        assert!(until.ends_with('Z') && sink["next_at"] == until, "{answer}: {ran}");
        assert_eq!((ran.code, &sink["pending"]), (Some(10), &json!(2)), "{answer}: {ran}");
        let ran = workstation.run(&["deliver"]);
        let expected = format!("it asked for a pause: nothing is sent to it before {until}");
        assert!(ran.stdout.contains(&expected), "{answer}: {ran}");
        assert!(posted.try_recv().is_err(), "{answer}: it was sent something");
    }
}

/// FIELD D1: an answer that asks for no pause is none, and the next delivery is made at once.
#[test]
fn a_sink_that_asks_for_no_pause_has_none() {
    for answer in [
        answer("429 Too Many Requests", "retry-after: -1\r\n", ""),
        answer("429 Too Many Requests", "retry-after: \r\n", ""),
        answer("503 Service Unavailable", "retry-after: 0\r\n", ""),
        answer("500 Internal Server Error", "retry-after: 7200\r\n", ""),
    ] {
        let (url, posted) = answering(answer.clone());
        let workstation = Workstation::new(&webhook(&url));
        workstation.run(&["update", "--name", "A"]);
        posted.recv().unwrap();
        let ran = workstation.run(&["deliver", "-o", "json"]);
        assert_eq!(
            document(&ran)["sinks"][0]["paused_until"],
            json!(null),
            "{answer}: {ran}"
        );
        assert!(posted.try_recv().is_ok(), "{answer}: it was not tried");
    }
}

/// A pause that is absurd is lifted by a person, who names the sink.
#[test]
fn a_person_lifts_the_pause_of_a_sink() {
    let (url, _posted) = listen("429 Too Many Requests\r\nretry-after: 99999999");
    let workstation = Workstation::new(&webhook(&url));
    workstation.run(&["update", "--name", "A"]);
    let (url, _posted) = listen("200 OK");
    std::fs::write(workstation.home.join("mine.toml"), webhook(&url)).unwrap();
    assert_eq!(workstation.run(&["deliver"]).code, Some(10));
    let ran = workstation.run(&["deliver", "--enable", "chat"]);
    assert!(ran.code == Some(0) && ran.stdout.contains("1 delivered"), "{ran}");
}

/// FIELD D2: a sink that takes connections and never answers holds `deliver` no longer than its deadline; the event stays.
#[test]
fn the_deadline_ends_a_delivery_to_a_silent_sink() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let workstation = Workstation::new(&webhook("http://127.0.0.1:1/"));
    workstation.run(&["update", "--name", "A"]);
    let url = format!("http://{}/", silent.local_addr().unwrap());
    std::fs::write(workstation.home.join("mine.toml"), webhook(&url)).unwrap();
    let started = Instant::now();
    let ran = workstation.run(&["deliver", "--deadline", "400ms", "-o", "json"]);
    let sink = &document(&ran)["sinks"][0];
    assert_eq!((ran.code, &sink["pending"]), (Some(10), &json!(1)), "{ran}");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}
