//! Copilots in files: what only they have.

use std::fs;

use emulator::{HostedDocument, SAMPLE_ASSISTANT_ID, SAMPLE_VARIATION_ID};
use serde_json::{Value, json};

use super::Repository;
use crate::binary::new_home;
use crate::journeys::copilots::{billing, workstation};
use crate::official_sdk;

/// The sample of an organization, with numbers that are float32, and an empty folder.
fn organization() -> Repository {
    let folder = new_home();
    fs::create_dir_all(folder.join("rules")).unwrap();
    Repository {
        workstation: workstation(),
        folder,
    }
}

fn org(repository: &Repository) -> Value {
    repository
        .workstation
        .sandbox
        .emulator
        .hosted_document(&billing())
        .unwrap()
}

fn others_edit(repository: &Repository, edit: impl FnOnce(&mut Value)) {
    repository
        .workstation
        .sandbox
        .emulator
        .edit_document(&billing(), edit)
        .unwrap();
}

/// Writes a file of the Copilot of Billing.
fn write(repository: &Repository, copilot: &Value) {
    let file = json!({"kind": "copilot", "assistant": SAMPLE_ASSISTANT_ID, "copilot": copilot});
    repository.write("rules/billing.json", file.to_string());
}

fn threshold(repository: &Repository, number: f64) {
    write(repository, &json!({"nluConfig": {"intentConfidenceThreshold": number}}));
}

/// Writes a file of the rules of Billing.
fn write_rules(repository: &Repository, rules: &Value) {
    let file = json!({"kind": "copilot-rules", "assistant": SAMPLE_ASSISTANT_ID, "rules": rules});
    repository.write("rules/billing.json", file.to_string());
}

fn rules(repository: &Repository) -> Vec<Value> {
    org(repository)["ruleEngineConfig"]["rules"].as_array().unwrap().clone()
}

/// FIELD P1.
#[test]
fn one_float32_is_no_update_no_drift_and_no_rewritten_file() {
    let repository = organization();
    others_edit(&repository, |copilot| {
        copilot["nluConfig"]["intentConfidenceThreshold"] = json!(0.995_000_004_768_371_6);
    });
    threshold(&repository, 0.995);
    let before = repository.read("rules/billing.json");
    let plan = repository.plan();
    assert_eq!(plan["changes"], json!([]));
    repository.json(0, &["apply", "p.plan"]);
    let status = repository.json(0, &["status", "rules", "--detailed-exitcode"]);
    assert_eq!(status["summary"]["in_sync"], 1);
    repository.json(0, &["pull", "rules"]);
    assert_eq!(repository.read("rules/billing.json"), before);
    threshold(&repository, 0.99);
    let plan = repository.json(0, &["plan", "rules/billing.json"]);
    let diff = &plan["changes"][0]["diff"];
    assert_eq!(diff.as_array().unwrap().len(), 1, "{plan:#}");
    assert_eq!((&diff[0]["before"], &diff[0]["after"]), (&json!(0.995), &json!(0.99)));
}

/// FIELD P2.
#[test]
fn what_a_small_file_leaves_out_is_written_untouched_and_rules_are_not_emptied() {
    let repository = organization();
    let mut before = org(&repository);
    threshold(&repository, 0.75);
    repository.plan();
    others_edit(&repository, |copilot| {
        copilot["ruleEngineConfig"]["fallback"]["newer"] = json!({"than": "this"});
    });
    let result = repository.json(4, &["apply", "p.plan"]);
    let theirs = &result["changes"][0]["theirs_changed"];
    assert_eq!(theirs[0]["path"], "/ruleEngineConfig/fallback/newer", "{theirs}");
    others_edit(&repository, |copilot| {
        copilot["ruleEngineConfig"]["rules"].as_array_mut().unwrap().reverse();
    });
    let result = repository.json(4, &["apply", "p.plan"]);
    let moved = &result["changes"][0]["theirs_changed"];
    let lists = moved
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["path"] != "/ruleEngineConfig/fallback/newer");
    let lists: Vec<_> = lists.map(|line| line.get("from").is_some()).collect();
    assert!(!lists.is_empty() && lists.iter().all(|moved| *moved), "{result:#}");
    for args in [&["apply", "p.plan"][..], &["apply", "p.plan", "-o", "markdown"]] {
        let shown = repository.run(args).stdout;
        assert!(shown.contains("moved"), "{shown}");
    }
    others_edit(&repository, |copilot| {
        copilot["ruleEngineConfig"]["rules"].as_array_mut().unwrap().reverse();
    });
    let result = repository.json(0, &["apply", "p.plan", "--on-conflict", "merge"]);
    assert_eq!(result["changes"][0]["guard"], "content");
    before["nluConfig"]["intentConfidenceThreshold"] = json!(0.75);
    before["ruleEngineConfig"]["fallback"]["newer"] = json!({"than": "this"});
    assert_eq!(org(&repository), before);
    write_rules(&repository, &json!([]));
    repository.plan();
    let ran = repository.run(&["apply", "p.plan"]);
    assert_eq!(ran.code, Some(6), "{ran}");
    assert!(ran.stderr.contains("--allow"), "{ran}");
    assert_eq!(org(&repository), before);
}

#[test]
fn the_safety_stop_counts_rules() {
    let repository = organization();
    let before = rules(&repository);
    let mut off = before.clone();
    for rule in &mut off {
        rule["enabled"] = json!(false);
    }
    write_rules(&repository, &json!(off));
    let plan = repository.plan();
    assert_eq!(plan["safety"]["disable"]["count"], 2, "{plan:#}");
    assert_eq!(plan["safety"]["change"]["count"], 2);
    let ran = repository.run(&["apply", "p.plan"]);
    assert_eq!(ran.code, Some(6), "{ran}");
    assert!(ran.stderr.contains("disable=2"), "{ran}");
    repository.json(0, &["apply", "p.plan", "--allow", "disable=2"]);
    assert_eq!(rules(&repository), off);
    write_rules(&repository, &json!([off[0]]));
    let plan = repository.plan();
    assert_eq!(plan["safety"]["remove"]["count"], 1, "{plan:#}");
    write(
        &repository,
        &json!({"liveOnQueue": false, "ruleEngineConfig": {"fallback": {"enabled": false}}}),
    );
    let plan = repository.json(0, &["plan", "rules", "--on-drift", "revert"]);
    assert_eq!(plan["safety"]["disable"]["count"], 2, "{plan:#}");
}

#[test]
fn a_file_of_rules_owns_rules_alone_and_two_documents_of_an_assistant_are_refused() {
    let repository = organization();
    write_rules(&repository, &json!(rules(&repository)));
    repository.json(0, &["apply", "rules", "--yes"]);
    others_edit(&repository, |copilot| {
        copilot["liveOnQueue"] = json!(false);
        copilot["ruleEngineConfig"]["fallback"]["enabled"] = json!(false);
    });
    let status = repository.json(0, &["status", "rules", "--detailed-exitcode"]);
    assert_eq!(status["summary"]["in_sync"], 1, "{status:#}");
    let whole = json!({"kind": "copilot", "assistant": SAMPLE_ASSISTANT_ID, "copilot": {"liveOnQueue": true}});
    repository.write("rules/whole.json", whole.to_string());
    let ran = repository.run(&["plan", "rules"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    let printed = format!("{}{}", ran.stdout, ran.stderr);
    assert!(
        printed.contains("billing.json") && printed.contains("whole.json"),
        "{ran}"
    );
}

#[test]
fn of_a_variation_what_stands_beside_its_copilot_is_written_back() {
    let repository = organization();
    let variation = HostedDocument::Variation {
        assistant: SAMPLE_ASSISTANT_ID.to_owned(),
        variation: SAMPLE_VARIATION_ID.to_owned(),
    };
    let stored = || {
        repository
            .workstation
            .sandbox
            .emulator
            .hosted_document(&variation)
            .unwrap()
    };
    let mut before = stored();
    let file = json!({"kind": "copilot", "assistant": SAMPLE_ASSISTANT_ID, "variation": SAMPLE_VARIATION_ID,
        "copilot": {"nluConfig": {"intentConfidenceThreshold": 0.75}}});
    repository.write("rules/english.json", file.to_string());
    let plan = repository.plan();
    assert_eq!(
        plan["changes"][0]["document"],
        format!("copilot/{SAMPLE_ASSISTANT_ID}/{SAMPLE_VARIATION_ID}")
    );
    repository.json(0, &["apply", "p.plan"]);
    before["copilot"]["nluConfig"]["intentConfidenceThreshold"] = json!(0.75);
    assert_eq!(stored(), before);
    assert_eq!(repository.plan()["changes"], json!([]));
}

#[test]
fn rules_and_copilots_stand_in_one_plan_in_the_order_of_their_files() {
    let repository = organization();
    let emulator = &repository.workstation.sandbox.emulator;
    emulator.put_rule(super::stored("r1")).unwrap();
    emulator.put_rule(super::stored("r2")).unwrap();
    repository.write("rules/a.json", json!({"id": "r1", "name": "New"}).to_string());
    threshold(&repository, 0.75);
    repository.write("rules/c.json", json!({"id": "r2", "name": "New"}).to_string());
    let billing = format!("copilot/{SAMPLE_ASSISTANT_ID}");
    let expected = ["rule/r1", &billing, "rule/r2"];
    let documents = |report: &Value| -> Vec<String> {
        let changes = report["changes"].as_array().unwrap().iter();
        changes
            .map(|change| change["document"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(documents(&repository.plan()), expected);
    for select in ["kind=copilot", "name=Billing"] {
        let chosen = repository.json(0, &["plan", "rules", "--select", select]);
        assert_eq!(documents(&chosen), [billing.as_str()], "{select}");
    }
    let result = repository.json(0, &["apply", "p.plan"]);
    assert_eq!(documents(&result), expected);
    assert_eq!(result["summary"]["applied"], 3);
}

#[test]
fn an_assistant_without_a_copilot_is_missing_and_is_not_pulled() {
    let repository = organization();
    let pulled = repository.json(0, &["pull", "pulled"]);
    let names: Vec<&str> = pulled["documents"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| found["document"].as_str().unwrap().starts_with("copilot/"))
        .map(|found| found["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Billing", "Sales"]);
    assert!(!pulled["passed_over"].as_array().unwrap().is_empty(), "{pulled:#}");
    let file = json!({"kind": "copilot", "assistant": "7d2b6a54-9999-4888-8777-666655554446", "copilot": {"liveOnQueue": true}});
    repository.write("rules/returns.json", file.to_string());
    let plan = repository.json(1, &["plan", "rules"]);
    assert_eq!(plan["changes"][0]["action"], "missing");
}

#[test]
fn what_the_official_sdk_drops_is_drift_and_is_put_back() {
    let test = "what_the_official_sdk_drops_is_drift_and_is_put_back";
    let repository = organization();
    repository.json(0, &["pull", "rules", &format!("copilot/{SAMPLE_ASSISTANT_ID}")]);
    repository.plan();
    repository.json(0, &["apply", "p.plan"]);
    let before = org(&repository);
    if official_sdk::get_and_put(&repository.workstation.sandbox, SAMPLE_ASSISTANT_ID, test).is_none() {
        return;
    }
    assert_ne!(org(&repository), before);
    let status = repository.json(2, &["status", "rules", "--detailed-exitcode"]);
    assert_eq!(status["documents"][0]["state"], "changed_in_org", "{status:#}");
    let drift: Vec<&str> = status["documents"][0]["drift"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["path"].as_str().unwrap())
        .collect();
    assert!(drift.contains(&"/voiceTranscriptionConfig"), "{drift:?}");
    repository.json(0, &["plan", "rules", "--on-drift", "revert", "--out", "back.plan"]);
    repository.json(0, &["apply", "back.plan"]);
    assert_eq!(org(&repository), before);
}

#[test]
fn an_assistant_may_have_a_slash_in_its_name() {
    let repository = organization();
    let emulator = &repository.workstation.sandbox.emulator;
    let mut assistant = emulator.assistant(SAMPLE_ASSISTANT_ID).unwrap();
    assistant["name"] = json!("Sales/EMEA");
    emulator.put_assistant(assistant).unwrap();
    let got = repository.json(0, &["get", "copilot/Sales%2FEMEA"]);
    assert_eq!(got["defaultLanguage"], org(&repository)["defaultLanguage"]);
    fs::remove_dir_all(repository.folder.join("rules")).unwrap();
    repository.json(0, &["pull", "rules", "copilot/Sales%2FEMEA", "--portable"]);
    let file = repository.read("rules/copilots/sales-emea.yaml");
    assert!(file.contains("@{assistant:Sales/EMEA}"), "{file}");
    let threshold = "intentConfidenceThreshold: 0.";
    let (before, after) = file.split_once(threshold).unwrap();
    let after = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
    repository.write(
        "rules/copilots/sales-emea.yaml",
        format!("{before}{threshold}75{after}"),
    );
    let plan = repository.plan();
    assert_eq!(plan["changes"][0]["name"], "Sales/EMEA", "{plan:#}");
    repository.json(0, &["apply", "p.plan"]);
    assert_eq!(org(&repository)["nluConfig"]["intentConfidenceThreshold"], json!(0.75));
    assert_eq!(repository.plan()["summary"]["unchanged"], 1);
}

/// The rules that stay are no change, whatever their places are now.
#[test]
fn a_rule_that_went_is_one_change_in_the_record() {
    let repository = organization();
    let all = rules(&repository);
    assert!(all.len() > 1, "the sample has rules after the first");
    write_rules(&repository, &json!(all));
    repository.json(0, &["apply", "rules", "--yes"]);
    write_rules(&repository, &json!(all[1..]));
    repository.json(0, &["apply", "rules", "--yes"]);
    let history = repository.json(0, &["history", "--limit", "1"]);
    let entry = &history["entries"][0];
    assert_eq!(entry["document"], format!("copilot/{SAMPLE_ASSISTANT_ID}"));
    let diff = entry["diff"].as_array().unwrap();
    assert_eq!(diff.len(), 1, "{entry:#}");
    assert_eq!(diff[0]["path"], "/ruleEngineConfig/rules/0");
    assert_eq!((&diff[0]["before"], diff[0].get("after")), (&all[0], None));
}
