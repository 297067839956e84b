//! `doctor`: what works, what does not, and what to do.

use expect_test::expect;

use super::{against, document, on, redacted, sandbox_with, shown};
use crate::{
    binary::{Ran, assist_rules, run},
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
        ok    sign-in               accepted, with credentials from the environment
        ok    organization          Sandbox (`<id>`)
        ok    trigger rules         `a1b2c3d4-e5f6-7890-abcd-ef1234567890` can be read at http://127.0.0.1:<port>
        ok    clock                 within 1 s of the server's
        skip  permission to update  not tried: it would take a write
        ok    ledger                none yet: the first change makes sqlite:state/ledger.db
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
        ok    ledger                none yet: the first change makes sqlite:state/ledger.db
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
        fail  sign-in               cannot sign in: no token: the client id or its secret was refused: client not found or secret wrong
                                    The client id, its secret or the token was refused. Check that they belong to the region that is used (a client of one region is unknown in every other), and that the token has not expired.
        ok    ledger                none yet: the first change makes sqlite:state/ledger.db
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
