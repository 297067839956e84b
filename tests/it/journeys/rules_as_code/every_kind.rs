//! Journeys that hold for documents of every kind: reviewed, applied once, kept apart from what others do.

use std::fs;

use emulator::Script;
use serde_json::json;

use super::kinds::each;
use super::saved_plans::forged;

#[test]
fn a_reviewed_plan_is_applied_once_and_leaves_nothing_to_plan() {
    for documents in each(5) {
        let repository = &documents.repository;
        documents.change(&["r1", "r2"]);
        let plan = repository.plan();
        assert_eq!(documents.actions(&plan), ["r1 update", "r2 update"]);
        let since = repository.seen();
        let dry = repository.json(0, &["apply", "p.plan", "--dry-run"]);
        assert_eq!(documents.outcomes(&dry), ["r1 planned", "r2 planned"]);
        assert_eq!(repository.requests(since)[2], 0);
        documents.assert_ours("r1", false);
        let result = repository.json(0, &["apply", "p.plan"]);
        assert_eq!(documents.outcomes(&result), ["r1 applied", "r2 applied"]);
        documents.assert_ours("r1", true);
        let again = repository.json(0, &["apply", "p.plan"]);
        assert_eq!(documents.outcomes(&again), ["r1 unchanged", "r2 unchanged"]);
        assert_eq!(repository.requests(since)[2], 2, "each is written once");
        let empty = repository.plan();
        assert_eq!(documents.actions(&empty), [""; 0]);
        assert_eq!(empty["in_sync"], json!([]));
        let status = repository.json(0, &["status", "rules", "--detailed-exitcode"]);
        assert_eq!(status["summary"]["in_sync"], 5);
    }
}

#[test]
fn what_others_changed_since_the_review_is_a_conflict_and_nothing_is_written() {
    for documents in each(5) {
        let repository = &documents.repository;
        documents.change(&["r2"]);
        repository.plan();
        documents.others_change("r2");
        let since = repository.seen();
        let result = repository.json(4, &["apply", "p.plan"]);
        assert_eq!(documents.outcomes(&result), ["r2 conflict"]);
        let refused = usize::from(documents.kind.word == "rule");
        assert_eq!(repository.requests(since)[2], refused, "a Copilot is compared first");
        let theirs = &result["changes"][0]["theirs_changed"];
        assert_eq!(theirs[0]["path"], documents.kind.theirs, "{theirs}");
        assert_eq!(theirs.as_array().unwrap().len(), 1, "{theirs}");
        documents.assert_ours("r2", false);
        let merged = repository.json(0, &["apply", "p.plan", "--on-conflict", "merge"]);
        assert_eq!(documents.outcomes(&merged), ["r2 applied"]);
        documents.assert_ours("r2", true);
        documents.assert_theirs("r2");
    }
}

#[test]
fn what_was_rolled_back_is_not_applied_again_by_the_same_plan() {
    for documents in each(5) {
        let repository = &documents.repository;
        documents.change(&["r1", "r2"]);
        repository.plan();
        repository.json(0, &["apply", "p.plan"]);
        repository.json(0, &["rollback", &documents.name("r1")]);
        documents.assert_ours("r1", false);
        let since = repository.seen();
        for flags in [&[][..], &["--on-conflict", "merge"]] {
            let result = repository.json(4, &[&["apply", "p.plan"], flags].concat());
            assert_eq!(documents.outcomes(&result), ["r1 conflict", "r2 unchanged"]);
        }
        assert_eq!(repository.requests(since)[2], 0);
        let drift = repository.json(4, &["plan", "rules"]);
        assert_eq!(documents.actions(&drift), ["r1 conflict"]);
    }
}

#[test]
fn a_plan_is_undone_by_a_plan() {
    for documents in each(5) {
        let repository = &documents.repository;
        let before = documents.org("r1");
        documents.change(&["r1"]);
        let plan = repository.plan();
        repository.json(0, &["apply", "p.plan"]);
        let id = plan["plan_id"].as_str().unwrap();
        repository.json(0, &["plan", "--undo", id, "--out", "back.plan"]);
        let result = repository.json(0, &["apply", "back.plan"]);
        assert_eq!(documents.outcomes(&result), ["r1 applied"]);
        let without_tag = |mut document: serde_json::Value| {
            for name in ["etag", "version"] {
                document.as_object_mut().unwrap().remove(name);
            }
            document
        };
        assert_eq!(without_tag(documents.org("r1")), without_tag(before));
    }
}

#[test]
fn drift_fails_is_kept_or_is_taken_back() {
    for documents in each(3) {
        let repository = &documents.repository;
        let file = documents.at("r1", documents.kind.theirs);
        repository.json(0, &["apply", "rules", "--yes"]);
        documents.others_change("r1");
        documents.change(&["r1"]);
        let status = repository.json(2, &["status", "rules", "--detailed-exitcode"]);
        assert_eq!(
            documents.states(&status),
            ["r1 changed_in_both", "r2 in_sync", "r3 in_sync"]
        );
        let plan = repository.json(4, &["plan", "rules"]);
        assert_eq!(documents.actions(&plan), ["r1 conflict"]);
        let drift = &plan["changes"][0]["drift"][0];
        assert_eq!(
            (&drift["path"], &drift["base"]),
            (&json!(documents.kind.theirs), &file),
            "{drift:#}"
        );
        repository.json(0, &["plan", "rules", "--on-drift", "keep", "--out", "keep.plan"]);
        repository.json(0, &["apply", "keep.plan"]);
        documents.assert_ours("r1", true);
        documents.assert_theirs("r1");
        let back = repository.json(0, &["plan", "rules", "--on-drift", "revert", "--out", "back.plan"]);
        assert_eq!(back["changes"][0]["diff"][0]["by"], "drift");
        repository.json(0, &["apply", "back.plan"]);
        assert_eq!(documents.at("r1", documents.kind.theirs), file);
        documents.assert_ours("r1", true);
        let status = repository.json(0, &["status", "rules", "--detailed-exitcode"]);
        assert_eq!(status["summary"]["in_sync"], 3);
    }
}

#[test]
fn a_status_has_the_state_of_each_document() {
    for documents in each(7) {
        let repository = &documents.repository;
        documents.others_change("r5");
        repository.json(0, &["apply", "rules", "--yes", "--exclude", "id=r5"]);
        documents.change(&["r1", "r3", "r6"]);
        documents.others_change("r2");
        documents.others_change("r3");
        documents.edit_file("r7", documents.kind.switch, json!("yes"));
        let file = repository.read("rules/r1.json").replace("\"r1\"", "\"r8\"");
        repository.write("rules/r8.json", file);
        let script = r#"{"faults": [{"on": {"path_contains": "/r6"}, "times": 99, "do": {"status": {"code": 403}}}]}"#;
        let emulator = &repository.workstation.sandbox.emulator;
        emulator.load_faults(Script::from_json(script).unwrap());
        let status = repository.json(8, &["status", "rules"]);
        assert_eq!(
            documents.states(&status),
            [
                "r1 changed_in_files",
                "r2 changed_in_org",
                "r3 changed_in_both",
                "r4 in_sync",
                "r5 differs",
                "r6 unread",
                "r8 missing",
                "r7 invalid",
            ]
        );
    }
}

#[test]
fn a_plan_that_shows_another_change_than_it_makes_is_refused() {
    for documents in each(5) {
        let repository = &documents.repository;
        documents.change(&["r1"]);
        repository.plan();
        let plan = repository.read("p.plan");
        let since = repository.seen();
        let change = "/changes/0";
        for (object, member, value) in [
            ("/changes/0/after", "x", json!(1)),
            ("/changes/0/before", "x", json!("x")),
            (change, "diff", json!([])),
            (change, "disables", json!([documents.kind.switch])),
            (change, "document", json!(documents.name("r5"))),
        ] {
            repository.write("forged.plan", forged(&plan, object, member, value));
            for command in ["show", "apply"] {
                let ran = repository.run(&[command, "forged.plan"]);
                assert_eq!(ran.code, Some(9), "{} {object} {member} {ran}", documents.kind.word);
            }
        }
        assert_eq!(repository.requests(since)[2], 0);
    }
}

#[test]
fn what_was_pulled_plans_nothing_and_an_edit_is_kept() {
    for documents in each(3) {
        let repository = &documents.repository;
        let report = documents.pull_anew();
        assert_eq!(documents.states(&report), ["r1 written", "r2 written", "r3 written"]);
        repository.json(0, &["validate", "rules"]);
        assert_eq!(documents.actions(&repository.plan()), [""; 0]);
        let pulled = documents.pulled("r1");
        let edited = format!("{}# ours\n", repository.read(&pulled));
        repository.write(&pulled, &edited);
        let again = repository.json(0, &["pull", "rules"]);
        assert_eq!(again["summary"]["unchanged"], 3);
        assert_eq!(repository.read(&pulled), edited);
        documents.others_change("r2");
        let again = repository.json(0, &["pull", "rules"]);
        assert_eq!(documents.states(&again), ["r1 unchanged", "r2 written", "r3 unchanged"]);
        assert_eq!(documents.actions(&repository.plan()), [""; 0]);
    }
}

#[test]
fn what_both_changed_is_kept_by_a_pull() {
    for documents in each(2) {
        let repository = &documents.repository;
        let folder = repository.folder.join("rules");
        repository.json(0, &["pull", "rules"]);
        documents.change(&["r1"]);
        documents.others_change("r1");
        let before = fs::read(folder.join("r1.json")).unwrap();
        let report = repository.json(4, &["pull", "rules"]);
        assert_eq!(documents.states(&report), ["r1 kept", "r2 unchanged"]);
        assert_eq!(report["documents"][0]["reason"], "edited");
        assert_eq!(fs::read(folder.join("r1.json")).unwrap(), before);
        let report = repository.json(0, &["pull", "rules", "--overwrite"]);
        assert_eq!(documents.states(&report), ["r1 written", "r2 unchanged"]);
        assert_eq!(documents.actions(&repository.plan()), [""; 0]);
    }
}

#[test]
fn what_empties_and_what_switches_off_too_much_is_stopped() {
    for documents in each(5) {
        let repository = &documents.repository;
        for id in ["r1", "r2"] {
            documents.edit_file(id, documents.kind.switch, json!(false));
        }
        repository.plan();
        let ran = repository.run(&["apply", "p.plan"]);
        assert_eq!(ran.code, Some(6), "{ran}");
        assert!(ran.stderr.contains("disable=2"), "{ran}");
        assert_eq!(documents.at("r1", documents.kind.switch), json!(true));
        repository.json(0, &["apply", "p.plan", "--allow", "disable=2"]);
        assert_eq!(documents.at("r2", documents.kind.switch), json!(false));
        documents.edit_file("r3", documents.kind.list, json!([]));
        let plan = repository.plan();
        assert_eq!(plan["changes"][0]["empties"], json!([documents.kind.list]));
        assert_eq!(repository.run(&["apply", "p.plan"]).code, Some(6));
    }
}
