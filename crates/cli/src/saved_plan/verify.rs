//! The contents of a plan, derived anew: nothing that a plan says is believed where it can be found out.

use std::collections::BTreeSet;

use app::{FileContent, InSync, ReviewedUpdate, SeenEntry};
use domain::drift::{Standing, compare};
use domain::json::Document;
use domain::plan::{Effects, PlannedUpdate, Safety, SafetyLimits, plan};
use domain::protocol::{Outcome, UpdateRequest};
use domain::{Copilot, DocumentKind, Edit, Pointer, Stored, TriggerRule};
use ports::EntryId;

use super::document::{DiffLine, SafetyDocument, paths};
use super::drift::DriftDocument;
use super::{
    Action, ChangeDocument, InSyncDocument, PlanDocument, ReferenceDocument, SummaryDocument, changes_hash, damaged,
};
use crate::cli_error::CliError;
use crate::time;

/// The contents of a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    pub(crate) rules: KindContents<TriggerRule>,
    pub(crate) copilots: KindContents<Copilot>,
    /// The effects of each update.
    pub(crate) effects: Vec<Effects>,
}

/// The contents of a plan that are about documents of one kind.
#[derive(Clone, Debug)]
pub(crate) struct KindContents<K: DocumentKind> {
    /// The updates, in the order of the plan.
    pub(crate) updates: Vec<ReviewedUpdate<K>>,
    /// The documents that were as their files say.
    pub(crate) in_sync: Vec<InSync<K>>,
}

impl<K: DocumentKind> Default for KindContents<K> {
    fn default() -> Self {
        Self {
            updates: Vec::new(),
            in_sync: Vec::new(),
        }
    }
}

impl Contents {
    /// The number of updates.
    pub(crate) fn updates(&self) -> usize {
        self.rules.updates.len() + self.copilots.updates.len()
    }

    /// Adds an update of a plan, derived anew.
    fn add_update(&mut self, change: &ChangeDocument, is_undo: bool) -> Result<(), CliError> {
        let effects = if is_of::<Copilot>(&change.document) {
            self.copilots.add_update(change, is_undo)?
        } else {
            self.rules.add_update(change, is_undo)?
        };
        self.effects.push(effects);
        Ok(())
    }

    fn add_in_sync(&mut self, document: &InSyncDocument) -> Result<(), CliError> {
        if is_of::<Copilot>(&document.document) {
            self.copilots.in_sync.push(in_sync(document)?);
        } else {
            self.rules.in_sync.push(in_sync(document)?);
        }
        Ok(())
    }
}

impl<K: DocumentKind> KindContents<K> {
    fn add_update(&mut self, change: &ChangeDocument, is_undo: bool) -> Result<Effects, CliError> {
        let update = update(change, is_undo)?;
        let effects = update.update.effects();
        self.updates.push(update);
        Ok(effects)
    }
}

/// True if a reference is about a document of this kind.
fn is_of<K: DocumentKind>(reference: &str) -> bool {
    let kind = reference.split_once('/').map(|(kind, _)| kind);
    kind == Some(K::NAME.as_str())
}

/// The contents of a plan.
///
/// # Errors
///
/// If the plan says otherwise than its documents do: it was changed by hand, or made by a program that has a bug.
pub(crate) fn reread(document: &PlanDocument) -> Result<Contents, CliError> {
    let mut contents = Contents::default();
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
        // Why: what is named by a reference that nothing has is never sent.
        let is_unresolved =
            matches!(change.action, Action::Invalid | Action::Unread) && change.document.contains("/@{");
        if is_unresolved {
            // It has no id.
        } else if is_of::<Copilot>(&change.document) {
            id_of::<Copilot>(&change.document)?;
        } else {
            id_of::<TriggerRule>(&change.document)?;
        }
        if !seen.insert(&change.document) {
            return Err(damaged(&format!("`{}` stands in the plan twice", change.document)));
        }
        match change.action {
            Action::Unchanged => listed_unchanged += 1,
            Action::Update | Action::Conflict | Action::Missing | Action::Invalid | Action::Unread => {
                *summary.counter(change.action) += 1;
            }
        }
        if change.action == Action::Update {
            contents.add_update(change, document.undo.is_some())?;
        }
    }
    if summary != document.summary || listed_unchanged > summary.unchanged || summary.selected() > summary.documents {
        return Err(damaged("the summary of the plan says otherwise than its changes do"));
    }
    let limits = SafetyLimits::of(summary.documents);
    let safety = SafetyDocument::of(Safety::of(&contents.effects, limits));
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
    for found in &document.in_sync {
        contents.add_in_sync(found)?;
    }
    Ok(contents)
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
    // Why: a document without a name in it cannot tell whether this one is its own.
    let is_named =
        K::TITLE.is_none() || change.name.as_deref() == update.after().title().or(update.before().value.title());
    if !same_lines || !same_effects || !is_named || change.guard != K::GUARD.as_str() {
        return Err(otherwise("the plan shows another change than it would make"));
    }
    let file = match &change.authored {
        Some(authored) => {
            let content = content(authored, &change.drift, &update);
            let content = content.ok_or_else(|| otherwise("its file says otherwise"))?;
            if !change
                .references
                .iter()
                .all(|reference| stands_for(reference, authored, &change.document))
            {
                return Err(otherwise("a name in its file stands for another id"));
            }
            Some(content.with_references(ReferenceDocument::known(&change.references)))
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
    Ok(ReviewedUpdate {
        update,
        seen,
        file,
        absent_intents: change.absent_intents.clone(),
    })
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

fn in_sync<K: DocumentKind>(document: &InSyncDocument) -> Result<InSync<K>, CliError> {
    let otherwise = || damaged(&format!("`{}`: its file says otherwise", document.document));
    let edit = Edit::<K>::new(document.authored.clone()).map_err(|_| otherwise())?;
    let file = FileContent::of(&edit).map_err(|_| otherwise())?;
    if file.hash != document.sha256 {
        return Err(otherwise());
    }
    let references = &document.references;
    if !references
        .iter()
        .all(|reference| stands_for(reference, &document.authored, &document.document))
    {
        return Err(otherwise());
    }
    Ok(InSync {
        id: id_of::<K>(&document.document)?,
        file: file.with_references(ReferenceDocument::known(references)),
        version: None,
    })
}

/// True if a name in a file stands for the id that the resolved file has in its place, or for the document's own.
fn stands_for(reference: &ReferenceDocument, authored: &Document, document: &str) -> bool {
    let Ok(pointer) = reference.path.parse::<Pointer>() else {
        return false;
    };
    match authored.resolve(&pointer) {
        Some(node) => node.as_str() == Some(&reference.id),
        None => document.split('/').nth(1) == Some(&reference.id),
    }
}
