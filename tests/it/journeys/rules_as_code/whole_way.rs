//! A folder of a thousand rules, from the organization into files and back.

use std::{collections::BTreeSet, fs};

use emulator::{Client, Emulator, Settings};
use serde_json::{Value, json};

use super::{Repository, actions};
use crate::journeys::recording::Workstation;
use crate::sandbox::Sandbox;

/// A thousand, beside the sample rule.
const RULES: usize = 1_000;

/// An organization of so many rules that lets as many requests through as a machine can make, and an empty folder.
fn organization(rules: usize) -> Repository {
    let settings = Settings {
        requests_per_minute: 1_000_000,
        ..Settings::default()
    };
    let emulator = Emulator::restore(&Emulator::sample().snapshot(), settings).unwrap();
    emulator.add_client(Client::sandbox());
    let repository = Repository::at(Workstation::at(Sandbox::of(emulator)), rules);
    fs::remove_dir_all(repository.folder.join("rules")).unwrap();
    repository
}

fn file(number: usize) -> String {
    format!("rules/trigger-rules/rule-r{number}.yaml")
}

#[test]
fn a_thousand_rules_are_pulled_edited_reviewed_applied_and_found_in_sync() {
    let repository = organization(RULES);
    let pulled = repository.json(0, &["pull", "rules"]);
    assert_eq!(pulled["summary"]["written"], RULES);
    assert_eq!(actions(&repository.plan()), [""; 0]);

    let edited: Vec<usize> = (1..=RULES).step_by(50).collect();
    for number in &edited {
        let text = repository.read(&file(*number));
        let renamed = text.replace(&format!("name: Rule r{number}\n"), "name: Ours # CHG-1\n");
        assert_ne!(text, renamed);
        repository.write(&file(*number), renamed);
    }
    repository.others_edit("r2", |rule| rule["enabled"] = json!(false));
    repository.json(0, &["validate", "rules"]);
    let plan = repository.json(4, &["plan", "rules", "--out", "p.plan"]);
    let planned: BTreeSet<String> = actions(&plan).into_iter().collect();
    let mut expected: BTreeSet<String> = edited.iter().map(|number| format!("r{number} update")).collect();
    expected.insert("r2 conflict".to_owned());
    assert_eq!(planned, expected);
    assert_eq!(plan["summary"]["documents"], RULES);

    let shown = repository.json(0, &["show", "p.plan"]);
    assert_eq!(shown["changes_hash"], plan["changes_hash"]);
    let since = repository.seen();
    let hash = plan["changes_hash"].as_str().unwrap();
    let result = repository.json(5, &["apply", "p.plan", "--expect", hash]);
    assert_eq!(result["summary"]["applied"], edited.len());
    assert_eq!(repository.requests(since), [0, 0, edited.len()], "one request a rule");

    let in_sync = |status: &Value| {
        let summary = &status["summary"];
        (summary["in_sync"].as_u64(), summary["changed_in_org"].as_u64())
    };
    let all = RULES as u64;
    assert_eq!(
        in_sync(&repository.json(0, &["status", "rules"])),
        (Some(all - 1), Some(1))
    );
    let pulled = repository.json(0, &["pull", "rules"]);
    assert_eq!(pulled["summary"]["written"], 1);
    assert!(repository.read(&file(2)).contains("enabled: false"));
    assert!(repository.read(&file(1)).contains("name: Ours # CHG-1\n"));
    let status = repository.json(0, &["status", "rules", "--detailed-exitcode"]);
    assert_eq!(in_sync(&status), (Some(all), Some(0)));
    assert_eq!(actions(&repository.plan()), [""; 0]);
}
