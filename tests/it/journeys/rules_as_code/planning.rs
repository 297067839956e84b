//! `plan`: what it reads, what it shows, and what it refuses before anything is sent.

use emulator::{Kind, Script};
use serde_json::json;

use super::{Repository, actions, stored};
use crate::journeys::shown;
use expect_test::expect;

#[test]
fn a_plan_reads_the_listing_and_what_would_change_and_writes_nothing() {
    let repository = Repository::of(250);
    repository.rename(&["r7", "r9"], "New");
    let since = repository.seen();
    let plan = repository.plan();
    assert_eq!(repository.requests(since), [3, 2, 0]);
    assert_eq!(actions(&plan), ["r7 update", "r9 update"]);
    let summary = &plan["summary"];
    assert_eq!(
        [
            &summary["update"],
            &summary["unchanged"],
            &summary["documents"],
            &summary["not_in_files"]
        ],
        [2, 248, 250, 0].map(|number| json!(number)).each_ref()
    );
    let change = &plan["changes"][0];
    assert_eq!(change["file"], "rules/r7.json");
    assert_eq!(
        change["diff"],
        json!([{"path": "/name", "before": "Rule r7", "after": "New", "by": "unknown"}])
    );
    assert_eq!(plan["in_sync"].as_array().unwrap().len(), 248);
}

#[test]
fn a_plan_says_what_changes_in_the_words_of_its_reader() {
    let repository = Repository::of(4);
    repository.edit("r1", |rule| rule["conditions"][0]["value"] = json!("refund\u{a0}"));
    repository.edit("r2", |rule| {
        let actions = rule["actions"].as_array_mut().unwrap();
        actions.reverse();
        actions.push(json!({"type": "webhook", "url": "https://u:p@example.com/?sig=y"}));
    });
    repository.edit("r3", |rule| rule["enabled"] = json!(false));
    repository.write("rules/r5.json", stored("r5").to_string());
    let ran = repository.run(&["plan", "rules"]);
    expect![[r#"
        exit 1
        --- stdout
        update    Rule r1 (r1)  version 1  rules/r1.json
          condition 1: `value`: "refund" → "refund "  (character 7: the end → U+00A0)
          warning[AR0218] /conditions/0/value: the text ends with U+00A0 (a no-break space)
        update    Rule r2 (r2)  version 1  rules/r2.json
          action `display tmpl_1` moved to 2
          + action 3: {"type":"webhook","url":"https://(masked)@example.com/?(masked)"}
        update    Rule r3 (r3)  version 1  rules/r3.json
          enabled: true → false
        missing   r5  rules/r5.json
          the organization has no such rule, and rules cannot be made by its API: make it in Genesys Cloud, and put its id here

          base      no base for 3 of them: drift not checked
          target    the organization Sandbox (5a4db0c5-0000-4000-8000-0123456789ab) at http://127.0.0.1:<port>
          changes   sha256:<hash>
          plan      sha256:<hash>
        3 to change, 1 unchanged, 1 missing
        --- stderr
    "#]]
    .assert_eq(&shown(&ran));
}

#[test]
fn all_faults_of_all_files_are_told_at_once_and_nothing_is_sent() {
    let repository = Repository::of(2);
    repository.write("rules/bad.json", "{");
    repository.write("rules/worse.yaml", "id: r1\nenabled: maybe\n---\nname: none\n");
    let since = repository.seen();
    let findings = repository.json(3, &["plan", "rules", "--out", "p.plan"]);
    let mut codes: Vec<_> = findings["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["code"].to_string())
        .collect();
    codes.sort();
    codes.dedup();
    assert!(codes.len() >= 4, "{findings:#}");
    assert_eq!(repository.seen(), since);
    assert!(!repository.folder.join("p.plan").exists());
}

/// FIELD K3.
#[test]
fn a_fault_in_a_later_document_of_a_file_is_shown_in_its_line() {
    let repository = Repository::of(1);
    repository.write("rules/two.yaml", "id: r8\nenabled: true\n---\nid: r9\nkind: queue\n");
    let ran = repository.run(&["plan", "rules"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    let shown = format!("{}{}", ran.stdout, ran.stderr);
    assert!(shown.contains("5 | kind: queue"), "{ran}");
    assert!(
        shown.contains("unknown kind \"queue\"") && shown.contains("rule, copilot, copilot-rules"),
        "{ran}"
    );
    repository.write("rules/two.yaml", "id: r8\nkind: rule\nenabled: true\n");
    assert_eq!(repository.run(&["validate", "rules/two.yaml"]).code, Some(0));
}

#[test]
fn what_cannot_be_read_is_unread_and_the_others_are_planned() {
    for (fault, code, why) in [
        (r#"{"status": {"code": 403}}"#, 8, "AR0503"),
        (r#"{"status": {"code": 500}}"#, 7, "AR0514"),
        (r#"{"garbage": {}}"#, 1, "AR0509"),
    ] {
        let repository = Repository::of(3);
        repository.rename(&["r1", "r2", "r3"], "New");
        let script = format!(
            r#"{{"faults": [{{"on": {{"kind": "get", "path_contains": "/r2"}}, "times": 99, "do": {fault}}}]}}"#
        );
        repository
            .workstation
            .sandbox
            .emulator
            .load_faults(Script::from_json(&script).unwrap());
        let plan = repository.json(code, &["plan", "rules", "--out", "p.plan", "--deadline", "1s"]);
        assert_eq!(actions(&plan), ["r1 update", "r2 unread", "r3 update"]);
        assert_eq!(plan["changes"][1]["error"]["code"], why);
        assert!(repository.folder.join("p.plan").exists());
    }
}

/// FIELD K3: without a listing each rule of the files is read, and none is missing for that.
#[test]
fn without_a_listing_each_rule_of_the_files_is_read() {
    for (fault, times) in [(r#"{"status": {"code": 404}}"#, 1), (r#"{"status": {"code": 403}}"#, 1)] {
        let repository = Repository::of(3);
        repository.rename(&["r2"], "New");
        let script = format!(r#"{{"faults": [{{"on": {{"kind": "list"}}, "times": {times}, "do": {fault}}}]}}"#);
        repository
            .workstation
            .sandbox
            .emulator
            .load_faults(Script::from_json(&script).unwrap());
        let since = repository.seen();
        let plan = repository.plan();
        assert_eq!(actions(&plan), ["r2 update"], "{fault}");
        assert_eq!(plan["summary"]["not_in_files"], json!(null));
        let [lists, gets, puts] = repository.requests(since);
        assert_eq!((gets, puts), (3, 0), "{lists}");
    }
}

#[test]
fn omitted_is_untouched_null_clears_and_an_empty_list_meets_the_safety_stop() {
    let repository = Repository::of(3);
    repository.write("rules/r1.json", r#"{"id": "r1", "conditions": []}"#);
    repository.write("rules/r2.json", r#"{"id": "r2", "name": null}"#);
    repository.write("rules/r3.json", r#"{"id": "r3", "name": "Rule r3"}"#);
    let plan = repository.plan();
    assert_eq!(actions(&plan), ["r1 update", "r2 update"]);
    assert_eq!(plan["changes"][0]["empties"], json!(["/conditions"]));
    assert_eq!(plan["safety"]["empty"], json!({"count": 1, "limit": 0}));
    let stopped = repository.run(&["apply", "p.plan"]);
    assert_eq!(stopped.code, Some(6), "{stopped}");
    assert!(stopped.stderr.contains("--allow empty=1"), "{stopped}");
    assert_eq!(repository.org("r1"), stored_with_tag("r1"));
    let applied = repository.run(&["apply", "p.plan", "--allow", "empty=1"]);
    assert_eq!(applied.code, Some(0), "{applied}");
    assert_eq!(repository.org("r1")["conditions"], json!([]));
    assert!(repository.org("r2")["name"].is_null());
    assert_eq!(actions(&repository.plan()), [] as [&str; 0], "nothing is left to plan");
}

fn stored_with_tag(id: &str) -> serde_json::Value {
    let mut rule = stored(id);
    rule["etag"] = json!("1");
    rule
}

#[test]
fn a_selection_plans_a_part_and_counts_shares_of_all() {
    let repository = Repository::of(40);
    repository.rename(&["r1", "r2", "r3"], "New");
    let since = repository.seen();
    let plan = repository.json(
        0,
        &[
            "plan",
            "rules",
            "--select",
            "file=rules/r1*.json",
            "--exclude",
            "id=r11",
        ],
    );
    assert_eq!(actions(&plan), ["r1 update"]);
    assert_eq!(plan["summary"]["documents"], 40);
    assert_eq!(plan["safety"]["change"]["limit"], 12);
    assert_eq!(repository.requests(since)[1], 1);
    let of_org = repository.json(
        0,
        &["plan", "rules", "--select", "type=conversation", "--select", "name=New"],
    );
    assert_eq!(actions(&of_org).len(), 3);
    let nothing = repository.run(&["plan", "rules", "--select", "id=r99"]);
    assert_eq!(nothing.code, Some(64), "{nothing}");
}

#[test]
fn the_exit_code_says_whether_there_is_something_to_apply() {
    let repository = Repository::of(2);
    assert_eq!(repository.run(&["plan", "rules", "--detailed-exitcode"]).code, Some(0));
    repository.rename(&["r1"], "New");
    assert_eq!(repository.run(&["plan", "rules", "--detailed-exitcode"]).code, Some(2));
    repository.write("rules/r9.json", stored("r9").to_string());
    let missing = repository.json(1, &["plan", "rules", "--detailed-exitcode"]);
    assert_eq!(actions(&missing), ["r1 update", "r9 missing"]);
    repository.write(
        "rules/r2.json",
        r#"{"id": "r2", "etag": "99", "ruleType": "conversation", "enabled": true}"#,
    );
    let stale = repository.json(4, &["plan", "rules"]);
    assert_eq!(actions(&stale), ["r1 update", "r2 conflict", "r9 missing"]);
}

/// The same set of changes has one hash, whoever planned it, when and from which folder.
#[test]
fn the_hash_of_changes_is_that_of_what_would_be_sent() {
    let repository = Repository::of(3);
    repository.rename(&["r1", "r3"], "New");
    let one = repository.plan();
    std::fs::rename(repository.folder.join("rules"), repository.folder.join("elsewhere")).unwrap();
    std::fs::rename(
        repository.folder.join("elsewhere/r1.json"),
        repository.folder.join("elsewhere/z.json"),
    )
    .unwrap();
    let other = repository.json(0, &["plan", "elsewhere", "--select", "name=New"]);
    assert_eq!(one["changes_hash"], other["changes_hash"]);
    assert_ne!(one["hash"], other["hash"]);
    repository.others_edit("r1", |rule| rule["description"] = json!("theirs"));
    let moved = repository.json(0, &["plan", "elsewhere"]);
    assert_ne!(one["changes_hash"], moved["changes_hash"]);
    let requests = repository.workstation.sandbox.emulator.requests();
    assert!(requests.iter().all(|request| request.kind != Kind::Put));
}
