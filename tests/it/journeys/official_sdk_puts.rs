//! The emulator's Copilots, as the official SDK of the platform finds them; and what a document loses on its way through
//! that SDK.

use emulator::{HostedDocument, SAMPLE_ASSISTANT_ID};
use serde_json::{Value, json};

use crate::{official_sdk, sandbox::Sandbox};

/// The pointers of what one document has and the other has not, or has otherwise.
fn differences(before: &Value, after: &Value, at: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let added = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(added) {
                let side = |members: &serde_json::Map<String, Value>| members.get(name).cloned().unwrap_or_default();
                differences(&side(before), &side(after), &format!("{at}/{name}"), found);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (number, (before, after)) in before.iter().zip(after).enumerate() {
                differences(before, after, &format!("{at}/{number}"), found);
            }
        }
        _ if before == after => {}
        (_, Value::Null) => found.push(format!("{at} is lost")),
        _ => found.push(format!("{at}: {before} is {after}")),
    }
}

#[test]
fn the_official_sdk_works_on_the_emulator_and_loses_what_it_does_not_know() {
    let test = "the_official_sdk_works_on_the_emulator_and_loses_what_it_does_not_know";
    let sandbox = Sandbox::sample();
    let billing = HostedDocument::Copilot {
        assistant: SAMPLE_ASSISTANT_ID.to_owned(),
    };
    let stored = || sandbox.emulator.hosted_document(&billing).unwrap();
    let before = stored();
    let Some(saw) = official_sdk::get_and_put(&sandbox, SAMPLE_ASSISTANT_ID, test) else {
        return;
    };
    assert_eq!(
        saw["assistants"],
        json!([["Billing", true], ["Sales", true], ["Returns", false]])
    );
    assert_eq!(saw["rules"], json!([2, 2]));
    assert_eq!(sandbox.emulator.copilot_writes().len(), 1);
    let mut found = Vec::new();
    differences(&before, &stored(), "", &mut found);
    found.sort();
    assert_eq!(
        found,
        [
            "/queryProcessingConfig is lost",
            "/ruleEngineConfig/fallback/participantRoles is lost",
            "/ruleEngineConfig/rules/1/participantRoles is lost",
            "/voiceTranscriptionConfig is lost",
        ]
    );
}
