//! The rules and Copilots that a sandbox starts with, where it is not the samples alone.

use std::path::Path;

use domain::{CopilotId, Edit, TriggerRule};
use emulator::{CopilotError, Emulator, SAMPLE_RULE, SAMPLE_RULE_ID};
use serde_json::{Value, json};

use crate::args::StartingRules;
use crate::cli_error::CliError;
use crate::copilot_file::{self, Opened};
use crate::error_code::ErrorCode;
use crate::output::visible;
use crate::source::{self, Source};

/// The documents of files, as a sandbox takes them.
#[derive(Default)]
struct Loaded {
    /// Rules, each with its id.
    rules: Vec<(String, Value)>,
    /// Copilots, each with the name of its file.
    copilots: Vec<(CopilotId, String, Value)>,
}

/// Puts the rules in place of the sample rule, and the Copilots in place of those that their assistants have. The id of the first
/// rule.
///
/// # Errors
///
/// If a file cannot be read, or is no rule with an id and no Copilot of an assistant.
pub(super) fn put(emulator: &Emulator, rules: &StartingRules) -> Result<String, CliError> {
    let Loaded { rules, mut copilots } = match rules {
        StartingRules::Made(number) => Loaded {
            rules: (1..=*number).filter_map(made).collect(),
            copilots: Vec::new(),
        },
        StartingRules::Folder(folder) => loaded(folder)?,
    };
    // Why: a variation needs its assistant.
    copilots.sort_by_key(|(id, _, _)| id.variation().is_some());
    for (id, name, copilot) in copilots {
        put_copilot(emulator, &id, &name, copilot).map_err(|error| unusable(&error.to_string()))?;
    }
    if rules.is_empty() {
        return Ok(SAMPLE_RULE_ID.to_owned());
    }
    emulator.remove_rule(SAMPLE_RULE_ID);
    let mut first = None;
    for (id, rule) in rules {
        if emulator.rule(&id).is_some() {
            return Err(unusable(&format!("two files are about the rule `{}`", visible(&id))));
        }
        emulator.put_rule(rule).map_err(|error| unusable(&error.to_string()))?;
        first.get_or_insert(id);
    }
    Ok(first.unwrap_or_default())
}

/// Keeps the Copilot of an assistant, which is made if it is not there, or of a variation of it.
fn put_copilot(emulator: &Emulator, id: &CopilotId, name: &str, copilot: Value) -> Result<(), CopilotError> {
    let with_copilot = |mut document: Value| {
        if let Some(members) = document.as_object_mut() {
            members.insert("copilot".to_owned(), copilot);
        }
        document
    };
    let made = |id: &str| json!({"id": id, "name": name});
    match id.variation() {
        None => {
            let assistant = emulator.assistant(id.assistant());
            emulator.put_assistant(with_copilot(assistant.unwrap_or_else(|| made(id.assistant()))))
        }
        Some(variation) => emulator.put_variation(id.assistant(), with_copilot(made(variation))),
    }
}

/// The rule of that number, like the sample rule but for id and name.
fn made(number: u32) -> Option<(String, Value)> {
    let mut rule: Value = serde_json::from_str(SAMPLE_RULE).ok()?;
    let members = rule.as_object_mut()?;
    let id = format!("rule-{number:05}");
    members.insert("id".to_owned(), json!(id));
    members.insert("name".to_owned(), json!(format!("Rule {number:05}")));
    Some((id, rule))
}

/// The documents in the files of a folder. They need not have what the server owns.
fn loaded(folder: &Path) -> Result<Loaded, CliError> {
    let walked = source::walk(&[folder.to_owned()]);
    if let Some(fault) = walked.faults.into_iter().next() {
        return Err(fault);
    }
    let mut loaded = Loaded::default();
    for path in walked.files {
        let no_document = || unusable(&format!("`{}` is no rule with an `id`", path.display()));
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for source in source::read_all_documents(&path)?.map_err(|_| no_document())? {
            if copilot_file::is_one(&source.document) {
                let Opened { source, id, faults } = copilot_file::open(source);
                let copilot = serde_json::from_str(source.document.text()).ok();
                let (Some(id), Some(copilot), true) = (id, copilot, faults.is_empty()) else {
                    return Err(unusable(&format!(
                        "`{}` is no Copilot with the id of its `assistant`",
                        path.display()
                    )));
                };
                loaded.copilots.push((id, name.clone(), copilot));
            } else {
                loaded.rules.push(as_stored(source).ok_or_else(no_document)?);
            }
        }
    }
    Ok(loaded)
}

fn as_stored(source: Source) -> Option<(String, Value)> {
    let edit = Edit::<TriggerRule>::new(source.document).ok()?;
    let mut rule: Value = serde_json::from_str(edit.document().text()).ok()?;
    let members = rule.as_object_mut()?;
    let id: domain::RuleId = members.get("id")?.as_str()?.parse().ok()?;
    members.entry("ruleType").or_insert_with(|| json!("conversation"));
    members.entry("enabled").or_insert_with(|| json!(true));
    Some((id.to_string(), rule))
}

fn unusable(why: &str) -> CliError {
    let help = "`validate` says what is wrong with files; a sandbox takes rules that have an `id` of their own";
    CliError::new(ErrorCode::Usage, format!("cannot start with these rules: {why}")).with_help(help)
}
