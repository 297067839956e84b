//! Names in files, for the commands beside `plan` and `apply`.

use serde_json::json;

use super::{BILLING, Promotion};
use crate::journeys::document;

#[test]
fn validate_resolves_names_when_it_may_ask() {
    let promotion = Promotion::by_hand();
    let prod = &promotion.prod;
    assert_eq!(promotion.on(prod, &["validate", "files"]).code, Some(0));
    let online = ["validate", "files", "--online", "-o", "json"];
    let ran = promotion.on(prod, &online);
    assert_eq!((ran.code, &document(&ran)["findings"]), (Some(0), &json!([])), "{ran}");
    let wrong = BILLING
        .replace("Greeting", "greeting")
        .replace("assistant:Billing", "assistant:Bill");
    promotion.write("files/billing.yaml", &wrong);
    promotion.write(
        "files/rule.yaml",
        "id: \"@{rule:Credit}\"\nactions:\n  - type: display\n    templateId: \"@{value:t}\"\n",
    );
    let found = |args: &[&str]| {
        let ran = promotion.on(prod, args);
        assert_eq!(ran.code, Some(3), "{ran}");
        let findings = document(&ran)["findings"].as_array().unwrap().clone();
        let shown = findings.iter().map(|finding| {
            let line = &finding["range"]["start"]["line"];
            format!(
                "{} {line} {}",
                finding["file"].as_str().unwrap(),
                finding["pointer"].as_str().unwrap()
            )
        });
        shown.collect::<Vec<_>>()
    };
    let in_rule = ["files/rule.yaml 1 /id", "files/rule.yaml 4 /actions/0/templateId"];
    assert_eq!(
        found(&online),
        [&["files/billing.yaml 2 /assistant"][..], &in_rule].concat()
    );
    promotion.write("files/billing.yaml", BILLING.replace("Greeting", "greeting"));
    promotion.write("values.yaml", "t: tmpl_1\n");
    let with_values = [&online[..], &["--values", "values.yaml"]].concat();
    let response = "files/billing.yaml 12 /ruleEngineConfig/rules/0/rule/actions/0/attributes/responseId";
    assert_eq!(found(&with_values), [response, "files/rule.yaml 1 /id"]);
    assert_eq!(
        promotion
            .on(prod, &["validate", "files", "--values", "values.yaml"])
            .code,
        Some(64)
    );
}

#[test]
fn a_folder_of_bases_may_have_names() {
    let promotion = Promotion::by_hand();
    let prod = &promotion.prod;
    let rule = "id: \"@{rule:Credit Card Detection Rule}\"\nenabled: true\n";
    promotion.write("base/rule.yaml", rule);
    promotion.write("files/rule.yaml", rule);
    let id = prod.emulator.snapshot()["rules"][0]["id"].as_str().unwrap().to_owned();
    prod.emulator
        .edit_rule(&id, |rule| rule["enabled"] = json!(false))
        .unwrap();
    promotion.write("base/billing.yaml", BILLING.replace("Greeting", "Nobody"));
    let args = [
        "status",
        "files",
        "--base",
        "base",
        "--select",
        "kind=rule",
        "-o",
        "json",
    ];
    let ran = promotion.on(prod, &args);
    let status = document(&ran);
    assert_eq!(status["documents"][0]["state"], "changed_in_org", "{ran}");
    assert!(ran.stderr.contains("`base/billing.yaml` is no base"), "{ran}");
}

#[test]
fn update_takes_a_file_with_the_name_of_its_assistant() {
    let promotion = Promotion::by_hand();
    let (prod, dev) = (&promotion.prod, &promotion.dev);
    let update = |id: &str| promotion.on(prod, &["update", id, "--from", "files/billing.yaml", "-o", "json"]);
    let ran = promotion.on(prod, &["diff", "copilot/name:Billing", "--from", "files/billing.yaml"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let ran = update("copilot/name:Sales");
    assert_eq!(ran.code, Some(3), "{ran}");
    assert_eq!(
        document(&ran)["changes"][0]["findings"][0]["pointer"],
        "/assistant",
        "{ran}"
    );
    let ran = update("copilot/name:Billing");
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(document(&ran)["changes"][0]["outcome"], "applied", "{ran}");
    assert_eq!(prod.emulator.foreign_writes(&dev.emulator), [""; 0]);
    promotion.write(
        "files/billing.yaml",
        BILLING.replace("assistant:Billing", "assistant:Bill"),
    );
    let ran = update("copilot/name:Billing");
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stdout.contains("no assistant has the name `Bill`"), "{ran}");

    promotion.write("rule.yaml", "id: \"@{rule:Credit Card Detection Rule}\"\nname: Cards\n");
    for name in ["Credit Card Detection Rule", "Cards"] {
        let ran = promotion.on(prod, &["update", &format!("name:{name}"), "--from", "rule.yaml"]);
        assert_eq!(ran.code, Some(0), "{ran}");
    }
    let action = "actions:\n  - type: display\n    templateId: \"@{value:t}\"\n";
    promotion.write("rule.yaml", format!("id: \"@{{rule:Cards}}\"\n{action}"));
    let update = ["update", "name:Cards", "--from", "rule.yaml"];
    let ran = promotion.on(prod, &update);
    assert!(ran.code == Some(3) && ran.stderr.contains("--values FILE"), "{ran}");
    promotion.write("values.yaml", "t: tmpl_7\n");
    let ran = promotion.on(prod, &[&update[..], &["--values", "values.yaml"]].concat());
    assert_eq!(ran.code, Some(0), "{ran}");
    let rule = &prod.emulator.snapshot()["rules"][0];
    assert_eq!(
        (&rule["name"], &rule["actions"][0]["templateId"]),
        (&json!("Cards"), &json!("tmpl_7"))
    );
}
