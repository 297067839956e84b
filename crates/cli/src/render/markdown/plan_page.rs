//! A plan as a comment.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::plan::{SafetyKind, SafetyLimits};

use super::code::{fence, span};
use super::comment::Comment;
use super::page::{Block, Page};
use super::parts;
use crate::next_command::NextCommand;
use crate::output::visible;
use crate::render::counted::counted;
use crate::render::plan_report::{OTHER_VERSION, cannot_be_made, summary};
use crate::saved_plan::{Action, ChangeDocument, Conflicts, PlanDocument, SavedPlan, TakenBackDocument, UndoDocument};

/// The plan. `next` is the command that applies it, if one does.
pub(crate) fn plan(plan: &SavedPlan, limits: SafetyLimits, next: Option<&NextCommand>, comment: &Comment) -> String {
    let document = &plan.document;
    comment.set_target(&document.target);
    let summary = format!("**{}**\n", summary(document));
    // The most important first: what is cut below it, nobody sees.
    let head = [
        Some(comment.marker()),
        Some(title(document)),
        taken_back(document),
        Some(summary),
        safety(document, limits),
        conflicts(plan),
        switched_off(document.changes.iter()),
        removed(document),
    ];
    let documents = [
        Action::Invalid,
        Action::Missing,
        Action::Unread,
        Action::Update,
        Action::Unchanged,
    ];
    let of_action = |action| document.changes.iter().filter(move |change| change.action == action);
    let page = Page {
        head: head.into_iter().flatten().collect(),
        title: "Rules",
        documents: documents.into_iter().flat_map(of_action).map(block).collect(),
        foot: vec![hashes(plan), command(next)],
    };
    page.fitted(comment.max_chars())
}

/// The hash of the changes and that of the plan.
pub(super) fn hashes(plan: &SavedPlan) -> String {
    format!(
        "- changes {}\n- plan {}\n",
        span(&plan.document.changes_hash),
        span(&plan.hash.to_string())
    )
}

fn command(next: Option<&NextCommand>) -> String {
    next.map_or_else(String::new, |next| {
        format!("To apply it:\n\n{}", fence("sh", [visible(&next.to_string()).as_str()]))
    })
}

fn title(document: &PlanDocument) -> String {
    let target = span(&document.target.shown());
    match &document.undo {
        None => format!("## Plan for {target}\n"),
        Some(UndoDocument::Run(id)) => format!("## Plan to undo the run {} in {target}\n", span(id)),
        Some(UndoDocument::Plan(id)) => format!("## Plan to undo the plan {} in {target}\n", span(id)),
    }
}

/// The lines that would bring back what an entry replaced.
fn taken_back(document: &PlanDocument) -> Option<String> {
    let mut text = String::new();
    for change in &document.changes {
        for line in &change.diff {
            let Some(TakenBackDocument { entry, author, at }) = &line.takes_back else {
                continue;
            };
            let (name, place) = (parts::name_of(change), span(&line.path));
            let _ = writeln!(
                text,
                "> **Takes back** entry {entry} of {} at {}: {place} of {name}\n>",
                span(author),
                span(at)
            );
        }
    }
    (!text.is_empty()).then_some(text)
}

fn safety(document: &PlanDocument, limits: SafetyLimits) -> Option<String> {
    let mut text = String::new();
    for (kind, found) in SafetyKind::ALL.into_iter().zip(document.safety.counts()) {
        let (name, limit) = (kind.name(), limits.limit(kind));
        if found > limit {
            let _ = writeln!(
                text,
                "> **Safety stop**: {found} to {name}, and {limit} may: `apply` needs `--allow {name}={found}`"
            );
        }
    }
    (!text.is_empty()).then_some(text)
}

fn conflicts(plan: &SavedPlan) -> Option<String> {
    let is_conflict = |change: &&ChangeDocument| change.action == Action::Conflict;
    let changes: Vec<&ChangeDocument> = plan.document.changes.iter().filter(is_conflict).collect();
    if changes.is_empty() {
        return None;
    }
    let conflicts = plan.conflicts();
    let mut text = format!("### {}\n", counted(changes.len(), "conflict"));
    for change in changes {
        text.push_str(&conflict(change, &conflicts));
    }
    Some(text)
}

/// The conflict of one document of a plan, with both sides.
pub(super) fn conflict(change: &ChangeDocument, conflicts: &BTreeMap<String, Conflicts>) -> String {
    let none = Conflicts::default();
    let conflict = conflicts.get(&change.document).unwrap_or(&none);
    let mut text = format!("\n{}\n{}\n", heading(change), parts::origin(change));
    text.push_str(&parts::conflict(
        conflict,
        &[change.before.as_ref(), change.authored.as_ref()],
    ));
    text.push_str(&parts::drift(change));
    if conflict.collisions.is_empty() && change.drift.is_empty() {
        let _ = write!(text, "\n{OTHER_VERSION}\n");
    }
    text
}

/// The documents of which a part or all is switched off.
pub(super) fn switched_off<'c>(changes: impl Iterator<Item = &'c ChangeDocument>) -> Option<String> {
    listed("switched off", changes, |change| &change.disables)
}

/// The documents that lose a part with a switch of its own, or all conditions or actions.
fn removed(document: &PlanDocument) -> Option<String> {
    let changes = || document.changes.iter();
    let removed = listed("with a part taken away", changes(), |change| &change.removes);
    let emptied = listed("emptied of conditions or actions", changes(), |change| &change.empties);
    let found: Vec<String> = removed.into_iter().chain(emptied).collect();
    (!found.is_empty()).then(|| found.join("\n"))
}

/// A list of the documents that have such paths.
fn listed<'c>(
    what: &str,
    changes: impl Iterator<Item = &'c ChangeDocument>,
    paths: fn(&ChangeDocument) -> &Vec<String>,
) -> Option<String> {
    let found: Vec<&ChangeDocument> = changes.filter(|change| !paths(change).is_empty()).collect();
    if found.is_empty() {
        return None;
    }
    let mut text = format!("### {} {what}\n\n", found.len());
    for change in found {
        let paths: Vec<String> = paths(change).iter().map(|path| span(path)).collect();
        let _ = writeln!(text, "- {}: {}", parts::name_of(change), paths.join(", "));
    }
    Some(text)
}

fn heading(change: &ChangeDocument) -> String {
    format!("#### {}: {}\n", change.action, parts::name_of(change))
}

/// A document of a plan, with the reasons of what is no update.
pub(super) fn block(change: &ChangeDocument) -> Block {
    let mut tail = parts::drift(change);
    match change.action {
        Action::Missing => {
            let _ = writeln!(tail, "{}", cannot_be_made(&change.document));
        }
        Action::Update | Action::Unchanged | Action::Conflict | Action::Invalid | Action::Unread => {}
    }
    for reference in &change.references {
        let (place, name, id) = (&reference.path, &reference.text, reference.shown_id());
        let _ = writeln!(tail, "- {}: {} is {}", span(place), span(name), span(id));
    }
    if !change.findings.is_empty() {
        tail.extend(change.findings.iter().map(parts::finding));
    }
    if let Some(error) = &change.error {
        tail.push_str(&parts::saved_error(error));
    }
    let origin = parts::origin(change);
    let origin = if origin.is_empty() {
        origin
    } else {
        format!("{origin}\n\n")
    };
    Block {
        name: parts::name_of(change),
        head: format!("{}\n{origin}", heading(change)),
        changes: parts::changes(change),
        tail,
    }
}
