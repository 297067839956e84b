//! Names that try to be something else, from one organization to the other and back.

use emulator::ReferenceCollection;
use serde_json::json;

use super::Promotion;
use crate::journeys::document;

/// Braces, quotes, line breaks, an emoji, blanks, and names that differ by case or by their Unicode form.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "{}",
        "}",
        "@{response:x}",
        "@@{x}",
        "a\\b",
        "\\}",
        "\"'`",
        "two\nlines\r\n",
        "\ttab",
        "🙂",
        " blank ",
        "#: - ? | >",
        "Gruß",
        "gruß",
        "e\u{301}",
        "\u{e9}",
        "null",
        "1",
        "-",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("x".repeat(300));
    names
}

#[test]
fn each_name_leads_to_the_thing_that_has_exactly_it() {
    let promotion = Promotion::new();
    let (dev, prod) = (&promotion.dev, &promotion.prod);
    let names = names();
    let mut actions = Vec::new();
    for (sandbox, first) in [(dev, 1), (prod, 2)] {
        for (number, name) in names.iter().enumerate() {
            let id = format!("{first:08x}-1111-4000-8000-{number:012x}");
            let script = json!({"id": id, "name": name});
            sandbox
                .emulator
                .put_reference(&ReferenceCollection::Scripts, script)
                .unwrap();
            if first == 1 {
                actions.push(json!({"actionType": "Script", "attributes": {"scriptId": id}}));
            }
        }
    }
    let rule = json!({"id": "hostile", "enabled": true, "rule": {
        "conditions": [{"conditionType": "ConversationStart", "conditionValues": []}], "actions": actions}});
    let assistant = dev.emulator.snapshot()["assistants"][0]["assistant"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut stored = dev.emulator.assistant(&assistant).unwrap();
    stored["copilot"]["ruleEngineConfig"]["rules"]
        .as_array_mut()
        .unwrap()
        .push(rule);
    dev.emulator.put_assistant(stored).unwrap();

    let ran = promotion.on(
        dev,
        &["pull", "files", "copilot/name:Billing", "--portable", "-o", "json"],
    );
    assert_eq!(document(&ran)["summary"]["written"], 1, "{ran}");
    let here = promotion.plan(dev);
    assert_eq!(document(&here)["summary"]["unchanged"], 1, "{here}");

    let ran = promotion.on(prod, &["plan", "files", "--out", "p.plan", "-o", "json"]);
    let plan = document(&ran);
    assert_eq!(plan["summary"]["update"], 1, "{ran}");
    let references = plan["changes"][0]["references"].as_array().unwrap();
    for (number, name) in names.iter().enumerate() {
        let found: Vec<_> = references
            .iter()
            .filter(|reference| reference["name"] == name.as_str())
            .collect();
        let [found] = found.as_slice() else {
            panic!("{name:?} in {references:#?}")
        };
        assert_eq!(
            found["id"],
            format!("{:08x}-1111-4000-8000-{number:012x}", 2),
            "{name:?}"
        );
    }
    // A line break, an escape or a fence in a name does not get out of its line.
    for format in ["human", "markdown", "html"] {
        let shown = promotion.on(prod, &["show", "p.plan", "-o", format]);
        assert_eq!(shown.code, Some(0), "{shown}");
        assert!(!shown.stdout.contains("two\nlines"), "{format}: {}", shown.stdout);
    }
    let ran = promotion.on(prod, &["apply", "p.plan"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(prod.emulator.foreign_writes(&dev.emulator), [""; 0]);
    let again = promotion.plan(prod);
    assert_eq!(document(&again)["summary"]["unchanged"], 1, "{again}");
}
