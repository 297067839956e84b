//! Rules in files: planned, shown and applied.

mod applying;
mod browser;
mod comments;
mod copilots;
mod drift;
mod every_kind;
#[cfg(unix)]
mod interrupted;
mod kinds;
mod overwritten;
mod planning;
mod pulling;
mod results;
mod saved_plans;
mod whole_way;

use std::{fs, path::PathBuf, process::Command};

use emulator::{Kind, SAMPLE_ASSISTANT_ID, SAMPLE_RULE_ID};
use serde_json::{Value, json};

use super::{document, recording::Workstation};
use crate::binary::{Ran, new_home, run};

/// The assistants of the sample.
const SAMPLE_ASSISTANTS: [&str; 3] = [
    SAMPLE_ASSISTANT_ID,
    "7d2b6a54-9999-4888-8777-666655554445",
    "7d2b6a54-9999-4888-8777-666655554446",
];

/// An organization with rules `r1`, `r2` and so on, and a folder with a file for each that says the same.
struct Repository {
    workstation: Workstation,
    folder: PathBuf,
}

/// A rule as the organization has it.
fn stored(id: &str) -> Value {
    json!({
        "id": id, "name": format!("Rule {id}"), "ruleType": "conversation", "enabled": true,
        "conditions": [{"type": "keyword", "field": "conversation.text", "operator": "contains", "value": "refund"}],
        "actions": [{"type": "display", "templateId": "tmpl_1"}, {"type": "display", "templateId": "tmpl_2"}],
    })
}

impl Repository {
    fn of(rules: usize) -> Self {
        Self::at(Workstation::new(), rules)
    }

    fn at(workstation: Workstation, rules: usize) -> Self {
        let repository = Self {
            workstation,
            folder: new_home(),
        };
        let emulator = &repository.workstation.sandbox.emulator;
        emulator.remove_rule(SAMPLE_RULE_ID);
        for assistant in SAMPLE_ASSISTANTS {
            emulator.remove_assistant(assistant);
        }
        for id in (1..=rules).map(|number| format!("r{number}")) {
            emulator.put_rule(stored(&id)).unwrap();
            let mut file = stored(&id);
            file.as_object_mut().unwrap().remove("ruleType");
            repository.write(&format!("rules/{id}.json"), file.to_string());
        }
        repository
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let file = self.folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Changes the file of a rule.
    fn edit(&self, id: &str, edit: impl FnOnce(&mut Value)) {
        let name = format!("rules/{id}.json");
        let mut rule: Value = serde_json::from_str(&self.read(&name)).unwrap();
        edit(&mut rule);
        self.write(&name, rule.to_string());
    }

    /// Renames rules in their files.
    fn rename(&self, ids: &[&str], name: &str) {
        for id in ids {
            self.edit(id, |rule| rule["name"] = json!(name));
        }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.workstation.command(args);
        command.current_dir(&self.folder).env_remove("GENESYS_RULE_ID");
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        run(&mut self.command(args))
    }

    /// Runs a command that ends with a code, and reads the document on stdout.
    #[track_caller]
    fn json(&self, code: i32, args: &[&str]) -> Value {
        let ran = self.run(&[args, &["-o", "json"]].concat());
        assert_eq!(ran.code, Some(code), "{args:?} {ran}");
        document(&ran)
    }

    /// Saves a plan of the folder.
    #[track_caller]
    fn plan(&self) -> Value {
        self.json(0, &["plan", "rules", "--out", "p.plan"])
    }

    /// The rule in the organization.
    fn org(&self, id: &str) -> Value {
        self.workstation.sandbox.emulator.rule(id).unwrap()
    }

    /// Somebody else edits a rule in the organization.
    fn others_edit(&self, id: &str, edit: impl FnOnce(&mut Value)) {
        self.workstation.sandbox.emulator.edit_rule(id, edit).unwrap();
    }

    /// The requests to the API since it was counted last, by their kind: listings, reads, writes.
    fn requests(&self, since: usize) -> [usize; 3] {
        let requests = self.workstation.sandbox.emulator.requests();
        [Kind::List, Kind::Get, Kind::Put].map(|kind| {
            let of_kind = requests.iter().skip(since).filter(|request| request.kind == kind);
            of_kind.count()
        })
    }

    fn seen(&self) -> usize {
        self.workstation.sandbox.emulator.requests().len()
    }
}

/// The outcomes of a result by the ids of their rules.
fn outcomes(result: &Value) -> Vec<String> {
    let changes = result["changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            format!(
                "{} {}",
                change["id"].as_str().unwrap(),
                change["outcome"].as_str().unwrap()
            )
        })
        .collect()
}

/// The actions of a plan by the ids of their rules.
fn actions(plan: &Value) -> Vec<String> {
    let changes = plan["changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            let document = change["document"].as_str().unwrap().trim_start_matches("rule/");
            format!("{document} {}", change["action"].as_str().unwrap())
        })
        .collect()
}
