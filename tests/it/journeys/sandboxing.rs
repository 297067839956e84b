//! Changes that are looked at and not made, and those made in the sandbox of the program itself.

use emulator::{SAMPLE_CHANGE, SAMPLE_RULE_ID};
use expect_test::expect;

use super::{against, document, on, shown, writes};
use crate::{
    binary::{assist_rules, feed, new_home, run},
    sandbox::Sandbox,
};

#[test]
fn a_dry_run_shows_the_change_and_sends_nothing() {
    let sandbox = Sandbox::sample();
    expect![[r#"
        exit 0
        --- stdout
        --- a1b2c3d4-e5f6-7890-abcd-ef1234567890 (version 7)
        +++ a1b2c3d4-e5f6-7890-abcd-ef1234567890 (your change)
        @@ -4,7 +4,7 @@
           "name": "Credit Card Detection Rule",
           "description": "Triggers assist when customer mentions payment failure",
           "ruleType": "conversation",
        -  "enabled": true,
        +  "enabled": false,
           "conditions": [
             {
               "type": "keyword",

        planned  Credit Card Detection Rule (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          version        7
          time           <n> ms, 1 request
        --- stderr
    "#]]
    .assert_eq(&shown(&on(&sandbox, &["update", "--disable", "--dry-run"])));
    for command in [&["update", "--dry-run"] as &[&str], &["diff"]] {
        let ran = on(&sandbox, &[command, &["--name", "X", "-o", "json"]].concat());
        assert_eq!(ran.code, Some(0), "{ran}");
        let result = document(&ran);
        assert_eq!(result["changes"][0]["outcome"], "planned");
        assert_eq!(result["activation"]["attempted"], 0);
        let ran = on(
            &sandbox,
            &[command, &["--name", "X", "-o", "json", "--detailed-exitcode"]].concat(),
        );
        assert_eq!((ran.code, &document(&ran)["exit_code"]), (Some(2), &2.into()));
    }
    assert_eq!(writes(&sandbox), 0);
}

#[test]
fn diff_says_what_update_would_change() {
    let sandbox = Sandbox::sample();
    let ran = feed(
        against(&sandbox).args(["diff", "--from", "-", "-o", "json"]),
        SAMPLE_CHANGE,
    );
    let change = &document(&ran)["changes"][0];
    expect![[r#"
        [
          {
            "path": "/conditions/0/value",
            "before": "credit card declined",
            "after": "billing dispute"
          },
          {
            "path": "/conditions/1",
            "after": {
              "type": "sentiment",
              "field": "conversation.sentiment",
              "operator": "lt",
              "value": 0.4
            }
          },
          {
            "path": "/actions/0/templateId",
            "before": "tmpl_98765",
            "after": "tmpl_billing_01"
          }
        ]"#]]
    .assert_eq(&format!("{:#}", change["diff"]));
    let ran = on(&sandbox, &["diff", "--enable", "--detailed-exitcode"]);
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn the_built_in_sandbox_keeps_its_rule_and_says_that_it_is_one() {
    let mut first = assist_rules();
    first.args(["update", SAMPLE_RULE_ID, "--sandbox", "--name", "A"]);
    expect![[r#"
        exit 0
        --- stdout
        --- a1b2c3d4-e5f6-7890-abcd-ef1234567890 (version 7)
        +++ a1b2c3d4-e5f6-7890-abcd-ef1234567890 (your change)
        @@ -1,7 +1,7 @@
         {
           "id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
           "etag": "7",
        -  "name": "Credit Card Detection Rule",
        +  "name": "A",
           "description": "Triggers assist when customer mentions payment failure",
           "ruleType": "conversation",
           "enabled": true,

        applied  A (a1b2c3d4-e5f6-7890-abcd-ef1234567890)
          version        7 → 8
          time           <n> ms, 2 requests
          recorded       entry 1, head <head>
          updates        1 of 1 carried out (100 %)
        --- stderr
        This was the sandbox, the Genesys Cloud that is built in: no organization was changed.
    "#]]
    .assert_eq(&shown(&run(&mut first)));
    let state = first.get_current_dir().unwrap().join("state/assist-rules");
    let versions = |args: &[&str]| {
        let mut command = assist_rules();
        command.env("ASSIST_RULES_STATE_DIR", &state);
        let ran = run(command
            .args(["update", SAMPLE_RULE_ID, "-o", "json", "--name", "B"])
            .args(args));
        let result = document(&ran);
        assert_eq!(result["target"]["sandbox"], true);
        let change = &result["changes"][0];
        (change["version_before"].clone(), change["version_after"].clone())
    };
    assert_eq!(versions(&["--sandbox"]), ("8".into(), "9".into()));
    assert_eq!(versions(&["--sandbox", "--reset-sandbox"]), ("7".into(), "8".into()));
}

#[test]
fn quiet_leaves_only_the_document() {
    let ran = run(assist_rules().args(["update", SAMPLE_RULE_ID, "--sandbox", "--name", "A", "-q"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.contains("applied"), "{ran}");
}

#[test]
fn color_is_for_terminals_and_for_who_asks() {
    let sandbox = Sandbox::sample();
    let args = ["diff", "--name", "X"];
    assert!(!on(&sandbox, &args).stdout.contains('\u{1b}'));
    let always = [&args as &[&str], &["--color", "always"]].concat();
    assert!(on(&sandbox, &always).stdout.contains("\u{1b}[32m+  \"name\": \"X\""));
}

/// FIELD J1: processes at the same time lose no edit of each other.
#[test]
fn processes_at_the_same_time_lose_nothing_in_the_sandbox() {
    let home = new_home();
    let command = |args: &[&str]| {
        let mut command = assist_rules();
        command
            .env("ASSIST_RULES_STATE_DIR", home.join("state"))
            .arg("--sandbox")
            .args(args);
        command
    };
    let updates: Vec<_> = (0..6)
        .map(|number| {
            let mut update = command(&["update", SAMPLE_RULE_ID, "--name", &format!("N{number}"), "-o", "json"]);
            std::thread::spawn(move || run(&mut update))
        })
        .collect();
    for update in updates {
        let ran = update.join().unwrap();
        assert_eq!(ran.code, Some(0), "{ran}");
    }
    let rule = document(&run(&mut command(&["get", SAMPLE_RULE_ID, "-o", "json"])));
    assert_eq!(rule["etag"], "13", "six updates after version 7: {rule}");
    let history = document(&run(&mut command(&["history", "-o", "json"])));
    assert_eq!(history["entries"].as_array().unwrap().len(), 6);
}

/// FIELD J1: its only rule needs no id, and an update that says nothing makes the sample change.
#[test]
fn the_only_rule_of_the_sandbox_needs_no_id() {
    let home = crate::binary::new_home();
    let does = |args: &[&str]| {
        let mut command = crate::binary::assist_rules();
        let ran = crate::binary::run(command.env("ASSIST_RULES_STATE_DIR", home.join("state")).args(args));
        assert_eq!(ran.code, Some(0), "{args:?} {ran}");
        ran
    };
    let ran = does(&["update", "--sandbox"]);
    assert!(ran.stdout.contains("7 → 8"), "{ran}");
    does(&["update", "--sandbox"]);
    assert!(does(&["disable", "--sandbox"]).stdout.contains("8 → 9"));
    assert!(does(&["get", "--sandbox"]).stdout.contains("version"));
    does(&["rollback", "--sandbox"]);
}
