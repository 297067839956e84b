//! `pull`: files that people recognize, rewritten in their place, and never over an edit.

use std::fs;

use domain::DocumentKind;
use domain::testing::served_rule;
use emulator::Script;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{Repository, actions};
use crate::binary::{new_home, run};
use crate::journeys::document;

/// Each document of a report with its state and its reason.
fn pulled(report: &Value) -> Vec<String> {
    let documents = report["documents"].as_array().unwrap().iter();
    documents
        .map(|found| {
            let word = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", word("document"), word("state"), word("reason"))
                .trim_end()
                .to_owned()
        })
        .collect()
}

/// A repository whose folder `rules` was pulled, and has no file of its own.
fn cloned(rules: usize) -> Repository {
    let repository = Repository::of(rules);
    fs::remove_dir_all(repository.folder.join("rules")).unwrap();
    repository.json(0, &["pull", "rules"]);
    repository
}

fn file(repository: &Repository, name: &str) -> String {
    repository.read(&format!("rules/trigger-rules/{name}"))
}

fn names(repository: &Repository) -> Vec<String> {
    let folder = repository.folder.join("rules/trigger-rules");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_was_pulled_validates_plans_nothing_and_is_pulled_again_unchanged() {
    let repository = Repository::of(3);
    repository.others_edit("r2", |rule| {
        rule["name"] = json!("Q&A: refunds / returns");
        rule["newer"] = json!({"than": ["this", "program"]});
        rule["conditions"] = json!([]);
        rule["description"] = json!("  two\nlines: # and more \u{a0}");
    });
    repository.others_edit("r3", |rule| rule["conditions"][0]["operator"] = json!("near"));
    fs::remove_dir_all(repository.folder.join("rules")).unwrap();
    let first = repository.json(0, &["pull", "rules"]);
    assert_eq!(
        pulled(&first),
        ["rule/r1 written", "rule/r2 written", "rule/r3 written"]
    );
    assert_eq!(
        names(&repository),
        ["q-a-refunds-returns.yaml", "rule-r1.yaml", "rule-r3.yaml"]
    );
    assert!(
        !file(&repository, "rule-r1.yaml").contains("ruleType"),
        "the server owns it"
    );
    repository.json(0, &["validate", "rules"]);
    assert_eq!(actions(&repository.plan()), [""; 0]);
    let files: Vec<String> = names(&repository).iter().map(|name| file(&repository, name)).collect();
    let again = repository.json(0, &["pull", "rules"]);
    assert_eq!(again["summary"]["unchanged"], 3);
    let now: Vec<String> = names(&repository).iter().map(|name| file(&repository, name)).collect();
    assert_eq!(now, files);
    let json = repository.json(0, &["pull", "as-json", "--format", "json"]);
    assert_eq!(json["summary"]["written"], 3);
    assert_eq!(actions(&repository.json(0, &["plan", "as-json"])), [""; 0]);
}

/// FIELD M1.
#[test]
fn a_comment_goes_with_its_condition_and_is_quoted_and_all_others_stay() {
    let repository = cloned(1);
    let condition = |value: &str| json!({"type": "keyword", "field": "f", "operator": "contains", "value": value});
    repository.others_edit("r1", |rule| {
        rule["conditions"] = json!([condition("a"), condition("b"), condition("c")]);
    });
    repository.json(0, &["pull", "rules"]);
    let before = file(&repository, "rule-r1.yaml");
    let commented = before
        .replace("    value: a\n", "    value: a  # the first\n  # not for VIP\n")
        .replace("    value: b\n", "    value: b\n\n  # legal asked for this\n");
    assert_ne!(before, commented);
    repository.write("rules/trigger-rules/rule-r1.yaml", &commented);
    assert_eq!(actions(&repository.plan()), [""; 0]);
    repository.others_edit("r1", |rule| {
        rule["conditions"].as_array_mut().unwrap().remove(1);
    });
    let report = repository.json(0, &["pull", "rules"]);
    assert_eq!(pulled(&report), ["rule/r1 written"]);
    assert_eq!(report["documents"][0]["removed_comments"], json!(["# not for VIP"]));
    let after = file(&repository, "rule-r1.yaml");
    for (comment, stays) in [
        ("# the first", true),
        ("# not for VIP", false),
        ("# legal asked for this", true),
    ] {
        assert_eq!(after.contains(comment), stays, "{after}");
    }
    assert_eq!(actions(&repository.plan()), [""; 0]);
}

#[test]
fn an_edited_file_is_kept_until_its_author_says_otherwise() {
    let repository = cloned(3);
    let edited = file(&repository, "rule-r1.yaml").replace("name: Rule r1", "name: Ours # mine");
    repository.write("rules/trigger-rules/rule-r1.yaml", &edited);
    let report = repository.json(0, &["pull", "rules"]);
    assert_eq!(report["summary"]["unchanged"], 3, "the organization did not move");
    for id in ["r1", "r2"] {
        repository.others_edit(id, |rule| rule["name"] = json!("Theirs"));
    }
    let report = repository.json(4, &["pull", "rules"]);
    assert_eq!(
        pulled(&report),
        ["rule/r1 kept edited", "rule/r2 written", "rule/r3 unchanged"]
    );
    assert_eq!(file(&repository, "rule-r1.yaml"), edited);
    let report = repository.json(0, &["pull", "rules", "--overwrite"]);
    assert_eq!(
        pulled(&report),
        ["rule/r1 written", "rule/r2 unchanged", "rule/r3 unchanged"]
    );
    assert!(file(&repository, "rule-r1.yaml").contains("name: Theirs # mine"));
}

/// FIELD M3.
#[test]
fn of_three_documents_in_a_file_each_has_a_state_of_its_own() {
    let repository = Repository::of(3);
    fs::remove_dir_all(repository.folder.join("rules")).unwrap();
    let of = |id: &str| format!("id: {id}\nname: \"Rule {id}\"   # {id}\nenabled: true\n");
    let text = format!("{}---\r\n{}---\n{}...\n", of("r1"), of("r2"), of("r3"));
    repository.write("rules/all.yaml", &text);
    repository.json(0, &["apply", "rules", "--yes"]);
    repository.write("rules/all.yaml", text.replace("\"Rule r1\"", "\"Ours\""));
    for id in ["r1", "r2"] {
        repository.others_edit(id, |rule| rule["name"] = json!("Theirs"));
    }
    let report = repository.json(4, &["pull", "rules"]);
    assert_eq!(
        pulled(&report),
        ["rule/r1 kept edited", "rule/r2 written", "rule/r3 unchanged"]
    );
    let expected = text
        .replace("\"Rule r1\"", "\"Ours\"")
        .replace("\"Rule r2\"", "\"Theirs\"");
    assert_eq!(repository.read("rules/all.yaml"), expected);
}

/// FIELD M4.
#[test]
fn a_rule_keeps_its_file_when_it_is_renamed_moved_or_deleted() {
    let repository = cloned(3);
    let folder = repository.folder.join("rules");
    fs::create_dir(folder.join("vip")).unwrap();
    fs::rename(
        folder.join("trigger-rules/rule-r2.yaml"),
        folder.join("vip/second.yaml"),
    )
    .unwrap();
    for id in ["r1", "r2"] {
        repository.others_edit(id, |rule| rule["name"] = json!("Renamed"));
    }
    repository.workstation.sandbox.emulator.remove_rule("r3");
    let report = repository.json(0, &["pull", "rules"]);
    assert_eq!(
        pulled(&report),
        ["rule/r1 written", "rule/r2 written", "rule/r3 missing"]
    );
    assert_eq!(names(&repository), ["rule-r1.yaml", "rule-r3.yaml"]);
    assert!(repository.read("rules/vip/second.yaml").contains("name: Renamed"));
}

#[test]
fn an_organization_without_a_listing_removes_nothing_and_says_so() {
    for (status, code) in [(404, 1), (403, 8)] {
        let repository = cloned(2);
        let before = file(&repository, "rule-r1.yaml");
        let script = format!(
            r#"{{"faults": [{{"on": {{"kind": "list"}}, "times": 99, "do": {{"status": {{"code": {status}}}}}}}]}}"#
        );
        let emulator = &repository.workstation.sandbox.emulator;
        emulator.load_faults(Script::from_json(&script).unwrap());
        repository.json(code, &["pull", "rules"]);
        assert_eq!(
            (names(&repository).len(), file(&repository, "rule-r1.yaml")),
            (2, before)
        );
        repository.others_edit("r1", |rule| rule["name"] = json!("Theirs"));
        let report = repository.json(0, &["pull", "rules", "r1"]);
        assert_eq!(pulled(&report), ["rule/r1 written"]);
    }
}

#[test]
fn a_folder_of_another_organization_is_refused_and_both_are_named() {
    let repository = cloned(1);
    let manifest = repository.read("rules/.assist-rules.json");
    repository.write(
        "rules/.assist-rules.json",
        manifest.replace("5a4db0c5-0000-4000-8000-0123456789ab", "another"),
    );
    repository.others_edit("r1", |rule| rule["name"] = json!("Theirs"));
    let before = file(&repository, "rule-r1.yaml");
    for args in [
        &["pull", "rules"][..],
        &["plan", "rules"],
        &["status", "rules"],
        &["apply", "rules", "--yes"],
    ] {
        let error = repository.json(9, args);
        let message = error["error"]["message"]
            .as_str()
            .or(error["message"].as_str())
            .unwrap();
        assert!(message.contains("another") && message.contains("5a4db0c5"), "{message}");
    }
    assert_eq!(file(&repository, "rule-r1.yaml"), before);
    repository.write("rules/.assist-rules.json", "{");
    repository.json(64, &["pull", "rules"]);
    repository.json(64, &["plan", "rules"]);
}

#[test]
fn what_was_pulled_is_a_base_for_its_folder_only() {
    let repository = cloned(1);
    fs::create_dir(repository.folder.join("branch")).unwrap();
    repository.write("branch/r1.yaml", file(&repository, "rule-r1.yaml"));
    repository.others_edit("r1", |rule| rule["name"] = json!("Theirs"));
    let state = |folder: &str| {
        let status = repository.json(0, &["status", folder]);
        status["documents"][0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("rules"), "changed_in_org");
    assert_eq!(state("branch"), "differs");
    // Without the ledger, the hash in the folder tells it of the whole document.
    let mut elsewhere = repository.command(&["status", "rules", "-o", "json"]);
    let ran = run(elsewhere.env("ASSIST_RULES_STATE_DIR", new_home()));
    assert_eq!(document(&ran)["documents"][0]["state"], "changed_in_org", "{ran}");
}

#[test]
fn two_pulls_at_once_leave_whole_files() {
    let repository = Repository::of(20);
    fs::remove_dir_all(repository.folder.join("rules")).unwrap();
    std::thread::scope(|scope| {
        let pulls: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| run(&mut repository.command(&["pull", "rules"]))))
            .collect();
        for pull in pulls {
            let ran = pull.join().unwrap();
            assert_eq!(ran.code, Some(0), "{ran}");
        }
    });
    repository.json(0, &["validate", "rules"]);
    assert_eq!(names(&repository).len(), 20);
    assert_eq!(actions(&repository.plan()), [""; 0]);
}

#[test]
fn a_file_that_cannot_be_parsed_keeps_everything_as_it_is() {
    let repository = cloned(1);
    repository.write("rules/broken.yaml", "id: [r1");
    repository.others_edit("r1", |rule| rule["name"] = json!("Theirs"));
    let before = file(&repository, "rule-r1.yaml");
    repository.json(3, &["pull", "rules"]);
    assert_eq!(file(&repository, "rule-r1.yaml"), before);
}

#[test]
fn rules_are_chosen_by_name_and_expression() {
    let repository = Repository::of(4);
    fs::remove_dir_all(repository.folder.join("rules")).unwrap();
    let report = repository.json(0, &["pull", "rules", "name:Rule r2", "r3"]);
    assert_eq!(pulled(&report), ["rule/r2 written", "rule/r3 written"]);
    let report = repository.json(0, &["pull", "others", "--select", "name=*r1"]);
    assert_eq!(pulled(&report), ["rule/r1 written"]);
    let since = repository.seen();
    repository.json(0, &["pull", "rules"]);
    assert_eq!(
        repository.requests(since),
        [2, 2, 0],
        "a listing of each kind, and what is surely equal is not read"
    );
}

/// Few rules: each is read three times, at the pace that the platform allows.
const RULES: usize = 20;

/// Rules as a server may have them: unknown members, members in any order, nulls, texts with escapes, odd numbers.
fn served(rules: usize) -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let strategy = served_rule();
    let drawn = (1..=rules).map(|number| {
        let rule = strategy.new_tree(&mut runner).unwrap().current();
        let mut rule: Value = serde_json::from_str(rule.document().text()).unwrap();
        rule["id"] = json!(format!("r{number}"));
        rule
    });
    drawn.collect()
}

/// Whatever rules an organization has: what was pulled plans nothing, and no edit of a file is lost by another pull.
#[test]
fn any_rule_is_pulled_so_that_nothing_is_planned_and_no_edit_is_lost() {
    let repository = Repository::of(0);
    let emulator = &repository.workstation.sandbox.emulator;
    for rule in served(RULES) {
        emulator.put_rule(rule).unwrap();
    }
    for format in ["yaml", "json"] {
        let report = repository.json(0, &["pull", format, "--format", format]);
        assert_eq!(report["summary"]["written"], RULES);
        let plan = repository.json(0, &["plan", format]);
        assert_eq!(actions(&plan), [""; 0], "{:#}", plan["changes"]);
    }
    let report = repository.json(0, &["pull", "yaml"]);
    assert_eq!(report["summary"]["unchanged"], RULES);
    let mut edited = Vec::new();
    for found in report["documents"].as_array().unwrap().iter().step_by(3) {
        let name = found["file"].as_str().unwrap();
        let text = format!("# mine\n{}\nx-note: mine\n", repository.read(name).trim_end());
        repository.write(name, &text);
        edited.push((name.to_owned(), text));
    }
    repository.json(0, &["pull", "yaml"]);
    for (name, text) in &edited {
        assert_eq!(&repository.read(name), text);
    }
    for number in 1..=RULES {
        repository.others_edit(&format!("r{number}"), |rule| {
            rule["enabled"] = json!(!rule["enabled"].as_bool().unwrap_or_default());
            rule["conditions"] = json!([]);
        });
    }
    let report = repository.json(0, &["pull", "yaml"]);
    assert_eq!(report["summary"]["written"], RULES, "{report:#}");
    for (name, _) in &edited {
        let text = repository.read(name);
        assert!(text.starts_with("# mine\n") && text.contains("x-note: mine"), "{text}");
    }
    assert_eq!(actions(&repository.json(0, &["plan", "yaml"])), [""; 0]);
}
