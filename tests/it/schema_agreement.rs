//! The schemas of what people write, held against `validate`: what one refuses, the other does not let pass.

use std::collections::BTreeMap;

use emulator::{SAMPLE_CHANGE, SAMPLE_RULE};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::binary::{assist_rules, run};

/// Codes of what a schema cannot say, or what it leaves to the stored rule: members that only that one may have, texts
/// that are no patterns, slips of a writer.
const BEYOND_SCHEMAS: [&str; 5] = ["AR0109", "AR0110", "AR0210", "AR0211", "AR0220"];

/// The validator of a schema that the program prints.
pub(crate) fn validator(kind: &str) -> Validator {
    let printed = run(assist_rules().args(["schema", kind]));
    jsonschema::validator_for(&serde_json::from_str(&printed.stdout).unwrap()).unwrap()
}

/// A document with each place in turn replaced by each value, and with each member in turn left out.
fn mutations(document: &Value) -> Vec<Value> {
    let values = [
        json!(null),
        json!(true),
        json!(7),
        json!(0.5),
        json!(""),
        json!("high"),
        json!("keyword"),
        json!("webhook"),
        json!("gt"),
        json!("contains"),
        json!("https://example.com"),
        json!("http://example.com"),
        json!([]),
        json!({}),
        json!([{}]),
    ];
    let mut all = vec![document.clone()];
    for place in places(document, "") {
        for value in &values {
            let mut mutation = document.clone();
            *mutation.pointer_mut(&place).unwrap() = value.clone();
            all.push(mutation);
        }
        let (parent, member) = place.rsplit_once('/').unwrap();
        let mut mutation = document.clone();
        if let Some(Value::Object(members)) = mutation.pointer_mut(parent) {
            members.remove(member);
            all.push(mutation);
        }
    }
    all
}

fn places(value: &Value, at: &str) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, inner)| (name.clone(), inner)).collect(),
        Value::Array(elements) => (0..).map(|index: usize| index.to_string()).zip(elements).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let places = inside.into_iter().flat_map(|(name, inner)| {
        let place = format!("{at}/{name}");
        let deeper = places(inner, &place);
        std::iter::once(place).chain(deeper)
    });
    places.collect()
}

/// The codes of the findings in each document, and whether one is an error.
fn findings(documents: &[Value]) -> Vec<Vec<(String, bool)>> {
    let mut command = assist_rules();
    let folder = command.get_current_dir().unwrap().join("mutations");
    std::fs::create_dir(&folder).unwrap();
    for (number, document) in documents.iter().enumerate() {
        std::fs::write(folder.join(format!("{number:05}.json")), document.to_string()).unwrap();
    }
    let ran = run(command.args(["validate", "mutations", "-o", "json"]));
    let printed: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"));
    let mut by_file: BTreeMap<usize, Vec<(String, bool)>> = BTreeMap::new();
    for finding in printed["findings"].as_array().unwrap() {
        let name = finding["file"].as_str().unwrap();
        let number = name.rsplit(['/', '\\']).next().unwrap().trim_end_matches(".json");
        let code = finding["code"].as_str().unwrap().to_owned();
        // Why: each mutation has the id of the others.
        if code != "AR0113" {
            let found = (code, finding["severity"] == "error");
            by_file.entry(number.parse().unwrap()).or_default().push(found);
        }
    }
    (0..documents.len())
        .map(|number| by_file.remove(&number).unwrap_or_default())
        .collect()
}

/// FIELD F5.
#[test]
fn what_a_schema_refuses_validate_finds_and_the_other_way_round() {
    let [rule, change] = ["rule", "change"].map(validator);
    let sentiment = json!({"type": "sentiment", "field": "conversation.sentiment", "operator": "lt", "value": 0.4});
    let mut whole: Value = serde_json::from_str(SAMPLE_RULE).unwrap();
    whole["conditions"].as_array_mut().unwrap().push(sentiment);
    let webhook = json!({"type": "webhook", "url": "https://example.com/hook", "priority": 2});
    whole["actions"].as_array_mut().unwrap().push(webhook);
    let part: Value = serde_json::from_str(SAMPLE_CHANGE).unwrap();
    let documents: Vec<Value> = [whole, part].iter().flat_map(mutations).collect();
    let mut disagreements = Vec::new();
    for (document, found) in documents.iter().zip(findings(&documents)) {
        let is_rule = document.get("ruleType").or(document.get("etag")).is_some();
        let schema = if is_rule { &rule } else { &change };
        let is_refused = !schema.is_valid(document);
        let is_beyond = |code: &str| BEYOND_SCHEMAS.contains(&code);
        if is_refused && found.is_empty() {
            disagreements.push(format!("only the schema refuses {document}"));
        }
        if !is_refused && let Some((code, _)) = found.iter().find(|(code, is_error)| *is_error && !is_beyond(code)) {
            disagreements.push(format!("only validate refuses ({code}) {document}"));
        }
    }
    assert!(documents.len() > 400, "{}", documents.len());
    assert!(
        disagreements.is_empty(),
        "{}:\n{}",
        disagreements.len(),
        disagreements.join("\n")
    );
}
