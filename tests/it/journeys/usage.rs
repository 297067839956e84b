//! Command lines that cannot be read.

use expect_test::expect;
use serde_json::json;

use super::{document, shown};
use crate::binary::{assist_rules, run};

#[test]
fn a_wrong_command_line_is_told_to_people() {
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error: unexpected argument '--bogus' found

          tip: to pass '--bogus' as a value, use '-- --bogus'

        Usage: assist-rules get [OPTIONS] [RULE]

        For more information, try '--help'.
    "#]]
    .assert_eq(&shown(&run(assist_rules().args(["get", "--bogus"]))));
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error: invalid value 'sarif' for '--output <OUTPUT>'
          [possible values: human, json, yaml]

        For more information, try '--help'.
    "#]]
    .assert_eq(&shown(&run(assist_rules().args(["get", "r1", "-o", "sarif"]))));
}

#[test]
fn a_wrong_command_line_is_told_to_programs() {
    expect![[r#"
        exit 64
        --- stdout
        {
          "format_version": "1.0",
          "kind": "error",
          "exit_code": 64,
          "code": "AR0601",
          "message": "the following required arguments were not provided: <FILE>...",
          "status": null,
          "context_id": null,
          "correlation_id": null,
          "retryable": false,
          "platform_code": null,
          "details": [],
          "limit": null,
          "help": "`assist-rules help COMMAND` shows what a command takes."
        }
        --- stderr
        error[AR0601]: the following required arguments were not provided: <FILE>...
          help: `assist-rules help COMMAND` shows what a command takes.
    "#]]
    .assert_eq(&shown(&run(assist_rules().args(["validate", "-o", "json"]))));
    for args in [
        &["frob", "-o", "json"] as &[&str],
        &["-ojson"],
        &["get", "--bogus", "--output=json"],
        &["get", "--bogus", "-o=json"],
        &["get", "--bogus", "-qojson"],
        &["get", "--bogus", "-qo", "json"],
        &["update", "--enable", "--disable", "--output", "json"],
        &["get", "a", "b", "-o", "json"],
        &["get", "--deadline", "90", "-o", "json"],
        &["sandbox", "--listen", "0.0.0.0:0", "-o", "json"],
        &["get", "a", "-o", "ndjson"],
        &["-o", "ndjson", "get", "a"],
        &["get", "queue/a", "-o", "json"],
    ] {
        let ran = run(assist_rules().args(args));
        let error = document(&ran);
        assert_eq!(
            (ran.code, &error["kind"], &error["code"], &error["exit_code"]),
            (Some(64), &json!("error"), &json!("AR0601"), &json!(64)),
            "{args:?}"
        );
        assert!(!ran.stderr.is_empty());
    }
    let ran = run(assist_rules().args(["get", "--bogus", "-o", "yaml"]));
    assert!(
        ran.stdout.starts_with("format_version: \"1.0\"\nkind: error\n"),
        "{ran}"
    );
}

#[test]
fn a_document_of_a_kind_that_is_not_known_is_refused_with_the_kinds() {
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error[AR0601]: `queue/a` names the unknown kind `queue`
          help: a document is named by its id, or as KIND/ID; KIND is one of: rule, copilot
    "#]]
    .assert_eq(&shown(&run(assist_rules().args(["get", "queue/a"]))));
}

#[test]
fn help_is_help_in_json_mode_too() {
    let ran = run(assist_rules().args(["get", "-o", "json", "--help"]));
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("Usage:"));
}

#[test]
fn no_command_is_a_wrong_command_line_that_shows_all_commands() {
    let ran = run(&mut assist_rules());
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(64), ""));
    assert!(ran.stderr.contains("Usage: assist-rules"), "{ran}");
}

/// Nothing on a command line steers the terminal that it is reported to.
#[test]
fn a_value_that_is_wrong_is_shown_escaped() {
    const VALUE: &str = "a\n::error::b\u{9b}31m\u{202e}c";
    const SHOWN: &str = "a\\n::error::b\\u{9b}31m\\u{202e}c";
    let equals = format!("--on-conflict={VALUE}");
    let bogus = format!("--bogus{VALUE}");
    for arguments in [
        ["update", "--on-conflict", VALUE],
        ["update", &equals, "--disable"],
        ["update", "--deadline", VALUE],
        ["update", "--disable", &bogus],
        [VALUE, "--disable", "-q"],
    ] {
        let ran = run(assist_rules().args(arguments));
        assert_eq!(ran.code, Some(64), "{ran}");
        assert!(ran.stderr.contains(SHOWN), "{ran}");
        assert!(!ran.stderr.contains(['\u{9b}', '\u{202e}']), "{ran}");
        let ran = run(assist_rules().args(arguments).args(["-o", "json"]));
        let message = document(&ran)["message"].to_string();
        assert!(message.contains("::error::b"), "{ran}");
        assert!(!ran.stderr.contains(['\u{9b}', '\u{202e}']), "{ran}");
    }
}
