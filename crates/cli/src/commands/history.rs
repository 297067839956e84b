//! `history`: what was changed, by whom, when, and what came of it.

use domain::Code;
use ports::{Entry, EntryId, HistoryQuery};

use crate::args::{Format, HistoryArgs};
use crate::commands::{Context, rule};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::record::{Record, unusable};
use crate::render::history::{self, EntryDocument};

pub(super) async fn run(context: &Context<'_>, args: &HistoryArgs) -> Result<Exit, Problem> {
    rule::only_formats(context, &[Format::Human, Format::Json, Format::Yaml, Format::Ndjson])?;
    let id = rule::named(context, &args.rule)?;
    let settings = context.settings()?;
    let record = Record::open_to_read(settings).await?;
    let read = if let Some(number) = args.entry {
        entry(&record, EntryId(number)).await.map(|entry| vec![entry])
    } else {
        let query = HistoryQuery {
            target: settings.ledger_target(),
            document: id.map(|id| id.to_string()),
            since: args.since.map(|since| since.0),
            before: None,
            ending: args.outcome,
            limit: args.limit,
        };
        let entries = record.history.entries(&query).await;
        entries.map_err(|failure| unusable(&failure))
    };
    record.close().await;
    let entries = read?;
    let output = context.output;
    match (output.format, entries.as_slice()) {
        (Format::Human, [entry]) if args.entry.is_some() => output.document(&history::at_length(entry))?,
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

async fn entry(record: &Record, id: EntryId) -> Result<Entry, Problem> {
    let found = record.history.entry(id).await.map_err(|failure| unusable(&failure))?;
    found.ok_or_else(|| {
        Problem::new(Code::NoEntry, format!("the ledger has no entry {id}"))
            .with_help("`assist-rules history` lists those that it has")
    })
}
