//! `doctor`: what works, what does not, and what to do.

mod check;
mod ledger_checks;
mod platform_checks;
mod sink_checks;
mod way_checks;

use std::fmt::Write;

use serde::Serialize;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::config::Target;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::output::{DIM, ERROR, FORMAT_VERSION, SUCCESS, visible};
use check::{Check, State, fails, skipped, works};

/// The checks of the record, which only the configuration can keep from being tried.
const RECORD: [&str; 2] = ["ledger", "sinks"];

/// The document that is read.
pub(super) enum DocumentToTry<'a, K: CliKind> {
    /// None is named.
    None,
    Id(&'a K::Id),
    /// One is named by a name that no id was found for.
    Unresolved(&'a CliError),
}

#[derive(Serialize)]
struct Document {
    format_version: &'static str,
    kind: &'static str,
    checks: Vec<Check>,
}

pub(super) async fn run<K: CliKind>(context: &Context<'_>, document: DocumentToTry<'_, K>) -> Result<Exit, CliError> {
    let mut checks = examine(context, document).await?;
    skip_the_rest(&mut checks, &["credentials"]);
    skip_the_rest(&mut checks, &way_checks::NAMES);
    skip_the_rest(&mut checks, &platform_checks::names::<K>());
    match context.settings() {
        Ok(settings) => {
            let (ledger, backlog) = ledger_checks::check(context, settings).await;
            checks.push(ledger);
            checks.extend(sink_checks::checks(context, settings, &backlog).await);
        }
        Err(_) => skip_the_rest(&mut checks, &RECORD),
    }
    let exit = Exit::worst(checks.iter().map(|check| check.exit));
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

async fn examine<K: CliKind>(context: &Context<'_>, document: DocumentToTry<'_, K>) -> Result<Vec<Check>, CliError> {
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
        Target::Organization(at) => format!("from {}", at.from),
    };
    checks.push(works("credentials", what));
    let session = match context.open(settings).await {
        Ok(session) => session,
        Err(problem) => {
            checks.push(fails("sign-in", &problem));
            return Ok(checks);
        }
    };
    platform_checks::add(&session, settings, document, &mut checks).await;
    session.close().await?;
    Ok(checks)
}

/// Adds those of the checks that were not tried, with the failure that kept them from it.
fn skip_the_rest(checks: &mut Vec<Check>, names: &[&'static str]) {
    let failed = checks.iter().find(|check| check.state == State::Fails);
    let Some(failed) = failed.map(|check| check.name) else {
        return;
    };
    for name in names {
        if !checks.iter().any(|check| check.name == *name) {
            checks.push(skipped(name, format!("not tried, since `{failed}` failed")));
        }
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
