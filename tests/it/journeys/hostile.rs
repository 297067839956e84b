//! Names of others that would forge a line of the output, and with it a command to the CI that reads it.

use std::fs;

use serde_json::{Value, json};

use super::recording::Workstation;
use crate::binary::{Ran, run};
use emulator::SAMPLE_RULE_ID;

/// A name that says it is three lines, two of them commands.
const NAME: &str = "Refund\n::error::pwned\r##vso[task.pwned]\u{2028}::error::pwned";

/// True if no line is a command of the name, whatever its color is.
#[track_caller]
fn is_no_command(args: &[&str], ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        for line in text.split(['\n', '\r']) {
            let mut plain = line.trim_start();
            while let Some((_, rest)) = plain.strip_prefix("\u{1b}[").and_then(|rest| rest.split_once('m')) {
                plain = rest.trim_start();
            }
            let is_command = plain.starts_with("::error::") || plain.starts_with("##");
            assert!(!is_command, "{args:?}: {line:?} in\n{ran}");
        }
    }
}

/// FIELD E4: no name, id, file name, flag or reason begins a line, in any command, colored or not.
#[test]
fn no_name_of_others_begins_a_line() {
    let workstation = Workstation::new();
    let home = workstation.state.parent().unwrap().to_owned();
    let hostile = |rule: &mut Value| {
        rule["name"] = json!(NAME);
        rule["description"] = json!("::error::pwned\n::error::pwned");
        rule["::error::pwned\n::error::"] = json!("\n::error::pwned");
    };
    workstation.sandbox.emulator.edit_rule(SAMPLE_RULE_ID, hostile).unwrap();
    let names = [
        "a\n::error::pwned.yaml",
        "b\n::error::pwned.json",
        "::error::pwned.json",
    ];
    fs::create_dir_all(home.join("rules")).unwrap();
    fs::write(home.join("rules").join(names[0]), "name: x\r::error::pwned\n  bad: [\n").unwrap();
    for name in &names[1..] {
        let text = json!({"name": NAME, "conditions": [{"::error::pwned\n::error::pwned": "\n::error::"}]});
        fs::write(home.join("rules").join(name), text.to_string()).unwrap();
    }
    let commands: &[&[&str]] = &[
        &["get"],
        &["list"],
        &["diff", "--disable"],
        &["update", "--disable", "--reason", NAME],
        &["update", "--name", "::error::pwned"],
        &["update", "--name", NAME, "--if-version", "1"],
        &["update", "--from", names[1]],
        &["update", "--from", names[0]],
        &["update", "--from", "absent\n::error::pwned"],
        &["history"],
        &["history", "--entry", "1"],
        &["stats"],
        &["rollback", "--yes", "--reason", NAME],
        &["reconcile"],
        &["deliver", "--sink", NAME],
        &["deliver", "--replay", NAME],
        &["audit", "verify"],
        &["audit", "verify", "--export", names[0]],
        &["audit", "verify", "--head", NAME],
        &["doctor"],
        &["validate", names[0], names[1], names[2]],
        &["validate", "."],
        &["get", "--config", names[0]],
        &["get", "--profile", NAME],
        &["get", "--region", NAME],
        &["history", "--ledger", "sqlite:a\n::error::pwned"],
        &["stats", "--metrics-file", "absent/a\n::error::pwned"],
        &["sandbox", "--faults", names[0]],
        &["explain", NAME],
        &["get", NAME],
        &["--flag\n::error::pwned"],
        &["edit"],
    ];
    for args in commands {
        for more in [
            &[] as &[&str],
            &["--color", "always", "-vv"],
            &["-o", "yaml"],
            &["-o", "json"],
        ] {
            let args = [*args, more].concat();
            let mut command = workstation.command(&args);
            command.current_dir(home.join("rules")).env("EDITOR", "true");
            command.env("USER", NAME);
            is_no_command(&args, &run(&mut command));
        }
    }
    for format in ["github", "sarif", "junit"] {
        let mut command = workstation.command(&["validate", ".", "-o", format]);
        command.current_dir(home.join("rules"));
        is_no_command(&["validate", format], &run(&mut command));
    }
}
