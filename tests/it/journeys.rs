//! The main job, from the command line to the rule that stands in the platform afterwards.

use emulator::{SAMPLE_CHANGE, SAMPLE_RULE_ID};
use expect_test::expect;
use serde_json::Value;

use crate::{
    binary::{assist_rules, feed, run},
    sandbox::Sandbox,
};

#[test]
fn the_program_tells_its_version() {
    let ran = run(assist_rules().arg("--version"));
    expect![[r"
        exit 0
        --- stdout
        assist-rules 0.1.0
        --- stderr
    "]]
    .assert_eq(&ran.to_string());
}

#[test]
fn the_sample_change_is_applied_to_the_sample_rule() {
    let sandbox = Sandbox::sample();
    let mut update = assist_rules();
    update
        .args(["update", SAMPLE_RULE_ID, "--from", "-", "-o", "json"])
        .envs(sandbox.env());
    let ran = feed(&mut update, SAMPLE_CHANGE);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);

    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    let change = &result["changes"][0];
    assert_eq!(change["outcome"], "applied");
    assert_eq!(
        (&change["version_before"], &change["version_after"]),
        (&"7".into(), &"8".into())
    );

    let stored = sandbox.world.rule(SAMPLE_RULE_ID).unwrap();
    let asked: Value = serde_json::from_str(SAMPLE_CHANGE).unwrap();
    assert_eq!(stored["conditions"], asked["conditions"]);
    assert_eq!(stored["name"], "Credit Card Detection Rule");
}
