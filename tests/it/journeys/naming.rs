//! Rules that are named by their name.

use emulator::SAMPLE_RULE_ID;
use serde_json::{Value, json};

use super::recording::{Workstation, writes};
use super::{document, on};
use crate::sandbox::Sandbox;

const NAME: &str = "Credit Card Detection Rule";

fn with_rules(rules: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::sample();
    for (id, name) in rules {
        let mut rule: Value = serde_json::from_str(emulator::SAMPLE_RULE).unwrap();
        rule["id"] = json!(id);
        rule["name"] = json!(name);
        sandbox.emulator.put_rule(rule).unwrap();
    }
    sandbox
}

/// CLI: a rule is named by its exact name as well as by its id, wherever a rule is named.
#[test]
fn a_rule_is_named_by_its_exact_name() {
    let workstation = Workstation::new();
    for args in [
        &["get", NAME, "-o", "json"] as &[&str],
        &["update", NAME, "--description", "A"],
        &["disable", "name:Credit Card Detection Rule"],
        &["history", NAME],
        &["stats", NAME],
        &["doctor", NAME],
        &["rollback", NAME],
        &["diff", NAME, "--name", "x"],
    ] {
        let mut command = workstation.command(args);
        let ran = crate::binary::run(command.env_remove("GENESYS_RULE_ID"));
        assert_eq!(ran.code, Some(0), "{args:?} {ran}");
    }
    let mut command = workstation.command(&["get", "-o", "json"]);
    let ran = crate::binary::run(command.env("GENESYS_RULE_ID", NAME));
    assert_eq!(document(&ran)["id"], SAMPLE_RULE_ID, "{ran}");
    assert_eq!(writes(&workstation), 3);
}

/// CLI: nothing is written by a name that no rule has, or that several have.
#[test]
fn a_name_that_is_not_one_rules_is_refused() {
    let sandbox = with_rules(&[
        ("r-2", "Refunds and more"),
        ("r-3", "Refunds and more"),
        ("r-4", "Refunds"),
    ]);
    let named = |name: &str| {
        let ran = on(&sandbox, &["update", name, "--description", "x", "-o", "json"]);
        let error = document(&ran);
        let text = |member: &str| error[member].as_str().unwrap_or_default().to_owned();
        (ran.code, text("code"), text("message"), text("help"))
    };
    let (code, error, message, help) = named("Refunds and more");
    assert_eq!((code, error.as_str()), (Some(64), "AR0601"), "{message}");
    assert!(
        message.contains("2 rules have the name") && help.contains("r-2, r-3"),
        "{message} {help}"
    );
    let (code, error, message, help) = named("credit card  detection rule");
    assert_eq!((code, error.as_str()), (Some(1), "AR0501"), "{message}");
    assert!(help.contains("did you mean `Credit Card Detection Rule`?"), "{help}");
    let (_, _, _, help) = named("something else entirely");
    assert!(help.contains("assist-rules list"), "{help}");
    // A text of the form of an id is only ever an id.
    let ran = on(&sandbox, &["update", "Refunds", "--description", "x", "-o", "json"]);
    let change = document(&ran)["changes"][0].clone();
    assert_eq!(
        (ran.code, &change["error"]["code"]),
        (Some(1), &json!("AR0501")),
        "{ran}"
    );
    let help = change["error"]["help"].as_str().unwrap();
    assert!(help.contains("put `name:` in front of it"), "{ran}");
    let absent = document(&on(&sandbox, &["update", "absent", "--description", "x", "-o", "json"]));
    let help = absent["changes"][0]["error"]["help"].as_str().unwrap();
    assert!(help.contains("`name:TEXT`"), "{absent}");
    assert_eq!(super::writes(&sandbox), 0);
    let ran = on(
        &sandbox,
        &["update", "name:Refunds", "--description", "x", "-o", "json"],
    );
    assert_eq!(document(&ran)["changes"][0]["id"], "r-4", "{ran}");
}
