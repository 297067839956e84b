//! Plans, made from the organization, with all that a reviewer needs to see.

mod plan_builder;

use std::sync::Arc;
use std::time::SystemTime;

use app::{DriftPolicy, PlanProgress, PlanRequest, Planner, known_bases};
use domain::plan::Safety;
use domain::{Copilot, TriggerRule};

use crate::authored::{Authored, AuthoredDocuments};
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::bases::BasesOfFiles;
use crate::commands::references::References;
use crate::commands::resolve_files;
use crate::commands::workspace::Workspace;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::folder_manifest::Manifests;
use crate::kind::CliKind;
use crate::output::FORMAT_VERSION;
use crate::progress::Progress;
use crate::record::{new_run, unusable};
use crate::render::result::TargetDocument;
use crate::request::PlanOptions;
use crate::saved_plan::{
    ChangeDocument, KindContents, PlanDocument, SafetyDocument, SavedPlan, UndoDocument, WholePlan, changes_hash,
};
use crate::time;
pub(super) use plan_builder::{Found, PlanBuilder};

/// The documents that are planned, and where they come from.
pub(super) enum Wanted {
    /// Documents of files.
    Files(AuthoredDocuments),
    /// The way back of documents.
    Undo(UndoDocument, UndoRequests),
}

/// The way back of documents, by their kinds.
pub(super) struct UndoRequests {
    pub(super) rules: Vec<PlanRequest<TriggerRule>>,
    pub(super) copilots: Vec<PlanRequest<Copilot>>,
}

/// A document of a plan before the organization was asked.
struct Requested<K: CliKind> {
    /// Its file; an undo has none.
    authored: Option<Arc<Authored<K>>>,
    request: PlanRequest<K>,
}

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
    let changes: Vec<ChangeDocument> = plan.found.into_iter().map(|found| found.change).collect();
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
            &plan.contents.effects,
            settings.safety.limits(plan.summary.documents),
        )),
        target,
        changes,
        in_sync: plan.in_sync_documents,
        summary: plan.summary,
    };
    Ok(WholePlan {
        saved: SavedPlan::new(document)?,
        contents: plan.contents,
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
    let values = resolve_files::values(&options.values)?;
    let target = workspace.identity().await?.target;
    let names = workspace.known_names(context, values).await?;
    let shown = workspace.session.target(workspace.identity.run.organization());
    let mut plan = PlanBuilder::new();
    let (rules, copilots, mut manifests) = match wanted {
        Wanted::Files(documents) => {
            let mut resolved = resolve_files::resolve(&names, &shown, documents).await?;
            let documents = std::mem::take(&mut resolved.documents);
            plan.add_resolved(resolved, &options.selection);
            (
                documents.rules.into_iter().map(Requested::of_file).collect(),
                documents.copilots.into_iter().map(Requested::of_file).collect(),
                documents.manifests,
            )
        }
        Wanted::Undo(_, UndoRequests { rules, copilots }) => (
            rules.into_iter().map(Requested::of_undo).collect(),
            copilots.into_iter().map(Requested::of_undo).collect(),
            Manifests::default(),
        ),
    };
    let bases = BasesOfFiles::new(options, (&names, &shown), context.output).await?;
    let comparing = Comparing {
        context,
        workspace,
        options,
        target,
        shown,
        references: options
            .checks_references
            .then(|| References::new(names, options.parallelism)),
    };
    let rules = comparing.chosen::<TriggerRule>(rules, &bases, &mut manifests, &mut plan)?;
    let copilots = comparing.chosen::<Copilot>(copilots, &bases, &mut manifests, &mut plan)?;
    // Why: of ten thousand documents they are large.
    drop(manifests);
    let rules = comparing.compare::<TriggerRule>(rules, &mut plan).await?;
    let copilots = comparing.compare::<Copilot>(copilots, &mut plan).await?;
    if let Some(references) = &comparing.references {
        references.warn_of_unchecked(context);
    }
    plan.contents.rules = rules;
    plan.contents.copilots = copilots;
    if plan.summary.selected() == 0 && !options.selection.is_everything() {
        let message = "no document of the files is selected";
        return Err(CliError::new(ErrorCode::Usage, message).with_help("look at `--select` and `--exclude`"));
    }
    plan.sort();
    Ok((comparing.shown, plan))
}

/// The comparison of documents with the organization.
struct Comparing<'c> {
    context: &'c Context<'c>,
    workspace: &'c Workspace,
    options: &'c PlanOptions,
    /// The target as the record names it.
    target: String,
    shown: TargetDocument,
    /// The check of what the documents refer to, where it is wanted.
    references: Option<References>,
}

/// The documents of one kind that are planned.
struct Chosen<K: CliKind> {
    documents: Vec<Requested<K>>,
    left_out: Vec<K::Id>,
    /// True if of one only the organization's document says whether it is selected.
    is_undecided: bool,
    drift: DriftPolicy<K>,
}

impl Comparing<'_> {
    /// The documents of one kind that are planned, as far as their files say.
    fn chosen<K: CliKind>(
        &self,
        all: Vec<Requested<K>>,
        bases: &BasesOfFiles<'_>,
        manifests: &mut Manifests,
        plan: &mut PlanBuilder,
    ) -> Result<Chosen<K>, CliError> {
        let selection = &self.options.selection;
        let mut is_undecided = false;
        plan.summary.documents += all.len();
        let (documents, left_out): (Vec<_>, Vec<_>) = all.into_iter().partition(|requested| {
            let (file, id) = (requested.authored.as_deref(), requested.request.id.to_string());
            let chosen = selection.chooses_document(file, &id, None, None);
            is_undecided |= chosen.is_none();
            chosen != Some(false)
        });
        let files = documents.iter().filter_map(|requested| requested.authored.as_deref());
        let drift = bases.policy(files, manifests, &self.shown)?;
        Ok(Chosen {
            documents,
            left_out: left_out.into_iter().map(|requested| requested.request.id).collect(),
            is_undecided,
            drift,
        })
    }

    /// Compares the documents of one kind, and adds them to a plan.
    async fn compare<K: CliKind>(
        &self,
        chosen: Chosen<K>,
        plan: &mut PlanBuilder,
    ) -> Result<KindContents<K>, CliError> {
        let Chosen {
            documents,
            left_out,
            is_undecided,
            drift,
        } = chosen;
        let mut contents = KindContents::default();
        if documents.is_empty() {
            return Ok(contents);
        }
        let selection = &self.options.selection;
        let planner = Planner {
            store: Arc::new(self.workspace.reader::<K>(self.context.settings()?)),
            parallelism: self.options.parallelism,
            keeps_stored: is_undecided || (K::REFERS && self.references.is_some()),
            record: Some((self.workspace.record.history.clone(), self.target.clone())),
            drift,
            left_out,
        };
        let history = &*self.workspace.record.history;
        // Why first: the rows of thousands of bases and what is planned of as many documents are not held together.
        let known = known_bases::<K>(history, &self.target).await;
        let known = known.map_err(|failure| unusable(&failure))?;
        let (authored, wanted): (Vec<_>, Vec<_>) = documents
            .into_iter()
            .map(|requested| (requested.authored, requested.request))
            .unzip();
        let waits = &self.workspace.session.waits;
        let progress = Progress::start(self.context.output, waits, "planned", wanted.len());
        let found = planner
            .plan(wanted, &|step| match step {
                PlanProgress::Listed(_) => {}
                PlanProgress::Planned(number) => progress.set(number),
            })
            .await;
        progress.finish();
        let mut found = found.map_err(|failure| unusable(&failure))?;
        let absent_intents = match &self.references {
            Some(references) => {
                let record = (history, self.target.as_str());
                let checked = references.check_planned(&mut found.documents, record).await;
                checked.map_err(|failure| unusable(&failure))?
            }
            None => found.documents.iter().map(|_| Vec::new()).collect(),
        };
        plan.count_others(found.not_requested);
        let found = found.documents.into_iter().zip(absent_intents);
        for (authored, (document, absent_intents)) in authored.into_iter().zip(found) {
            let chosen = selection.chooses_document(
                authored.as_deref(),
                &document.id.to_string(),
                document.stored.as_ref(),
                document.title.as_deref(),
            );
            let is_chosen = chosen.unwrap_or(true);
            if is_chosen && (self.options.all || !plan.passes_over(authored.as_deref(), &document, &known)) {
                plan.add(
                    authored.as_deref(),
                    document,
                    &known,
                    absent_intents,
                    self.options.all,
                    &mut contents,
                )?;
            }
        }
        Ok(contents)
    }
}

impl<K: CliKind> Requested<K> {
    fn of_file(authored: Authored<K>) -> Self {
        let authored = Arc::new(authored);
        let request = request_of(&authored);
        Self {
            authored: Some(authored),
            request,
        }
    }

    fn of_undo(request: PlanRequest<K>) -> Self {
        Self {
            authored: None,
            request,
        }
    }
}

/// The request of a file.
pub(super) fn request_of<K: CliKind>(authored: &Arc<Authored<K>>) -> PlanRequest<K> {
    PlanRequest {
        id: authored.id.clone(),
        request: authored.clone(),
    }
}
