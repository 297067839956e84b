//! The rules that a sandbox starts with, where it is not the sample rule alone.

use std::path::Path;

use domain::{Edit, TriggerRule};
use emulator::{Emulator, SAMPLE_RULE, SAMPLE_RULE_ID};
use serde_json::{Value, json};

use crate::args::StartingRules;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::output::visible;
use crate::source::{self, Source};

/// Puts the rules in place of the sample rule. The id of the first.
///
/// # Errors
///
/// If a file cannot be read, or is no rule with an id.
pub(super) fn put(emulator: &Emulator, rules: &StartingRules) -> Result<String, CliError> {
    let rules = match rules {
        StartingRules::Made(number) => (1..=*number).filter_map(made).collect(),
        StartingRules::Folder(folder) => loaded(folder)?,
    };
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

/// The rule of that number, like the sample rule but for id and name.
fn made(number: u32) -> Option<(String, Value)> {
    let mut rule: Value = serde_json::from_str(SAMPLE_RULE).ok()?;
    let members = rule.as_object_mut()?;
    let id = format!("rule-{number:05}");
    members.insert("id".to_owned(), json!(id));
    members.insert("name".to_owned(), json!(format!("Rule {number:05}")));
    Some((id, rule))
}

/// The rules in the files of a folder. They need not have what the server owns.
fn loaded(folder: &Path) -> Result<Vec<(String, Value)>, CliError> {
    let walked = source::walk(&[folder.to_owned()]);
    if let Some(fault) = walked.faults.into_iter().next() {
        return Err(fault);
    }
    let rule = |path: &Path| {
        let no_rule = || unusable(&format!("`{}` is no rule with an `id`", path.display()));
        let source = source::read(path)?.map_err(|_| no_rule())?;
        as_stored(source).ok_or_else(no_rule)
    };
    walked.files.iter().map(|path| rule(path)).collect()
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
