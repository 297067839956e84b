//! Failures between here and the platform, by cause: exit code, words, and whether it is worth trying again.

mod certificates;
mod databases;
mod doctoring;
mod proxies;

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use emulator::{SAMPLE_RULE_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};

use super::document;
use crate::{
    binary::{Ran, assist_rules, run},
    refusing::Refusing,
    sandbox::Sandbox,
    secure::{Authority, Made, TlsFront},
};

/// A platform that is spoken to over TLS.
struct Platform {
    sandbox: Sandbox,
    authority: Authority,
    front: TlsFront,
    ca_file: PathBuf,
}

impl Platform {
    fn new(made: Made) -> Self {
        let (sandbox, authority) = (Sandbox::sample(), Authority::new());
        let identity = authority.makes(made);
        let ca_file = match made {
            Made::BySelf | Made::BySelfAsAuthority => identity.file(),
            Made::Well | Made::Expired | Made::NotYetValid | Made::ForAnotherName => authority.file(),
        };
        let front = TlsFront::new(&identity, address(&sandbox));
        Self {
            sandbox,
            authority,
            front,
            ca_file,
        }
    }

    /// The program, pointed at it, with its authority trusted.
    fn command(&self) -> Command {
        let mut command = pointed_at(&self.front.url());
        command.env("ASSIST_RULES_CA_FILE", &self.ca_file);
        command
    }
}

fn address(sandbox: &Sandbox) -> SocketAddr {
    let [(_, url), ..] = sandbox.env();
    url.trim_start_matches("http://").parse().unwrap()
}

/// The program, pointed at a URL.
fn pointed_at(url: &str) -> Command {
    let mut command = assist_rules();
    command
        .env("ASSIST_RULES_API_URL", url)
        .env("ASSIST_RULES_LOGIN_URL", url)
        .env("GENESYSCLOUD_OAUTHCLIENT_ID", SANDBOX_CLIENT_ID)
        .env("GENESYSCLOUD_OAUTHCLIENT_SECRET", SANDBOX_CLIENT_SECRET)
        .env("GENESYS_RULE_ID", SAMPLE_RULE_ID);
    command
}

fn get(command: &mut Command) -> Ran {
    run(command.args(["get", "-o", "json"]))
}

/// A server that answers each connection with these bytes, once it has heard something, and counts them.
fn answering(bytes: &'static [u8]) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let mut heard = [0; 16];
            let _: io::Result<usize> = client.read(&mut heard);
            client.write_all(bytes).ok();
        }
    });
    (port, count)
}

#[track_caller]
fn ends(ran: &Ran, code: i32, error: &str, words: &[&str]) {
    let found = document(ran);
    let message = found["message"].as_str().unwrap();
    assert_eq!((ran.code, found["code"].as_str()), (Some(code), Some(error)), "{ran}");
    for word in words {
        assert!(message.contains(word), "`{word}` is not in it: {ran}");
    }
    assert_eq!(found["retryable"].as_bool(), Some(code == 7), "{ran}");
    assert!(!ran.to_string().contains(SANDBOX_CLIENT_SECRET), "{ran}");
}

/// FIELD C3 and C5: each cause by which no connection comes about, and whether it is worth trying again.
#[test]
fn a_connection_that_is_not_made_is_told_by_its_cause() {
    let refusing = Refusing::new();
    let long = format!("https://{}.example", "a".repeat(64));
    let (closing, _) = answering(b"");
    let (plain, plain_count) = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    // A fatal alert, protocol_version (70), as of a server of a time before TLS 1.2.
    let (old, old_count) = answering(b"\x15\x03\x01\x00\x02\x02\x46");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_port = silent.local_addr().unwrap().port();
    let url = |port: u16| format!("https://127.0.0.1:{port}");
    for (url, code, error, words) in [
        (
            long,
            1,
            "AR0523",
            &[".example cannot be sent: no server can have that name"][..],
        ),
        // A machine without a resolver says so late, or not at all.
        (
            "https://nowhere.invalid".to_owned(),
            7,
            "AR0507",
            &["no connection to nowhere.invalid was made: "],
        ),
        (url(refusing.address().port()), 7, "AR0507", &["127.0.0.1:", "refused"]),
        (url(closing), 7, "AR0507", &["no connection to 127.0.0.1:"]),
        (url(silent_port), 7, "AR0507", &["took longer than 2s"]),
        (
            url(plain),
            1,
            "AR0512",
            &["127.0.0.1:", "does not speak TLS (https) on that port"],
        ),
        (url(old), 1, "AR0512", &["127.0.0.1:", "no version of TLS"]),
    ] {
        let mut command = pointed_at(&url);
        // The certificates of the system may not be there where tests run.
        command.env("ASSIST_RULES_CA_FILE", Authority::new().file());
        if code == 7 {
            // Why: who answers is given the time that a busy machine takes.
            command.env("ASSIST_RULES_CONNECT_TIMEOUT", "2s");
        }
        ends(&get(&mut command), code, error, words);
    }
    let counts = (plain_count.load(Ordering::SeqCst), old_count.load(Ordering::SeqCst));
    assert_eq!(counts, (1, 1), "no try mends it");
}

/// FIELD D2: a time limit holds for the head of an answer and for its body.
#[test]
fn an_answer_that_does_not_come_or_does_not_end_is_given_up() {
    let body = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"id\"";
    for (bytes, words) in [
        (&b""[..], "no token: the answer was lost: "),
        (&b"HTTP/1.1 200 OK\r\n"[..], "none came within 100ms"),
        (body, "the answer broke off: it was not whole within 100ms"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let keeps = !bytes.is_empty();
        thread::spawn(move || {
            let mut kept = Vec::new();
            for client in listener.incoming() {
                let mut client = client.unwrap();
                let _: io::Result<usize> = client.read(&mut [0; 2048]);
                client.write_all(bytes).ok();
                if keeps {
                    kept.push(client);
                }
            }
        });
        let mut command = pointed_at(&url);
        ends(
            &get(command.env("ASSIST_RULES_ATTEMPT_TIMEOUT", "100ms")),
            7,
            "AR0507",
            &[words],
        );
    }
}

/// FIELD A6 and C5: a header that cannot be sent is not tried, and its variable is named.
#[test]
fn a_token_that_no_header_may_have_ends_at_once() {
    let sandbox = Sandbox::sample();
    let mut command = pointed_at(&format!("http://{}", address(&sandbox)));
    command
        .env_remove("GENESYSCLOUD_OAUTHCLIENT_ID")
        .env_remove("GENESYSCLOUD_OAUTHCLIENT_SECRET")
        .env("GENESYSCLOUD_ACCESS_TOKEN", "to\nken");
    let ran = get(&mut command);
    ends(&ran, 64, "AR0602", &["`GENESYSCLOUD_ACCESS_TOKEN` has a line break"]);
    assert!(!ran.to_string().contains("to\nken"), "{ran}");
    assert!(sandbox.emulator.requests().is_empty());
}
