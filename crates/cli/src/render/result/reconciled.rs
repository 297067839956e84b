//! The settlements of changes whose outcome was not known, for people and for programs.

use std::fmt::Write;

use app::Reconciled;
use domain::{Copilot, DocumentKind, Evidence, Finding, Settlement, TriggerRule};
use ports::{DocumentRef, IntentRecord};

use super::{Activation, ChangeDocument, ResultDocument, Run, milliseconds, whole_milliseconds};
use crate::args::Global;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::next_command::NextCommand;
use crate::output::{ERROR, SUCCESS, visible};
use crate::render::findings::FindingDocument;

/// The document of a run that settled these. It attempted no update, so it activated none.
pub(crate) fn document(found: &[Reconciled], run: Run, exit: Exit) -> ResultDocument {
    let activation = Activation {
        attempted: 0,
        activated: 0,
        rate: 0.0,
    };
    let last = found.iter().rev().find_map(|found| found.recorded.as_ref());
    let head = last.and_then(|recorded| recorded.head.clone());
    let changes = found.iter().map(change).collect();
    ResultDocument::of(run, exit, changes, activation, head)
}

fn change(found: &Reconciled) -> ChangeDocument {
    let (intent, outcome) = (found.entry.intent.as_ref(), found.entry.outcome.as_ref());
    let rule = intent.and_then(|intent| TriggerRule::from_document(intent.ours.clone()).ok());
    let kind = found.entry.document().map(|document| document.kind.as_str());
    let guard = if kind == Some(Copilot::NAME.as_str()) {
        Copilot::GUARD
    } else {
        TriggerRule::GUARD
    };
    let error = match &found.settlement {
        Settlement::Unreadable(failure) => Some(CliError::of_failure("read the document", failure).document()),
        Settlement::Inconclusive | Settlement::Moved => {
            Some(CliError::new(ErrorCode::Indeterminate, line(found)).document())
        }
        Settlement::Applied | Settlement::NotApplied | Settlement::Leased => None,
    };
    let is_confirmed_by_read = found.evidence == Some(Evidence::Read);
    let warnings = is_confirmed_by_read.then(Finding::confirmed_by_read).into_iter();
    ChangeDocument {
        document: found.entry.document().map_or_else(String::new, DocumentRef::reference),
        id: id(found),
        name: rule.and_then(|rule| rule.name().map(str::to_owned)),
        outcome: match &found.settlement {
            Settlement::Applied => "applied",
            Settlement::NotApplied => "failed",
            Settlement::Inconclusive | Settlement::Leased | Settlement::Moved | Settlement::Unreadable(_) => "unknown",
        },
        guard: guard.as_str(),
        version_before: intent.and_then(|intent| intent.version.clone()),
        version_after: None,
        attempts: outcome.map_or(0, |outcome| outcome.attempts),
        requests: outcome.map_or(0, |outcome| outcome.requests),
        merges: intent.map_or(0, |intent| intent.merges),
        waited_ms: outcome.map_or(0, |outcome| whole_milliseconds(outcome.waited)),
        latency_ms: outcome.and_then(|outcome| outcome.latency).map_or(0.0, milliseconds),
        confirmed_by: found.evidence.map(Evidence::as_str),
        correlation_id: outcome.and_then(|outcome| outcome.correlation_id.clone()),
        diff: intent.map_or_else(Vec::new, IntentRecord::changes),
        conflicts: Vec::new(),
        theirs_changed: Vec::new(),
        findings: warnings.map(FindingDocument::without_place).collect(),
        retry_at: None,
        entry: Some(found.entry.id.0),
        error,
    }
}

fn id(found: &Reconciled) -> String {
    let document = found.entry.document();
    document.map(|document| document.id.clone()).unwrap_or_default()
}

/// A line for each.
pub(crate) fn human(found: &[Reconciled], global: &Global) -> String {
    if found.is_empty() {
        return "The outcome of every change is known.\n".to_owned();
    }
    let mut text = String::new();
    for found in found {
        let style = if found.recorded.is_some() { SUCCESS } else { ERROR };
        let _ = writeln!(text, "{style}{}{style:#}", line(found));
        if let Some(help) = help(found, global) {
            let _ = writeln!(text, "  {help}");
        }
    }
    text
}

/// The settlement of one entry, in a line.
pub(crate) fn line(found: &Reconciled) -> String {
    let id = visible(&id(found));
    let entry = found.entry.id;
    match &found.settlement {
        Settlement::Applied if found.evidence == Some(Evidence::Read) => {
            format!("entry {entry} was applied to {id}, by that run or identically by another")
        }
        Settlement::Applied => format!("entry {entry} was applied to {id}"),
        Settlement::NotApplied => format!("entry {entry} was not applied to {id}"),
        Settlement::Inconclusive => format!("entry {entry} is not in {id}, but may still arrive"),
        Settlement::Leased => format!("entry {entry} of {id} is at work"),
        Settlement::Moved => format!("entry {entry} is not in {id}, which somebody changed since"),
        Settlement::Unreadable(failure) => {
            format!("entry {entry}: {id} cannot be read: {}", visible(&failure.message))
        }
    }
}

/// Advice about an entry that stays open.
fn help(found: &Reconciled, global: &Global) -> Option<String> {
    let entry = found.entry.id;
    match &found.settlement {
        Settlement::Moved => {
            let close = |word: &str| {
                NextCommand::new("reconcile")
                    .option("--close", Some(entry.to_string()))
                    .option("--as", Some(word))
                    .option("--reason", Some("who says so, and why"))
                    .with_global(global)
            };
            Some(format!(
                "it may have been applied and undone: ask who changed the rule, then close it with one of\n    {}\n    {}",
                visible(&close("applied").to_string()),
                visible(&close("not-applied").to_string())
            ))
        }
        Settlement::Inconclusive => Some("no write is under way after 15 minutes: run this again then".to_owned()),
        Settlement::Applied | Settlement::NotApplied | Settlement::Leased | Settlement::Unreadable(_) => None,
    }
}
