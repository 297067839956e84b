//! The contents of a plan, derived anew: nothing that a plan says is believed where it can be found out.

use std::collections::BTreeSet;

use app::{FileContent, InSync, ReviewedUpdate, SeenEntry};
use domain::drift::{Standing, compare};
use domain::json::Document;
use domain::plan::{Effects, PlannedUpdate, Safety, SafetyLimits, plan};
use domain::protocol::{Outcome, UpdateRequest};
use domain::{DocumentKind, Edit, Stored};
use ports::EntryId;

use super::document::{DiffLine, SafetyDocument, paths};
use super::drift::DriftDocument;
use super::{Action, ChangeDocument, PlanDocument, SummaryDocument, changes_hash, damaged};
use crate::cli_error::CliError;
use crate::time;

/// The contents of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Contents<K: DocumentKind> {
    /// The updates, in the order of the plan.
    pub(crate) updates: Vec<ReviewedUpdate<K>>,
    /// The effects of each update.
    pub(crate) effects: Vec<Effects>,
    /// The documents that were as their files say.
    pub(crate) in_sync: Vec<InSync<K>>,
}

/// The contents of a plan.
///
/// # Errors
///
/// If the plan says otherwise than its documents do: it was changed by hand, or made by a program that has a bug.
pub(crate) fn reread<K: DocumentKind>(document: &PlanDocument) -> Result<Contents<K>, CliError> {
    let (mut updates, mut effects) = (Vec::new(), Vec::new());
    let mut summary = SummaryDocument {
        unchanged: document.summary.unchanged,
        documents: document.summary.documents,
        not_in_files: document.summary.not_in_files,
        ..SummaryDocument::default()
    };
    let mut listed_unchanged = 0;
    let mut seen = BTreeSet::new();
    if time::parse(&document.created_at).is_none() {
        return Err(damaged("the plan does not say when it was made"));
    }
    for change in &document.changes {
        let id = id_of::<K>(&change.document)?;
        if !seen.insert(id) {
            return Err(damaged(&format!("`{}` stands in the plan twice", change.document)));
        }
        match change.action {
            Action::Unchanged => listed_unchanged += 1,
            Action::Update | Action::Conflict | Action::Missing | Action::Invalid | Action::Unread => {
                *summary.counter(change.action) += 1;
            }
        }
        if change.action == Action::Update {
            let update = update(change, document.undo.is_some())?;
            effects.push(update.update.effects());
            updates.push(update);
        }
    }
    if summary != document.summary || listed_unchanged > summary.unchanged || summary.selected() > summary.documents {
        return Err(damaged("the summary of the plan says otherwise than its changes do"));
    }
    let limits = SafetyLimits::of(summary.documents);
    let safety = SafetyDocument::of(Safety::of(&effects, limits));
    if safety.counts() != document.safety.counts() {
        return Err(damaged(
            "the safety counts of the plan say otherwise than its changes do",
        ));
    }
    if changes_hash(&document.target, &document.changes).to_string() != document.changes_hash {
        return Err(damaged(
            "the `changes_hash` of the plan says otherwise than its changes do",
        ));
    }
    let in_sync: Result<Vec<_>, CliError> = document.in_sync.iter().map(in_sync).collect();
    Ok(Contents {
        updates,
        effects,
        in_sync: in_sync?,
    })
}

fn id_of<K: DocumentKind>(reference: &str) -> Result<K::Id, CliError> {
    let id = reference.split_once('/').filter(|(kind, _)| *kind == K::NAME.as_str());
    id.and_then(|(_, id)| id.parse().ok())
        .ok_or_else(|| damaged(&format!("`{reference}` in the plan is no {} of this program", K::NAME)))
}

fn update<K: DocumentKind>(change: &ChangeDocument, is_undo: bool) -> Result<ReviewedUpdate<K>, CliError> {
    let reference = &change.document;
    let otherwise = |what: &str| damaged(&format!("`{reference}`: {what}"));
    let part = |document: &Option<Document>| {
        let document = document
            .clone()
            .ok_or_else(|| otherwise("a side of the change is missing"))?;
        K::from_document(document).map_err(|_| otherwise("a side of the change is no object"))
    };
    let version = match &change.version {
        Some(version) => Some(version.parse().map_err(|_| otherwise("its version is none"))?),
        None => None,
    };
    let id = id_of::<K>(reference)?;
    let before = Stored {
        id,
        version,
        value: part(&change.before)?,
    };
    let stated = before
        .value
        .document()
        .root()
        .get(K::ID_MEMBER)
        .and_then(domain::json::Node::as_str);
    if stated.is_some_and(|stated| stated != before.id.to_string()) {
        return Err(otherwise("its documents are about another one"));
    }
    let update = PlannedUpdate::new(before, part(&change.after)?).map_err(|error| otherwise(&error.to_string()))?;
    let effects = update.effects();
    let diff: Vec<_> = DiffLine::of(update.diff());
    let same_lines = diff.len() == change.diff.len()
        && diff.iter().zip(&change.diff).all(|(one, other)| {
            (&one.path, &one.from, &one.before, &one.after) == (&other.path, &other.from, &other.before, &other.after)
        });
    let same_effects = paths(&effects.disables) == change.disables
        && paths(&effects.removes) == change.removes
        && paths(&effects.empties) == change.empties;
    let is_named = change.name.as_deref() == update.after().title().or(update.before().value.title());
    if !same_lines || !same_effects || !is_named || change.guard != K::GUARD.as_str() {
        return Err(otherwise("the plan shows another change than it would make"));
    }
    let file = match &change.authored {
        Some(authored) => {
            let content = content(authored, &change.drift, &update);
            Some(content.ok_or_else(|| otherwise("its file says otherwise"))?)
        }
        None if is_undo => None,
        None => return Err(otherwise("its file is missing")),
    };
    let seen = change.seen.as_ref().and_then(|seen| {
        Some(SeenEntry {
            entry: EntryId(seen.entry),
            at: time::parse(&seen.at)?,
        })
    });
    Ok(ReviewedUpdate { update, seen, file })
}

/// The content of the file of an update, if the file means that update: each of its members is as it is to be, or drifted.
fn content<K: DocumentKind>(
    authored: &Document,
    drift: &[DriftDocument],
    update: &PlannedUpdate<K>,
) -> Option<FileContent> {
    let edit = Edit::<K>::new(authored.clone()).ok()?;
    let content = FileContent::of(&edit).ok()?;
    if !drift.is_empty() {
        let has_drifted = |member: &str| drift.iter().any(|line| line.member() == member);
        let compared = compare(&edit, None, update.after(), None);
        let mut members = compared.members();
        let is_meant = members.all(|(member, standing)| standing == Standing::InSync || has_drifted(member.name));
        let mut changed = update.patch().changes();
        let is_named = changed.all(|(member, _)| compared.of(member.name).is_some());
        return (is_meant && is_named).then_some(content);
    }
    let Outcome::Planned(write) = plan(UpdateRequest::Edit(edit), update.before().clone()) else {
        return None;
    };
    (write.ours.document() == update.after().document()).then_some(content)
}

fn in_sync<K: DocumentKind>(document: &super::InSyncDocument) -> Result<InSync<K>, CliError> {
    let otherwise = || damaged(&format!("`{}`: its file says otherwise", document.document));
    let edit = Edit::<K>::new(document.authored.clone()).map_err(|_| otherwise())?;
    let file = FileContent::of(&edit).map_err(|_| otherwise())?;
    if file.hash != document.sha256 {
        return Err(otherwise());
    }
    Ok(InSync {
        id: id_of::<K>(&document.document)?,
        file,
        version: None,
    })
}
