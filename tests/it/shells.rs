//! Completions in the shells that they are for.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use emulator::SAMPLE_RULE_ID;
use serde_json::{Value, json};

use crate::binary::{assist_rules, run};
use crate::terminal::on_a_terminal;

/// A workstation whose shell has the completions, and which has seen a listing.
struct Workstation {
    shell: Command,
    script: PathBuf,
}

impl Workstation {
    /// The shell once more, without its arguments.
    fn shell(&self) -> Command {
        let mut shell = Command::new(self.shell.get_program());
        shell.current_dir(self.shell.get_current_dir().unwrap());
        shell.env_clear();
        shell.envs(self.shell.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell
    }
}

/// None, and it says so, where the shell is not there.
fn workstation(test: &str, name: &str) -> Option<Workstation> {
    if Command::new(name).args(["-c", "exit"]).output().is_err() {
        ports::testing::skip(test, &format!("it needs {name} (Debian: {name})"));
        return None;
    }
    let program = assist_rules();
    let folder = program.get_current_dir().unwrap().to_owned();
    let in_it = |other: &OsStr| {
        let mut command = Command::new(other);
        command.current_dir(&folder).env_clear();
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    };
    let script = folder.join(format!("completions.{name}"));
    let made = run(in_it(program.get_program()).args(["completions", name]));
    assert_eq!(made.code, Some(0), "{made}");
    fs::write(&script, made.stdout).unwrap();
    let listed = run(in_it(program.get_program()).args(["list", "--sandbox"]));
    assert_eq!(listed.code, Some(0), "{listed}");
    let kept = folder.join("state/assist-rules/listing.json");
    let mut rules: Vec<Value> = serde_json::from_slice(&fs::read(&kept).unwrap()).unwrap();
    let names = ["Zahlung: fehlgeschlagen", "Bob's `rule` $(touch made)", "Refunds"];
    rules.extend(names.map(|name| json!({"id": format!("r-{}", name.len()), "name": name})));
    fs::write(&kept, json!(rules).to_string()).unwrap();
    fs::write(folder.join("change.yaml"), "name: X\n").unwrap();
    let mut shell = in_it(OsStr::new(name));
    let programs = Path::new(program.get_program()).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(programs).chain(std::env::split_paths(&path));
    shell.env("PATH", std::env::join_paths(paths).unwrap());
    let home = shell
        .get_envs()
        .find(|(name, _)| *name == "HOME")
        .and_then(|(_, home)| home);
    let gc = Path::new(home.unwrap()).join(".gc");
    fs::create_dir_all(&gc).unwrap();
    let profiles = "[DEFAULT]\nenvironment = 'mypurecloud.de'\n[production.emea]\nenvironment = 'mypurecloud.de'\n";
    fs::write(gc.join("config.toml"), profiles).unwrap();
    Some(Workstation { shell, script })
}

/// Half-written command lines, and the words of each after Tab.
fn lines() -> Vec<(&'static str, Vec<&'static str>)> {
    const NAME: &str = "Credit Card Detection Rule";
    [
        ("upd", vec!["update"]),
        ("update --na", vec!["update", "--name"]),
        ("audit ver", vec!["audit", "verify"]),
        ("audit verify --hea", vec!["audit", "verify", "--head"]),
        ("config sh", vec!["config", "show"]),
        ("explain AR0203", vec!["explain", "AR0203"]),
        ("list --profile prod", vec!["list", "--profile", "production.emea"]),
        ("validate change", vec!["validate", "change.yaml"]),
        ("get a1b2", vec!["get", SAMPLE_RULE_ID]),
        ("get Cred", vec!["get", NAME]),
        (r"get Credit\ Ca", vec!["get", NAME]),
        ("edit --reason x 'Cred", vec!["edit", "--reason", "x", NAME]),
        ("get name:Credit", vec!["get", "name:Credit Card Detection Rule"]),
        ("get Zahl", vec!["get", "Zahlung: fehlgeschlagen"]),
        (r"get Zahlung:\ f", vec!["get", "Zahlung: fehlgeschlagen"]),
        ("get Bob", vec!["get", "Bob's `rule` $(touch made)"]),
        ("get 'Bob", vec!["get", "Bob's `rule` $(touch made)"]),
        ("get name:Ref", vec!["get", "name:Refunds"]),
    ]
    .to_vec()
}

/// Types each line and Tab, and then in front of it a command that prints its words.
fn assert_completes(test: &str, workstation: &Workstation, prepare: &str) {
    for (line, words) in lines() {
        let script = workstation.script.display();
        let typed = format!("{prepare}\nsource {script}\nassist-rules {line}\t\x01printf '<%s>' \nexit\n");
        let Some(ran) = on_a_terminal(test, &workstation.shell, &typed) else {
            return;
        };
        let shown = format!("<assist-rules><{}>", words.join("><"));
        assert!(ran.stdout.contains(&shown), "{line}: {ran}");
    }
    let made = workstation.shell.get_current_dir().unwrap().join("made");
    assert!(!made.exists(), "a name was executed");
}

#[test]
fn bash_completes_commands_flags_ids_and_names() {
    let test = "bash_completes_commands_flags_ids_and_names";
    let Some(mut workstation) = workstation(test, "bash") else {
        return;
    };
    workstation.shell.args(["--norc", "-i"]);
    assert_completes(test, &workstation, "bind 'set enable-bracketed-paste off'");
}

#[test]
fn zsh_completes_commands_flags_ids_and_names() {
    let test = "zsh_completes_commands_flags_ids_and_names";
    let Some(mut workstation) = workstation(test, "zsh") else {
        return;
    };
    workstation.shell.args(["-f", "-i"]);
    assert_completes(test, &workstation, "autoload -Uz compinit; compinit -u -D");
}

#[test]
fn fish_completes_commands_flags_ids_and_names() {
    let test = "fish_completes_commands_flags_ids_and_names";
    let Some(workstation) = workstation(test, "fish") else {
        return;
    };
    for (line, words) in lines() {
        let quoted = line.replace('\\', r"\\").replace('\'', r"\'");
        let ask = format!(
            "source {}; complete -C 'assist-rules {quoted}'",
            workstation.script.display()
        );
        let mut shell = workstation.shell();
        let ran = run(shell.args(["--no-config", "-c", &ask]));
        let mut offered = ran
            .stdout
            .lines()
            .map(|line| line.split('\t').next().unwrap_or_default());
        assert!(
            offered.any(|offered| offered.replace('\\', "") == *words.last().unwrap()),
            "{line}: {ran}"
        );
    }
}
