//! `history`: what was changed, by whom, when, and what came of it.

use ports::{DocumentRef, Entry, EntryId, HistoryQuery};

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::config::{Settings, Target};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::record::{Record, unusable};
use crate::render::history::{self, EntryDocument};
use crate::request::HistoryCommand;
use crate::sandbox;

pub(super) async fn run(context: &Context<'_>, command: &HistoryCommand) -> Result<Exit, CliError> {
    let id = command.document.as_ref().map(|document| document.id().to_owned());
    let settings = context.settings()?;
    let record = Record::open_to_read(settings).await?;
    let target = target(context, settings, &record).await?;
    let limit = usize::try_from(command.limit).unwrap_or(usize::MAX - 1);
    let read = if let Some(number) = command.entry {
        let entry = entry(&record, number, target, id.as_deref()).await;
        entry.map(|entry| vec![entry])
    } else {
        let query = HistoryQuery {
            target,
            kind: None,
            document: id,
            since: command.since,
            before: None,
            outcome: command.outcome,
            // One more, to know whether there are more.
            limit: limit + 1,
        };
        let entries = record.history.entries(&query).await;
        entries.map_err(|failure| unusable(&failure))
    };
    record.close().await;
    let mut entries = read?;
    if entries.len() > limit {
        entries.truncate(limit);
        context
            .output
            .note(&format!("There are older ones: --limit shows more than {limit}."));
    }
    let output = context.output;
    match (output.format, entries.as_slice()) {
        (Format::Human, [entry]) if command.entry.is_some() => output.document(&history::at_length(entry))?,
        (Format::Human, []) => output.document(&format!("The ledger at {} has no such update.\n", settings.ledger))?,
        (Format::Human, entries) => output.document(&history::table(entries))?,
        (Format::Ndjson, entries) => {
            for entry in entries {
                output.line(&EntryDocument::of(entry))?;
            }
        }
        (_, entries) => output.data(&history::document(entries))?,
    }
    Ok(Exit::Done)
}

/// The target whose entries are shown to a command that only reads the record: the organization as far as it is known
/// here, or else asked for once; where that fails, `API CLIENT`. No target if none is configured.
pub(super) async fn target(
    context: &Context<'_>,
    settings: &Settings,
    record: &Record,
) -> Result<Option<String>, CliError> {
    let Some(api_and_client) = settings.api_and_client() else {
        return Ok(None);
    };
    if let Ok(Target::Sandbox) = settings.target {
        let kept = sandbox::kept_organization(&settings.state_dir);
        return Ok(Some(kept.unwrap_or(api_and_client)));
    }
    let known = record.history.organization_of(&api_and_client).await;
    if let Some(known) = known.map_err(|failure| unusable(&failure))? {
        return Ok(Some(known));
    }
    let Ok(session) = context.open(settings).await else {
        return Ok(Some(api_and_client));
    };
    match session.last_organization().await {
        Ok(organization) => Ok(Some(
            organization.map_or(api_and_client, |organization| organization.id),
        )),
        Err(failure) => {
            context
                .output
                .note(&format!("{failure}; shown is what `{api_and_client}` recorded"));
            Ok(Some(api_and_client))
        }
    }
}

/// An entry by its number, of the target and the rule that were named.
async fn entry(record: &Record, id: EntryId, target: Option<String>, rule: Option<&str>) -> Result<Entry, CliError> {
    let found = record.history.entry(id).await.map_err(|failure| unusable(&failure))?;
    let is_meant = |entry: &Entry| {
        let document = entry.document();
        let is = |asked: Option<&str>, of: fn(&DocumentRef) -> &str| {
            asked.is_none_or(|asked| document.map(of) == Some(asked))
        };
        is(target.as_deref(), |document| &document.target) && is(rule, |document| &document.id)
    };
    found.filter(is_meant).ok_or_else(|| {
        CliError::new(ErrorCode::NoEntry, format!("the ledger has no such entry {id}"))
            .with_help("`assist-rules history` lists those that it has")
    })
}
