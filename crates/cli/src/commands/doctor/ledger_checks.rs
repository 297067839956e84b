//! The check of the ledger: it can be read and written, has room, and its newest entries are sound.

use std::path::Path;

use domain::{DocumentKind, TriggerRule};
use ports::Backlog;

use super::check::{Check, State, fails, skipped, works};
use crate::cli_error::CliError;
use crate::commands::{Context, history};
use crate::config::Settings;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::record::{Record, unusable};

/// The bytes that a disk must have room for: more than an update of the largest rule takes.
const ROOM: usize = 4 << 20;

/// The number of entries whose hashes are tried.
const SAMPLE: u32 = 100;

/// The check, and what the sinks have still to be told.
pub(super) async fn check(context: &Context<'_>, settings: &Settings) -> (Check, Vec<Backlog>) {
    if is_absent(settings.ledger.file()) {
        let message = format!(
            "not tried: there is none yet, the first change makes {}",
            settings.ledger
        );
        return (skipped(NAME, message), Vec::new());
    }
    let record = match Record::open_to_read(settings).await {
        Ok(record) => record,
        Err(problem) => return (fails(NAME, &problem), Vec::new()),
    };
    let backlog = record.outbox.backlog().await;
    let tried = tried(context, settings, &record).await;
    record.close().await;
    let tried = match (tried, &backlog) {
        (Ok(_), Err(failure)) => Err(unusable(failure)),
        (tried, _) => tried,
    };
    let check = tried.unwrap_or_else(|problem| fails(NAME, &problem));
    (check, backlog.unwrap_or_default())
}

const NAME: &str = "ledger";

async fn tried(context: &Context<'_>, settings: &Settings, record: &Record) -> Result<Check, CliError> {
    let address = &settings.ledger;
    let target = history::target(context, settings, record).await?.unwrap_or_default();
    let unsettled = record.ledger.unsettled(&target, TriggerRule::NAME.as_str()).await;
    let unsettled = unsettled.map_err(|failure| unusable(&failure))?.len();
    let store = record.store(settings)?;
    let sample = store
        .verify_newest(SAMPLE)
        .await
        .map_err(|failure| unusable(&failure))?;
    if let Some(fault) = sample.faults.first() {
        let entry = fault.entry.map_or_else(String::new, |entry| format!("entry {entry}: "));
        return Ok(Check {
            state: State::Fails,
            help: Some(
                "`assist-rules audit verify` looks at all of them, and docs/ledger.md says what to do".to_owned(),
            ),
            exit: Exit::Findings,
            ..works(NAME, format!("{address}: {entry}{}", fault.what))
        });
    }
    let is_written = store.try_to_write().await.map_err(|failure| unusable(&failure))?;
    if let Some(folder) = address.file().and_then(Path::parent) {
        files::try_room(folder, ROOM).map_err(|error| {
            let message = format!("there is no room beside {address}: {error}");
            CliError::new(ErrorCode::NotRecorded, message)
                .with_help("make room on its disk, or name another ledger with --ledger")
        })?;
    }
    let can = if is_written {
        "can be read and written"
    } else {
        "can be read, and the next change brings its format up to date"
    };
    let proved = match sample.entries {
        0 => "it is empty".to_owned(),
        1 => "its one entry is sound".to_owned(),
        entries => format!("its newest {entries} entries are sound"),
    };
    let message = format!("{address} {can}; {proved}");
    Ok(match unsettled {
        0 => works(NAME, message),
        1 => unsettled_ones(&message, "1 change"),
        more => unsettled_ones(&message, &format!("{more} changes")),
    })
}

fn unsettled_ones(message: &str, changes: &str) -> Check {
    Check {
        help: Some("`assist-rules reconcile` finds out what became of it".to_owned()),
        ..works(NAME, format!("{message}; the outcome of {changes} is not known"))
    }
}

/// True if there is a place for a file, and none or an empty one in it. One that may not be looked at may well be there.
fn is_absent(file: Option<&Path>) -> bool {
    match file.map(std::fs::metadata) {
        Some(Ok(data)) => data.is_file() && data.len() == 0,
        Some(Err(error)) => files::is_absent(&error),
        None => false,
    }
}
