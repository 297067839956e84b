//! Organizations behind one API: what is recorded and undone in one never touches another.

mod answers;
mod leases;
mod settling;
mod sinks;

use std::{path::PathBuf, process::Command};

use emulator::{Client, Emulator, HostedOrganization, SAMPLE_RULE, SAMPLE_RULE_ID, Script};
use serde_json::{Value, json};

use super::{against, document, writes};
use crate::{
    binary::{Ran, new_home, run},
    sandbox::Sandbox,
};

fn client(id: &str) -> Client {
    Client {
        id: id.to_owned(),
        ..Client::sandbox()
    }
}

/// Two organizations behind one API, each with the sample rule under the same id and a client, and one folder for what
/// the program records.
struct TwoOrganizations {
    sandbox: Sandbox,
    /// The second organization.
    acme: Emulator,
    state: PathBuf,
}

const OURS: &str = "sandbox-client";
/// A second client of the first organization.
const COLLEAGUE: &str = "colleague";
const THEIRS: &str = "acme-client";

impl TwoOrganizations {
    fn new() -> Self {
        let sandbox = Sandbox::sample();
        let acme = sandbox.emulator.add_organization(HostedOrganization::new("Acme"));
        acme.put_rule(serde_json::from_str(SAMPLE_RULE).unwrap()).unwrap();
        acme.add_client(client(THEIRS));
        sandbox.emulator.add_client(client(COLLEAGUE));
        Self {
            sandbox,
            acme,
            state: new_home(),
        }
    }

    fn load_faults(&self, faults: &str) {
        self.sandbox.emulator.load_faults(Script::from_json(faults).unwrap());
    }

    fn command(&self, id: &str, args: &[&str]) -> Command {
        let mut command = against(&self.sandbox);
        command
            .env("GENESYSCLOUD_OAUTHCLIENT_ID", id)
            .env("ASSIST_RULES_STATE_DIR", &self.state)
            .args(args);
        command
    }

    fn run(&self, id: &str, args: &[&str]) -> Ran {
        run(&mut self.command(id, args))
    }

    /// Runs a command that must end well.
    #[track_caller]
    fn does(&self, id: &str, args: &[&str]) -> Ran {
        let ran = self.run(id, args);
        assert_eq!(ran.code, Some(0), "{id} {args:?} {ran}");
        ran
    }

    /// The entries of a client's history, newest first.
    fn entries(&self, id: &str) -> Vec<Value> {
        let history = document(&self.does(id, &["history", "-o", "json"]));
        history["entries"].as_array().unwrap().clone()
    }

    /// The ids of both organizations.
    fn ids(&self) -> [Value; 2] {
        [&self.sandbox.emulator, &self.acme].map(|emulator| json!(emulator.organization().id))
    }
}

/// The name of the sample rule.
fn name_in(emulator: &Emulator) -> Value {
    emulator.rule(SAMPLE_RULE_ID).unwrap()["name"].clone()
}

#[test]
fn organizations_behind_one_api_share_neither_history_nor_rollback() {
    let two = TwoOrganizations::new();
    for (client, name) in [(OURS, "ours"), (THEIRS, "theirs")] {
        two.does(client, &["update", "--name", name]);
    }
    for (client, org) in [OURS, THEIRS].into_iter().zip(two.ids()) {
        let entries = two.entries(client);
        let shown: Vec<_> = entries
            .iter()
            .map(|it| (&it["author"]["client"], &it["org"]["id"]))
            .collect();
        assert_eq!(shown, [(&json!(client), &org)]);
    }
    two.does(OURS, &["rollback"]);
    assert_eq!(
        (name_in(&two.sandbox.emulator), name_in(&two.acme)),
        (json!("Credit Card Detection Rule"), json!("theirs"))
    );
}

#[test]
fn clients_of_one_organization_see_one_history() {
    let two = TwoOrganizations::new();
    two.does(OURS, &["update", "--name", "ours"]);
    assert_eq!(two.entries(COLLEAGUE), two.entries(OURS));
    assert_eq!(two.entries(COLLEAGUE).len(), 1);
}

#[test]
fn a_token_that_is_renewed_into_another_organization_ends_the_run() {
    let two = TwoOrganizations::new();
    two.does(OURS, &["update", "--name", "first"]);
    two.acme.add_client(client(OURS));
    two.sandbox.emulator.revoke_tokens();
    let before = writes(&two.sandbox);
    let ran = two.run(OURS, &["update", "--name", "second", "-o", "json"]);
    assert_eq!((ran.code, writes(&two.sandbox)), (Some(9), before), "{ran}");
    assert_eq!(document(&ran)["changes"][0]["error"]["code"], "AR0520", "{ran}");
}
