//! Credentials: none, wrong ones, and those of more than one place.

use expect_test::expect;
use serde_json::json;

use super::{against, document, file, shown};
use crate::{
    binary::{assist_rules, run},
    sandbox::Sandbox,
};

#[test]
fn without_credentials_three_ways_to_give_them_are_told() {
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error[AR0603]: there are no credentials
          help: set GENESYSCLOUD_OAUTHCLIENT_ID and GENESYSCLOUD_OAUTHCLIENT_SECRET, or GENESYSCLOUD_ACCESS_TOKEN, or name a profile of the gc CLI with --profile; --sandbox needs none
    "#]].assert_eq(&shown(&run(assist_rules().args(["get", "r1"]))));
    for args in [
        &["list", "-o", "json"] as &[&str],
        &["update", "r1", "--enable", "-o", "json"],
    ] {
        let ran = run(assist_rules().args(args));
        assert_eq!(
            (ran.code, &document(&ran)["code"]),
            (Some(64), &json!("AR0603")),
            "{ran}"
        );
    }
}

#[test]
fn a_wrong_secret_is_told_with_what_to_do() {
    let sandbox = Sandbox::sample();
    let wrong = |args: &[&str]| {
        run(against(&sandbox)
            .args(args)
            .env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "not-the-secret"))
    };
    expect![[r#"
        exit 8
        --- stdout
        --- stderr
        error[AR0504]: cannot get `a1b2c3d4-e5f6-7890-abcd-ef1234567890`: no token: the client id or its secret was refused: client not found or secret wrong
          help: The client id, its secret or the token was refused. Check that they belong to the region that is used (a client of one region is unknown in every other), and that the token has not expired.
          correlation id: <id>
    "#]].assert_eq(&shown(&wrong(&["get"])));
    let ran = wrong(&["update", "--name", "X", "-o", "json"]);
    assert_eq!(
        (ran.code, &document(&ran)["changes"][0]["outcome"]),
        (Some(8), &json!("denied")),
        "{ran}"
    );
    assert!(
        sandbox
            .world
            .requests()
            .iter()
            .all(emulator::RecordedRequest::is_token_request)
    );
}

#[test]
fn a_token_of_the_environment_needs_no_client() {
    let sandbox = Sandbox::sample();
    run(against(&sandbox).arg("get"));
    let token = sandbox.world.issued_tokens().remove(0);
    let with = |token: &str| {
        let mut command = against(&sandbox);
        command
            .env_remove("GENESYSCLOUD_OAUTHCLIENT_ID")
            .env_remove("GENESYSCLOUD_OAUTHCLIENT_SECRET");
        run(command.arg("get").env("GENESYSCLOUD_ACCESS_TOKEN", token))
    };
    assert_eq!(with(&token).code, Some(0));
    let ran = with("not-a-token");
    assert_eq!(ran.code, Some(8), "{ran}");
    assert!(!ran.to_string().contains("not-a-token"), "{ran}");
}

#[test]
fn half_a_client_is_told_with_the_place_that_it_stands_in() {
    let sandbox = Sandbox::sample();
    let ran = run(against(&sandbox)
        .arg("get")
        .env_remove("GENESYSCLOUD_OAUTHCLIENT_SECRET"));
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error[AR0602]: the environment has a client id and no secret
          help: The message names the key and the layer it stands in: a flag, the environment, a file, or the gc profile. `assist-rules schema config` prints what a file may have, for editors.
    "#]].assert_eq(&shown(&ran));
}

#[test]
fn a_profile_of_the_gc_cli_is_read() {
    let sandbox = Sandbox::sample();
    let mut command = against(&sandbox);
    command
        .env_remove("GENESYSCLOUD_OAUTHCLIENT_ID")
        .env_remove("GENESYSCLOUD_OAUTHCLIENT_SECRET");
    let client = "client_credentials = \"sandbox-client\"\nclient_secret = \"sandbox-secret-opens-nothing\"\n";
    file(
        &command,
        ".gc/config.toml",
        format!("[DEFAULT]\nenvironment = \"mypurecloud.com\"\n{client}"),
    );
    let ran = run(command.arg("get"));
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(ran.stderr.contains("chmod 600"), cfg!(unix), "{ran}");
    let ran = run(command.args(["--profile", "absent"]));
    assert_eq!(ran.code, Some(64), "{ran}");
    assert!(ran.stderr.contains("absent") && ran.stderr.contains("DEFAULT"), "{ran}");
}

#[test]
fn a_stranger_s_configuration_file_says_nothing_about_where_secrets_go() {
    let sandbox = Sandbox::sample();
    let mut command = against(&sandbox);
    file(
        &command,
        "assist-rules.toml",
        "api_url = \"https://evil.example.com\"\n",
    );
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error[AR0602]: `assist-rules.toml` has `api_url`, which a file that is found in the working directory may not have
          help: such a file may be a stranger's: name it with `--config assist-rules.toml` if it is yours
    "#]].assert_eq(&shown(&run(command.arg("get"))));
    assert!(sandbox.world.requests().is_empty());
}

#[test]
fn each_key_that_a_stranger_may_not_say_is_refused_by_name_and_each_other_is_taken() {
    let privileged = "region client_id client_secret access_token api_url login_url proxy ca_file ledger";
    let toml = |key: &str| format!("{key} = \"x\"\n");
    let privileged: Vec<_> = privileged.split(' ').map(|key| (key, toml(key))).collect();
    let tables = [
        ("sinks", "[[sinks]]\nname = \"a\"\n".to_owned()),
        ("api_url", "[api_url]\nx = 1\n".to_owned()),
        ("region", "state_dir = \"s\"\nsinks = 1\nregion = \"x\"\n".to_owned()),
    ];
    let run_with = |toml: &str| {
        let mut command = assist_rules();
        file(&command, "assist-rules.toml", toml);
        run(command.args(["list", "--sandbox"]))
    };
    for (key, toml) in privileged.into_iter().chain(tables) {
        let ran = run_with(&toml);
        let words = format!(
            "`assist-rules.toml` has `{key}`, which a file that is found in the working directory may not have\n"
        );
        assert!(ran.code == Some(64) && ran.stderr.contains(&words), "{toml}: {ran}");
    }
    let others = "trigger_rules_path = \"/api/v2/agent-assist/trigger-rules\"\nsandbox = true\ndeadline = \"9s\"\n\
                  connect_timeout = \"1s\"\nattempt_timeout = \"2s\"\nstate_dir = \"kept\"\nlog = \"warn\"\n";
    let ran = run_with(others);
    assert!(
        !ran.stderr.contains("may not have") && !ran.stderr.contains("wrong value"),
        "{ran}"
    );
    let ran = run_with("region = \"x\"\nregin = \"x\"\n");
    assert!(ran.stderr.contains("the unknown key `regin`"), "{ran}");
}

#[test]
fn a_key_that_nobody_knows_is_told_with_the_one_that_was_meant() {
    let sandbox = Sandbox::sample();
    let mut command = against(&sandbox);
    let ran = run(command.arg("get").env("ASSIST_RULES_DEADLIN", "3s"));
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error[AR0602]: the environment (`ASSIST_RULES_DEADLIN`) has the unknown key `deadlin`
          help: did you mean `deadline`?
    "#]]
    .assert_eq(&shown(&ran));
}

#[test]
fn a_value_that_cannot_be_is_told_with_its_key() {
    for (name, value, key) in [
        ("ASSIST_RULES_LOG", "a=b=c", "log"),
        ("ASSIST_RULES_DEADLINE", "90", "deadline"),
        ("ASSIST_RULES_SANDBOX", "maybe", "sandbox"),
        ("ASSIST_RULES_TRIGGER_RULES_PATH", "../x", "trigger_rules_path"),
        ("ASSIST_RULES_CA_FILE", "absent.pem", "ca_file"),
    ] {
        let ran = run(against(&Sandbox::sample()).arg("get").env(name, value));
        assert_eq!(ran.code, Some(64), "{ran}");
        assert!(
            ran.stderr.contains("the environment") && ran.stderr.contains(&format!("`{key}`")),
            "{ran}"
        );
    }
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let sandbox = Sandbox::sample();
    let ran = run(against(&sandbox)
        .arg("get")
        .env("ASSIST_RULES_API_URL", "http://api.example.com"));
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error[AR0602]: the environment: `api_url`: `http://api.example.com` would send the token in clear: https is needed, and http is allowed on loopback only
          help: The message names the key and the layer it stands in: a flag, the environment, a file, or the gc profile. `assist-rules schema config` prints what a file may have, for editors.
    "#]].assert_eq(&shown(&ran));
}
