//! Documents that are named by their name: looked up in the listing, and replaced by their id.

use std::path::Path;

use domain::json::Node;
use domain::{Copilot, RuleId};
use ports::Listing;

use crate::args::Command;
use crate::cli_error::CliError;
use crate::commands::{Context, list};
use crate::config::Settings;
use crate::document_argument::{DocumentArgument, assistant_name_of, name_of};
use crate::error_code::ErrorCode;
use crate::kind::CliKind;
use crate::output::visible;
use crate::request::VARIABLE;
use crate::source;

/// The number of ids, or of names, that an error lists.
const MOST_SHOWN: usize = 5;

/// The command with the id of the rule in place of its name. In the sandbox, its only rule needs no name.
///
/// # Errors
///
/// If no rule has the name, or several have it, or the rules cannot be listed.
pub(super) async fn with_id(context: &Context<'_>, mut command: Command) -> Result<Command, CliError> {
    if let Command::List(args) = &mut command
        && let Some(copilot) = &mut args.copilot
        && let Some(named) = with_assistant_id(context, copilot).await?
    {
        *copilot = named;
    }
    let says_nothing = matches!(&command, Command::Update(args) if args.change.names_nothing());
    let Some(argument) = command.rule_mut() else {
        return Ok(command);
    };
    // Why: a rule of the environment is one of an organization, and an update that says nothing is none of it.
    let in_environment = context.environment.get(VARIABLE).filter(|_| !says_nothing);
    let text = argument.rule.as_deref().or(in_environment);
    if text.is_none() {
        if let Some(id) = command.file_of_change().map(id_in).transpose()?.flatten() {
            if let Some(argument) = command.rule_mut() {
                argument.rule = Some(format!("rule/{id}"));
            }
            return Ok(command);
        }
        let is_sandbox = context.settings.as_ref().is_ok_and(Settings::is_sandbox);
        if is_sandbox && command.needs_rule() {
            name_the_only_rule(context, &mut command).await?;
        }
        return Ok(command);
    }
    if let Some(text) = text
        && let Some(named) = with_assistant_id(context, text).await?
    {
        argument.rule = Some(named);
        return Ok(command);
    }
    let Some(name) = text.and_then(name_of).map(str::to_owned) else {
        return Ok(command);
    };
    argument.rule = Some(format!("rule/{}", look_up(context, &name).await?));
    Ok(command)
}

/// The document that a text names, by its id or its name.
///
/// # Errors
///
/// As [`look_up`] has them, and if it names no kind that is known.
pub(super) async fn argument(context: &Context<'_>, text: &str) -> Result<DocumentArgument, CliError> {
    if let Some(named) = with_assistant_id(context, text).await? {
        return named.parse();
    }
    match name_of(text) {
        Some(name) => format!("rule/{}", look_up(context, name).await?).parse(),
        None => text.parse(),
    }
}

/// The id that a document in a file states, if it is one.
///
/// # Errors
///
/// If the file cannot be read.
fn id_in(file: &Path) -> Result<Option<RuleId>, CliError> {
    // Why: what a pipe holds can be read once, and the change is read from it later.
    if std::fs::metadata(file).is_ok_and(|data| !data.is_file()) {
        return Ok(None);
    }
    let source = source::read(file)?.ok();
    let id = source.as_ref().and_then(|source| source.document.root().get("id"));
    Ok(id.and_then(Node::as_str).and_then(|id| id.parse().ok()))
}

/// Names the sandbox's rule, if it has one and no more. An update that says nothing else either makes the sample change.
async fn name_the_only_rule(context: &Context<'_>, command: &mut Command) -> Result<(), CliError> {
    let rules = list::rules(context).await?;
    let rules = rules.map_err(|failure| CliError::of_failure("list the sandbox's rules", &failure))?;
    if let ([rule], Some(argument)) = (rules.documents.as_slice(), command.rule_mut()) {
        argument.rule = Some(format!("rule/{}", rule.stated_id));
    }
    if let Command::Update(args) = command {
        args.change.is_sample = args.change.names_nothing();
    }
    Ok(())
}

/// The id of the rule with a name.
///
/// # Errors
///
/// If no rule has it, or several have it, or the rules cannot be listed.
pub(super) async fn look_up(context: &Context<'_>, name: &str) -> Result<String, CliError> {
    let listed = list::rules(context).await?;
    let doing = format!("look up the rule named `{}`", visible(name));
    let rules = listed.map_err(|failure| CliError::of_failure(&doing, &failure))?;
    let help = list::warning(&rules);
    only(&rules, "rule", name, help)
}

/// The text that names a Copilot by the id of its assistant, of one that names it by the name; none of any other text.
///
/// # Errors
///
/// As [`look_up`] has them.
async fn with_assistant_id(context: &Context<'_>, text: &str) -> Result<Option<String>, CliError> {
    let Some((name, variation)) = text.strip_prefix("copilot/").and_then(assistant_name_of) else {
        return Ok(None);
    };
    let id = look_up_assistant(context, &name).await?;
    let variation = variation.map_or(String::new(), |variation| format!("/{variation}"));
    Ok(Some(format!("copilot/{id}{variation}")))
}

/// The id of the assistant with a name.
///
/// # Errors
///
/// As [`look_up`] has them.
async fn look_up_assistant(context: &Context<'_>, name: &str) -> Result<String, CliError> {
    let listed = list::documents::<Copilot>(context).await?;
    let doing = format!("look up the assistant named `{}`", visible(name));
    let assistants = listed.map_err(|failure| CliError::of_failure(&doing, &failure))?;
    only(&assistants, "assistant", name, None)
}

/// The id of the one document of a listing that has the name.
fn only<K: CliKind>(listed: &Listing<K>, noun: &str, name: &str, help: Option<String>) -> Result<String, CliError> {
    let documents = &listed.documents;
    let of_that_name = documents.iter().filter(|listed| listed.title.as_deref() == Some(name));
    let ids: Vec<&str> = of_that_name.map(|listed| listed.stated_id.as_str()).collect();
    match ids.as_slice() {
        [id] => Ok((*id).to_owned()),
        [] => {
            let names = documents.iter().filter_map(|listed| listed.title.as_deref());
            let message = format!("no {noun} has the name `{}`", visible(name));
            let help = help.unwrap_or_else(|| near(name, names));
            Err(CliError::new(ErrorCode::NotFound, message).with_help(help))
        }
        several => {
            let shown = several
                .iter()
                .take(MOST_SHOWN)
                .map(|id| visible(id))
                .collect::<Vec<_>>();
            let more = match several.len().saturating_sub(MOST_SHOWN) {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let message = format!("{} {noun}s have the name `{}`", several.len(), visible(name));
            let help = format!("name one by its id: {}{more}", shown.join(", "));
            Err(CliError::new(ErrorCode::Usage, message).with_help(help))
        }
    }
}

/// The names that may have been meant: those that differ in case or blanks alone, or in a few letters.
fn near<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> String {
    let plain = |text: &str| -> String { text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase() };
    let wanted: String = plain(name).chars().take(200).collect();
    let allowed = (wanted.chars().count() / 4).clamp(1, 8);
    let mut near: Vec<(usize, &str)> = names
        .map(|other| (strsim::damerau_levenshtein(&wanted, &plain(other)), other))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(MOST_SHOWN);
    let near: Vec<String> = near.iter().map(|(_, name)| format!("`{}`", visible(name))).collect();
    if near.is_empty() {
        return "`assist-rules list` shows the names of all rules".to_owned();
    }
    format!("did you mean {}? Case and blanks count", near.join(" or "))
}
