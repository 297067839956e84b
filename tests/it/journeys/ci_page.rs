//! `docs/ci.md`: each step of its workflow that needs no GitHub is run in a sandbox, as the page has it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::binary::{assist_rules, new_home};
use crate::repository::read;

use super::recording::Workstation;

/// The scripts of the steps of a workflow, by their names.
fn scripts(page: &str) -> BTreeMap<String, String> {
    let (mut scripts, mut name) = (BTreeMap::new(), String::new());
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let step = line.trim_start().trim_start_matches("- ");
        if let Some(found) = step.strip_prefix("name: ") {
            found.clone_into(&mut name);
        }
        let Some(script) = step.strip_prefix("run: ") else {
            continue;
        };
        if script != "|" {
            scripts.insert(name.clone(), script.to_owned());
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let mut block = String::new();
        while let Some(next) = lines.next_if(|next| next.len() - next.trim_start().len() > indent) {
            block.push_str(next.trim_start());
            block.push('\n');
        }
        scripts.insert(name.clone(), block);
    }
    scripts
}

/// A folder in which steps run as a runner runs them.
struct Runner {
    workstation: Workstation,
    folder: PathBuf,
}

impl Runner {
    /// A runner beside an organization that has the rule `r1` with these actions, and an empty folder for its file.
    fn with_rule(actions: &Value) -> Self {
        let runner = Self {
            workstation: Workstation::new(),
            folder: new_home(),
        };
        let rule = json!({"id": "r1", "ruleType": "conversation", "enabled": true, "name": "Refund", "conditions": [],
            "actions": actions});
        runner.workstation.sandbox.emulator.put_rule(rule).unwrap();
        fs::create_dir(runner.folder.join("rules")).unwrap();
        runner
    }

    fn step(&self, script: &str, env: &[(&str, &str)]) -> (Option<i32>, String) {
        let program = Path::new(assist_rules().get_program()).to_owned();
        let programs = program.parent().unwrap().display().to_string();
        let mut path = std::env::var("PATH").unwrap_or_default();
        path.insert_str(0, &format!("{programs}:"));
        let template = self.workstation.command(&[]);
        let mut bash = Command::new("bash");
        // Why: settings of the tests themselves are none that the program knows.
        let ours = std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy();
            name.starts_with("ASSIST_RULES_") || name.starts_with("GENESYS")
        });
        ours.for_each(|(name, _)| {
            bash.env_remove(name);
        });
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .current_dir(&self.folder)
            .envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("PATH", path)
            .env("GITHUB_OUTPUT", self.folder.join("output"))
            .env("GITHUB_STEP_SUMMARY", self.folder.join("summary.md"))
            .envs(env.iter().copied());
        let ran = bash.output().unwrap();
        let text = [ran.stdout, ran.stderr].concat();
        (ran.status.code(), String::from_utf8_lossy(&text).into_owned())
    }

    fn output(&self, name: &str) -> String {
        let output = fs::read_to_string(self.folder.join("output")).unwrap();
        let line = output
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap().to_owned()
    }
}

#[test]
fn the_steps_of_the_workflow_do_what_the_page_says() {
    let scripts = scripts(&read("docs/ci.md"));
    let runner = Runner::with_rule(&json!([]));
    let emulator = &runner.workstation.sandbox.emulator;
    let file = |text: &str| fs::write(runner.folder.join("rules/refund.yaml"), text).unwrap();
    let run = |name: &str, env: &[(&str, &str)]| runner.step(&scripts[name], env);
    file("id: r1\nname: Refunds\nenabled: maybe\n");
    let (code, text) = run("Findings as annotations", &[]);
    assert!(code == Some(3) && text.contains("::error"), "{text}");
    file("id: r1\nname: Refunds\n");
    let (code, text) = run("Findings as annotations", &[]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run("Plan", &[]);
    assert_eq!(code, Some(0), "{text}");
    let comment = fs::read_to_string(runner.folder.join("comment.md")).unwrap();
    assert!(comment.starts_with("<!-- assist-rules plan - rules -->\n"), "{comment}");
    let planned = runner.output("code");
    assert_eq!(planned, "0", "{comment}");
    let (code, _) = run("Fail if the plan cannot be applied as it is", &[("CODE", &planned)]);
    assert_eq!(code, Some(0));
    let (code, text) = run("Plan, for the reviewers of the environment", &[]);
    assert_eq!(code, Some(0), "{text}");
    let hash = runner.output("hash");
    let other = format!("sha256:{}", "0".repeat(64));
    let (code, text) = run("Apply what was approved", &[("HASH", &other), ("REASON", "abc")]);
    assert_eq!(code, Some(9), "{text}");
    let (code, text) = run("Apply what was approved", &[("HASH", &hash), ("REASON", "abc")]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(emulator.rule("r1").unwrap()["name"], "Refunds");
    let (code, text) = run("Fail if a rule is not as its file says", &[]);
    assert_eq!(code, Some(0), "{text}");
    emulator.edit_rule("r1", |rule| rule["name"] = json!("Theirs")).unwrap();
    let (code, text) = run("Fail if a rule is not as its file says", &[]);
    assert_eq!(code, Some(2), "{text}");
    let (code, _) = run("Plan", &[]);
    assert_eq!(
        (code, runner.output("code").as_str()),
        (Some(0), "4"),
        "drift fails the pull request"
    );
    assert_eq!(scripts.len(), 8, "a step that no test runs: {:?}", scripts.keys());
}

#[test]
fn the_steps_of_a_promotion_do_what_the_page_says() {
    let scripts = scripts(&read("docs/ci.md"));
    let runner = Runner::with_rule(&json!([{"type": "display", "templateId": "t0"}]));
    let emulator = &runner.workstation.sandbox.emulator;
    let write = |name: &str, text: &str| fs::write(runner.folder.join(name), text).unwrap();
    let plan = || runner.step(&scripts["Plan for one organization"], &[("ORGANIZATION", "dev")]);
    let file = "actions: [{type: display, templateId: \"@{value:template}\"}]\n";
    write("rules/refund.yaml", &format!("id: \"@{{rule:Refunds}}\"\n{file}"));
    write("dev.yaml", "template: t1\n");
    let (code, text) = plan();
    assert_eq!(code, Some(3), "a name that the organization does not have: {text}");
    write("rules/refund.yaml", &format!("id: \"@{{rule:Refund}}\"\n{file}"));
    let (code, text) = plan();
    assert_eq!(code, Some(0), "{text}");
    let approved = [("HASH", runner.output("hash")), ("REASON", "abc".to_owned())];
    let approved = approved.each_ref().map(|(name, value)| (*name, value.as_str()));
    let (code, text) = runner.step(&scripts["Apply what was approved in one organization"], &approved);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(emulator.rule("r1").unwrap()["actions"][0]["templateId"], "t1");
}

/// The page names no action by a tag that can be moved, and gives no secrets to strangers.
#[test]
fn the_workflow_is_pinned_and_takes_no_code_of_strangers() {
    let page = read("docs/ci.md");
    let uses = page
        .lines()
        .filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix("uses: "));
    for action in uses.filter(|action| !action.starts_with("OWNER/") && !action.starts_with("./")) {
        let (_, commit) = action.split_once('@').unwrap();
        let commit: String = commit.chars().take_while(char::is_ascii_hexdigit).collect();
        assert_eq!(commit.len(), 40, "{action}");
    }
    assert!(!page.contains("\n  pull_request_target"), "it has the secrets");
    assert!(page.contains("concurrency:"));
}

/// The install step of the action takes a wheel that is named, and asks nobody.
#[test]
fn the_action_installs_a_wheel_that_is_named() {
    let action = read("action.yml");
    let folder = new_home();
    let stub = "#!/bin/sh\nmkdir -p \"$3/bin\"\nprintf '#!/bin/sh\\necho \"$@\" >>installed\\n' >\"$3/bin/pip\"\nchmod +x \"$3/bin/pip\"\n";
    fs::write(folder.join("python3"), stub).unwrap();
    let script = &scripts(&action)["Install assist-rules"];
    let chmod = "chmod +x python3\n";
    let ran = Command::new("bash")
        .args(["-c", &format!("{chmod}{script}")])
        .current_dir(&folder)
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .env("WHEEL", "some.whl")
        .env("VERSION", "")
        .env("RUNNER_TEMP", folder.join("temp"))
        .env("GITHUB_PATH", folder.join("path"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let installed = fs::read_to_string(folder.join("installed")).unwrap();
    assert!(
        installed.contains("install") && installed.contains("some.whl"),
        "{installed}"
    );
    assert!(
        fs::read_to_string(folder.join("path"))
            .unwrap()
            .contains("assist-rules/bin")
    );
}
