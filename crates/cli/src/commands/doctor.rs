//! `doctor`: what works, what does not, and what to do.

mod check;
mod record;

use std::fmt::Write;
use std::time::SystemTime;

use domain::{FailureClass, RequestError, ResponseMetadata, RuleId, TriggerRule};
use genesys_adapter::Organization;
use serde::Serialize;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::config::{Settings, Target};
use crate::document_argument::DocumentArgument;
use crate::exit::Exit;
use crate::output::{DIM, ERROR, FORMAT_VERSION, SUCCESS, visible};
use crate::session::Session;
use check::{Check, State, fails, skipped, works};

/// By how much clocks may differ before it matters to tokens and records, in seconds.
const TOLERATED_SKEW: i64 = 30;

#[derive(Serialize)]
struct Document {
    format_version: &'static str,
    kind: &'static str,
    checks: Vec<Check>,
}

pub(super) async fn run(context: &Context<'_>, document: Option<&DocumentArgument>) -> Result<Exit, CliError> {
    let id = document.map(|DocumentArgument::Rule(id)| id);
    let mut checks = examine(context, id).await?;
    if let Ok(settings) = context.settings() {
        checks.extend(record::checks(context, settings).await);
    }
    let exit = checks
        .iter()
        .map(|check| check.exit)
        .find(|exit| *exit != Exit::Done)
        .unwrap_or(Exit::Done);
    if context.output.format == Format::Human {
        context.output.document(&human(&checks))?;
    } else {
        context.output.data(&Document {
            format_version: FORMAT_VERSION,
            kind: "doctor",
            checks,
        })?;
    }
    Ok(exit)
}

async fn examine(context: &Context<'_>, id: Option<&RuleId>) -> Result<Vec<Check>, CliError> {
    let settings = match context.settings() {
        Ok(settings) => settings,
        Err(problem) => return Ok(vec![fails("configuration", &problem)]),
    };
    let state = settings.state_dir.display().to_string();
    let mut checks = vec![works("configuration", format!("read; state is kept in `{state}`"))];
    let target = match &settings.target {
        Ok(target) => target,
        Err(problem) => {
            checks.push(fails("credentials", problem));
            return Ok(checks);
        }
    };
    let what = match target {
        Target::Sandbox => "the sandbox needs none".to_owned(),
        Target::Organisation(at) => format!("from {}", at.from),
    };
    checks.push(works("credentials", what));
    let session = match context.open(settings).await {
        Ok(session) => session,
        Err(problem) => {
            checks.push(fails("connection", &problem));
            return Ok(checks);
        }
    };
    let api = session.api();
    match session.sign_in().await {
        Ok(()) => checks.push(works(
            "sign-in",
            format!("accepted, with credentials from {}", session.credentials_from),
        )),
        Err(failure) => {
            checks.push(fails("sign-in", &CliError::of_failure("sign in", &failure)));
            session.close().await?;
            return Ok(checks);
        }
    }
    checks.push(match session.organization.organization().await {
        Ok(Some(organization)) => works("organization", named(&organization)),
        Ok(None) => skipped(
            "organization",
            "the platform does not tell it to this client: API and client stand for it",
        ),
        Err(failure) => fails(
            "organization",
            &CliError::of_failure("tell which organization this is", &failure),
        ),
    });
    let metadata = contract(&session, settings, id, &api, &mut checks).await;
    checks.push(match metadata.and_then(|metadata| metadata.date) {
        None => skipped("clock", "the server did not tell its time"),
        Some(theirs) => clock(theirs, session.clock.now()),
    });
    checks.push(skipped("permission to update", "not tried: it would take a write"));
    session.close().await?;
    Ok(checks)
}

fn named(organization: &Organization) -> String {
    let name = organization.name.as_ref();
    name.map_or_else(
        || format!("`{}`", organization.id),
        |name| format!("{name} (`{}`)", organization.id),
    )
}

/// Checks that rules can be read: the one that was named, or else the listing.
async fn contract(
    session: &Session,
    settings: &Settings,
    id: Option<&RuleId>,
    api: &str,
    checks: &mut Vec<Check>,
) -> Option<ResponseMetadata> {
    let store = session.store::<TriggerRule>(settings);
    let read: Result<(String, ResponseMetadata), RequestError> = if let Some(id) = id {
        let rule = store.get(id).await;
        rule.map(|answer| (format!("`{id}` can be read"), answer.metadata))
    } else {
        let page = store.page(None).await;
        page.map(|answer| ("rules can be listed".to_owned(), answer.metadata))
    };
    match read {
        Ok((what, metadata)) => {
            checks.push(works("trigger rules", format!("{what} at {api}")));
            Some(metadata)
        }
        Err(failure) => {
            let mut problem = CliError::of_failure("read trigger rules", &failure);
            if failure.class == FailureClass::NotFound && id.is_none() {
                problem = problem.with_help(
                    "the organisation may lack the trigger-rule contract, or only its listing: `assist-rules doctor RULE` \
                     with the id of a rule that exists tells which; `trigger_rules_path` sets another path",
                );
            }
            checks.push(fails("trigger rules", &problem));
            Some(*failure.metadata)
        }
    }
}

fn clock(theirs: SystemTime, ours: SystemTime) -> Check {
    let seconds = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs()
            .cast_signed()
    };
    let skew = seconds(ours) - seconds(theirs);
    if skew.abs() <= TOLERATED_SKEW {
        return works("clock", format!("within {} s of the server's", skew.abs().max(1)));
    }
    let side = if skew > 0 { "ahead of" } else { "behind" };
    let message = format!("{} s {side} the server's", skew.abs());
    Check {
        state: State::Fails,
        help: Some("set this machine's clock: tokens would be renewed too early or too late".to_owned()),
        exit: Exit::Failed,
        ..works("clock", message)
    }
}

fn human(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let (sign, style) = match check.state {
            State::Works => ("ok  ", SUCCESS),
            State::Fails => ("fail", ERROR),
            State::Skipped => ("skip", DIM),
        };
        let _ = writeln!(
            text,
            "{style}{sign}{style:#}  {:<21} {}",
            check.name,
            visible(&check.message)
        );
        if let Some(help) = &check.help {
            let _ = writeln!(text, "      {:<21} {}", "", visible(help));
        }
    }
    text
}
