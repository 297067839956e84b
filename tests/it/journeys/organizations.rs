//! Organizations behind one API: what is recorded and undone in one never touches another.

use std::path::Path;

use emulator::{Client, HostedOrganization, SAMPLE_RULE, SAMPLE_RULE_ID};
use serde_json::{Value, json};

use super::{against, document, sandbox_with, writes};
use crate::{
    binary::{Ran, new_home, run},
    sandbox::Sandbox,
};

/// The program as a client, with the record in this folder.
fn as_client(sandbox: &Sandbox, client: &Client, state: &Path, args: &[&str]) -> Ran {
    let mut command = against(sandbox);
    command
        .env("GENESYSCLOUD_OAUTHCLIENT_ID", &client.id)
        .env("GENESYSCLOUD_OAUTHCLIENT_SECRET", &client.secret)
        .env("ASSIST_RULES_STATE_DIR", state);
    run(command.args(args))
}

fn client(id: &str) -> Client {
    Client {
        id: id.to_owned(),
        ..Client::sandbox()
    }
}

/// The client and the organization of each entry of a history, newest first.
fn history(sandbox: &Sandbox, client: &Client, state: &Path) -> Vec<(Value, Value)> {
    let ran = as_client(sandbox, client, state, &["history", "-o", "json"]);
    let entries = document(&ran)["entries"].as_array().unwrap().clone();
    let shown = |entry: &Value| (entry["author"]["client"].clone(), entry["org"]["id"].clone());
    entries.iter().map(shown).collect()
}

#[test]
fn organizations_behind_one_api_share_neither_history_nor_rollback() {
    let sandbox = Sandbox::sample();
    let state = &new_home();
    let acme = sandbox.world.add_organization(HostedOrganization::new("Acme"));
    acme.put_rule(serde_json::from_str(SAMPLE_RULE).unwrap()).unwrap();
    let (ours, theirs) = (client("sandbox-client"), client("acme-client"));
    acme.add_client(theirs.clone());

    for (client, name) in [(&ours, "ours"), (&theirs, "theirs")] {
        let ran = as_client(&sandbox, client, state, &["update", "--name", name]);
        assert_eq!(ran.code, Some(0), "{ran}");
    }
    let (our_org, their_org) = (json!(sandbox.world.organization().id), json!(acme.organization().id));
    assert_eq!(history(&sandbox, &ours, state), [(json!("sandbox-client"), our_org)]);
    assert_eq!(history(&sandbox, &theirs, state), [(json!("acme-client"), their_org)]);

    let ran = as_client(&sandbox, &ours, state, &["rollback"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let name = |world: &emulator::Emulator| world.rule(SAMPLE_RULE_ID).unwrap()["name"].clone();
    assert_eq!(
        (name(&sandbox.world), name(&acme)),
        (json!("Credit Card Detection Rule"), json!("theirs"))
    );
}

#[test]
fn clients_of_one_organization_see_one_history() {
    let sandbox = Sandbox::sample();
    let state = &new_home();
    let (writer, reader) = (client("sandbox-client"), client("reader"));
    sandbox.world.add_client(reader.clone());
    let ran = as_client(&sandbox, &writer, state, &["update", "--name", "ours"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(history(&sandbox, &reader, state), history(&sandbox, &writer, state));
    assert_eq!(history(&sandbox, &reader, state).len(), 1);
}

#[test]
fn a_token_that_is_renewed_into_another_organization_ends_the_run() {
    let sandbox = Sandbox::sample();
    let state = &new_home();
    let moved = client("sandbox-client");
    let ran = as_client(&sandbox, &moved, state, &["update", "--name", "first"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let acme = sandbox.world.add_organization(HostedOrganization::new("Acme"));
    acme.put_rule(serde_json::from_str(SAMPLE_RULE).unwrap()).unwrap();
    acme.add_client(moved.clone());
    sandbox.world.revoke_tokens();
    let before = writes(&sandbox);
    let ran = as_client(&sandbox, &moved, state, &["update", "--name", "second", "-o", "json"]);
    assert_eq!((ran.code, writes(&sandbox)), (Some(9), before), "{ran}");
    assert_eq!(document(&ran)["changes"][0]["error"]["code"], "AR0520", "{ran}");
}

#[test]
fn without_an_answer_about_the_organization_nothing_is_written() {
    for fault in [
        r#"{"status": {"code": 503}}"#,
        r#"{"status": {"code": 429, "retry_after": 4000}}"#,
        r#"{"drop_before": {}}"#,
        r#"{"garbage": {}}"#,
    ] {
        let faults = format!(r#"{{"faults": [{{"on": {{"kind": "organization"}}, "times": 100, "do": {fault}}}]}}"#);
        let sandbox = sandbox_with(&faults);
        let ran = run(against(&sandbox).args(["update", "--name", "ours", "-o", "json"]));
        assert_eq!((ran.code, writes(&sandbox)), (Some(7), 0), "{fault}: {ran}");
    }
}

#[test]
fn an_answer_without_an_organization_leaves_api_and_client() {
    for code in [403, 404] {
        let faults =
            format!(r#"{{"faults": [{{"on": {{"kind": "organization"}}, "do": {{"status": {{"code": {code}}}}}}}]}}"#);
        let sandbox = sandbox_with(&faults);
        let ran = run(against(&sandbox).args(["update", "--name", "ours", "-o", "json"]));
        assert_eq!(ran.code, Some(0), "{ran}");
        let target = &document(&ran)["target"];
        assert_eq!(
            (&target["org"], &target["client"]),
            (&Value::Null, &json!("sandbox-client"))
        );
    }
}
