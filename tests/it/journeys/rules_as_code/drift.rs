//! Drift: what others changed since a file was applied is told apart from what the file changes.

use std::fs;

use expect_test::expect;
use serde_json::{Value, json};

use super::{Repository, actions};
use crate::binary::{new_home, run};
use crate::journeys::{document, shown};

/// A repository whose files are applied, and of which the record knows so.
fn applied(rules: usize) -> Repository {
    let repository = Repository::of(rules);
    repository.json(0, &["apply", "rules", "--yes"]);
    repository
}

/// A text without the user and the machine that ran this.
fn without_author(text: &str) -> String {
    let found = text.split(" by ").nth(1).and_then(|rest| rest.split(':').next());
    text.replace(found.unwrap(), "AUTHOR")
}

fn states(status: &Value) -> Vec<String> {
    let documents = status["documents"].as_array().unwrap().iter();
    documents
        .map(|document| {
            let word = |name: &str| document[name].as_str().unwrap_or("-").to_owned();
            format!("{} {}", word("document"), word("state"))
        })
        .collect()
}

/// The rule that was switched off on Friday is not switched on again by Monday's pipeline without a word.
#[test]
fn the_switch_of_friday_is_drift_on_monday_and_stays_under_keep() {
    let repository = applied(2);
    repository.json(0, &["disable", "r1", "--reason", "incident"]);
    repository.rename(&["r2"], "New");
    let plan = repository.json(4, &["plan", "rules"]);
    assert_eq!(actions(&plan), ["r1 conflict", "r2 update"]);
    let drift = &plan["changes"][0]["drift"];
    assert_eq!(
        [
            &drift[0]["path"],
            &drift[0]["base"],
            &drift[0]["theirs"],
            &drift[0]["reason"]
        ],
        [&json!("/enabled"), &json!(true), &json!(false), &json!("incident")]
    );
    assert_eq!(plan["changes"][0]["base"]["by"], "apply");
    assert_eq!(plan["changes"][1]["diff"][0]["by"], "file");
    for _ in 0..2 {
        let plan = repository.json(0, &["plan", "rules", "--on-drift", "keep", "--out", "keep.plan"]);
        let kept = plan["changes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|change| change["document"] == "rule/r1");
        let kept = kept.unwrap();
        assert_eq!(
            (&kept["action"], &kept["drift"][0]["path"]),
            (&json!("unchanged"), &json!("/enabled"))
        );
        repository.json(0, &["apply", "keep.plan"]);
        assert_eq!(repository.org("r1")["enabled"], false, "it stays off");
    }
    assert_eq!(repository.org("r2")["name"], "New");
}

#[test]
fn revert_takes_back_and_says_whose_entry() {
    let repository = applied(1);
    repository.json(0, &["disable", "r1", "--reason", "incident"]);
    let plan = repository.json(0, &["plan", "rules", "--on-drift", "revert", "--out", "p.plan"]);
    let line = &plan["changes"][0]["diff"][0];
    assert_eq!((&line["path"], &line["by"]), (&json!("/enabled"), &json!("drift")));
    assert!(line["takes_back"]["entry"].is_u64(), "{line:#}");
    repository.json(64, &["apply", "p.plan", "--on-drift", "revert"]);
    repository.json(0, &["apply", "p.plan"]);
    assert_eq!(repository.org("r1")["enabled"], true);
    let status = repository.json(0, &["status", "rules", "--detailed-exitcode"]);
    assert_eq!(states(&status), ["rule/r1 in_sync"]);
}

#[test]
fn a_collision_is_a_conflict_under_keep_and_disjoint_edits_merge() {
    let repository = applied(2);
    repository.json(0, &["update", "r1", "--name", "Theirs"]);
    repository.json(0, &["update", "r2", "--name", "Theirs"]);
    repository.rename(&["r1"], "Ours");
    repository.edit("r2", |rule| rule["description"] = json!("Ours"));
    let plan = repository.json(4, &["plan", "rules", "--on-drift", "keep", "--out", "p.plan"]);
    assert_eq!(actions(&plan), ["r1 conflict", "r2 update"]);
    repository.json(5, &["apply", "p.plan"]);
    let merged = repository.org("r2");
    assert_eq!(
        (&merged["name"], &merged["description"]),
        (&json!("Theirs"), &json!("Ours"))
    );
    assert_eq!(repository.org("r1")["name"], "Theirs");
    // The file was carried out, not what came of it: what others keep is drift again.
    let again = repository.json(4, &["plan", "rules", "--select", "id=r2"]);
    assert_eq!(actions(&again), ["r2 conflict"]);
    assert_eq!(again["changes"][0]["drift"][0]["path"], "/name");
}

/// A way back is no word of a file: what it changed is drift, as any change from elsewhere is.
#[test]
fn what_was_undone_and_what_was_updated_is_drift_and_no_base() {
    let repository = applied(3);
    repository.rename(&["r1", "r2"], "Ours");
    let plan = repository.plan();
    repository.json(0, &["apply", "p.plan"]);
    let id = plan["plan_id"].as_str().unwrap();
    repository.json(0, &["plan", "--undo", id, "--out", "back.plan"]);
    repository.json(0, &["apply", "back.plan"]);
    repository.json(0, &["update", "r3", "--name", "Theirs"]);
    let plan = repository.json(4, &["plan", "rules"]);
    assert_eq!(actions(&plan), ["r1 conflict", "r2 conflict", "r3 conflict"]);
    for (change, base) in plan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .zip(["Ours", "Ours", "Rule r3"])
    {
        let drift = &change["drift"][0];
        assert_eq!(
            (&drift["path"], &drift["base"], drift["entry"].is_u64()),
            (&json!("/name"), &json!(base), true),
            "{change:#}"
        );
    }
}

/// FIELD N2.
#[test]
fn what_a_file_leaves_out_is_no_drift() {
    let repository = Repository::of(1);
    repository.write("rules/r1.json", json!({"id": "r1", "description": "ours"}).to_string());
    repository.json(0, &["apply", "rules", "--yes"]);
    repository.json(0, &["disable", "r1"]);
    let status = repository.json(0, &["status", "rules", "--detailed-exitcode"]);
    assert_eq!(states(&status), ["rule/r1 in_sync"]);
    assert_eq!(actions(&repository.plan()), [""; 0]);
}

/// FIELD N1.
#[test]
fn a_plan_from_an_old_branch_says_first_what_it_takes_back() {
    let repository = applied(1);
    let old = repository.read("rules/r1.json");
    repository.rename(&["r1"], "A colleague's words");
    repository.json(0, &["apply", "rules", "--yes"]);
    repository.write("rules/r1.json", old);
    let plan = repository.plan();
    let line = &plan["changes"][0]["diff"][0];
    assert_eq!(line["by"], "file");
    assert!(line["takes_back"]["entry"].is_u64(), "{line:#}");
    let human = repository.run(&["plan", "rules"]).stdout;
    let first = human.lines().next().unwrap();
    assert!(first.contains("takes back entry") && first.contains("name"), "{human}");
}

#[test]
fn a_folder_that_was_named_is_the_base_and_wins() {
    let repository = applied(1);
    repository.write("main/r1.json", repository.read("rules/r1.json"));
    repository.json(0, &["update", "r1", "--name", "Theirs"]);
    let mut elsewhere = repository.command(&["plan", "rules", "--base", "main", "-o", "json"]);
    let ran = run(elsewhere.env("ASSIST_RULES_STATE_DIR", new_home()));
    assert_eq!(ran.code, Some(4), "{ran}");
    let plan = document(&ran);
    assert_eq!(plan["changes"][0]["base"]["by"], "dir");
    assert_eq!(plan["changes"][0]["drift"][0]["path"], "/name");
}

#[test]
fn a_status_tells_who_changed_what() {
    let repository = applied(5);
    repository.rename(&["r1", "r3"], "Ours");
    for id in ["r2", "r3"] {
        repository.json(0, &["disable", id, "--reason", "CS-1"]);
    }
    repository.write("rules/r6.json", json!({"id": "r6", "name": "new"}).to_string());
    repository.write("rules/r5.json", json!({"id": "r5", "enabled": "yes"}).to_string());
    let status = repository.json(3, &["status", "rules"]);
    assert_eq!(
        states(&status),
        [
            "rule/r1 changed_in_files",
            "rule/r2 changed_in_org",
            "rule/r3 changed_in_both",
            "rule/r4 in_sync",
            "rule/r6 missing",
            "rule/r5 invalid",
        ]
    );
    assert_eq!(
        status["summary"],
        json!({"in_sync": 1, "changed_in_files": 1, "changed_in_org": 1, "changed_in_both": 1, "differs": 0,
            "missing": 1, "invalid": 1, "unread": 0})
    );
    for file in ["rules/r5.json", "rules/r6.json"] {
        fs::remove_file(repository.folder.join(file)).unwrap();
    }
    let ran = repository.run(&["status", "rules", "--detailed-exitcode"]);
    expect![[r#"
        exit 2
        --- stdout
        changed in files Ours (r1)  rules/r1.json
          name: "Rule r1" → "Ours"
        changed in org   Rule r2 (r2)  rules/r2.json
          drift enabled: true → false  entry 6 by AUTHOR: CS-1
        changed in both  Ours (r3)  rules/r3.json
          name: "Rule r3" → "Ours"
          enabled: false → true
          drift enabled: true → false  entry 8 by AUTHOR: CS-1
        1 in sync, 1 changed in files, 1 changed in org, 1 changed in both
        --- stderr
    "#]]
    .assert_eq(&without_author(&shown(&ran)));
}

#[test]
fn a_status_without_a_base_says_that_they_differ() {
    let repository = Repository::of(2);
    repository.rename(&["r1"], "Ours");
    let status = repository.json(0, &["status", "rules"]);
    assert_eq!(states(&status), ["rule/r1 differs", "rule/r2 in_sync"]);
    assert_eq!(status["documents"][0]["base"], Value::Null);
}

/// A ledger that is away is no base, and what a status counted is written for a collector.
#[test]
fn a_status_keeps_its_figures() {
    let repository = applied(2);
    repository.rename(&["r1"], "Ours");
    repository.json(
        2,
        &[
            "status",
            "rules",
            "--detailed-exitcode",
            "--metrics-file",
            "figures.prom",
        ],
    );
    let figures = repository.read("figures.prom");
    assert!(
        figures.contains("assist_rules_status_documents{state=\"changed_in_files\"} 1"),
        "{figures}"
    );
    assert!(
        figures.contains("assist_rules_status_documents{state=\"unread\"} 0"),
        "{figures}"
    );
}
