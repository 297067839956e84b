//! `doctor`: what works, what does not, and what to do.

use emulator::Script;
use expect_test::expect;

use super::{against, document, on, recording::Workstation, redacted, sandbox_with, shown};
use crate::{
    binary::{Ran, assist_rules, run},
    database::DatabaseFile,
    sandbox::Sandbox,
};

/// A run in a folder that others do not have.
fn without_home(command: &mut std::process::Command) -> Ran {
    command.env("ASSIST_RULES_STATE_DIR", "state");
    run(command)
}

#[test]
fn doctor_says_that_all_is_well() {
    let sandbox = Sandbox::sample();
    expect![[r#"
        exit 0
        --- stdout
        ok    configuration         read; state is kept in `state`
        ok    credentials           from the environment
        skip  DNS                   not tried: `127.0.0.1` is an address already
        ok    TCP                   127.0.0.1:<port> takes connections
        skip  proxy                 none is on the way to http://127.0.0.1:<port>
        skip  TLS                   none: http://127.0.0.1:<port> is on this machine, and spoken to over plain http
        ok    sign-in               a new token was given, for credentials from the environment
        ok    organization          Sandbox (`<id>`)
        ok    rule                  `a1b2c3d4-e5f6-7890-abcd-ef1234567890` can be read at http://127.0.0.1:<port>
        ok    list                  rules can be listed at http://127.0.0.1:<port>
        ok    clock                 within 1 s of the server's
        skip  permission to update  not tried: it would take a write
        skip  ledger                not tried: there is none yet, the first change makes sqlite:state/ledger.db
        skip  sinks                 none is configured
        --- stderr
    "#]]
    .assert_eq(&shown(&without_home(against(&sandbox).arg("doctor"))));
    let checks = document(&on(&sandbox, &["doctor", "-o", "json"]));
    assert_eq!(
        (&checks["kind"], &checks["checks"][0]["state"]),
        (&"doctor".into(), &"works".into())
    );
    assert_eq!(super::writes(&sandbox), 0);
}

#[test]
fn doctor_says_what_is_missing() {
    let no_credentials = without_home(assist_rules().arg("doctor"));
    expect![[r#"
        exit 64
        --- stdout
        ok    configuration         read; state is kept in `state`
        fail  credentials           there are no credentials
                                    set GENESYSCLOUD_OAUTHCLIENT_ID and GENESYSCLOUD_OAUTHCLIENT_SECRET, or GENESYSCLOUD_ACCESS_TOKEN, or name a profile of the gc CLI with --profile; --sandbox needs none
        skip  DNS                   not tried, since `credentials` failed
        skip  TCP                   not tried, since `credentials` failed
        skip  proxy                 not tried, since `credentials` failed
        skip  TLS                   not tried, since `credentials` failed
        skip  sign-in               not tried, since `credentials` failed
        skip  organization          not tried, since `credentials` failed
        skip  rule                  not tried, since `credentials` failed
        skip  list                  not tried, since `credentials` failed
        skip  clock                 not tried, since `credentials` failed
        skip  permission to update  not tried, since `credentials` failed
        skip  ledger                not tried: there is none yet, the first change makes sqlite:state/ledger.db
        skip  sinks                 none is configured
        --- stderr
    "#]].assert_eq(&shown(&no_credentials));
    let sandbox = Sandbox::sample();
    let mut wrong = against(&sandbox);
    wrong
        .arg("doctor")
        .env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "not-the-secret");
    let ran = without_home(&mut wrong);
    assert_eq!(ran.code, Some(8), "{ran}");
    expect![[r#"
        ok    configuration         read; state is kept in `state`
        ok    credentials           from the environment
        skip  DNS                   not tried: `127.0.0.1` is an address already
        ok    TCP                   127.0.0.1:<port> takes connections
        skip  proxy                 none is on the way to http://127.0.0.1:<port>
        skip  TLS                   none: http://127.0.0.1:<port> is on this machine, and spoken to over plain http
        fail  sign-in               cannot sign in: no token: the client id or its secret was refused: client not found or secret wrong
                                    The client id, its secret or the token was refused. Check that they belong to the region that is used (a client of one region is unknown in every other), and that the token has not expired.
        skip  organization          not tried, since `sign-in` failed
        skip  rule                  not tried, since `sign-in` failed
        skip  list                  not tried, since `sign-in` failed
        skip  clock                 not tried, since `sign-in` failed
        skip  permission to update  not tried, since `sign-in` failed
        skip  ledger                not tried: there is none yet, the first change makes sqlite:state/ledger.db
        skip  sinks                 none is configured
    "#]].assert_eq(&redacted(&ran.stdout));
}

#[test]
fn doctor_tells_a_rule_that_is_not_there_from_a_contract_that_is_not() {
    let sandbox = Sandbox::sample();
    let ran = without_home(against(&sandbox).args(["doctor", "gone"]));
    assert_eq!(ran.code, Some(1), "{ran}");
    let sandbox = sandbox_with(r#"{"faults": [{"on": {"kind": "list"}, "do": {"status": {"code": 404}}}]}"#);
    let ran = without_home(against(&sandbox).arg("doctor").env_remove("GENESYS_RULE_ID"));
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stdout.contains("may lack the trigger-rule contract"), "{ran}");
}

#[test]
fn doctor_sees_a_clock_that_is_off() {
    let sandbox = sandbox_with(r#"{"faults": [{"on": {"kind": "get"}, "do": {"clock_skew": {"seconds": 600}}}]}"#);
    let ran = without_home(against(&sandbox).arg("doctor"));
    let clock = ran.stdout.lines().find(|line| line.contains("clock")).unwrap();
    assert!(!clock.starts_with("ok"), "{ran}");
}

/// FIELD I5: a token that was kept says nothing about credentials that were revoked since.
#[test]
fn doctor_signs_in_anew() {
    let workstation = Workstation::new();
    workstation.does(&["get"]);
    let refused = r#"{"faults": [{"on": {"kind": "token"}, "do": {"status": {"code": 401}}}]}"#;
    workstation
        .sandbox
        .emulator
        .load_faults(Script::from_json(refused).unwrap());
    let ran = workstation.run(&["doctor"]);
    assert_eq!(ran.code, Some(8), "{ran}");
    assert!(line(&ran, "sign-in").starts_with("fail"), "{ran}");
}

/// FIELD I5: a given token is not signed in with, and the checks go on with it.
#[test]
fn doctor_says_what_it_does_not_try() {
    let sandbox = Sandbox::sample();
    let mut given = against(&sandbox);
    given
        .arg("doctor")
        .env("GENESYSCLOUD_ACCESS_TOKEN", "no-good")
        .env_remove("GENESYSCLOUD_OAUTHCLIENT_ID")
        .env_remove("GENESYSCLOUD_OAUTHCLIENT_SECRET")
        .env_remove("GENESYS_RULE_ID");
    let ran = without_home(&mut given);
    assert_eq!(ran.code, Some(8), "{ran}");
    for (name, state) in [
        ("sign-in", "skip"),
        ("organization", "fail"),
        ("rule", "skip"),
        ("list", "fail"),
    ] {
        assert!(line(&ran, name).starts_with(state), "{name} {ran}");
    }
}

/// FIELD I5: the worst fault is the end, wherever it comes, and all that could not be tried is there.
#[test]
fn doctor_ends_with_the_worst_fault() {
    let sandbox = sandbox_with(
        r#"{"faults": [{"on": {"kind": "get"}, "do": {"status": {"code": 503}}},
                       {"on": {"kind": "list"}, "do": {"status": {"code": 403}}}]}"#,
    );
    let ran = without_home(against(&sandbox).arg("doctor"));
    assert_eq!(ran.code, Some(8), "{ran}");
    assert!(
        line(&ran, "rule").starts_with("fail") && line(&ran, "list").starts_with("fail"),
        "{ran}"
    );
}

/// FIELD I5: without a configuration nothing is tried, and each check says so.
#[test]
fn doctor_tries_nothing_without_a_configuration() {
    let mut broken = assist_rules();
    broken.args(["doctor", "--config", "is-not-there.toml"]);
    let ran = without_home(&mut broken);
    assert_eq!(ran.code, Some(64), "{ran}");
    for name in ["credentials", "sign-in", "rule", "list", "clock", "ledger", "sinks"] {
        assert!(
            line(&ran, name).ends_with("not tried, since `configuration` failed"),
            "{ran}"
        );
    }
}

/// FIELD I5: the ledger is written to, its newest entries are proved, and each sink is connected to.
#[test]
fn doctor_tries_the_ledger_and_the_sinks() {
    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "A"]);
    let file = workstation.state.join("ledger.db");
    let ran = workstation.does(&["doctor"]);
    assert!(
        line(&ran, "ledger").ends_with("can be read and written; its newest 2 entries are sound"),
        "{ran}"
    );
    let mut tampering = DatabaseFile::open(&file);
    tampering.run("BEGIN IMMEDIATE");
    let ran = workstation.run(&["doctor"]);
    assert_eq!(ran.code, Some(7), "{ran}");
    assert!(line(&ran, "ledger").starts_with("fail"), "{ran}");
    tampering.run("COMMIT; DROP TRIGGER entries_are_not_changed; UPDATE entries SET body = body || ' '");
    tampering.close();
    let ran = workstation.run(&["doctor"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(line(&ran, "ledger").contains("entry 1: it was changed"), "{ran}");
}

/// `doctor` is asked for what keeps a name from being looked up.
#[test]
fn doctor_tries_all_it_can_although_a_name_leads_nowhere() {
    let sandbox = Sandbox::sample();
    let ran = without_home(against(&sandbox).args(["doctor", "No such rule"]));
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(line(&ran, "list").starts_with("ok"), "{ran}");
    assert!(
        line(&ran, "rule").contains("no rule has the name `No such rule`"),
        "{ran}"
    );
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut away = against(&sandbox);
    away.args(["doctor", "No such rule"])
        .env("ASSIST_RULES_API_URL", format!("http://{closed}"))
        .env("ASSIST_RULES_LOGIN_URL", format!("http://{closed}"));
    let ran = without_home(&mut away);
    assert_eq!(ran.code, Some(7), "{ran}");
    assert!(line(&ran, "TCP").starts_with("fail"), "{ran}");
    let ran = without_home(assist_rules().args(["doctor", "--sandbox"]));
    assert!(line(&ran, "sinks").contains("the sandbox tells none"), "{ran}");
}

fn line<'a>(ran: &'a Ran, name: &str) -> &'a str {
    let of = |line: &&str| line.get(6..).is_some_and(|rest| rest.starts_with(&format!("{name} ")));
    ran.stdout
        .lines()
        .find(of)
        .unwrap_or_else(|| panic!("no `{name}`: {ran}"))
}
