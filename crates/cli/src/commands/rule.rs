//! Which rule is meant.

use domain::{Code, RuleId};

use crate::args::{Format, RuleArg};
use crate::cli_error::CliError;
use crate::commands::Context;

/// The variable that names a rule where the command line does not.
const VARIABLE: &str = "GENESYS_RULE_ID";

/// The rule that was named, if one was.
pub(crate) fn named(context: &Context<'_>, arg: &RuleArg) -> Result<Option<RuleId>, CliError> {
    let text = arg.rule.as_deref().or_else(|| context.environment.get(VARIABLE));
    text.map(parse).transpose()
}

/// The rule that was named, or an error.
pub(crate) fn required(context: &Context<'_>, arg: &RuleArg) -> Result<RuleId, CliError> {
    named(context, arg)?.ok_or_else(|| {
        CliError::new(Code::Usage, "no rule is named").with_help(format!("give its id, or set {VARIABLE}"))
    })
}

fn parse(text: &str) -> Result<RuleId, CliError> {
    if text.starts_with("copilot/") {
        let message = format!("`{text}` is a Copilot document, which this version cannot change");
        return Err(CliError::new(Code::Usage, message));
    }
    let id = text.strip_prefix("rule/").unwrap_or(text);
    id.parse()
        .map_err(|error: domain::BadRuleId| CliError::new(Code::BadRuleId, error.to_string()))
}

/// Refuses a format that a command does not have.
pub(crate) fn only_formats(context: &Context<'_>, formats: &[Format]) -> Result<(), CliError> {
    if formats.contains(&context.output.format) {
        return Ok(());
    }
    let names: Vec<String> = formats
        .iter()
        .map(|format| format!("{format:?}").to_lowercase())
        .collect();
    let message = format!(
        "this command does not print {}",
        format!("{:?}", context.output.format).to_lowercase()
    );
    Err(CliError::new(Code::Usage, message).with_help(format!("it prints {}", names.join(", "))))
}

/// The formats of documents that people and programs read.
pub(crate) const DATA: [Format; 3] = [Format::Human, Format::Json, Format::Yaml];
