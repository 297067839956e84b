//! `history`: what was changed, by whom, when, and what came of it.

use ports::{ANY_TOKEN, DocumentRef, Entry, EntryId, HistoryQuery};

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::config::{Settings, Target};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::output::visible;
use crate::record::{Record, unusable};
use crate::render::entries::{self, EntryDocument};
use crate::request::HistoryCommand;
use crate::sandbox;

pub(super) async fn run(context: &Context<'_>, command: &HistoryCommand) -> Result<Exit, CliError> {
    let id = command
        .document
        .as_ref()
        .map(crate::document_argument::DocumentArgument::id);
    let kind = command.document.as_ref().map(|document| document.kind().to_owned());
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
            kind,
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
            .info(&format!("There are older ones: --limit shows more than {limit}."));
    }
    let output = context.output;
    match (output.format, entries.as_slice()) {
        (Format::Human, [entry]) if command.entry.is_some() => output.document(&entries::at_length(entry))?,
        (Format::Human, []) => output.document(&format!(
            "The ledger at {} has no such update.\n",
            visible(&settings.ledger.to_string())
        ))?,
        (Format::Human, entries) => output.document(&entries::table(entries))?,
        (Format::Ndjson, entries) => {
            for entry in entries {
                output.line(&EntryDocument::of(entry))?;
            }
        }
        (_, entries) => output.data(&entries::document(entries))?,
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
        return match sandbox::kept_organization(&settings.state_dir, context.global.org.as_deref())? {
            Some(kept) => Ok(Some(recorded_as(record, kept, api_and_client).await?)),
            None => Ok(Some(api_and_client)),
        };
    }
    let known = record.history.organization_of(&api_and_client).await;
    if let Some(known) = known.map_err(|failure| unusable(&failure))? {
        return Ok(Some(known));
    }
    let asked = match context.open(settings).await {
        Ok(session) => session.last_organization().await.map_err(|failure| failure.to_string()),
        Err(problem) => Err(problem.message),
    };
    match asked {
        Ok(Some(organization)) => Ok(Some(recorded_as(record, organization.id, api_and_client).await?)),
        Ok(None) => Ok(Some(api_and_client)),
        Err(failure) => {
            context.output.info(&visible(&format!(
                "{failure}; shown is what `{api_and_client}` recorded"
            )));
            Ok(Some(api_and_client))
        }
    }
}

/// The target under which an organization has entries: `API CLIENT`, as long as no run that records has joined the two.
async fn recorded_as(record: &Record, organization: String, api_and_client: String) -> Result<String, CliError> {
    let is_any_token = api_and_client
        .rsplit_once(' ')
        .is_some_and(|(_, client)| client == ANY_TOKEN);
    if is_any_token || has_entries(record, &organization).await? || !has_entries(record, &api_and_client).await? {
        return Ok(organization);
    }
    Ok(api_and_client)
}

async fn has_entries(record: &Record, target: &str) -> Result<bool, CliError> {
    let any = HistoryQuery {
        target: Some(target.to_owned()),
        limit: 1,
        ..HistoryQuery::default()
    };
    let found = record.history.entries(&any).await;
    found
        .map(|entries| !entries.is_empty())
        .map_err(|failure| unusable(&failure))
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
