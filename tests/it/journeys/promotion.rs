//! Rules from one organization to another: the files name things, and each organization keeps its own ids.

mod everywhere;
mod hostile_names;
mod many;
mod renamed;

use std::{fs, path::PathBuf, process::Command};

use emulator::{Client, Emulator, HostedOrganization, Permission, ReferenceCollection};
use serde_json::{Value, json};

use super::{document, schemas};
use crate::{
    binary::{Ran, assist_rules, new_home, run},
    sandbox::Sandbox,
};

/// Two organizations with the same names and other ids, and one folder of files.
struct Promotion {
    dev: Sandbox,
    prod: Sandbox,
    folder: PathBuf,
}

impl Promotion {
    fn new() -> Self {
        Self {
            dev: Sandbox::of(Emulator::sample_of(HostedOrganization::new("dev"))),
            prod: Sandbox::of(Emulator::sample_of(HostedOrganization::new("prod"))),
            folder: new_home(),
        }
    }

    fn on(&self, sandbox: &Sandbox, args: &[&str]) -> Ran {
        run(Command::envs(&mut assist_rules(), sandbox.env())
            .args(args)
            .env("ASSIST_RULES_STATE_DIR", self.folder.join(".state"))
            .current_dir(&self.folder))
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let file = self.folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// A file for the trigger rule, and one for a Copilot, that have no id in them.
    fn by_hand() -> Self {
        let promotion = Self::new();
        promotion.write(
            "files/rule.yaml",
            "id: \"@{rule:Credit Card Detection Rule}\"\nenabled: false\n",
        );
        promotion.write("files/billing.yaml", BILLING);
        promotion
    }

    fn plan(&self, sandbox: &Sandbox) -> Ran {
        self.on(sandbox, &["plan", "files", "-o", "json"])
    }
}

/// The rules of a Copilot with names in place of ids.
const BILLING: &str = "kind: copilot-rules
assistant: \"@{assistant:Billing}\"
rules:
  - enabled: true
    rule:
      conditions:
        - conditionType: ConversationStart
          conditionValues: []
      actions:
        - actionType: CannedResponse
          attributes:
            responseId: \"@{response:Greeting}\"
            libraryId: \"@{library:Billing}\"
";

/// The finding of the one document of a plan that cannot be planned, in words.
fn finding(ran: &Ran) -> String {
    assert_eq!(ran.code, Some(3), "{ran}");
    let plan = document(ran);
    let invalid: Vec<&Value> = changes(&plan)
        .iter()
        .filter(|change| change["action"] == "invalid")
        .collect();
    let [change] = invalid.as_slice() else { panic!("{ran}") };
    let finding = &change["findings"][0];
    let part = |name: &str| finding[name].as_str().unwrap_or_default();
    format!("{}: {}; {}", part("pointer"), part("message"), part("help"))
}

fn changes(plan: &Value) -> &Vec<Value> {
    plan["changes"].as_array().unwrap()
}

#[test]
fn names_become_the_ids_of_the_organization_that_is_written_to() {
    let promotion = Promotion::by_hand();
    for (ours, theirs) in [(&promotion.dev, &promotion.prod), (&promotion.prod, &promotion.dev)] {
        let ran = promotion.on(ours, &["plan", "files", "--out", "a.plan", "-o", "json"]);
        assert_eq!(ran.code, Some(0), "{ran}");
        let plan = document(&ran);
        schemas::assert_is("plan", &plan);
        assert_eq!(plan["summary"]["update"], 2, "{ran}");
        let copilot = changes(&plan)
            .iter()
            .find(|change| change["file"] == "files/billing.yaml");
        let references = copilot.unwrap()["references"].as_array().unwrap();
        let texts: Vec<&str> = references.iter().map(|found| found["text"].as_str().unwrap()).collect();
        assert_eq!(
            texts,
            ["@{assistant:Billing}", "@{response:Greeting}", "@{library:Billing}"]
        );
        let ids = ours.emulator.ids();
        assert!(
            references
                .iter()
                .all(|found| ids.contains(found["id"].as_str().unwrap()))
        );
        for format in ["human", "markdown", "html"] {
            let shown = promotion.on(ours, &["show", "a.plan", "-o", format]).stdout;
            let id = references[1]["id"].as_str().unwrap();
            assert!(shown.contains("@{response:Greeting}") && shown.contains(id), "{shown}");
        }
        let before = ours.emulator.requests().len();
        let ran = promotion.on(ours, &["apply", "a.plan"]);
        assert_eq!(ran.code, Some(0), "{ran}");
        let requests = ours.emulator.requests();
        let asked = requests
            .iter()
            .skip(before)
            .filter(|request| request.path.contains("responses"));
        assert_eq!(asked.count(), 0, "a saved plan holds ids");
        assert_eq!(ours.emulator.foreign_writes(&theirs.emulator), [""; 0]);
        let again = promotion.plan(ours);
        schemas::assert_is("plan", &document(&again));
        assert_eq!(document(&again)["summary"]["unchanged"], 2, "{again}");
        let status = promotion.on(ours, &["status", "files"]);
        assert!(status.stdout.contains("2 in sync"), "{status}");
    }
}

#[test]
fn a_name_that_is_missing_or_ambiguous_or_hidden_is_told_and_nothing_is_sent() {
    let promotion = Promotion::by_hand();
    let prod = &promotion.prod.emulator;
    let greeting = |name: &str| {
        let snapshot = prod.snapshot();
        let copilot = &snapshot["assistants"][0]["assistant"]["copilot"];
        let attributes = &copilot["ruleEngineConfig"]["rules"][0]["rule"]["actions"][0]["attributes"];
        let id = attributes["responseId"].as_str().unwrap();
        let mut response = prod.reference(&ReferenceCollection::Responses, id).unwrap();
        response["name"] = json!(name);
        response
    };
    prod.put_reference(&ReferenceCollection::Responses, greeting("greeting "))
        .unwrap();
    let ran = promotion.plan(&promotion.prod);
    assert!(
        finding(&ran).contains("no canned response has the name `Greeting`"),
        "{ran}"
    );
    assert!(finding(&ran).contains("greeting␣"), "{ran}");

    prod.put_reference(&ReferenceCollection::Responses, greeting("Greeting"))
        .unwrap();
    let mut second = greeting("Greeting");
    second["id"] = json!("00000000-aaaa-4bbb-8ccc-000000000001");
    prod.put_reference(&ReferenceCollection::Responses, second).unwrap();
    let ran = promotion.on(&promotion.prod, &["apply", "files", "--yes", "-o", "json"]);
    assert_eq!(ran.code, Some(5), "{ran}");
    let ran = promotion.plan(&promotion.prod);
    assert!(
        finding(&ran).contains("2 canned responses have the name `Greeting`"),
        "{ran}"
    );

    let client = Client::sandbox();
    let left = Permission::ALL.into_iter().filter(|it| *it != Permission::ResponseView);
    prod.add_client(Client {
        permissions: left.collect(),
        ..client
    });
    prod.expire_tokens();
    let ran = promotion.plan(&promotion.prod);
    assert!(finding(&ran).contains("responses:response:view"), "{ran}");
    assert_eq!(prod.foreign_writes(&promotion.dev.emulator), [""; 0]);
}

#[test]
fn two_files_that_are_about_one_document_are_told_at_both() {
    let promotion = Promotion::by_hand();
    let id = promotion.prod.emulator.snapshot()["rules"][0]["id"].clone();
    promotion.write("files/other.json", json!({"id": id, "enabled": true}).to_string());
    let ran = promotion.plan(&promotion.prod);
    assert_eq!(ran.code, Some(3), "{ran}");
    let plan = document(&ran);
    let doubles = changes(&plan).iter().filter(|change| change["action"] == "invalid");
    let messages: Vec<&str> = doubles
        .map(|change| change["findings"][0]["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages.len(), 2, "{ran}");
    assert!(
        messages.iter().any(|message| message.contains("`files/rule.yaml` too")),
        "{ran}"
    );
    assert!(
        messages
            .iter()
            .any(|message| message.contains("`files/other.json` too")),
        "{ran}"
    );
}

#[test]
fn a_value_is_given_by_its_name_and_the_last_file_wins() {
    let promotion = Promotion::new();
    promotion.write(
        "files/rule.yaml",
        "id: \"@{rule:Credit Card Detection Rule}\"\nactions:\n  - type: display\n    templateId: \"@{value:template}\"\n    priority: 1\n",
    );
    let ran = promotion.plan(&promotion.prod);
    assert!(finding(&ran).contains("no value `template` is given"), "{ran}");
    promotion.write("a.yaml", "template: tmpl_a\n");
    promotion.write("b.yaml", "template: tmpl_b\n");
    let values = [
        "plan", "files", "-o", "json", "--values", "a.yaml", "--values", "b.yaml",
    ];
    let ran = promotion.on(&promotion.prod, &values);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(
        changes(&document(&ran))[0]["after"]["actions"][0]["templateId"],
        "tmpl_b"
    );
    promotion.write("b.yaml", "template: [1]\n");
    assert_eq!(promotion.on(&promotion.prod, &values).code, Some(64));
}

#[test]
fn a_rule_that_its_file_renames_is_found_before_and_after() {
    let promotion = Promotion::new();
    promotion.write(
        "files/rule.yaml",
        "id: \"@{rule:Credit Card Detection Rule}\"\nname: Cards\n",
    );
    let ran = promotion.on(&promotion.dev, &["apply", "files", "--yes"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let again = promotion.plan(&promotion.dev);
    assert_eq!(document(&again)["summary"]["unchanged"], 1, "{again}");
}

#[test]
fn sandboxes_of_two_organizations_have_the_same_names_and_other_ids() {
    let home = new_home();
    let list = |org: &str| {
        let args = ["list", "--sandbox", "--org", org, "-o", "json"];
        let ran = run(assist_rules().args(args).env("ASSIST_RULES_STATE_DIR", &home));
        assert_eq!(ran.code, Some(0), "{ran}");
        let rule = document(&ran)["rules"][0].clone();
        (rule["name"].clone(), rule["id"].clone())
    };
    let (dev, prod) = (list("dev"), list("prod"));
    assert_eq!(dev.0, prod.0);
    assert_ne!(dev.1, prod.1);
    assert_eq!(list("dev"), dev);
    let ran = run(assist_rules().args(["list", "--sandbox", "--org", "../x"]));
    assert_eq!(ran.code, Some(64), "{ran}");
}

/// The files of a folder, each with its text.
fn texts(folder: &std::path::Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for part in ["copilots", "trigger-rules"] {
        let entries = fs::read_dir(folder.join(part)).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        found.extend(files.map(|file| (file.clone(), fs::read_to_string(&file).unwrap())));
    }
    found.sort();
    found
}

/// The id of the version that the NLU domain of the second Copilot is tied to.
fn nlu_version(sandbox: &Sandbox) -> String {
    let snapshot = sandbox.emulator.snapshot();
    let copilot = &snapshot["assistants"][1]["assistant"]["copilot"];
    copilot["nluConfig"]["domain"]["version"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Puts names in place of the values of the sample that have no listing.
fn name_the_values(promotion: &Promotion) {
    let name = |file: &str, value: &str, name: &str| {
        let file = promotion.folder.join(file);
        let text = fs::read_to_string(&file).unwrap();
        let named = text.replace(value, name);
        assert_ne!(named, text);
        fs::write(file, named).unwrap();
    };
    let rule = "files/trigger-rules/credit-card-detection-rule.yaml";
    name(rule, "tmpl_98765", "\"@{value:template}\"");
    let version = nlu_version(&promotion.dev);
    name("files/copilots/sales.yaml", &version, "\"@{value:nlu version}\"");
    promotion.write("dev.yaml", format!("template: tmpl_98765\nnlu version: {version}\n"));
    let version = nlu_version(&promotion.prod);
    promotion.write("prod.yaml", format!("template: tmpl_1\nnlu version: {version}\n"));
}

#[test]
fn what_was_pulled_in_one_organization_is_applied_in_the_other() {
    let promotion = Promotion::new();
    let (dev, prod) = (&promotion.dev, &promotion.prod);
    let ran = promotion.on(dev, &["pull", "files", "--portable", "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let pulled = document(&ran);
    assert_eq!(pulled["summary"]["written"], 3, "{ran}");
    let files = texts(&promotion.folder.join("files"));
    let unlisted = nlu_version(dev);
    for id in dev.emulator.ids().into_iter().filter(|id| *id != unlisted) {
        assert!(files.iter().all(|(_, text)| !text.contains(&id)), "{id} in {files:#?}");
    }
    let documents = pulled["documents"].as_array().unwrap();
    let unlisted = documents.iter().filter_map(|document| document["unlisted"].as_array());
    let unlisted: Vec<&Value> = unlisted.flatten().collect();
    assert_eq!(unlisted, ["/nluConfig/domain/version/id", "/actions/0/templateId"]);
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(promotion.folder.join("files/.assist-rules.json")).unwrap()).unwrap();
    assert_eq!(manifest["portable"], true);
    let here = promotion.plan(dev);
    assert_eq!(here.code, Some(0), "{here}");
    assert_eq!(document(&here)["summary"]["unchanged"], 3, "{here}");

    let ran = promotion.plan(prod);
    assert_eq!(ran.code, Some(3), "{ran}");
    let plan = document(&ran);
    let invalid = changes(&plan).iter().filter(|change| change["action"] == "invalid");
    let places: Vec<&str> = invalid
        .flat_map(|change| change["findings"].as_array().unwrap())
        .map(|finding| finding["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(places, ["/nluConfig/domain/version/id", "/actions/0/templateId"]);
    name_the_values(&promotion);
    for (org, values) in [(dev, "dev.yaml"), (prod, "prod.yaml")] {
        let values = ["--values", values];
        let ran = promotion.on(org, &[&["apply", "files", "--yes"] as &[&str], &values].concat());
        assert_eq!(ran.code, Some(0), "{ran}");
        let again = promotion.on(org, &[&["plan", "files", "-o", "json"] as &[&str], &values].concat());
        assert_eq!(document(&again)["summary"]["unchanged"], 3, "{again}");
    }
    assert_eq!(prod.emulator.foreign_writes(&dev.emulator), [""; 0]);
    assert_eq!(dev.emulator.foreign_writes(&prod.emulator), [""; 0]);
}

#[test]
fn a_pull_into_a_portable_folder_keeps_each_name_that_still_counts() {
    let promotion = Promotion::new();
    let dev = &promotion.dev;
    assert_eq!(promotion.on(dev, &["pull", "files", "--portable"]).code, Some(0));
    name_the_values(&promotion);
    let pull = ["pull", "files", "--values", "dev.yaml"];
    let before = texts(&promotion.folder.join("files"));
    let ran = promotion.on(dev, &pull);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(texts(&promotion.folder.join("files")), before);
    let id = dev.emulator.snapshot()["rules"][0]["id"].as_str().unwrap().to_owned();
    dev.emulator
        .edit_rule(&id, |rule| rule["actions"][0]["priority"] = json!(4))
        .unwrap();
    let ran = promotion.on(dev, &pull);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("1 written"), "{ran}");
    let after = texts(&promotion.folder.join("files"));
    let wanted: Vec<_> = before
        .into_iter()
        .map(|(file, text)| (file, text.replace("priority: 1", "priority: 4")))
        .collect();
    assert_eq!(after, wanted);
}

#[test]
fn a_document_whose_id_has_no_name_is_not_written() {
    let promotion = Promotion::new();
    let dev = &promotion.dev.emulator;
    let snapshot = dev.snapshot();
    let copilot = &snapshot["assistants"][0]["assistant"]["copilot"];
    let attributes = &copilot["ruleEngineConfig"]["rules"][0]["rule"]["actions"][0]["attributes"];
    let id = attributes["responseId"].as_str().unwrap();
    dev.remove_reference(&ReferenceCollection::Responses, id);
    let ran = promotion.on(&promotion.dev, &["pull", "files", "--portable", "-o", "json"]);
    assert_eq!(ran.code, Some(4), "{ran}");
    let pulled = document(&ran);
    assert_eq!(
        pulled["summary"],
        json!({"written": 2, "unchanged": 0, "kept": 1, "missing": 0, "failed": 0})
    );
    let documents = pulled["documents"].as_array().unwrap();
    let kept = documents.iter().find(|document| document["state"] == "kept").unwrap();
    assert_eq!(
        (&kept["reason"], &kept["nameless"][0]["id"]),
        (&json!("reference"), &json!(id))
    );
    let path = "/ruleEngineConfig/rules/0/rule/actions/0/attributes/responseId";
    assert_eq!(kept["nameless"][0]["path"], path);
    assert!(!promotion.folder.join("files/copilots/billing.yaml").exists());
}
