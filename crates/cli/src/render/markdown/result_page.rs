//! The result of an apply as a comment: it takes the place of the plan.

use std::fmt::Write as _;

use domain::OutcomeKind;

use super::code::{fence, span};
use super::comment::Comment;
use super::page::{Block, Page};
use super::parts;
use super::plan_page::{self, conflict, hashes, switched_off};
use crate::exit::Exit;
use crate::next_command::NextCommand;
use crate::output::visible;
use crate::render::counted::counted;
use crate::render::ended_update::EndedUpdate;
use crate::render::result::TargetDocument;
use crate::saved_plan::{Action, ChangeDocument, SavedPlan};

/// The end of an apply.
pub(crate) struct Applied<'a> {
    pub(crate) plan: &'a SavedPlan,
    pub(crate) target: &'a TargetDocument,
    pub(crate) run: &'a str,
    pub(crate) is_dry_run: bool,
    /// The counts in a sentence.
    pub(crate) summary: String,
    pub(crate) updates: &'a [EndedUpdate],
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
    let of = |is_good: bool| {
        let updates = applied
            .updates
            .iter()
            .filter(|update| update.kind != OutcomeKind::Conflict);
        updates.filter(move |update| (update.problem.is_none() && update.is_good()) == is_good)
    };
    let block = |update: &EndedUpdate| block(applied, update);
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
    // Why also what was overwritten: the plan is a conflict with that.
    let is_over = |update: &EndedUpdate| update.kind.is_effective() || update.kind == OutcomeKind::Overwritten;
    let is_done = applied.updates.iter().all(is_over);
    let next = applied.next.as_ref().filter(|_| !is_done);
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
    let written = applied.updates.iter().filter(|update| is_written(update));
    written.filter_map(|update| planned(applied, update))
}

fn is_written(update: &EndedUpdate) -> bool {
    matches!(update.kind, OutcomeKind::Applied | OutcomeKind::Planned)
}

/// The change of the plan that an update carried out.
fn planned<'a>(applied: &'a Applied<'_>, update: &EndedUpdate) -> Option<&'a ChangeDocument> {
    let mut changes = applied.plan.document.changes.iter();
    changes.find(|change| change.document == update.document)
}

fn name(update: &EndedUpdate) -> String {
    parts::name(update.title.as_deref(), &update.id)
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
    for update in applied.updates {
        let Some(conflict) = &update.conflict else { continue };
        number += 1;
        let _ = writeln!(text, "\n#### conflict: {}", name(update));
        let documents = [conflict.base.as_ref(), conflict.theirs.as_ref()];
        text.push_str(&parts::conflict(&conflict.sides, &documents));
        if let Some(problem) = &update.problem {
            let _ = write!(text, "\n{}", parts::error(problem));
        }
    }
    (number > 0).then(|| format!("### {}\n{text}", counted(number, "conflict")))
}

fn block(applied: &Applied<'_>, update: &EndedUpdate) -> Block {
    let name = name(update);
    let versions = match &update.versions {
        Some((before, after)) => format!(
            "version {} → {}\n\n",
            span(&before.to_string()),
            span(&after.to_string())
        ),
        None => String::new(),
    };
    let mut tail = String::new();
    for found in &update.findings {
        let found = serde_json::to_value(found).unwrap_or_default();
        tail.push_str(&parts::finding(&found));
    }
    if let Some(others) = update.merged.filter(|others| *others > 0) {
        let _ = writeln!(tail, "- merged with {} of others", counted(others, "change"));
    }
    if let Some(problem) = &update.problem {
        tail.push_str(&parts::error(problem));
    }
    let changes = planned(applied, update)
        .filter(|_| is_written(update))
        .map(parts::changes);
    let kind = update.kind.as_str().replace('_', " ");
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
