//! Documents that the program prints about itself: explain, completions, the man page, help.

use std::process::Stdio;

use expect_test::expect;

use super::{document, shown};
use crate::binary::{assist_rules, run};

const COMMANDS: [&str; 14] = [
    "get",
    "enable",
    "disable",
    "auth",
    "list",
    "validate",
    "diff",
    "update",
    "sandbox",
    "doctor",
    "explain",
    "schema",
    "completions",
    "man",
];

#[test]
fn the_program_tells_its_version() {
    let ran = run(assist_rules().arg("--version"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "assist-rules 0.1.0\n"));
}

#[test]
fn explain_has_a_page_for_each_code() {
    expect![[r#"
        exit 0
        --- stdout
        AR0101, error: unknown operator

        The engine knows `contains`, `equals`, `starts_with`, `ends_with`, `regex`, `gt` and
        `lt`, and answers 400 to any other.
        --- stderr
    "#]]
    .assert_eq(&shown(&run(assist_rules().args(["explain", "ar0101"]))));
    let all = document(&run(assist_rules().args(["explain", "-o", "json"])));
    for page in all["codes"].as_array().unwrap() {
        let code = page["code"].as_str().unwrap();
        let ran = run(assist_rules().args(["explain", code]));
        let title = page["title"].as_str().unwrap();
        assert_eq!(ran.code, Some(0));
        assert!(
            ran.stdout.starts_with(&format!("{code}, ")) && ran.stdout.contains(title),
            "{ran}"
        );
        assert!(ran.stdout.lines().all(|line| line.chars().count() <= 100), "{ran}");
    }
    expect![[r#"
        exit 64
        --- stdout
        --- stderr
        error[AR0601]: `AR9999` is no code of a finding or an error
          help: `assist-rules explain` lists them all
    "#]]
    .assert_eq(&shown(&run(assist_rules().args(["explain", "AR9999"]))));
}

#[test]
fn each_shell_gets_its_completions() {
    for (shell, said) in [
        ("bash", "-F _clap_complete_assist_rules assist-rules"),
        ("zsh", "#compdef assist-rules"),
        ("fish", "--command assist-rules"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion:arg-completer[assist-rules]"),
    ] {
        let ran = run(assist_rules().args(["completions", shell]));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        assert!(ran.stdout.contains(said), "{shell}: {ran}");
    }
    assert_eq!(run(assist_rules().args(["completions", "tcsh"])).code, Some(64));
}

#[test]
fn the_man_page_names_commands_flags_and_exit_codes() {
    let ran = run(assist_rules().arg("man"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.contains(".TH assist-rules 1"), "{}", ran.stdout);
    for said in [
        "\\-\\-reset\\-sandbox",
        "stopped by SIGTERM",
        "assist\\-rules\\-update(1)",
    ] {
        assert!(ran.stdout.contains(said), "{said}\n{}", ran.stdout);
    }
}

#[test]
fn the_man_pages_of_all_commands_go_into_a_folder() {
    let mut man = assist_rules();
    let home = man.get_current_dir().unwrap().to_owned();
    std::fs::create_dir(home.join("man")).unwrap();
    let ran = run(man.args(["man", "man"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran}");
    for page in ["assist-rules", "assist-rules-update", "assist-rules-audit-verify"] {
        let text = std::fs::read_to_string(home.join("man").join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
    let ran = run(assist_rules().args(["man", "not-there"]));
    assert!(
        ran.code == Some(64) && ran.stderr.contains("cannot write man pages to `not-there`"),
        "{ran}"
    );
}

#[test]
fn each_command_has_help_that_fits_a_terminal() {
    for command in COMMANDS {
        for flag in ["--help", "-h"] {
            let ran = run(assist_rules().args([command, flag]));
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{command}");
            assert!(ran.stdout.contains(&format!("Usage: assist-rules {command}")), "{ran}");
            assert!(ran.stdout.lines().all(|line| line.chars().count() <= 120), "{ran}");
        }
        assert_eq!(run(assist_rules().args(["help", command])).code, Some(0));
    }
    expect![[r#"
        exit 0
        --- stdout
        Change a rule: read, check, write under the version read

        Usage: assist-rules update [OPTIONS] [RULE]

        Arguments:
          [RULE]  The rule's id or exact name; GENESYS_RULE_ID stands in

        Options:
              --from <FILE>         A change or a whole rule, JSON or YAML; `-` is stdin
              --name <TEXT>         The new name
              --description <TEXT>  The new description
              --enable              Switch the rule on
              --disable             Switch the rule off
              --dry-run             Do everything but the write
              --reason <TEXT>       Why, for the record
          -h, --help                Print help (see more with '--help')

        Global options:
          -o, --output <OUTPUT>  The output format [default: human] [possible values: human, json, yaml]
              --profile <NAME>   A profile of the gc CLI, for credentials and region
              --sandbox          Use the built-in Genesys Cloud instead of a real one

        `--help` has all options, and examples.
        --- stderr
    "#]]
    .assert_eq(&shown(&run(assist_rules().args(["update", "-h"]))));
}

#[test]
fn what_is_offline_needs_no_configuration() {
    for args in [
        &["explain"] as &[&str],
        &["schema", "rule"],
        &["man"],
        &["completions", "bash"],
        &["--version"],
    ] {
        let ran = run(assist_rules().args(args).env("ASSIST_RULES_API_URL", "nonsense"));
        assert_eq!(ran.code, Some(0), "{ran}");
    }
}

/// A reader that goes away: nothing is said about it, and nothing ends otherwise than it would have.
#[test]
fn a_closed_stdout_ends_quietly() {
    for args in [
        &["man"] as &[&str],
        &["explain"],
        &["explain", "-o", "json"],
        &["schema", "result"],
        &["--help"],
        &["--version"],
    ] {
        let mut child = assist_rules()
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}
