//! Saved plans: shown without a network, and refused if they are not what was saved.

use std::fs;

use domain::ContentHash;
use emulator::HostedOrganization;
use serde_json::{Value, json};

use super::{Repository, outcomes};
use crate::binary::{assist_rules, run};

/// The plan with another member in one of its objects, and the hash of that.
pub(super) fn forged(plan: &str, object: &str, member: &str, value: Value) -> String {
    let mut plan: Value = serde_json::from_str(plan).unwrap();
    let object = plan.pointer_mut(object).unwrap().as_object_mut().unwrap();
    object.insert(member.to_owned(), value);
    plan.as_object_mut().unwrap().remove("hash");
    let mut text = plan.to_string();
    text.pop();
    let hash = ContentHash::of(text.as_bytes());
    format!("{text},\"hash\":\"{hash}\"}}")
}

fn planned() -> (Repository, String) {
    let repository = Repository::of(6);
    repository.rename(&["r1", "r2"], "New");
    repository.plan();
    let plan = repository.read("p.plan");
    (repository, plan)
}

#[test]
fn a_plan_is_shown_without_a_network_and_without_credentials() {
    let (repository, plan) = planned();
    let ran = run(assist_rules().args(["show"]).arg(repository.folder.join("p.plan")));
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.ends_with("2 to change, 4 unchanged\n"), "{ran}");
    let printed = run(assist_rules()
        .args(["show", "-o", "json"])
        .arg(repository.folder.join("p.plan")));
    assert_eq!(printed.stdout, plan);
}

#[cfg(unix)]
#[test]
fn a_plan_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let (repository, _) = planned();
    let mode = fs::metadata(repository.folder.join("p.plan"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn each_changed_byte_and_each_cut_is_found() {
    let (repository, plan) = planned();
    let text = plan.trim_end().to_owned();
    let places = (40..text.len()).step_by(text.len() / 12);
    let changed = places.clone().map(|at| {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
        String::from_utf8(bytes).unwrap()
    });
    let cut = places.map(|at| text.chars().take(at).collect());
    for broken in changed.chain(cut) {
        repository.write("broken.plan", &broken);
        for command in [&["show", "broken.plan"][..], &["apply", "broken.plan"]] {
            let ran = repository.run(command);
            assert!(matches!(ran.code, Some(9)), "{command:?} {broken} {ran}");
        }
    }
    assert_eq!(repository.org("r1")["name"], "Rule r1");
}

#[test]
fn line_breaks_at_the_end_of_a_plan_do_not_count() {
    let (repository, plan) = planned();
    repository.write("windows.plan", format!("{}\r\n", plan.trim_end()));
    let result = repository.json(0, &["apply", "windows.plan"]);
    assert_eq!(outcomes(&result), ["r1 applied", "r2 applied"]);
}

#[test]
fn a_plan_that_shows_another_change_than_it_makes_is_refused_though_its_hash_fits() {
    let (repository, plan) = planned();
    let since = repository.seen();
    let change = "/changes/0";
    for (object, member, value) in [
        ("/changes/0/after", "enabled", json!(false)),
        ("/changes/0/after", "x", json!(1)),
        ("/changes/0/before", "description", json!("x")),
        ("/changes/0/authored", "name", json!("Other")),
        (change, "diff", json!([])),
        (change, "disables", json!(["/enabled"])),
        (change, "document", json!("rule/r5")),
        (change, "version", json!("99")),
        ("/summary", "update", json!(1)),
        ("/summary", "unchanged", json!(900)),
        ("/safety/disable", "count", json!(1)),
    ] {
        repository.write("forged.plan", forged(&plan, object, member, value));
        for command in ["show", "apply"] {
            let ran = repository.run(&[command, "forged.plan"]);
            assert_eq!(ran.code, Some(9), "{object} {member}: {command} {ran}");
        }
    }
    assert_eq!(repository.seen(), since);
}

/// FIELD K4.
#[test]
fn a_plan_of_another_format_is_refused_by_name() {
    let (repository, plan) = planned();
    repository.write("new.plan", forged(&plan, "", "format_version", json!("2.0")));
    let ran = repository.run(&["show", "new.plan"]);
    assert_eq!(ran.code, Some(9), "{ran}");
    assert!(ran.stderr.contains("2.0") && ran.stderr.contains("1.0"), "{ran}");
}

#[test]
fn a_plan_that_is_too_old_or_not_the_approved_one_is_refused() {
    let (repository, plan) = planned();
    let other = format!("sha256:{}", "0".repeat(64));
    let hash = serde_json::from_str::<Value>(&plan).unwrap()["hash"]
        .as_str()
        .unwrap()
        .to_owned();
    for args in [&["--max-age", "1ms"][..], &["--expect", &other]] {
        let ran = repository.run(&[&["apply", "p.plan"], args].concat());
        assert_eq!(ran.code, Some(9), "{args:?} {ran}");
    }
    repository.json(0, &["apply", "p.plan", "--max-age", "1h", "--expect", &hash]);
}

#[test]
fn a_plan_of_another_organization_is_refused_with_both_names() {
    let (repository, _) = planned();
    let other = HostedOrganization {
        id: "11111111-2222-4333-8444-555555555555".to_owned(),
        name: "Production".to_owned(),
    };
    repository.workstation.sandbox.emulator.set_organization(other);
    fs::remove_dir_all(&repository.workstation.state).unwrap();
    let ran = repository.run(&["apply", "p.plan"]);
    assert_eq!(ran.code, Some(9), "{ran}");
    assert!(ran.stderr.contains("Production"), "{ran}");
    assert_eq!(repository.org("r1")["name"], "Rule r1");
}

#[test]
fn a_plan_stands_alone() {
    let (repository, _) = planned();
    let several = repository.run(&["apply", "p.plan", "rules"]);
    assert_eq!(several.code, Some(64), "{several}");
    let none = repository.run(&["show", "rules/r1.json"]);
    assert_eq!(none.code, Some(9), "{none}");
}
