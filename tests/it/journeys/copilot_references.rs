//! The things that a Copilot refers to: looked for in the organization, and told where they are not there.

use std::fs;

use emulator::{Client, Permission, ReferenceCollection, SAMPLE_ASSISTANT_ID};
use serde_json::{Value, json};

use super::document;
use super::recording::Workstation;
use crate::binary::new_home;
use crate::sandbox::Sandbox;

/// The NLU domain of the sample assistant, and the version of it that counts.
const DOMAIN: &str = "0b1c2d3e-1111-4222-8333-444455556666";
const VERSION: &str = "0b1c2d3e-1111-4222-8333-444455557702";

/// A file that has the sample rules and one with an intent of this name.
fn file_with(workstation: &Workstation, intent: &str) -> String {
    let folder = new_home().join("rules");
    fs::create_dir_all(&folder).unwrap();
    let stored = document(&workstation.does(&["get", &id(), "-o", "json"]));
    let mut rules = stored["value"]["ruleEngineConfig"]["rules"].clone();
    if rules.is_null() {
        rules = stored["ruleEngineConfig"]["rules"].clone();
    }
    rules.as_array_mut().unwrap().push(json!({
        "enabled": true,
        "rule": {
            "conditions": [{"conditionType": "Intent", "conditionValues": [intent]}],
            "actions": [{"actionType": "ThirdPartyAction"}]
        }
    }));
    let file = folder.join("billing.json");
    let text = json!({"kind": "copilot-rules", "assistant": SAMPLE_ASSISTANT_ID, "rules": rules});
    fs::write(&file, text.to_string()).unwrap();
    file.display().to_string()
}

fn id() -> String {
    format!("copilot/{SAMPLE_ASSISTANT_ID}")
}

/// The codes of the findings about the one document, and the plan.
fn planned(workstation: &Workstation, file: &str) -> (Vec<String>, Value) {
    let plan = document(&workstation.does(&["plan", file, "-o", "json"]));
    let findings = plan["changes"][0]["findings"].as_array().cloned().unwrap_or_default();
    let codes = findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned());
    (codes.collect(), plan)
}

/// FIELD P3.
#[test]
fn a_copilot_that_was_saved_before_its_intent_came_has_to_be_saved_again() {
    let workstation = Workstation::at(Sandbox::sample());
    let file = file_with(&workstation, "Refunds");
    let (codes, plan) = planned(&workstation, &file);
    assert_eq!(codes, ["AR0228"], "{plan}");
    workstation.does(&["apply", &file, "--yes"]);
    let (codes, _) = planned(&workstation, &file);
    assert_eq!(codes, ["AR0228"], "still absent");

    let versions = ReferenceCollection::NluDomainVersions {
        domain: DOMAIN.to_owned(),
    };
    let emulator = &workstation.sandbox.emulator;
    let mut version = emulator.reference(&versions, VERSION).unwrap();
    let intents = version["intents"].as_array_mut().unwrap();
    intents.push(json!({"name": "Refunds", "utterances": []}));
    emulator.put_reference(&versions, version).unwrap();
    let (codes, plan) = planned(&workstation, &file);
    assert_eq!(codes, ["AR0232"], "{plan}");
    assert_eq!(plan["summary"]["update"], 0, "{plan}");
    let help = plan["changes"][0]["findings"][0]["help"].as_str().unwrap().to_owned();
    assert!(help.contains("--resave"), "{help}");

    let writes = emulator.copilot_writes().len();
    workstation.does(&["update", &id(), "--resave"]);
    assert_eq!(emulator.copilot_writes().len(), writes + 1, "saved as it was");
    assert!(planned(&workstation, &file).0.is_empty());
}

#[test]
fn references_are_checked_online_once_each_and_a_missing_permission_is_one_warning() {
    let workstation = Workstation::at(Sandbox::sample());
    let file = file_with(&workstation, "Biling_Dispute");
    let ran = workstation.does(&["validate", "--online", &file, "-o", "json"]);
    let found = document(&ran);
    let finding = &found["findings"][0];
    assert_eq!(finding["code"], "AR0228", "{found}");
    assert_eq!(finding["help"], "did you mean `Billing_Dispute`?");
    assert!(finding["range"].is_object(), "{found}");
    let offline = document(&workstation.does(&["validate", &file, "-o", "json"]));
    assert_eq!(offline["findings"], json!([]));
    let unchecked = document(&workstation.does(&["plan", &file, "--no-references", "-o", "json"]));
    assert_eq!(unchecked["changes"][0]["findings"], json!([]));

    let mut client = Client::sandbox();
    client.permissions.remove(&Permission::ChecklistView);
    workstation.sandbox.emulator.add_client(client);
    let ran = workstation.does(&["plan", &file]);
    assert_eq!(ran.stderr.matches("AR0231").count(), 1, "{ran}");
}
