//! The Copilots of assistants: listed, shown, changed, switched, taken back.

use emulator::{
    Client, CopilotSettings, Emulator, Fractions, HostedDocument, Permission, SAMPLE_ASSISTANT_ID, Settings,
};
use expect_test::expect;
use serde_json::{Value, json};

use super::recording::Workstation;
use super::{document, shown};
use crate::binary::feed;
use crate::sandbox::Sandbox;

/// A user in an organization whose numbers are float32.
pub(super) fn workstation() -> Workstation {
    let settings = Settings {
        copilot: CopilotSettings {
            fractions: Fractions::Float32,
            ..CopilotSettings::default()
        },
        ..Settings::default()
    };
    let emulator = Emulator::restore(&Emulator::sample().snapshot(), settings).unwrap();
    emulator.add_client(Client::sandbox());
    Workstation::at(Sandbox::of(emulator))
}

pub(super) fn billing() -> HostedDocument {
    HostedDocument::Copilot {
        assistant: SAMPLE_ASSISTANT_ID.to_owned(),
    }
}

fn stored(workstation: &Workstation) -> Value {
    workstation.sandbox.emulator.hosted_document(&billing()).unwrap()
}

/// The result of an update whose file is on stdin.
#[track_caller]
fn update(workstation: &Workstation, code: i32, file: &Value) -> Value {
    let id = format!("copilot/{SAMPLE_ASSISTANT_ID}");
    let mut by_id = workstation.command(&["update", &id, "--from", "-", "-o", "json"]);
    let ran = feed(&mut by_id, &file.to_string());
    assert_eq!(ran.code, Some(code), "{ran}");
    document(&ran)
}

#[test]
fn assistants_and_their_rules_are_listed_and_a_copilot_is_shown() {
    let workstation = workstation();
    let ran = workstation.does(&["list", "--kind", "copilot"]);
    expect![[r#"
        exit 0
        --- stdout
        ID                                    NAME     LANGUAGE      LIVE  RULES  ON
        <id>  Billing  de-DE         yes   2      2
        <id>  Sales    en-US         no    2      1
        <id>  Returns  (no Copilot)
        --- stderr
    "#]]
    .assert_eq(&shown(&ran));
    let ran = workstation.does(&["list", "copilot/name:Billing", "--rules"]);
    expect![[r#"
        exit 0
        --- stdout
        HASH      ID  ENABLED  WHEN ANY OF             THEN                       PARTICIPANTS
        8e00df0f      yes      ConversationStart       CannedResponse, Checklist
        e94e5771      yes      Intent Billing_Dispute  ThirdPartyAction, Script   Customer
        --- stderr
    "#]]
    .assert_eq(&shown(&ran));
    let ran = workstation.does(&["get", "copilot/name:Billing", "-o", "json"]);
    let whole: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(whole, stored(&workstation));
    let ran = workstation.run(&["get", "copilot/Sales Team"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains("no assistant has the name `Sales Team`"), "{ran}");
}

/// FIELD P1, P2.
#[test]
fn what_a_file_leaves_out_is_written_back_as_it_was() {
    let workstation = workstation();
    let before = stored(&workstation);
    let unchanged = json!({"kind": "copilot", "assistant": SAMPLE_ASSISTANT_ID,
        "copilot": {"nluConfig": {"intentConfidenceThreshold": 0.6}}});
    let result = update(&workstation, 0, &unchanged);
    assert_eq!(result["changes"][0]["outcome"], "unchanged", "{result:#}");
    let result = update(
        &workstation,
        0,
        &json!({"nluConfig": {"intentConfidenceThreshold": 0.7}}),
    );
    let change = &result["changes"][0];
    assert_eq!(
        (&change["document"], &change["outcome"], &change["guard"]),
        (
            &json!(format!("copilot/{SAMPLE_ASSISTANT_ID}")),
            &json!("applied"),
            &json!("content")
        )
    );
    assert_eq!(change["diff"][0]["path"], "/nluConfig/intentConfidenceThreshold");
    let mut after = stored(&workstation);
    assert_eq!(
        after["nluConfig"]["intentConfidenceThreshold"],
        json!(0.699_999_988_079_071_f64)
    );
    after["nluConfig"]["intentConfidenceThreshold"] = before["nluConfig"]["intentConfidenceThreshold"].clone();
    assert_eq!(
        after, before,
        "all else is as it was, members of no published model included"
    );
    workstation.does(&["rollback", &format!("copilot/{SAMPLE_ASSISTANT_ID}")]);
    assert_eq!(stored(&workstation), before);
}

#[test]
fn rules_are_changed_alone_and_one_is_switched_by_its_hash() {
    let workstation = workstation();
    let before = stored(&workstation);
    let mut rules = before["ruleEngineConfig"]["rules"].clone();
    rules[1]["rule"]["conditions"][0]["conditionValues"] = json!(["Billing_Dispute", "Refund"]);
    let file = json!({"kind": "copilot-rules", "assistant": SAMPLE_ASSISTANT_ID, "rules": rules});
    let result = update(&workstation, 0, &file);
    assert_eq!(
        result["changes"][0]["diff"][0]["path"],
        "/ruleEngineConfig/rules/1/rule/conditions/0/conditionValues/1"
    );
    assert_eq!(
        stored(&workstation)["ruleEngineConfig"]["fallback"],
        before["ruleEngineConfig"]["fallback"]
    );
    workstation.does(&[
        "disable",
        "copilot/name:Billing",
        "--rule",
        "8e00df0f",
        "--reason",
        "night",
    ]);
    let rules = stored(&workstation)["ruleEngineConfig"]["rules"].clone();
    assert_eq!(
        [&rules[0]["enabled"], &rules[1]["enabled"]],
        [&json!(false), &json!(true)]
    );
    workstation.does(&["enable", "copilot/name:Billing", "--rule", "8e00df0f"]);
    assert_eq!(stored(&workstation)["ruleEngineConfig"]["rules"][0]["enabled"], true);
    let ran = workstation.does(&["history", &format!("copilot/{SAMPLE_ASSISTANT_ID}"), "-o", "json"]);
    assert_eq!(document(&ran)["entries"].as_array().unwrap().len(), 3);
}

#[test]
fn what_names_nothing_in_a_copilot_is_refused_with_what_does() {
    let workstation = workstation();
    let id = format!("copilot/{SAMPLE_ASSISTANT_ID}");
    for args in [
        &["update", &id, "--name", "New"][..],
        &["disable", &id],
        &["disable", &id, "--rule", "0"],
        &["disable", &id, "--rule", "ffffffff"],
        &["disable", "a1b2", "--rule", "8e00df0f"],
        &["list", "a1b2", "--rules"],
        &["list", "--rules"],
    ] {
        let ran = workstation.run(args);
        assert_eq!(ran.code, Some(64), "{args:?} {ran}");
    }
    let other = json!({"kind": "copilot-rules", "assistant": "another", "rules": []});
    let result = update(&workstation, 3, &other);
    assert_eq!(result["changes"][0]["findings"][0]["code"], "AR0107", "{result:#}");
    let wrong = json!({"defaultLanguage": "fr-FR", "nluConfig": {"intentConfidenceThreshold": 1}});
    let result = update(&workstation, 3, &wrong);
    let codes: Vec<&str> = result["changes"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["code"].as_str())
        .collect();
    assert!(codes.contains(&"AR0118") && codes.contains(&"AR0117"), "{codes:?}");
    assert_eq!(workstation.sandbox.emulator.copilot_writes().len(), 0);
}

/// The document as it is by now is what a file changes, whoever wrote it.
#[test]
fn rules_of_a_file_leave_what_others_changed_beside_them() {
    let workstation = workstation();
    let mut rules = stored(&workstation)["ruleEngineConfig"]["rules"].clone();
    rules[0]["enabled"] = json!(false);
    let theirs = |document: &mut Value| document["ruleEngineConfig"]["fallback"]["enabled"] = json!(false);
    workstation.sandbox.emulator.edit_document(&billing(), theirs).unwrap();
    let result = update(&workstation, 0, &json!({"ruleEngineConfig": {"rules": rules}}));
    assert_eq!(result["changes"][0]["outcome"], "applied");
    let after = &stored(&workstation)["ruleEngineConfig"];
    assert_eq!(
        [&after["fallback"]["enabled"], &after["rules"][0]["enabled"]],
        [&json!(false), &json!(false)]
    );
}

#[test]
fn a_missing_permission_is_named() {
    let workstation = workstation();
    let emulator = &workstation.sandbox.emulator;
    let viewer = Client {
        permissions: [Permission::AssistantView].into(),
        ..Client::sandbox()
    };
    emulator.add_client(viewer);
    let ran = workstation.run(&["get", &format!("copilot/{SAMPLE_ASSISTANT_ID}")]);
    assert_eq!(ran.code, Some(8), "{ran}");
    assert!(ran.stderr.contains("assistants:copilot:view"), "{ran}");
}
