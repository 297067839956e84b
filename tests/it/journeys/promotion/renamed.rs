//! Things that got another name in the organization after files with the old one were applied or pulled.

use std::fs;

use emulator::ReferenceCollection;
use serde_json::json;

use super::{BILLING, Promotion, changes, finding};
use crate::journeys::document;

#[test]
fn a_rule_that_was_renamed_in_the_organization_is_still_that_of_its_file() {
    let promotion = Promotion::by_hand();
    let prod = &promotion.prod;
    let id = prod.emulator.snapshot()["rules"][0]["id"].as_str().unwrap().to_owned();
    let rename = |name: &str| {
        prod.emulator.edit_rule(&id, |rule| rule["name"] = json!(name)).unwrap();
    };
    rename("Cards");
    let ran = promotion.plan(prod);
    assert!(
        finding(&ran).contains("no trigger rule has the name `Credit Card Detection Rule`"),
        "{ran}"
    );
    rename("Credit Card Detection Rule");
    assert_eq!(promotion.on(prod, &["apply", "files", "--yes"]).code, Some(0));
    rename("Cards");
    let ran = promotion.plan(prod);
    let plan = document(&ran);
    assert_eq!((ran.code, &plan["summary"]["unchanged"]), (Some(0), &json!(2)), "{ran}");
    let change = &changes(&plan)[0];
    assert_eq!(change["document"], format!("rule/{id}"));
    assert_eq!(
        change["findings"][0]["message"],
        "`Credit Card Detection Rule` is now `Cards`"
    );
    // The name of the file is another rule's from now on: that one is meant.
    let mut other = prod.emulator.rule(&id).unwrap();
    other["id"] = json!("00000000-aaaa-4bbb-8ccc-000000000002");
    other["name"] = json!("Credit Card Detection Rule");
    prod.emulator.put_rule(other).unwrap();
    let plan = document(&promotion.plan(prod));
    assert_eq!(changes(&plan).len(), 0, "{plan}");
}

#[test]
fn what_was_only_pulled_is_known_again_too() {
    let promotion = Promotion::new();
    let dev = &promotion.dev;
    assert_eq!(promotion.on(dev, &["pull", "files", "--portable"]).code, Some(0));
    let id = dev.emulator.snapshot()["rules"][0]["id"].as_str().unwrap().to_owned();
    dev.emulator
        .edit_rule(&id, |rule| rule["name"] = json!("Cards"))
        .unwrap();
    let ran = promotion.on(dev, &["pull", "files", "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(document(&ran)["summary"]["written"], 1, "{ran}");
    let file = promotion
        .folder
        .join("files/trigger-rules/credit-card-detection-rule.yaml");
    let text = fs::read_to_string(file).unwrap();
    // Why the new one: without the record nothing would be found by the old.
    assert!(text.starts_with("id: '@{rule:Cards}'\nname: Cards\n"), "{text}");
    let plan = promotion.plan(dev);
    assert_eq!(document(&plan)["summary"]["unchanged"], 3, "{plan}");
}

#[test]
fn a_thing_that_was_renamed_is_told_by_its_name_of_today() {
    let promotion = Promotion::by_hand();
    let prod = &promotion.prod;
    let ran = promotion.on(prod, &["apply", "files", "--yes", "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(document(&ran)["changes"][0]["name"], "Billing", "{ran}");
    let responses = &ReferenceCollection::Responses;
    let copilot = &prod.emulator.snapshot()["assistants"][0]["assistant"]["copilot"];
    let attributes = &copilot["ruleEngineConfig"]["rules"][0]["rule"]["actions"][0]["attributes"];
    let mut response = prod
        .emulator
        .reference(responses, attributes["responseId"].as_str().unwrap())
        .unwrap();
    response["name"] = json!("Welcome");
    prod.emulator.put_reference(responses, response).unwrap();
    let ran = promotion.plan(prod);
    assert!(finding(&ran).ends_with("; `Greeting` is now `Welcome`"), "{ran}");
    let rule = prod.emulator.snapshot()["rules"][0]["id"].as_str().unwrap().to_owned();
    prod.emulator
        .edit_rule(&rule, |rule| rule["enabled"] = json!(true))
        .unwrap();
    // Why: the other document is pulled, and this one has no second file beside its own.
    let pulled = promotion.on(prod, &["pull", "files", "-o", "json"]);
    let report = document(&pulled);
    let documents = report["documents"].as_array().unwrap();
    let of = |reference: &str| {
        let mut found = documents.iter().filter(|found| found["document"] == reference);
        let one = found.next().unwrap();
        assert!(found.next().is_none(), "{pulled}");
        one
    };
    assert_eq!(
        (pulled.code, &report["summary"]["kept"]),
        (Some(4), &json!(1)),
        "{pulled}"
    );
    assert_eq!(of(&format!("rule/{rule}"))["state"], "written", "{pulled}");
    let assistant = prod.emulator.snapshot()["assistants"][0]["assistant"]["id"].clone();
    let kept = of(&format!("copilot/{}", assistant.as_str().unwrap()));
    let where_and_why = (&kept["state"], &kept["reason"], &kept["file"]);
    assert_eq!(
        where_and_why,
        (&json!("kept"), &json!("reference"), &json!("files/billing.yaml")),
        "{kept}"
    );
    let why = kept["error"]["message"].as_str().unwrap();
    assert!(why.contains("`Greeting` is now `Welcome`"), "{why}");
    let people = promotion.on(prod, &["pull", "files"]);
    assert!(people.stdout.contains("`Greeting` is now `Welcome`"), "{people}");
    assert_eq!(
        fs::read_to_string(promotion.folder.join("files/billing.yaml")).unwrap(),
        BILLING
    );
    let named = promotion.on(prod, &["pull", "files", &format!("rule/{rule}"), "-o", "json"]);
    assert_eq!(
        (named.code, &document(&named)["summary"]["kept"]),
        (Some(0), &json!(0)),
        "{named}"
    );
    promotion.write("files/billing.yaml", BILLING.replace("Greeting", "Welcome"));
    assert_eq!(document(&promotion.plan(prod))["summary"]["unchanged"], 3);
}
