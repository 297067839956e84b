//! `apply`: exactly what was reviewed, once.

use emulator::Script;
use serde_json::{Value, json};

use super::{Repository, actions, outcomes, stored};
use crate::journeys::schemas::assert_is;

#[test]
fn a_reviewed_plan_is_applied_with_one_request_a_rule_and_leaves_nothing_to_plan() {
    let repository = Repository::of(20);
    repository.rename(&["r3", "r5"], "New");
    repository.plan();
    let since = repository.seen();
    let result = repository.json(0, &["apply", "p.plan"]);
    assert_eq!(outcomes(&result), ["r3 applied", "r5 applied"]);
    assert_eq!(repository.requests(since), [0, 0, 2]);
    assert_eq!(repository.org("r3")["name"], "New");
    let again = repository.plan();
    assert_eq!(
        (actions(&again).len(), again["in_sync"].as_array().unwrap().len()),
        (0, 0)
    );
}

#[test]
fn a_rule_that_moved_since_the_review_is_a_conflict_and_the_others_go_on() {
    let repository = Repository::of(10);
    repository.rename(&["r1", "r2", "r3"], "New");
    repository.plan();
    repository.others_edit("r2", |rule| rule["description"] = json!("theirs"));
    let result = repository.json(5, &["apply", "p.plan"]);
    assert_eq!(outcomes(&result), ["r1 applied", "r2 conflict", "r3 applied"]);
    assert_eq!(repository.org("r2")["name"], "Rule r2");
    assert_eq!(result["changes"][1]["theirs_changed"][0]["path"], "/description");
    let alone = repository.json(4, &["apply", "p.plan"]);
    assert_eq!(outcomes(&alone), ["r1 unchanged", "r2 conflict", "r3 unchanged"]);
    let merged = repository.json(0, &["apply", "p.plan", "--on-conflict", "merge"]);
    assert_eq!(outcomes(&merged), ["r1 unchanged", "r2 applied", "r3 unchanged"]);
    assert_eq!(
        (&repository.org("r2")["name"], &repository.org("r2")["description"]),
        (&json!("New"), &json!("theirs"))
    );
}

#[test]
fn a_thousand_rules_with_some_that_moved_and_some_that_are_refused() {
    let repository = Repository::of(1_000);
    for number in 1..=50 {
        repository.rename(&[&format!("r{number}")], "New");
    }
    repository.plan();
    for id in ["r2", "r20", "r40"] {
        repository.others_edit(id, |rule| rule["name"] = json!("Theirs"));
    }
    let taken = r#"{"faults": [
        {"on": {"kind": "put", "path_contains": "/r7"}, "times": 1, "do": {"status": {"code": 409, "body":
            {"status": 409, "code": "name.taken", "message": "the name is taken by another rule"}}}},
        {"on": {"kind": "put", "path_contains": "/r33"}, "times": 1, "do": {"status": {"code": 400}}}]}"#;
    repository
        .workstation
        .sandbox
        .emulator
        .load_faults(Script::from_json(taken).unwrap());
    let result = repository.json(5, &["apply", "p.plan"]);
    let mut others: Vec<String> = outcomes(&result);
    others.retain(|outcome| !outcome.ends_with("applied"));
    let expected = [
        "r2 conflict",
        "r20 conflict",
        "r33 rejected",
        "r40 conflict",
        "r7 rejected",
    ];
    assert_eq!(others, expected);
    assert_eq!(result["summary"]["applied"], 45);
    let mut changes = result["changes"].as_array().unwrap().iter();
    let refused = changes.find(|change| change["id"] == "r7").unwrap();
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("the name is taken by another rule"), "{message}");
    let again = repository.json(5, &["apply", "p.plan"]);
    assert_eq!(again["summary"]["applied"], 2);
    assert_eq!(again["summary"]["conflict"], 3);
}

#[test]
fn a_write_that_took_effect_behind_a_gateway_is_applied_by_a_read() {
    let repository = Repository::of(50);
    for number in 1..=50 {
        repository.rename(&[&format!("r{number}")], "New");
    }
    repository.plan();
    let lost = r#"{"faults": [
        {"on": {"kind": "put", "path_contains": "/r11"}, "do": {"status": {"code": 504, "carried_out": true}}},
        {"on": {"kind": "put", "path_contains": "/r22"}, "do": {"status": {"code": 504, "carried_out": true}}}]}"#;
    repository
        .workstation
        .sandbox
        .emulator
        .load_faults(Script::from_json(lost).unwrap());
    let result = repository.json(0, &["apply", "p.plan", "--allow", "change=50"]);
    assert_eq!(result["summary"]["applied"], 50);
    let by_read: Vec<&Value> = result["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["confirmed_by"] == "read")
        .map(|change| &change["id"])
        .collect();
    assert_eq!(by_read, ["r11", "r22"]);
}

#[test]
fn what_was_rolled_back_is_not_applied_again_by_the_same_plan() {
    let repository = Repository::of(5);
    repository.rename(&["r1", "r2"], "New");
    repository.plan();
    repository.json(0, &["apply", "p.plan"]);
    assert_eq!(repository.run(&["rollback", "r1"]).code, Some(0));
    let since = repository.seen();
    for flags in [&[][..], &["--on-conflict", "merge"]] {
        let result = repository.json(4, &[&["apply", "p.plan"], flags].concat());
        assert_eq!(outcomes(&result), ["r1 conflict", "r2 unchanged"]);
    }
    assert_eq!(repository.requests(since)[2], 0);
    assert_eq!(repository.org("r1")["name"], "Rule r1");
}

#[test]
fn a_second_plan_of_the_same_content_does_not_take_credit_for_the_first() {
    let repository = Repository::of(3);
    repository.rename(&["r1"], "New");
    repository.plan();
    std::fs::rename(repository.folder.join("p.plan"), repository.folder.join("first.plan")).unwrap();
    repository.plan();
    repository.json(0, &["apply", "first.plan"]);
    let second = repository.json(0, &["apply", "p.plan"]);
    assert_eq!(outcomes(&second), ["r1 unchanged"]);
    let history = repository.json(0, &["history", "r1", "--outcome", "applied"]);
    assert_eq!(history["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn files_are_planned_shown_and_applied_with_a_word() {
    let repository = Repository::of(4);
    let nothing = repository.run(&["apply", "rules"]);
    assert_eq!(nothing.code, Some(0), "{nothing}");
    repository.rename(&["r1"], "New");
    let unasked = repository.run(&["apply", "rules"]);
    assert_eq!(unasked.code, Some(64), "{unasked}");
    assert_eq!(repository.org("r1")["name"], "Rule r1");
    let dry = repository.json(2, &["apply", "rules", "--dry-run", "--detailed-exitcode"]);
    assert_eq!(outcomes(&dry), ["r1 planned"]);
    let applied = repository.json(0, &["apply", "rules", "--yes", "--reason", "CS-1"]);
    assert_eq!(outcomes(&applied), ["r1 applied"]);
    let history = repository.json(0, &["history", "r1"]);
    assert_eq!(history["entries"][0]["author"]["reason"], "CS-1");
}

/// FIELD L3: an approval without a file of it.
#[test]
fn files_are_applied_without_a_question_where_their_changes_were_approved() {
    let repository = Repository::of(4);
    repository.rename(&["r1", "r2"], "New");
    let approved = repository.plan()["changes_hash"].as_str().unwrap().to_owned();
    repository.others_edit("r2", |rule| rule["description"] = json!("theirs"));
    let refused = repository.run(&["apply", "rules", "--expect", &approved]);
    assert_eq!(refused.code, Some(9), "{refused}");
    assert!(refused.stderr.contains(&approved), "{refused}");
    assert_eq!(repository.org("r1")["name"], "Rule r1");
    let now = repository.plan()["changes_hash"].as_str().unwrap().to_owned();
    let result = repository.json(0, &["apply", "rules", "--expect", &now]);
    assert_eq!(outcomes(&result), ["r1 applied", "r2 applied"]);
}

#[test]
fn nothing_to_do_is_done_without_an_intent() {
    let repository = Repository::of(3);
    repository.plan();
    let result = repository.json(0, &["apply", "p.plan"]);
    assert_eq!((&result["changes"], &result["skipped"]), (&json!([]), &json!([])));
    let history = repository.json(0, &["history"]);
    assert_eq!(history["entries"], json!([]));
}

#[test]
fn what_the_plan_could_not_plan_counts_as_not_applied() {
    let repository = Repository::of(3);
    repository.write("rules/r9.json", stored("r9").to_string());
    repository.json(1, &["plan", "rules", "--out", "p.plan"]);
    let alone = repository.json(1, &["apply", "p.plan"]);
    assert_eq!(alone["skipped"], json!([{"document": "rule/r9", "action": "missing"}]));
    repository.rename(&["r1"], "New");
    repository.json(1, &["plan", "rules", "--out", "p.plan"]);
    let partial = repository.json(5, &["apply", "p.plan"]);
    assert_eq!(outcomes(&partial), ["r1 applied"]);
}

#[test]
fn the_first_that_fails_ends_the_run_where_that_is_asked_for() {
    let repository = Repository::of(10);
    for number in 1..=5 {
        repository.rename(&[&format!("r{number}")], "New");
    }
    repository.plan();
    repository.others_edit("r2", |rule| rule["description"] = json!("theirs"));
    let result = repository.json(5, &["apply", "p.plan", "--stop-on-first", "--parallelism", "1"]);
    assert_eq!(
        outcomes(&result),
        [
            "r1 applied",
            "r2 conflict",
            "r3 not_attempted",
            "r4 not_attempted",
            "r5 not_attempted"
        ]
    );
    let again = repository.json(5, &["apply", "p.plan"]);
    assert_eq!(
        outcomes(&again),
        ["r1 unchanged", "r2 conflict", "r3 applied", "r4 applied", "r5 applied"]
    );
}

#[test]
fn the_way_back_of_a_run_is_a_plan_like_any_other_and_keeps_what_others_changed() {
    let repository = Repository::of(5);
    repository.rename(&["r1", "r2", "r3"], "New");
    let plan = repository.plan();
    let result = repository.json(0, &["apply", "p.plan"]);
    repository.others_edit("r1", |rule| rule["description"] = json!("theirs"));
    repository.others_edit("r3", |rule| rule["name"] = json!("Theirs"));
    for of in [
        plan["plan_id"].as_str().unwrap(),
        result["run_id"].as_str().unwrap(),
        "p.plan",
    ] {
        let back = repository.json(4, &["plan", "--undo", of, "--out", "back.plan"]);
        assert_eq!(actions(&back), ["r1 update", "r2 update", "r3 conflict"], "{of}");
    }
    let undone = repository.json(5, &["apply", "back.plan"]);
    assert_eq!(outcomes(&undone), ["r1 applied", "r2 applied"]);
    let now = repository.org("r1");
    assert_eq!(
        (&now["name"], &now["description"]),
        (&json!("Rule r1"), &json!("theirs"))
    );
    assert_eq!(repository.org("r3")["name"], "Theirs");
    let unknown = repository.run(&["plan", "--undo", "nothing"]);
    assert_eq!(unknown.code, Some(1), "{unknown}");
}

#[test]
fn each_document_is_a_line_as_it_ends() {
    let repository = Repository::of(6);
    repository.rename(&["r1", "r2", "r3"], "New");
    repository.plan();
    let ran = repository.run(&["apply", "p.plan", "-o", "ndjson"]);
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<&Value> = lines.iter().map(|line| &line["kind"]).collect();
    assert_eq!(kinds, ["outcome", "outcome", "outcome", "result"]);
    lines.iter().take(3).for_each(|line| assert_is("outcome", line));
    assert_eq!(lines[3]["changes"].as_array().unwrap().len(), 3);
}

/// A number in the user's own file counts; one in the working directory only where it is lower.
#[test]
fn the_configuration_sets_the_safety_stop_and_a_strangers_file_only_lowers_it() {
    for (own, found, limit) in [
        ("", "", 5),
        ("8", "", 8),
        ("8", "3", 3),
        ("", "100", 5),
        ("8", "100", 8),
    ] {
        let repository = Repository::of(10);
        repository.rename(&["r1"], "New");
        let table = |number: &str| format!("[safety]\nchange = {number}\n");
        let place = repository.command(&[]);
        let home = place
            .get_envs()
            .find(|(name, _)| *name == "XDG_CONFIG_HOME")
            .unwrap()
            .1
            .unwrap();
        if !own.is_empty() {
            let file = std::path::Path::new(home).join("assist-rules/config.toml");
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, table(own)).unwrap();
        }
        if !found.is_empty() {
            repository.write("assist-rules.toml", table(found));
        }
        let mut plan = repository.command(&["plan", "rules", "-o", "json"]);
        let plan = crate::journeys::document(&crate::binary::run(plan.env("XDG_CONFIG_HOME", home)));
        assert_eq!(plan["safety"]["change"]["limit"], limit, "{own} {found}");
    }
}
