//! Checks of the sinks.

use std::sync::Arc;
use std::time::Duration;

use ports::{Backlog, RealTime};
use sink_adapter::{ExamineError, SinkKind, SinkSettings};

use super::check::{Check, fails, skipped, works};
use crate::cli_error::{CliError, chain};
use crate::commands::Context;
use crate::config::Settings;
use crate::error_code::ErrorCode;

/// Each sink, with what is left to tell it.
pub(super) async fn checks(context: &Context<'_>, settings: &Settings, backlog: &[Backlog]) -> Vec<Check> {
    if settings.is_sandbox() && !context.global.sinks {
        return vec![skipped("sinks", "not tried: the sandbox tells none without --sinks")];
    }
    let sinks = match &settings.sinks {
        Err(problem) => return vec![fails("sinks", problem)],
        Ok(sinks) if sinks.names().next().is_none() => return vec![skipped("sinks", "none is configured")],
        Ok(sinks) => sinks,
    };
    let mut checks = Vec::new();
    for (_, error) in &sinks.without_secret {
        checks.push(fails("sink", error));
    }
    for sink in &sinks.usable {
        checks.push(check(sink, backlog, settings.deadline).await);
    }
    checks
}

/// Tries what the sink names, then looks whether it is enabled and was told everything.
async fn check(sink: &SinkSettings, backlog: &[Backlog], deadline: Duration) -> Check {
    let name = &sink.name;
    let left = backlog.iter().find(|left| left.sink == *name);
    let owed = left.filter(|left| left.pending + left.dead > 0 || left.disabled.is_some());
    let late = || ExamineError::Unreachable(format!("no answer came within the deadline of {deadline:?}"));
    let examined = tokio::time::timeout(deadline, sink.examine(Arc::new(RealTime::start()))).await;
    let examined = examined.unwrap_or_else(|_| Err(late()));
    let left = owed.map(left_to_tell);
    if let Err(error) = examined {
        let code = match error {
            ExamineError::Settings(_) => ErrorCode::Configuration,
            ExamineError::Unreachable(_) => ErrorCode::Unavailable,
        };
        let left = left.map_or_else(String::new, |left| format!("; {left}"));
        let mut problem = CliError::new(code, format!("`{name}`: {}{left}", chain(&error)));
        if code == ErrorCode::Unavailable {
            problem =
                problem.with_help("changes are made all the same, and `assist-rules deliver` tells it of them later");
        }
        return fails("sink", &problem);
    }
    let (Some(owed), Some(left)) = (owed, left) else {
        let tried = match sink.kind {
            SinkKind::Directory { .. } => "can be written to",
            SinkKind::Command { .. } => "has its program",
            SinkKind::Webhook { .. } => "is answered by its server",
            SinkKind::Postgres { .. } => "is connected to",
        };
        return works("sink", format!("`{name}` {tried}, and nothing is left to tell it"));
    };
    let message = format!("`{name}`: {left}");
    let problem = CliError::new(ErrorCode::DeliveryPending, message);
    let help = if owed.disabled.is_some() {
        format!("`assist-rules deliver --enable {name}` takes it up again")
    } else {
        "`assist-rules deliver` tries now; `deliver --replay EVENT` tells again what was given up".to_owned()
    };
    fails("sink", &problem.with_help(help))
}

/// The number of events that a sink was not told of, and why.
fn left_to_tell(owed: &Backlog) -> String {
    let why = owed.disabled.as_ref().or(owed.last_failure.as_ref());
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    format!("{} pending, {} given up{why}", owed.pending, owed.dead)
}
