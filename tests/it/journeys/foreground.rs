//! `sandbox`: a Genesys Cloud in another process.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use super::{document, file};
use crate::binary::{assist_rules, run};

/// A sandbox in the foreground of another process, until it is dropped.
struct Foreground {
    child: Child,
    said: Value,
}

impl Foreground {
    fn start(command: &mut Command, args: &[&str]) -> Self {
        let mut child = command
            .args(["sandbox", "-o", "json"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said = serde_json::from_str(&line).unwrap_or(Value::Null);
        Self { child, said }
    }

    /// The program, pointed at it as it said.
    fn client(&self) -> Command {
        let mut command = assist_rules();
        for (name, member) in [
            ("ASSIST_RULES_API_URL", "api_url"),
            ("ASSIST_RULES_LOGIN_URL", "login_url"),
            ("GENESYSCLOUD_OAUTHCLIENT_ID", "client_id"),
            ("GENESYSCLOUD_OAUTHCLIENT_SECRET", "client_secret"),
            ("GENESYS_RULE_ID", "rule_id"),
        ] {
            command.env(name, self.said[member].as_str().unwrap());
        }
        command
    }

    #[cfg(unix)]
    fn ended_by(mut self, signal: &str) -> (Option<i32>, String) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code(), stderr)
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_sandbox_of_another_process_is_updated() {
    let sandbox = Foreground::start(&mut assist_rules(), &[]);
    assert_eq!(
        (&sandbox.said["kind"], &sandbox.said["format_version"]),
        (&json!("sandbox"), &json!("1.0"))
    );
    super::schemas::assert_is("sandbox", &sandbox.said);
    let ran = run(sandbox.client().args(["update", "--name", "Ours", "-o", "json"]));
    let result = document(&ran);
    assert_eq!(
        (ran.code, &result["changes"][0]["version_after"]),
        (Some(0), &json!("8")),
        "{ran}"
    );
    assert_eq!(result["target"]["sandbox"], false);
    let ran = run(sandbox.client().args(["get", "-o", "json"]));
    assert_eq!(document(&ran)["name"], "Ours");
}

#[test]
fn faults_are_injected() {
    let mut command = assist_rules();
    let faults = r#"{"faults": [{"on": {"kind": "put"}, "do": {"edit_between": {"merge": {"name": "Theirs"}}}}]}"#;
    file(&command, "faults.json", faults);
    let sandbox = Foreground::start(&mut command, &["--faults", "faults.json"]);
    let ran = run(sandbox.client().args(["update", "--name", "Ours"]));
    assert_eq!(ran.code, Some(4), "{ran}");
}

#[test]
fn a_script_that_is_none_is_a_wrong_command_line() {
    let mut command = assist_rules();
    file(&command, "faults.json", r#"{"faults": [{"do": {"explode": {}}}]}"#);
    let ran = run(command.args(["sandbox", "--faults", "faults.json"]));
    assert_eq!(ran.code, Some(64), "{ran}");
    assert!(ran.stderr.contains("unknown variant `explode`"), "{ran}");
    let ran = run(assist_rules().args(["sandbox", "--faults", "absent.json", "-o", "json"]));
    assert_eq!(
        (ran.code, &document(&ran)["code"]),
        (Some(64), &json!("AR0604")),
        "{ran}"
    );
}

#[test]
fn people_get_lines_for_their_shell() {
    let mut child = assist_rules()
        .arg("sandbox")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines: Vec<String> = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .take(7)
        .map(Result::unwrap)
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    // FIELD A7: it works in a terminal that has credentials of its own.
    let unset = lines.iter().find_map(|line| line.strip_prefix("unset ")).unwrap();
    for name in ["GENESYSCLOUD_ACCESS_TOKEN", "ASSIST_RULES_CLIENT_SECRET"] {
        assert!(unset.split(' ').any(|other| other == name), "{unset}");
    }
    let names: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("export ")?.split('=').next())
        .collect();
    assert_eq!(
        names,
        [
            "ASSIST_RULES_API_URL",
            "ASSIST_RULES_LOGIN_URL",
            "GENESYSCLOUD_OAUTHCLIENT_ID",
            "GENESYSCLOUD_OAUTHCLIENT_SECRET",
            "GENESYS_RULE_ID"
        ]
    );
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_in_order() {
    for (signal, code) in super::stopping::signals() {
        let (ended, stderr) = Foreground::start(&mut assist_rules(), &[]).ended_by(signal);
        assert_eq!((ended, stderr.as_str()), (Some(code), ""), "{signal}");
    }
}

#[test]
fn a_sandbox_starts_with_the_rules_of_a_folder_or_with_made_ones() {
    let made = Foreground::start(&mut assist_rules(), &["--rules", "250"]);
    let listed = document(&run(made.client().args(["list", "-o", "json"])));
    assert_eq!(
        (&listed["total"], &listed["rules"][249]["id"]),
        (&json!(250), &json!("rule-00250"))
    );
    assert_eq!(made.said["rule_id"], "rule-00001");

    let mut command = assist_rules();
    file(
        &command,
        "rules/refund.yaml",
        "id: r-1\nname: Refund\nx-owner: Ann\nconditions: []\n",
    );
    file(
        &command,
        "rules/more/deep.json",
        r#"{"id": "r-2", "ruleType": "voice", "enabled": false, "etag": "7"}"#,
    );
    let loaded = Foreground::start(&mut command, &["--rules", "rules"]);
    let rule = document(&run(loaded.client().args(["get", "r-1", "-o", "json"])));
    let expected = json!({"id": "r-1", "etag": "1", "name": "Refund", "ruleType": "conversation", "enabled": true, "conditions": []});
    assert_eq!(rule, expected);
    let listed = document(&run(loaded.client().args(["list", "-o", "json"])));
    assert_eq!(listed["rules"].as_array().unwrap().len(), 2);
}

#[test]
fn a_sandbox_refuses_more_requests_a_minute_than_it_is_to_allow() {
    let sandbox = Foreground::start(&mut assist_rules(), &["--requests-per-minute", "2"]);
    let mut client = sandbox.client();
    client.args(["get", "--deadline", "1s"]);
    let ran = [(); 3].map(|()| run(&mut client));
    let ended = ran.each_ref().map(|ran| ran.code);
    assert_eq!(ended, [Some(0), Some(0), Some(7)], "{}", ran[2]);
    assert!(ran[2].stderr.contains("Rate limit exceeded"), "{}", ran[2]);

    let ran = run(assist_rules().args(["sandbox", "--requests-per-minute", "0"]));
    assert!(
        ran.code == Some(64) && ran.stderr.contains("--requests-per-minute"),
        "{ran}"
    );
}

#[test]
fn a_sandbox_does_not_start_with_what_is_no_rule() {
    for (name, text, message) in [
        ("rules/a.yaml", "name: no id\n", "is no rule with an `id`"),
        ("rules/a.json", "{", "is no rule with an `id`"),
        ("rules/a.json", r#"{"id": "a b"}"#, "is no rule with an `id`"),
        ("else/a.json", "{}", "cannot read `rules`"),
    ] {
        let mut command = assist_rules();
        file(&command, name, text);
        let ran = run(command.args(["sandbox", "--rules", "rules"]));
        assert!(ran.code == Some(64) && ran.stderr.contains(message), "{name}: {ran}");
    }
    let ran = run(assist_rules().args(["sandbox", "--rules", "0"]));
    assert!(ran.code == Some(64) && ran.stderr.contains("1 to 100000"), "{ran}");
}
