//! The kinds of documents that files hold, as the journeys that hold for each of them see them.

use std::fs;

use emulator::{HostedDocument, SAMPLE_ASSISTANT_ID};
use serde_json::{Value, json};

use super::Repository;
use crate::journeys::recording::Workstation;

/// A kind of document: its words, and members that are changed.
pub(super) struct Kind {
    /// Its word in references.
    pub(super) word: &'static str,
    /// The folder that `pull` makes for it.
    pub(super) folder: &'static str,
    /// The place of a member that our files change, before and after.
    pub(super) ours: &'static str,
    before: fn(&str) -> Value,
    after: fn() -> Value,
    /// The place of a member that others change.
    pub(super) theirs: &'static str,
    other: fn() -> Value,
    /// The place of the switch of a document.
    pub(super) switch: &'static str,
    /// The place of a list that is not emptied without a word.
    pub(super) list: &'static str,
}

const RULES: Kind = Kind {
    word: "rule",
    folder: "trigger-rules",
    ours: "/name",
    before: |id| json!(format!("Rule {id}")),
    after: || json!("New"),
    theirs: "/conditions/0/value",
    other: || json!("theirs"),
    switch: "/enabled",
    list: "/actions",
};

const COPILOTS: Kind = Kind {
    word: "copilot",
    folder: "copilots",
    ours: "/nluConfig/intentConfidenceThreshold",
    before: |_| json!(0.5),
    after: || json!(0.75),
    theirs: "/summaryGenerationConfig/retentionSeconds",
    other: || json!(1_000),
    switch: "/liveOnQueue",
    list: "/ruleEngineConfig/rules",
};

/// An organization with documents `r1`, `r2` and so on, all of one kind, and a folder with a file for each that says
/// the same.
pub(super) struct Documents {
    pub(super) kind: Kind,
    pub(super) repository: Repository,
}

/// Such an organization of each kind.
pub(super) fn each(documents: usize) -> [Documents; 2] {
    [RULES, COPILOTS].map(|kind| Documents::of(kind, documents))
}

/// An organization of Copilots alone.
pub(super) fn copilots(documents: usize) -> Documents {
    Documents::of(COPILOTS, documents)
}

/// Sets the member at a place whose object is there.
pub(super) fn set(document: &mut Value, place: &str, value: Value) {
    let (object, name) = place.rsplit_once('/').unwrap();
    document.pointer_mut(object).unwrap()[name] = value;
}

fn hosted(id: &str) -> HostedDocument {
    HostedDocument::Copilot {
        assistant: id.to_owned(),
    }
}

impl Documents {
    fn of(kind: Kind, documents: usize) -> Self {
        let workstation = Workstation::new();
        let mut sample = workstation.sandbox.emulator.assistant(SAMPLE_ASSISTANT_ID).unwrap();
        if kind.word == "rule" {
            let repository = Repository::at(workstation, documents);
            return Self { kind, repository };
        }
        let repository = Repository::at(workstation, 0);
        set(&mut sample, "/copilot/nluConfig/intentConfidenceThreshold", json!(0.5));
        for id in (1..=documents).map(|number| format!("r{number}")) {
            sample["id"] = json!(id);
            sample["name"] = json!(format!("Rule {id}"));
            sample["copilot"]["selfUri"] = json!(hosted(&id).path());
            repository
                .workstation
                .sandbox
                .emulator
                .put_assistant(sample.clone())
                .unwrap();
            let mut copilot = sample["copilot"].clone();
            copilot.as_object_mut().unwrap().remove("enabled");
            let file = json!({"kind": "copilot", "assistant": id, "copilot": copilot});
            repository.write(&format!("rules/{id}.json"), file.to_string());
        }
        Self { kind, repository }
    }

    fn is_copilots(&self) -> bool {
        self.kind.word == "copilot"
    }

    /// The reference of a document.
    pub(super) fn name(&self, id: &str) -> String {
        format!("{}/{id}", self.kind.word)
    }

    /// Sets a member in the file of a document.
    pub(super) fn edit_file(&self, id: &str, place: &str, value: Value) {
        let envelope = if self.is_copilots() { "/copilot" } else { "" };
        self.repository
            .edit(id, |file| set(file, &format!("{envelope}{place}"), value));
    }

    /// Changes our member in the files of documents.
    pub(super) fn change(&self, ids: &[&str]) {
        for id in ids {
            self.edit_file(id, self.kind.ours, (self.kind.after)());
        }
    }

    /// Somebody else sets a member in the organization.
    pub(super) fn others_set(&self, id: &str, place: &str, value: Value) {
        let emulator = &self.repository.workstation.sandbox.emulator;
        if self.is_copilots() {
            emulator
                .edit_document(&hosted(id), |copilot| set(copilot, place, value))
                .unwrap();
        } else {
            emulator.edit_rule(id, |rule| set(rule, place, value)).unwrap();
        }
    }

    /// Somebody else changes their member.
    pub(super) fn others_change(&self, id: &str) {
        self.others_set(id, self.kind.theirs, (self.kind.other)());
    }

    /// The document in the organization.
    pub(super) fn org(&self, id: &str) -> Value {
        let emulator = &self.repository.workstation.sandbox.emulator;
        if self.is_copilots() {
            emulator.hosted_document(&hosted(id)).unwrap()
        } else {
            emulator.rule(id).unwrap()
        }
    }

    /// The member of the organization's document at a place.
    pub(super) fn at(&self, id: &str, place: &str) -> Value {
        self.org(id).pointer(place).cloned().unwrap_or_default()
    }

    #[track_caller]
    pub(super) fn assert_ours(&self, id: &str, is_new: bool) {
        let expected = if is_new {
            (self.kind.after)()
        } else {
            (self.kind.before)(id)
        };
        assert_eq!(self.at(id, self.kind.ours), expected, "{}", self.name(id));
    }

    #[track_caller]
    pub(super) fn assert_theirs(&self, id: &str) {
        assert_eq!(self.at(id, self.kind.theirs), (self.kind.other)(), "{}", self.name(id));
    }

    /// Pulls into the folder, which is emptied before.
    pub(super) fn pull_anew(&self) -> Value {
        fs::remove_dir_all(self.repository.folder.join("rules")).unwrap();
        self.repository.json(0, &["pull", "rules"])
    }

    /// The file of a document that was pulled.
    pub(super) fn pulled(&self, id: &str) -> String {
        format!("rules/{}/rule-{id}.yaml", self.kind.folder)
    }

    /// The lines of a result, a plan or a status with one of their words, the kind left out.
    pub(super) fn words(&self, report: &Value, list: &str, word: &str) -> Vec<String> {
        let prefix = format!("{}/", self.kind.word);
        let entries = report[list].as_array().unwrap().iter();
        entries
            .map(|entry| {
                let document = entry["document"].as_str().unwrap().strip_prefix(&prefix).unwrap();
                format!("{document} {}", entry[word].as_str().unwrap())
            })
            .collect()
    }

    pub(super) fn outcomes(&self, result: &Value) -> Vec<String> {
        self.words(result, "changes", "outcome")
    }

    pub(super) fn actions(&self, plan: &Value) -> Vec<String> {
        self.words(plan, "changes", "action")
    }

    pub(super) fn states(&self, report: &Value) -> Vec<String> {
        self.words(report, "documents", "state")
    }
}
