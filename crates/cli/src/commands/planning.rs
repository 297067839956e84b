//! Plans, made from the organization, with all that a reviewer needs to see.

use std::sync::Arc;
use std::time::SystemTime;

use app::{
    DocumentDrift, FileContent, InSync, KnownBases, KnownChange, PlanProgress, PlanRequest, PlannedAction,
    PlannedDocument, Planner, ReviewedUpdate, known_bases,
};
use domain::drift::{DocumentStanding, Standing};
use domain::plan::{Effects, Safety};
use domain::{DocumentKind, Edit, Finding, Pointer, Stored, TriggerRule};

use crate::checked_files::Authored;
use crate::cli_error::CliError;
use crate::commands::workspace::Workspace;
use crate::commands::{Context, bases};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::output::FORMAT_VERSION;
use crate::progress::Progress;
use crate::record::{new_run, unusable};
use crate::render::findings::FindingDocument;
use crate::render::result::TargetDocument;
use crate::request::PlanOptions;
use crate::saved_plan::{
    Action, BaseDocument, By, ChangeDocument, Contents, DiffLine, DriftDocument, InSyncDocument, PlanDocument,
    SafetyDocument, SavedPlan, SeenDocument, SummaryDocument, TakenBackDocument, UndoDocument, WholePlan, changes_hash,
    paths,
};
use crate::time;
use crate::working_folder::WorkingFolder;

/// The documents that are planned, and where they come from.
pub(super) enum Wanted {
    /// Documents of files.
    Files(Vec<Authored>),
    /// The way back of documents.
    Undo(UndoDocument, Vec<PlanRequest<TriggerRule>>),
}

/// A document of a plan before the organization was asked.
struct Request(Option<Arc<Authored>>);

/// Makes a plan.
///
/// # Errors
///
/// If the organization or the record cannot be asked at all, or nothing is selected.
pub(super) async fn make(
    context: &Context<'_>,
    workspace: &Workspace,
    wanted: Wanted,
    options: &PlanOptions,
) -> Result<WholePlan, CliError> {
    let created_at = SystemTime::now();
    let undo = match &wanted {
        Wanted::Files(_) => None,
        Wanted::Undo(undo, _) => Some(undo.clone()),
    };
    let (target, plan) = compare(context, workspace, wanted, options).await?;
    let changes: Vec<ChangeDocument> = plan.changes.into_iter().map(|change| *change).collect();
    let settings = context.settings()?;
    let document = PlanDocument {
        format_version: FORMAT_VERSION.to_owned(),
        kind: "plan".to_owned(),
        plan_id: new_run(),
        created_at: time::exact(created_at),
        tool: concat!("assist-rules ", env!("CARGO_PKG_VERSION")).to_owned(),
        exit_code: Exit::worst(changes.iter().map(ChangeDocument::exit)).code(),
        undo,
        changes_hash: changes_hash(&target, &changes).to_string(),
        safety: SafetyDocument::of(Safety::of(
            &plan.effects,
            settings.safety.limits(plan.summary.documents),
        )),
        target,
        changes,
        in_sync: plan.in_sync_documents,
        summary: plan.summary,
    };
    Ok(WholePlan {
        saved: SavedPlan::new(document)?,
        contents: Contents {
            updates: plan.updates,
            effects: plan.effects,
            in_sync: plan.in_sync,
        },
    })
}

/// Compares documents with the organization.
///
/// # Errors
///
/// As [`make`].
pub(super) async fn compare(
    context: &Context<'_>,
    workspace: &Workspace,
    wanted: Wanted,
    options: &PlanOptions,
) -> Result<(TargetDocument, PlanBuilder), CliError> {
    let settings = context.settings()?;
    let all: Vec<_> = match wanted {
        Wanted::Files(documents) => documents.into_iter().map(of_file).collect(),
        Wanted::Undo(_, requests) => {
            let of_undo = |request| (Request(None), request);
            requests.into_iter().map(of_undo).collect()
        }
    };
    let total = all.len();
    let selection = &options.selection;
    let mut is_undecided = false;
    let (chosen, left_out): (Vec<_>, Vec<_>) = all.into_iter().partition(|(request, planned)| {
        let chosen = selection.chooses_rule(request.0.as_deref(), planned.id.as_str(), None);
        is_undecided |= chosen.is_none();
        chosen != Some(false)
    });
    let target = workspace.identity().await?.target;
    let shown = workspace.session.target(workspace.identity.run.organization());
    let files = chosen.iter().filter_map(|(request, _)| request.0.as_deref());
    let drift = bases::policy(files, &shown, options)?;
    let planner = Planner {
        store: Arc::new(workspace.session.reader::<TriggerRule>(settings)),
        parallelism: options.parallelism,
        keeps_stored: is_undecided,
        record: Some((workspace.record.history.clone(), target.clone())),
        drift,
        left_out: left_out.into_iter().map(|(_, planned)| planned.id).collect(),
    };
    let history = &*workspace.record.history;
    // Why first: the rows of thousands of bases and what is planned of as many documents are not held together.
    let known = known_bases::<TriggerRule>(history, &target).await;
    let known = known.map_err(|failure| unusable(&failure))?;
    let (requests, wanted): (Vec<Request>, Vec<_>) = chosen.into_iter().unzip();
    let progress = Progress::start(context.output, &workspace.session.waits, "planned", wanted.len());
    let found = planner
        .plan(wanted, &|step| match step {
            PlanProgress::Listed(_) => {}
            PlanProgress::Planned(number) => progress.set(number),
        })
        .await;
    progress.finish();
    let found = found.map_err(|failure| unusable(&failure))?;
    let mut plan = PlanBuilder {
        folder: WorkingFolder::here(),
        known,
        ..PlanBuilder::default()
    };
    for (request, document) in requests.into_iter().zip(found.documents) {
        let chosen = selection.chooses_rule(request.0.as_deref(), document.id.as_str(), document.stored.as_ref());
        if chosen.unwrap_or(true) {
            plan.add(&request, document, options.all)?;
        }
    }
    if plan.summary.selected() == 0 && !selection.is_everything() {
        let message = "no rule of the files is selected";
        return Err(CliError::new(ErrorCode::Usage, message).with_help("look at `--select` and `--exclude`"));
    }
    plan.summary.documents = total;
    plan.summary.not_in_files = found.not_requested;
    Ok((shown, plan))
}

fn of_file(authored: Authored) -> (Request, PlanRequest<TriggerRule>) {
    let authored = Arc::new(authored);
    let planned = request_of(&authored);
    (Request(Some(authored)), planned)
}

/// The request of a file.
pub(super) fn request_of(authored: &Arc<Authored>) -> PlanRequest<TriggerRule> {
    PlanRequest {
        id: authored.id.clone(),
        request: authored.clone(),
    }
}

/// The parts of a plan so far.
#[derive(Default)]
pub(super) struct PlanBuilder {
    folder: WorkingFolder,
    known: KnownBases,
    #[expect(
        clippy::vec_box,
        reason = "ten thousand in one piece would not fit where the files that they come from were"
    )]
    pub(super) changes: Vec<Box<ChangeDocument>>,
    /// The standing of each document that is listed.
    pub(super) standings: Vec<DocumentStanding>,
    updates: Vec<ReviewedUpdate<TriggerRule>>,
    effects: Vec<Effects>,
    in_sync: Vec<InSync<TriggerRule>>,
    in_sync_documents: Vec<InSyncDocument>,
    summary: SummaryDocument,
}

impl PlanBuilder {
    /// Adds a document.
    fn add(&mut self, request: &Request, document: PlannedDocument<TriggerRule>, all: bool) -> Result<(), CliError> {
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
        let file = request.0.as_ref().map(|authored| self.folder.relative(&authored.file));
        let edit = || request.0.as_ref().map(|authored| authored.edit());
        let mut change = ChangeDocument::of(&format!("{}/{id}", TriggerRule::NAME), title, file);
        change.set_drift(drift.as_ref());
        match action {
            PlannedAction::Unchanged(version) => {
                change.action = Action::Unchanged;
                change.version = version.as_ref().map(|version| version.as_sent().to_owned());
                let is_known = |authored: &Arc<Authored>| self.known.has(id.as_str(), &authored.hash, authored.members);
                let is_in_record = request.0.as_ref().is_some_and(is_known);
                // Why: what others changed stays, and is not what the file says.
                let is_in_sync = change.drift.is_empty();
                if let Some(edit) = (is_in_sync && !is_in_record).then(edit).flatten() {
                    let file = FileContent::of(&edit).map_err(too_large)?;
                    self.in_sync_documents.push(InSyncDocument {
                        document: change.document.clone(),
                        sha256: file.hash.clone(),
                        authored: edit.managed().map_err(too_large)?,
                    });
                    self.in_sync.push(InSync { id, file, version });
                }
            }
            PlannedAction::Update(update) => {
                let effects = update.effects();
                change.set_before(update.before());
                change.after = Some(update.after().document().clone());
                let edit = edit();
                let content = edit.as_ref().map(FileContent::of).transpose().map_err(too_large)?;
                change.authored = edit.as_ref().map(Edit::managed).transpose().map_err(too_large)?;
                change.diff = DiffLine::of(update.diff());
                change.set_authors(drift.as_ref(), &takes_back);
                change.disables = paths(&effects.disables);
                change.removes = paths(&effects.removes);
                change.empties = paths(&effects.empties);
                change.findings = as_values(update.findings().as_slice());
                self.effects.push(effects);
                change.seen = seen.map(|seen| SeenDocument {
                    entry: seen.entry.0,
                    at: time::exact(seen.at),
                });
                self.updates.push(ReviewedUpdate {
                    update: *update,
                    seen,
                    file: content,
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
                change.findings = as_values(invalid.findings.as_slice());
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
        if is_listed || !findings.as_slice().is_empty() {
            let standing = drift.as_ref().map(|drift| drift.comparison.standing());
            self.standings.push(standing.unwrap_or(DocumentStanding::InSync));
            self.changes.push(Box::new(change));
        }
        Ok(())
    }
}

impl ChangeDocument {
    /// The plan to update a document, with nothing in it yet.
    fn of(document: &str, name: Option<String>, file: Option<String>) -> Self {
        Self {
            document: document.to_owned(),
            name,
            file,
            action: Action::Update,
            guard: TriggerRule::GUARD.as_str().to_owned(),
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
            conflicts: Vec::new(),
            theirs_changed: Vec::new(),
            seen: None,
            error: None,
        }
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
            let member = line.path.split('/').nth(1).unwrap_or_default();
            let standing = drift.and_then(|drift| drift.comparison.of(member));
            line.by = match standing {
                Some(Standing::ChangedInFile | Standing::InSync) => By::File,
                Some(Standing::ChangedInOrg | Standing::ChangedInBoth) => By::Drift,
                Some(Standing::NoBase | Standing::Undecided) | None => By::Unknown,
            };
            let taken = takes_back.iter().find(|(place, _)| place.to_string() == line.path);
            line.takes_back = taken.map(|(_, change)| TakenBackDocument::of(change));
        }
    }

    fn set_before(&mut self, stored: &Stored<TriggerRule>) {
        self.version = stored.version.as_ref().map(|version| version.as_sent().to_owned());
        self.before = Some(stored.value.document().clone());
    }
}

fn as_values(findings: &[Finding]) -> Vec<serde_json::Value> {
    let documents = findings.iter().cloned().map(FindingDocument::without_place);
    documents
        .filter_map(|finding| serde_json::to_value(finding).ok())
        .collect()
}
