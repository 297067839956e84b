//! `-h` and `--help`: short where one looks something up, with examples where one learns.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use emulator::{SAMPLE_CHANGE, SAMPLE_RULE, SAMPLE_RULE_ID};
use expect_test::expect;

use super::{editing::paste, file, recording::Workstation, shown};
use crate::binary::{Ran, assist_rules, run};

/// The commands below one, by the help of the program.
fn commands(path: &[String]) -> Vec<Vec<String>> {
    let help = run(assist_rules().args(path).arg("--help")).stdout;
    let Some((_, listed)) = help.split_once("Commands:\n") else {
        return vec![path.to_vec()];
    };
    let names = listed
        .lines()
        .map_while(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let below = names
        .filter(|name| *name != "help")
        .map(|name| [path, &[name.to_owned()]].concat());
    below.flat_map(|path| commands(&path)).collect()
}

/// A command line on a terminal of the least width.
fn on_a_small_terminal(args: &[String]) -> Ran {
    run(assist_rules().args(args).env("COLUMNS", "80"))
}

fn assert_fits_the_screen(help: &str) {
    assert!(help.lines().count() <= 24, "{help}");
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
}

#[test]
fn the_short_help_of_each_command_fits_on_one_screen_and_leads_on() {
    let all = commands(&[]);
    assert!(all.len() > 20, "{all:?}");
    for path in all {
        let ran = on_a_small_terminal(&[&path[..], &["-h".to_owned()]].concat());
        assert_fits_the_screen(&ran.stdout);
        assert!(
            ran.stdout.ends_with("`--help` has all options, and examples.\n"),
            "{path:?} {ran}"
        );
    }
}

#[test]
fn the_short_help_of_the_program_has_its_commands_in_groups() {
    let ran = on_a_small_terminal(&["-h".to_owned()]);
    assert_fits_the_screen(&ran.stdout);
    expect![[r#"
        exit 0
        --- stdout
        The safe way to change the rules that tell Genesys Cloud what to show an agent
        during a conversation

        Usage: assist-rules [OPTIONS] <COMMAND>

        Commands:
          Read rules         get, list
          Change rules       diff, update, enable, disable, edit, rollback
          Rules in files     pull, validate, plan, show, apply, status, schema
          Record of changes  history, stats, reconcile, deliver, audit
          Access and setup   auth, config, doctor, completions
          Try and learn      sandbox, explain, man, help

        Options:
          -o, --output <OUTPUT>  The format: human, json, yaml; `COMMAND -h` lists all
              --profile <NAME>   A profile of the gc CLI, for credentials and region
              --sandbox          Use the built-in Genesys Cloud instead of a real one
          -h, --help             Print help (see more with '--help')
          -V, --version          Print version

        `--help` says what each command does, and has all options and the exit codes.
        `COMMAND -h` is about one command, `COMMAND --help` has examples of it.
        --- stderr
    "#]]
    .assert_eq(&shown(&ran));
    let without_command = on_a_small_terminal(&[]);
    assert_eq!(
        (without_command.code, without_command.stdout, without_command.stderr),
        (Some(64), String::new(), ran.stdout)
    );
}

/// The long help of a command, its man page, and its flags as a shell completes them.
fn pages(command: &str) -> [String; 3] {
    let mut man = assist_rules();
    let folder = man.get_current_dir().unwrap().to_owned();
    assert_eq!(run(man.args(["man", "."])).code, Some(0));
    let page = fs::read_to_string(folder.join(format!("assist-rules-{command}.1"))).unwrap();
    let mut shell = assist_rules();
    let asked = shell
        .env("_ASSIST_RULES_COMPLETE", "fish")
        .args(["--", "assist-rules", command, "--"]);
    [
        run(assist_rules().args([command, "--help"])).stdout,
        page.replace('\\', ""),
        run(asked).stdout,
    ]
}

#[test]
fn global_options_are_shown_where_they_have_an_effect_and_taken_everywhere() {
    for (command, shows_profile, shows_yes, shows_output) in [
        ("update", true, true, true),
        ("get", true, false, true),
        ("validate", false, false, true),
        ("man", false, false, false),
    ] {
        for page in pages(command) {
            let has = ["--profile", "--yes", "--output", "--quiet"].map(|option| page.contains(option));
            assert_eq!(has, [shows_profile, shows_yes, shows_output, true], "{command} {page}");
        }
    }
    let ran = run(assist_rules().args(["--sandbox", "explain", "AR0101", "--profile", "none", "--yes"]));
    assert_eq!(ran.code, Some(0), "{ran}");
}

/// Each example, in the order of the help, at one workstation.
#[test]
fn the_examples_of_each_command_work_as_they_stand() {
    let workstation = Workstation::new();
    let place = workstation.command(&[]);
    file(&place, "change.yaml", SAMPLE_CHANGE);
    file(
        &place,
        "rules/rule.json",
        SAMPLE_RULE
            .replace("credit card declined", "card declined")
            .replace("\"etag\": \"7\",", ""),
    );
    let editor = file(&place, "bin/code", "#!/bin/sh\nsed -i.old s/Refunds/Edited/ \"$2\"\n");
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
    for path in commands(&[]) {
        let help = run(assist_rules().args(&path).arg("--help")).stdout;
        let (_, examples) = help
            .split_once("Examples:\n")
            .unwrap_or_else(|| panic!("{path:?} {help}"));
        for line in examples
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            // It runs until Ctrl-C: `foreground` has it.
            if line.starts_with("assist-rules sandbox") {
                continue;
            }
            let mut command = Command::new("bash");
            let pasted = paste(&workstation, line);
            command
                .args(["-o", "pipefail", "-c", line])
                .current_dir(place.get_current_dir().unwrap())
                .env_clear()
                .envs(pasted.get_envs().filter_map(|(name, value)| Some((name, value?))))
                .env("RULE", SAMPLE_RULE_ID)
                .env("EDITOR", "code --wait");
            let path = command
                .get_envs()
                .find(|(name, _)| *name == "PATH")
                .unwrap()
                .1
                .unwrap()
                .to_owned();
            command.env(
                "PATH",
                format!("{}:{}", editor.parent().unwrap().display(), path.display()),
            );
            let ran = run(&mut command);
            let expected = if line.contains("--detailed-exitcode") { 2 } else { 0 };
            assert_eq!(ran.code, Some(expected), "{line}: {ran}");
        }
    }
}
