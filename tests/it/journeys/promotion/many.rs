//! A folder of fifty assistants and five hundred trigger rules, promoted: no listing is read twice.

use std::collections::BTreeMap;

use emulator::{Emulator, HostedOrganization, RecordedRequest, SAMPLE_ASSISTANT_ID, Settings};
use serde_json::{Value, json};

use super::{Promotion, changes};
use crate::binary::{Ran, new_home};
use crate::journeys::document;
use crate::sandbox::Sandbox;

const ASSISTANTS: usize = 50;
const RULES: usize = 500;
/// The documents that the files change.
const CHANGED: usize = 7;

/// An id of the platform.
fn id(kind: u32, number: usize) -> String {
    format!("{kind:08x}-0000-4000-8000-{number:012x}")
}

/// The sample, with so many assistants that have its first Copilot, and so many rules without values that have no listing.
fn organization() -> Emulator {
    let emulator = Emulator::sample_with(unlimited());
    let sample = emulator.snapshot();
    for assistant in sample["assistants"].as_array().unwrap() {
        let id = assistant["assistant"]["id"].as_str().unwrap();
        emulator.remove_assistant(id);
    }
    for rule in sample["rules"].as_array().unwrap() {
        emulator.remove_rule(rule["id"].as_str().unwrap());
    }
    for number in 0..ASSISTANTS {
        // Why as a text: its address has the id too.
        let like = sample["assistants"][0]["assistant"].to_string();
        let mut assistant: Value = serde_json::from_str(&like.replace(SAMPLE_ASSISTANT_ID, &id(1, number))).unwrap();
        assistant["name"] = json!(format!("Assistant {number}"));
        emulator.put_assistant(assistant).unwrap();
    }
    for number in 0..RULES {
        let mut rule = sample["rules"][0].clone();
        rule["id"] = json!(id(2, number));
        rule["name"] = json!(format!("Rule {number}"));
        rule["actions"] = json!([{"type": "display", "priority": 1}]);
        emulator.put_rule(rule).unwrap();
    }
    emulator
}

fn unlimited() -> Settings {
    Settings {
        requests_per_minute: 1_000_000,
        ..Settings::default()
    }
}

/// The requests to the API since a number of them, by method and path, each with the times it was sent.
fn sent(requests: &[RecordedRequest], since: usize) -> BTreeMap<String, usize> {
    let mut sent = BTreeMap::new();
    let to_api =
        |request: &&RecordedRequest| request.path.starts_with("/api/") && !request.path.contains("organizations/me");
    for request in requests.iter().skip(since).filter(to_api) {
        *sent.entry(format!("{} {}", request.method, request.path)).or_default() += 1;
    }
    sent
}

/// The requests of a command by what they ask for, in numbers: pages of rules, pages of assistants, pages of all else, documents,
/// writes. Nothing is asked for twice.
fn counted(sandbox: &Sandbox, command: impl FnOnce() -> Ran) -> [usize; 5] {
    let before = sandbox.emulator.requests().len();
    let ran = command();
    assert_eq!(ran.code, Some(0), "{ran}");
    let mut counts = [0; 5];
    for (request, times) in sent(&sandbox.emulator.requests(), before) {
        assert_eq!(times, 1, "{request}");
        let (method, path) = request.split_once(' ').unwrap();
        let plain = path.split('?').next().unwrap();
        let place = match (method, plain) {
            ("PUT", _) => 4,
            (_, "/api/v2/agent-assist/trigger-rules") => 0,
            (_, "/api/v2/assistants") => 1,
            _ if plain.contains("/trigger-rules/") || plain.ends_with("/copilot") => 3,
            _ => 2,
        };
        counts[place] += 1;
    }
    counts
}

#[test]
fn fifty_assistants_and_five_hundred_rules_are_promoted_with_each_listing_read_once() {
    let dev = organization();
    let prod = dev.copied_to(HostedOrganization::new("prod"), unlimited());
    let promotion = Promotion {
        dev: Sandbox::of(dev),
        prod: Sandbox::of(prod),
        folder: new_home(),
    };
    let (dev, prod) = (&promotion.dev, &promotion.prod);
    let (rule_pages, documents) = (RULES / 100, ASSISTANTS + RULES);
    // The NLU domains, libraries, responses of a library, scripts, pages of a script, checklists.
    let named = 6;
    let pulled = counted(dev, || promotion.on(dev, &["pull", "files", "--portable"]));
    assert_eq!(pulled, [rule_pages, 1, named, documents, 0]);
    let planned = |sandbox: &Sandbox| {
        counted(sandbox, || {
            promotion.on(sandbox, &["plan", "files", "--out", "p.plan", "--no-references"])
        })
    };
    for sandbox in [dev, prod] {
        assert_eq!(
            planned(sandbox),
            [rule_pages, 1, named, 0, 0],
            "nothing is to be changed"
        );
    }
    for number in 0..CHANGED {
        let file = format!("files/trigger-rules/rule-{number}.yaml");
        let text = std::fs::read_to_string(promotion.folder.join(&file)).unwrap();
        promotion.write(&file, text.replace("priority: 1", "priority: 2"));
    }
    assert_eq!(planned(prod), [rule_pages, 1, named, CHANGED, 0]);
    let applied = counted(prod, || promotion.on(prod, &["apply", "p.plan"]));
    assert_eq!(applied, [0, 0, 0, 0, CHANGED], "a saved plan holds ids");
    assert_eq!(prod.emulator.foreign_writes(&dev.emulator), [""; 0]);
    let again = promotion.plan(prod);
    assert_eq!(document(&again)["summary"]["unchanged"], documents, "{again}");
    assert_eq!(changes(&document(&again)), &Vec::<Value>::new());
}
