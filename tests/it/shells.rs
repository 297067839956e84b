//! Completions in the shells that they are for.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::binary::{assist_rules, run};
use crate::terminal::on_a_terminal;

/// The script of a shell, in a file; none, and it says so, where the shell is not there.
fn script(test: &str, shell: &str) -> Option<PathBuf> {
    if Command::new(shell).args(["-c", "exit"]).output().is_err() {
        ports::testing::skip(test, &format!("it needs {shell} (Debian: {shell})"));
        return None;
    }
    let mut program = assist_rules();
    let file = program.get_current_dir().unwrap().join(format!("completions.{shell}"));
    let ran = run(program.args(["completions", shell]));
    assert_eq!(ran.code, Some(0), "{ran}");
    fs::write(&file, ran.stdout).unwrap();
    Some(file)
}

/// A half-written command line, and a word that must be offered for its last one.
const LINES: [(&str, &str); 5] = [
    ("assist-rules upd", "update"),
    ("assist-rules update --na", "--name"),
    ("assist-rules audit ver", "verify"),
    ("assist-rules audit verify --hea", "--head"),
    ("assist-rules config sh", "show"),
];

#[test]
fn bash_completes_commands_and_flags_at_every_level() {
    let test = "bash_completes_commands_and_flags_at_every_level";
    let Some(file) = script(test, "bash") else { return };
    for (line, word) in LINES {
        let words: Vec<&str> = line.split(' ').collect();
        let [.., before, last] = words.as_slice() else {
            panic!("{line}")
        };
        let ask = format!(
            "source {}; COMP_WORDS=({line}); COMP_CWORD={}; _assist__rules assist-rules {last} {before}; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            file.display(),
            words.len() - 1
        );
        let ran = run(Command::new("bash").args(["--norc", "-c", &ask]));
        assert!(ran.stdout.lines().any(|offered| offered == word), "{line}: {ran}");
    }
}

#[test]
fn fish_completes_commands_and_flags_at_every_level() {
    let test = "fish_completes_commands_and_flags_at_every_level";
    let Some(file) = script(test, "fish") else { return };
    for (line, word) in LINES {
        let ask = format!("source {}; complete -C '{line}'", file.display());
        let ran = run(Command::new("fish").args(["--no-config", "-c", &ask]));
        let mut offered = ran
            .stdout
            .lines()
            .map(|line| line.split('\t').next().unwrap_or_default());
        assert!(offered.any(|offered| offered == word), "{line}: {ran}");
    }
}

#[test]
fn zsh_completes_commands_and_flags_at_every_level() {
    let test = "zsh_completes_commands_and_flags_at_every_level";
    let Some(file) = script(test, "zsh") else { return };
    for (line, word) in LINES {
        let mut shell = assist_rules();
        shell = {
            let mut zsh = Command::new("zsh");
            zsh.args(["-f", "-i"])
                .current_dir(shell.get_current_dir().unwrap())
                .envs(shell.get_envs().filter_map(|(name, value)| Some((name, value?))));
            zsh
        };
        // The completed line is printed: Tab, then to its start, and a command before it.
        let typed = format!(
            "autoload -Uz compinit; compinit -u -D; source {}\n{line}\t\x01print -r -- '=' \nexit\n",
            file.display()
        );
        let Some(ran) = on_a_terminal(test, &shell, &typed) else {
            return;
        };
        let expected = line
            .rsplit_once(' ')
            .map(|(before, _)| format!("= {before} {word}"))
            .unwrap();
        assert!(
            ran.stdout.lines().any(|line| line.trim_end() == expected),
            "{expected}: {ran}"
        );
    }
}
