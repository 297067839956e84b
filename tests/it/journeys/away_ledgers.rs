//! Ledgers in a database that is away for a while: waited for, then told.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use super::{document, recording::Workstation};
use crate::{binary::run, postgres::Schema, refusing::Refusing};

/// The request for TLS that a client of PostgreSQL begins with (protocol, 55.2.10).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Refuses a client as PostgreSQL does, with an SQLSTATE and a message.
fn refuse(client: &mut TcpStream, (state, message): (&str, &str)) -> io::Result<()> {
    let mut first = [0; 8];
    client.read_exact(&mut first)?;
    if first == SSL_REQUEST {
        client.write_all(b"N")?;
        client.read_exact(&mut first)?;
    }
    let [a, b, c, d, ..] = first;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    client.read_exact(&mut vec![0; length - first.len()])?;
    let mut fields = Vec::new();
    for (kind, text) in [(b'S', "FATAL"), (b'V', "FATAL"), (b'C', state), (b'M', message)] {
        fields.push(kind);
        fields.extend_from_slice(text.as_bytes());
        fields.push(0);
    }
    fields.push(0);
    client.write_all(b"E")?;
    client.write_all(&u32::try_from(fields.len() + 4).unwrap().to_be_bytes())?;
    client.write_all(&fields)
}

/// A way to a server that is away for the first clients, each in its manner, and then lets all through. Its port.
fn away_at_first(server: String, manners: Vec<Option<(&'static str, &'static str)>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut manners = manners.into_iter();
        for client in listener.incoming() {
            let mut client = client.unwrap();
            match manners.next() {
                // A connection that is closed at once.
                Some(None) => {}
                Some(Some(said)) => refuse(&mut client, said).unwrap(),
                None => forward(client, &server),
            }
        }
    });
    port
}

/// Passes on what both sides say, until one ends.
fn forward(client: TcpStream, server: &str) {
    let server = TcpStream::connect(server).unwrap();
    for (mut from, mut to) in [
        (client.try_clone().unwrap(), server.try_clone().unwrap()),
        (server, client),
    ] {
        thread::spawn(move || {
            // Why ignored: an end is an end.
            io::copy(&mut from, &mut to).ok();
            to.shutdown(std::net::Shutdown::Both).ok();
        });
    }
}

const STARTING: (&str, &str) = ("57P03", "the database system is starting up");
const FULL: (&str, &str) = ("53300", "sorry, too many clients already");

/// FIELD D5: a server that starts, that is full, and that cuts connections is waited for, and the run goes on.
#[test]
fn a_shared_ledger_that_comes_back_is_waited_for() {
    let Some(schema) = Schema::new("a_shared_ledger_that_comes_back") else {
        return;
    };
    Workstation::new().does(&["update", "--name", "A", "--ledger", &schema.url()]);
    let workstation = Workstation::new();
    for args in [
        &["update", "--name", "B"] as &[&str],
        &["history"],
        &["audit", "verify"],
    ] {
        let port = away_at_first(schema.server(), vec![Some(STARTING), None, Some(FULL)]);
        let ran = run(workstation
            .command(args)
            .env("ASSIST_RULES_LEDGER", schema.url_at(port)));
        assert_eq!(ran.code, Some(0), "{args:?} {ran}");
    }
}

/// FIELD D5: one that stays away ends each command by its deadline with 7, before anything is sent.
#[test]
fn a_shared_ledger_that_stays_away_is_worth_another_try() {
    let refusing = Refusing::new();
    let full = away_at_first(String::new(), vec![Some(FULL); 99]);
    let starting = away_at_first(String::new(), vec![Some(STARTING); 99]);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for (port, why) in [
        (refusing.address().port(), "refused"),
        (full, "too many clients"),
        (starting, "starting up"),
        (silent.local_addr().unwrap().port(), "did not answer in time"),
    ] {
        let workstation = Workstation::new();
        let ledger = format!("postgres://nobody@127.0.0.1:{port}/none");
        for args in [
            &["update", "--name", "A"] as &[&str],
            &["rollback"],
            &["reconcile"],
            &["deliver"],
            &["history"],
            &["stats"],
            &["audit", "verify"],
        ] {
            let started = Instant::now();
            let mut command = workstation.command(args);
            let ran = run(command
                .args(["--deadline", "600ms", "-o", "json"])
                .env("ASSIST_RULES_LEDGER", &ledger));
            assert_eq!(ran.code, Some(7), "{why} {args:?} {ran}");
            let found = document(&ran);
            assert_eq!(found["retryable"], true, "{why} {args:?} {ran}");
            let message = found["message"].as_str().unwrap();
            assert!(message.contains(why), "{args:?} {ran}");
            assert!(started.elapsed() < Duration::from_secs(5), "{why} {args:?}");
        }
        assert_eq!(workstation.sandbox.emulator.requests().len(), 0, "{why}");
    }
}

/// FIELD D5: a role that has no connection left.
#[test]
fn a_role_without_a_connection_left_is_worth_another_try() {
    let Some(schema) = Schema::new("a_role_without_a_connection_left") else {
        return;
    };
    Workstation::new().does(&["update", "--name", "A", "--ledger", &schema.url()]);
    let role = schema.role("LOGIN CONNECTION LIMIT 0");
    let workstation = Workstation::new();
    let history = || {
        let mut command = workstation.command(&["history", "--deadline", "600ms"]);
        run(command.env("ASSIST_RULES_LEDGER", schema.url_of(&role)))
    };
    let ran = history();
    assert!(
        ran.code == Some(7) && ran.stderr.contains("too many connections for role"),
        "{ran}"
    );
    schema.query(&format!("ALTER ROLE {role} CONNECTION LIMIT -1"));
    assert_eq!(history().code, Some(0));
}
