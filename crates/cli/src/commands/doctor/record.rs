//! Checks of the ledger and the sinks.

use std::sync::Arc;

use domain::{DocumentKind, TriggerRule};
use ports::{Backlog, RealTime};
use sink_adapter::SinkSettings;

use super::check::{Check, fails, skipped, works};
use crate::cli_error::{CliError, chain};
use crate::commands::{Context, history};
use crate::config::Settings;
use crate::error_code::ErrorCode;
use crate::record::{Record, unusable};

/// The ledger, then each sink.
pub(super) async fn checks(context: &Context<'_>, settings: &Settings) -> Vec<Check> {
    let (ledger, backlog) = match read(context, settings).await {
        Ok((check, backlog)) => (check, backlog),
        Err(problem) => (fails("ledger", &problem), Vec::new()),
    };
    let mut checks = vec![ledger];
    match &settings.sinks {
        Err(problem) => checks.push(fails("sinks", problem)),
        Ok(sinks) if sinks.is_empty() => checks.push(skipped("sinks", "none is configured")),
        Ok(sinks) => checks.extend(sinks.iter().map(|sink| check(sink, &backlog))),
    }
    checks
}

async fn read(context: &Context<'_>, settings: &Settings) -> Result<(Check, Vec<Backlog>), CliError> {
    let address = &settings.ledger;
    if address.file().is_some_and(|file| !file.exists()) {
        let message = format!("none yet: the first change makes {address}");
        return Ok((works("ledger", message), Vec::new()));
    }
    let record = Record::open_to_read(settings).await?;
    let target = history::target(context, settings, &record).await?.unwrap_or_default();
    let unsettled = record.ledger.unsettled(&target, TriggerRule::NAME.as_str()).await;
    let backlog = record.outbox.backlog().await;
    record.close().await;
    let unsettled = unsettled.map_err(|failure| unusable(&failure))?.len();
    let backlog = backlog.map_err(|failure| unusable(&failure))?;
    let check = if unsettled == 0 {
        works("ledger", format!("{address} can be read"))
    } else {
        let open = if unsettled == 1 {
            "1 change".to_owned()
        } else {
            format!("{unsettled} changes")
        };
        Check {
            help: Some("`assist-rules reconcile` finds out what became of it".to_owned()),
            ..works(
                "ledger",
                format!("{address} can be read; the outcome of {open} is not known"),
            )
        }
    };
    Ok((check, backlog))
}

/// Checks that what the sink names is there, as far as that can be seen from here, and that it is enabled and has no
/// backlog.
fn check(sink: &SinkSettings, backlog: &[Backlog]) -> Check {
    let name = &sink.name;
    if let Err(error) = sink.examine(Arc::new(RealTime::start())) {
        return fails(
            "sink",
            &CliError::new(ErrorCode::Configuration, format!("`{name}`: {}", chain(&error))),
        );
    }
    let left = backlog.iter().find(|left| left.sink == *name);
    let owed = left.filter(|left| left.pending + left.dead > 0 || left.disabled.is_some());
    let Some(owed) = owed else {
        return works("sink", format!("`{name}` can be used, and has been told everything"));
    };
    let mut message = format!("`{name}`: {} pending, {} given up", owed.pending, owed.dead);
    let why = owed.disabled.as_ref().or(owed.last_failure.as_ref());
    if let Some(why) = why {
        message.push_str(": ");
        message.push_str(why);
    }
    let problem = CliError::new(ErrorCode::DeliveryPending, message);
    let help = if owed.disabled.is_some() {
        format!("`assist-rules deliver --enable {name}` takes it up again")
    } else {
        "`assist-rules deliver` tries now; `deliver --replay EVENT` tells again what was given up".to_owned()
    };
    fails("sink", &problem.with_help(help))
}
