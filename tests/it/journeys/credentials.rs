//! Credentials: none, wrong ones, and those of more than one place.

use std::fs;

use expect_test::expect;
use serde_json::{Value, json};

use super::{against, document, file, recording::Workstation, shown};
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
            .emulator
            .requests()
            .iter()
            .all(emulator::RecordedRequest::is_token_request)
    );
}

#[test]
fn a_token_of_the_environment_needs_no_client() {
    let sandbox = Sandbox::sample();
    run(against(&sandbox).arg("get"));
    let token = sandbox.emulator.issued_tokens().remove(0);
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

/// A dot in the name of a profile makes a table in a table: the beginning of the name is none.
#[test]
fn a_profile_that_is_not_there_is_told_with_the_one_that_was_meant() {
    let mut command = assist_rules();
    file(
        &command,
        ".gc/config.toml",
        "[DEFAULT]\nenvironment = ''\n[eu.dev]\nenvironment = ''\n[prod]\n",
    );
    for (name, meant) in [
        ("prd", "did you mean `prod`?"),
        ("eu", "The profiles are DEFAULT, eu.dev, prod"),
    ] {
        let ran = run(command.args(["auth", "status", "--profile", name]));
        assert!(
            ran.code == Some(64) && ran.stderr.contains("no profile of that name"),
            "{ran}"
        );
        assert!(ran.stderr.contains(meant), "{ran}");
        let mut again = assist_rules();
        again.current_dir(command.get_current_dir().unwrap());
        again.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command = again;
    }
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
    assert!(sandbox.emulator.requests().is_empty());
}

/// FIELD E3: every key of the configuration, and whether the file that is found in the working directory may have it.
#[test]
fn each_key_that_moves_record_target_or_report_is_refused_in_a_stranger_s_file() {
    let run_with = |toml: &str, args: &[&str]| {
        let mut command = assist_rules();
        file(&command, "assist-rules.toml", toml);
        run(command.args(args))
    };
    let taken = ["deadline", "connect_timeout", "attempt_timeout", "safety", "log"];
    let schema = document(&run(assist_rules().args(["schema", "config"])));
    let keys: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    assert!(
        taken.iter().all(|key| keys.iter().any(|known| known == key)),
        "{keys:?}"
    );
    for key in &keys {
        let value = match key.as_str() {
            "sandbox" => "true",
            "sinks" => "[{ kind = \"directory\", name = \"a\", path = \"a\" }]",
            "trigger_rules_path" => "\"/api/v2/agent-assist/trigger-rules\"",
            "safety" => "{ change = 1 }",
            "log" => "\"warn\"",
            _ => "\"9s\"",
        };
        let toml = format!("{key} = {value}\n");
        let ran = run_with(&toml, &["list", "--sandbox"]);
        if taken.contains(&key.as_str()) {
            assert_eq!(ran.code, Some(0), "{toml}: {ran}");
            continue;
        }
        let words = format!(
            "`assist-rules.toml` has `{key}`, which a file that is found in the working directory may not have\n"
        );
        assert!(ran.code == Some(64) && ran.stderr.contains(&words), "{toml}: {ran}");
        let named = run_with(&toml, &["list", "--sandbox", "--config", "assist-rules.toml"]);
        assert!(!named.stderr.contains("may not have"), "{toml}: {named}");
    }
    for (toml, key) in [
        ("[api_url]\nx = 1\n", "`api_url`"),
        ("log = \"warn\"\nsinks = 1\nstate_dir = \"s\"\n", "`state_dir`"),
        ("region = \"x\"\nregin = \"x\"\n", "the unknown key `regin`"),
    ] {
        let ran = run_with(toml, &["list", "--sandbox"]);
        assert!(ran.code == Some(64) && ran.stderr.contains(key), "{toml}: {ran}");
    }
}

/// FIELD E3: a stranger's record beside the rules is not the record of this program.
#[test]
fn a_rollback_takes_no_ledger_of_a_stranger() {
    let sandbox = Sandbox::sample();
    let mut prepared = against(&sandbox);
    let home = prepared.get_current_dir().unwrap().to_owned();
    assert_eq!(run(prepared.args(["update", "--name", "Theirs"])).code, Some(0));
    fs::write(home.join("assist-rules.toml"), "state_dir = \"state/assist-rules\"\n").unwrap();
    let writes = super::writes(&sandbox);
    let mut command = against(&sandbox);
    command.current_dir(&home).env_remove("ASSIST_RULES_STATE_DIR");
    let ran = run(command.args(["rollback", "--yes"]));
    assert!(ran.code == Some(64) && ran.stderr.contains("`state_dir`"), "{ran}");
    assert_eq!(super::writes(&sandbox), writes);
}

/// FIELD E3: `--reset-sandbox` names no target.
#[test]
fn a_reset_of_the_sandbox_is_refused_outside_of_it() {
    let sandbox = Sandbox::sample();
    for args in [&["update", "--name", "X"] as &[&str], &["get"], &["history"]] {
        let ran = run(against(&sandbox).args(args).arg("--reset-sandbox"));
        assert!(
            ran.code == Some(64) && ran.stderr.contains("`--reset-sandbox` resets the sandbox"),
            "{ran}"
        );
    }
    assert!(sandbox.emulator.requests().is_empty());
}

/// FIELD E1: line and column of a fault, and nothing that stands there, for people and for programs.
#[test]
fn a_wrong_file_with_a_secret_is_told_by_line_and_column_alone() {
    for (name, text, place) in [
        (
            "assist-rules.toml",
            "log = \"warn\"\nclient_secret = canary-7f\n",
            "line 2, column 17",
        ),
        ("mine.toml", "client_secret = canary-7f\n", "line 1, column 17"),
        (
            "config/assist-rules/config.toml",
            "client_secret = 'canary-7f\n",
            "line 1, column",
        ),
        (
            ".gc/config.toml",
            "[DEFAULT]\nclient_secret: canary-7f\n",
            "line 2, column",
        ),
        (
            ".gc/config.toml",
            "[default]\nclient_secret = [\"canary-7f\"]\n",
            "key `client_secret`",
        ),
        ("mine.toml", "client_secret = [\"canary-7f\"]\n", "key `client_secret`"),
        ("mine.toml", "sandbox = \"canary-7f\"\n", "key `sandbox`"),
        (
            "mine.toml",
            "[[sinks]]\nkind = \"command\"\nname = \"a\"\nargv = \"curl canary-7f\"\n",
            "sink `a` is wrong",
        ),
    ] {
        for output in ["human", "json"] {
            let sandbox = Sandbox::sample();
            let mut command = against(&sandbox);
            command
                .env_remove("GENESYSCLOUD_OAUTHCLIENT_ID")
                .env_remove("GENESYSCLOUD_OAUTHCLIENT_SECRET");
            if text.contains("sinks") {
                command.envs(sandbox.env());
            }
            let written = file(&command, name, text);
            if name == "mine.toml" {
                command.arg("--config").arg(written);
            }
            let ran = run(command.args(["update", "--name", "X", "-o", output]));
            assert!(ran.code == Some(64) && ran.stderr.contains(place), "{text}: {ran}");
            assert!(!ran.to_string().contains("canary"), "{text}: {ran}");
        }
    }
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

/// `auth status` says what counts and where it is set, and sends nothing; `--check` signs in anew.
#[test]
fn auth_status_answers_which_organization_is_about_to_be_changed() {
    let workstation = Workstation::new();
    let status = |flags: &[&str]| {
        let mut command = workstation.command(&["auth", "status", "-o", "json"]);
        let ran = run(command.args(flags));
        assert_eq!(ran.code, Some(0), "{ran}");
        assert!(!ran.to_string().contains(emulator::SANDBOX_CLIENT_SECRET), "{ran}");
        document(&ran)
    };
    let before = status(&[]);
    assert_eq!(
        (&before["kind"], &before["target"]["org"]),
        (&json!("auth"), &Value::Null)
    );
    assert_eq!(before["token"], json!({"kept": false, "ends_at": null}));
    assert_eq!(workstation.sandbox.emulator.requests().len(), 0, "nothing is sent");
    workstation.does(&["update", "--name", "A"]);
    let requests = workstation.sandbox.emulator.requests().len();
    let kept = status(&[]);
    assert_eq!(
        workstation.sandbox.emulator.requests().len(),
        requests,
        "nothing is sent"
    );
    assert_eq!(kept["target"]["org"]["name"], "Sandbox");
    assert_eq!(kept["token"]["kept"], true);
    assert_eq!(kept["credentials"]["client_id"], emulator::SANDBOX_CLIENT_ID);
    for part in ["credentials", "api_url", "login_url"] {
        assert_eq!(kept[part]["from"], "the environment", "{kept}");
    }
    let checked = status(&["--check"]);
    assert!(workstation.sandbox.emulator.requests().len() > requests);
    assert_eq!(
        (&checked["checked"], &checked["target"]["org"]["name"]),
        (&json!(true), &json!("Sandbox"))
    );

    let mut wrong = workstation.command(&["auth", "status", "--check"]);
    let ran = run(wrong.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "not-the-secret"));
    assert!(
        ran.code == Some(8) && !ran.to_string().contains("not-the-secret"),
        "{ran}"
    );
    for shown in [
        "organization  not known: the sign-in failed\n",
        "token         none was given\n",
    ] {
        assert!(ran.stdout.contains(shown), "{ran}");
    }
    let ran = run(assist_rules().args(["auth", "status"]));
    assert!(ran.code == Some(64) && ran.stderr.contains("AR0603"), "{ran}");
    let ran = run(assist_rules().args(["auth", "status", "--sandbox"]));
    assert!(
        ran.code == Some(0) && ran.stdout.contains("organization  Sandbox ("),
        "{ran}"
    );
}
