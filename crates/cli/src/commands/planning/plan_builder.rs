//! The parts of a plan, document by document.

use std::collections::BTreeMap;

use app::{
    DocumentDrift, FileContent, InSync, KnownBases, KnownChange, PlannedAction, PlannedDocument, ReviewedUpdate,
};
use domain::document::Guard;
use domain::drift::{DocumentStanding, Standing};
use domain::json::Document;
use domain::{Copilot, DocumentKind, Edit, Finding, Pointer, Stored, TriggerRule};

use crate::authored::{self, Authored};
use crate::cli_error::CliError;
use crate::commands::resolve_files::{ReferenceNotes, Refusal, ResolvedFiles};
use crate::error_code::ErrorCode;
use crate::kind::CliKind;
use crate::render::findings::FindingDocument;
use crate::saved_plan::{
    Action, BaseDocument, By, ChangeDocument, Contents, DiffLine, DriftDocument, InSyncDocument, KindContents,
    ReferenceDocument, SeenDocument, SummaryDocument, TakenBackDocument, paths,
};
use crate::selection::Selection;
use crate::time;
use crate::working_folder::WorkingFolder;

/// The parts of a plan so far.
#[derive(Default)]
pub(in crate::commands) struct PlanBuilder {
    folder: WorkingFolder,
    #[expect(
        clippy::vec_box,
        reason = "ten thousand in one piece would not fit where the files that they come from were"
    )]
    pub(in crate::commands) found: Vec<Box<Found>>,
    pub(super) contents: Contents,
    pub(super) in_sync_documents: Vec<InSyncDocument>,
    pub(super) summary: SummaryDocument,
    /// The notes on the references of files, by the numbers of their documents.
    notes: BTreeMap<usize, ReferenceNotes>,
}

/// A document that is listed in a plan.
pub(in crate::commands) struct Found {
    /// The number of its file's document among all; of an undo its number among the documents that it brings back.
    place: usize,
    pub(in crate::commands) change: ChangeDocument,
    pub(in crate::commands) standing: DocumentStanding,
}

impl PlanBuilder {
    pub(super) fn new() -> Self {
        Self {
            folder: WorkingFolder::here(),
            summary: SummaryDocument {
                not_in_files: Some(0),
                ..SummaryDocument::default()
            },
            ..Self::default()
        }
    }

    /// Adds the number of documents of a kind that are in no file; none where there is no listing of the kind.
    pub(super) fn count_others(&mut self, others: Option<u64>) {
        let so_far = self.summary.not_in_files;
        self.summary.not_in_files = so_far.zip(others).map(|(so_far, others)| so_far + others);
    }

    /// Adds what became of the references of files: the notes, and the documents that cannot be planned for them.
    pub(super) fn add_resolved(&mut self, resolved: ResolvedFiles, selection: &Selection) {
        self.notes = resolved.notes;
        for refused in resolved.refused {
            self.summary.documents += 1;
            let (kind, id) = refused.document.split_once('/').unwrap_or_default();
            if !selection.may_choose_file(kind, id, &refused.file) {
                continue;
            }
            let guard = if kind == Copilot::NAME.as_str() {
                Copilot::GUARD
            } else {
                TriggerRule::GUARD
            };
            let file = self.folder.relative(&refused.file);
            let mut change = ChangeDocument::new(refused.document, guard, None, Some(file));
            match refused.cause {
                Refusal::Invalid(findings) => {
                    change.action = Action::Invalid;
                    change.findings = as_values(&findings);
                }
                Refusal::Unread(failure) => {
                    change.action = Action::Unread;
                    let error = CliError::of_failure("find what the file names", &failure);
                    change.error = serde_json::to_value(error.document()).ok();
                }
            }
            *self.summary.counter(change.action) += 1;
            self.found.push(Box::new(Found {
                place: refused.place,
                change,
                standing: DocumentStanding::InSync,
            }));
        }
    }

    /// Puts the documents in the order of the files.
    pub(super) fn sort(&mut self) {
        self.found.sort_by_key(|found| found.place);
    }

    /// Counts a document of which nothing is said, since it is as its file and the record have it. True if it is one: of
    /// thousands most are, so it is found out before [`add`](Self::add).
    pub(super) fn passes_over<K: CliKind>(
        &mut self,
        authored: Option<&Authored<K>>,
        document: &PlannedDocument<K>,
        known: &KnownBases,
    ) -> bool {
        let is_in_record = |authored: &Authored<K>| {
            let has_notes = self.notes.contains_key(&authored.place);
            !has_notes && known.has(&document.id.to_string(), &authored.hash, authored.members)
        };
        let has_nothing_to_say = matches!(document.action, PlannedAction::Unchanged(_))
            && document.drift.is_none()
            && document.findings.as_slice().is_empty()
            && authored.is_some_and(is_in_record);
        if has_nothing_to_say {
            *self.summary.counter(Action::Unchanged) += 1;
        }
        has_nothing_to_say
    }

    /// Adds a document.
    pub(super) fn add<K: CliKind>(
        &mut self,
        authored: Option<&Authored<K>>,
        document: PlannedDocument<K>,
        known: &KnownBases,
        absent_intents: Vec<String>,
        all: bool,
        contents: &mut KindContents<K>,
    ) -> Result<(), CliError> {
        let PlannedDocument {
            id,
            title,
            seen,
            action,
            findings,
            drift,
            takes_back,
            ..
        } = document;
        let too_large = |error| CliError::new(ErrorCode::Usage, format!("`{id}`: {error}"));
        let place = authored.map_or(self.found.len(), |authored| authored.place);
        let file = authored.map(|authored| self.folder.relative(&authored.file));
        let edit = || authored.map(Authored::edit);
        let mut change = ChangeDocument::of::<K>(&id, title, file);
        let notes = authored.and_then(|authored| self.notes.remove(&authored.place));
        let has_warning = notes.is_some_and(|notes| change.add_notes(notes));
        let names = ReferenceDocument::known(&change.references);
        let of_file = |edit: &Edit<K>| FileContent::of(edit).map(|content| content.with_references(names.clone()));
        change.set_drift(drift.as_deref());
        change.absent_intents = absent_intents;
        match action {
            PlannedAction::Unchanged(version) => {
                change.action = Action::Unchanged;
                change.version = version.as_ref().map(|version| version.as_sent().to_owned());
                let is_known = |authored: &Authored<K>| known.has(&id.to_string(), &authored.hash, authored.members);
                let is_in_record = authored.is_some_and(is_known);
                // Why: what others changed stays, and is not what the file says.
                let is_in_sync = change.drift.is_empty();
                if let Some(edit) = (is_in_sync && !is_in_record).then(edit).flatten() {
                    let file = of_file(&edit).map_err(too_large)?;
                    let authored = edit.managed().map_err(too_large)?;
                    self.in_sync_documents.push(change.in_sync(&file, authored));
                    contents.in_sync.push(InSync { id, file, version });
                }
            }
            PlannedAction::Update(update) => {
                let effects = update.effects();
                change.set_before(update.before());
                change.after = Some(update.after().document().clone());
                let edit = edit();
                let content = edit.as_ref().map(of_file).transpose().map_err(too_large)?;
                change.authored = edit.as_ref().map(Edit::managed).transpose().map_err(too_large)?;
                change.diff = DiffLine::of(update.diff());
                change.set_authors(drift.as_deref(), &takes_back);
                change.disables = paths(&effects.disables);
                change.removes = paths(&effects.removes);
                change.empties = paths(&effects.empties);
                change.findings.extend(as_values(update.findings().as_slice()));
                self.contents.effects.push(effects);
                change.seen = seen.map(|seen| SeenDocument {
                    entry: seen.entry.0,
                    at: time::exact(seen.at),
                });
                contents.updates.push(ReviewedUpdate {
                    update: *update,
                    seen,
                    file: content,
                    absent_intents: change.absent_intents.clone(),
                });
            }
            PlannedAction::Conflict(conflict) => {
                change.action = Action::Conflict;
                if let Some(theirs) = &conflict.theirs {
                    change.set_before(theirs);
                }
                change.conflicts = conflict.collisions;
                change.theirs_changed = conflict.theirs_changed;
            }
            PlannedAction::Drifted(stored) => {
                change.action = Action::Conflict;
                change.set_before(&stored);
            }
            PlannedAction::Missing => change.action = Action::Missing,
            PlannedAction::Invalid(invalid) => {
                change.action = Action::Invalid;
                if let Some(stored) = &invalid.stored {
                    change.set_before(stored);
                }
                change.findings.extend(as_values(invalid.findings.as_slice()));
            }
            PlannedAction::Unread(failure) => {
                change.action = Action::Unread;
                let error = CliError::of_failure(&format!("read `{id}`"), &failure);
                change.error = serde_json::to_value(error.document()).ok();
            }
        }
        *self.summary.counter(change.action) += 1;
        change.findings.extend(as_values(findings.as_slice()));
        let is_listed = all || change.action != Action::Unchanged || !change.drift.is_empty();
        if is_listed || has_warning || !findings.as_slice().is_empty() {
            let standing = drift.as_ref().map(|drift| drift.comparison.standing());
            self.found.push(Box::new(Found {
                place,
                change,
                standing: standing.unwrap_or(DocumentStanding::InSync),
            }));
        }
        Ok(())
    }
}

impl ChangeDocument {
    /// The plan to update a document, with nothing in it yet.
    fn of<K: CliKind>(id: &K::Id, name: Option<String>, file: Option<String>) -> Self {
        Self::new(authored::reference::<K>(id), K::GUARD, name, file)
    }

    fn new(document: String, guard: Guard, name: Option<String>, file: Option<String>) -> Self {
        Self {
            document,
            name,
            file,
            action: Action::Update,
            guard: guard.as_str().to_owned(),
            version: None,
            before: None,
            after: None,
            authored: None,
            diff: Vec::new(),
            base: None,
            drift: Vec::new(),
            disables: Vec::new(),
            removes: Vec::new(),
            empties: Vec::new(),
            findings: Vec::new(),
            references: Vec::new(),
            conflicts: Vec::new(),
            theirs_changed: Vec::new(),
            seen: None,
            absent_intents: Vec::new(),
            error: None,
        }
    }

    /// The document as one that is as its file says.
    fn in_sync(&self, file: &FileContent, authored: Document) -> InSyncDocument {
        InSyncDocument {
            document: self.document.clone(),
            sha256: file.hash,
            authored,
            references: self.references.clone(),
        }
    }

    /// Adds the notes on the references of the file. True if one is a warning.
    fn add_notes(&mut self, notes: ReferenceNotes) -> bool {
        self.references = notes.references;
        self.findings.extend(as_values(&notes.findings));
        !notes.findings.is_empty()
    }

    /// Sets the base, and what others changed since.
    fn set_drift(&mut self, drift: Option<&DocumentDrift>) {
        let Some(drift) = drift else { return };
        self.base = drift.base.as_ref().map(BaseDocument::of);
        self.drift = drift.lines.iter().map(DriftDocument::of).collect();
    }

    /// Sets who made each difference, as far as a base and the record tell.
    fn set_authors(&mut self, drift: Option<&DocumentDrift>, takes_back: &[(Pointer, KnownChange)]) {
        for line in &mut self.diff {
            let name = line.path.split('/').nth(1).unwrap_or_default();
            let member = drift.and_then(|drift| drift.comparison.members().find(|(member, _)| member.name == name));
            line.by = match member {
                Some((_, Standing::ChangedInFile | Standing::InSync)) => By::File,
                // Why: of a member that has parts each has its own author.
                Some((member, Standing::ChangedInBoth)) if member.nested.is_some() => {
                    let is_theirs = self.drift.iter().any(|theirs| overlap(&theirs.path, &line.path));
                    if is_theirs { By::Drift } else { By::File }
                }
                Some((_, Standing::ChangedInOrg | Standing::ChangedInBoth)) => By::Drift,
                Some((_, Standing::NoBase | Standing::Undecided)) | None => By::Unknown,
            };
            let taken = takes_back.iter().find(|(place, _)| place.to_string() == line.path);
            line.takes_back = taken.map(|(_, change)| TakenBackDocument::of(change));
        }
    }

    fn set_before<K: CliKind>(&mut self, stored: &Stored<K>) {
        self.version = stored.version.as_ref().map(|version| version.as_sent().to_owned());
        self.before = Some(stored.value.document().clone());
    }
}

/// True if one of two places is the other, or stands in it.
fn overlap(one: &str, other: &str) -> bool {
    let is_in = |inside: &str, around: &str| {
        let rest = inside.strip_prefix(around);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    is_in(one, other) || is_in(other, one)
}

fn as_values(findings: &[Finding]) -> Vec<serde_json::Value> {
    let documents = findings.iter().cloned().map(FindingDocument::without_place);
    documents
        .filter_map(|finding| serde_json::to_value(finding).ok())
        .collect()
}
