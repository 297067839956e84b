//! The result of an apply as a comment: it takes the place of the plan.

use std::fmt::Write as _;

use app::Report;
use domain::json::Document;
use domain::protocol::Outcome;
use domain::{DocumentKind as _, OutcomeKind, TriggerRule};

use super::code::{fence, span};
use super::comment::Comment;
use super::page::{Block, Page};
use super::parts;
use super::plan_page::{self, conflict, hashes, switched_off};
use crate::cli_error::CliError;
use crate::exit::Exit;
use crate::next_command::NextCommand;
use crate::output::visible;
use crate::render::counted::counted;
use crate::render::result::TargetDocument;
use crate::saved_plan::{Action, ChangeDocument, Conflicts, SavedPlan};

/// The end of an apply.
pub(crate) struct Applied<'a> {
    pub(crate) plan: &'a SavedPlan,
    pub(crate) target: &'a TargetDocument,
    pub(crate) run: &'a str,
    pub(crate) is_dry_run: bool,
    /// The counts in a sentence.
    pub(crate) summary: String,
    /// The updates, each with what kept it from being applied.
    pub(crate) updates: Vec<(&'a Report<TriggerRule>, Option<CliError>)>,
    /// The documents of the plan that were no updates.
    pub(crate) skipped: Vec<&'a ChangeDocument>,
    pub(crate) exit: Exit,
    /// The command that goes on.
    pub(crate) next: Option<NextCommand>,
}

/// The result.
pub(crate) fn result(applied: &Applied<'_>, comment: &Comment) -> String {
    comment.set_target(&applied.plan.document.target);
    let what = if applied.is_dry_run { "Dry run in" } else { "Applied to" };
    let head = [
        Some(comment.marker()),
        Some(format!(
            "## {what} {}, exit {}\n",
            span(&applied.target.shown()),
            applied.exit.code()
        )),
        Some(format!("**{}**\n", applied.summary)),
        conflicts(applied),
        switched_off(changed(applied)),
    ];
    let is_conflict = |kind: OutcomeKind| kind == OutcomeKind::Conflict;
    let kind = |report: &Report<TriggerRule>| report.completion.outcome.kind();
    let of = |is_good: bool| {
        let updates = applied.updates.iter();
        updates.filter(move |(report, problem)| {
            let kind = kind(report);
            let good = problem.is_none() && (kind.is_effective() || kind == OutcomeKind::Planned);
            !is_conflict(kind) && good == is_good
        })
    };
    let block = |(report, problem): &(&Report<TriggerRule>, Option<CliError>)| block(applied, report, problem.as_ref());
    let failed = of(false).map(block);
    let not_conflict = |change: &&&ChangeDocument| change.action != Action::Conflict;
    let skipped = applied
        .skipped
        .iter()
        .filter(not_conflict)
        .map(|change| skipped(change));
    let good = of(true).map(block);
    let run = format!("- run {}\n", span(applied.run));
    let page = Page {
        head: head.into_iter().flatten().collect(),
        title: "Rules",
        documents: failed.chain(skipped).chain(good).collect(),
        foot: vec![hashes(applied.plan) + &run, next(applied)],
    };
    page.fitted(comment.max_chars())
}

fn next(applied: &Applied<'_>) -> String {
    let is_done = |(report, _): &(&Report<TriggerRule>, _)| report.completion.outcome.kind().is_effective();
    let next = applied.next.as_ref().filter(|_| !applied.updates.iter().all(is_done));
    next.map_or_else(String::new, |next| {
        let command = visible(&next.to_string());
        format!(
            "To apply what is left of the plan:\n\n{}",
            fence("sh", [command.as_str()])
        )
    })
}

/// The changes of the plan that are in effect now, or would be.
fn changed<'a>(applied: &'a Applied<'_>) -> impl Iterator<Item = &'a ChangeDocument> {
    let reports = applied.updates.iter().filter(|(report, _)| {
        let kind = report.completion.outcome.kind();
        kind == OutcomeKind::Applied || kind == OutcomeKind::Planned
    });
    reports.filter_map(|(report, _)| planned(applied, report))
}

/// The change of the plan that an update carried out.
fn planned<'a>(applied: &'a Applied<'_>, report: &Report<TriggerRule>) -> Option<&'a ChangeDocument> {
    let id = report.id.to_string();
    let mut changes = applied.plan.document.changes.iter();
    changes.find(|change| change.document.split_once('/').is_some_and(|(_, other)| other == id))
}

fn name(report: &Report<TriggerRule>) -> String {
    parts::name(report.completion.outcome.title(), &report.id.to_string())
}

fn conflicts(applied: &Applied<'_>) -> Option<String> {
    let mut text = String::new();
    let mut number = 0_usize;
    let of_plan = applied.plan.conflicts();
    for change in applied
        .skipped
        .iter()
        .filter(|change| change.action == Action::Conflict)
    {
        number += 1;
        text.push_str(&conflict(change, &of_plan));
    }
    for (report, problem) in &applied.updates {
        let Outcome::Conflict(conflict) = &report.completion.outcome else {
            continue;
        };
        number += 1;
        let _ = writeln!(text, "\n#### conflict: {}", name(report));
        let conflicts = Conflicts {
            collisions: conflict.collisions.clone(),
            theirs_changed: conflict.theirs_changed.clone(),
        };
        let stored = |stored: &Option<domain::Stored<TriggerRule>>| -> Option<Document> {
            stored.as_ref().map(|stored| stored.value.document().clone())
        };
        let (base, theirs) = (stored(&conflict.base), stored(&conflict.theirs));
        text.push_str(&parts::conflict(&conflicts, &[base.as_ref(), theirs.as_ref()]));
        if let Some(problem) = problem {
            let _ = write!(text, "\n{}", parts::error(problem));
        }
    }
    (number > 0).then(|| format!("### {}\n{text}", counted(number, "conflict")))
}

fn block(applied: &Applied<'_>, report: &Report<TriggerRule>, problem: Option<&CliError>) -> Block {
    let outcome = &report.completion.outcome;
    let name = name(report);
    let before = outcome.base().and_then(|base| base.version.as_ref());
    let versions = match (before, outcome.after().1) {
        (Some(before), Some(after)) => format!(
            "version {} → {}\n\n",
            span(&before.to_string()),
            span(&after.to_string())
        ),
        (Some(_) | None, _) => String::new(),
    };
    let mut tail = String::new();
    if let Outcome::Applied { warnings, .. } = outcome {
        for warning in warnings {
            let found = serde_json::to_value(warning).unwrap_or_default();
            tail.push_str(&parts::finding(&found));
        }
    }
    let others = outcome.write().map_or(0, |write| write.theirs_changed.len());
    if outcome.kind() == OutcomeKind::Applied && others > 0 {
        let _ = writeln!(tail, "- merged with {} of others", counted(others, "change"));
    }
    if let Outcome::Invalid { findings, .. } = outcome {
        for found in findings.as_slice() {
            let found = serde_json::to_value(found).unwrap_or_default();
            tail.push_str(&parts::finding(&found));
        }
    }
    if let Some(problem) = problem {
        tail.push_str(&parts::error(problem));
    }
    let is_written = matches!(outcome.kind(), OutcomeKind::Applied | OutcomeKind::Planned);
    let changes = planned(applied, report).filter(|_| is_written).map(parts::changes);
    let kind = outcome.kind().as_str().replace('_', " ");
    Block {
        head: format!("#### {kind}: {name}\n\n{versions}"),
        name,
        changes: changes.unwrap_or_default(),
        tail,
    }
}

fn skipped(change: &ChangeDocument) -> Block {
    let mut block = plan_page::block(change);
    block.head.push_str("not applied\n\n");
    block
}
