//! `pull`: writes documents of the organization into the files of a folder.

mod file_names;
mod folder;
mod folder_lock;
mod left_alone;
mod portable;
mod pulled_kind;
mod target_file;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use app::{Bases, Identity, KnownNames, PullError, Puller, Wanted};
use domain::{Copilot, CopilotId, FailureClass, RequestError, RuleId, TriggerRule};
use ports::Listed;

use crate::args::Format;
use crate::authored::{self, Authored, AuthoredDocuments};
use crate::checked_files::{CheckedFiles, Needs};
use crate::cli_error::CliError;
use crate::commands::bases::BasesOfFiles;
use crate::commands::resolve_files::{self, ReferenceNotes};
use crate::commands::workspace::{Needs as NeedsRecord, Workspace};
use crate::commands::{Context, by_name, planning, validate};
use crate::document_argument::DocumentArgument;
use crate::exit::Exit;
use crate::folder_manifest::{FolderManifest, Manifests};
use crate::progress::Progress;
use crate::record::unusable;
use crate::render::pulled::{PassedOver, PulledDocument, PulledReport};
use crate::render::report::Asked;
use crate::render::result::TargetDocument;
use crate::request::{ChangeRequest, PullCommand};
use file_names::FileNames;
use folder::{Folder, NamedFile};
use folder_lock::FolderLock;
use left_alone::LeftAlone;
use pulled_kind::PulledKind;

pub(super) async fn run(context: &Context<'_>, command: &PullCommand) -> Result<Exit, CliError> {
    let _lock = FolderLock::take(&command.folder, context.settings()?.deadline).await?;
    let manifest = FolderManifest::read(&command.folder)?;
    let files = match authored(context, &command.folder)? {
        Ok(files) => files,
        Err(exit) => return Ok(exit),
    };
    let ids = ids(context, &command.documents).await?;
    let request = ChangeRequest {
        asked: Asked::Update,
        command: "pull",
        reason: None,
        undoes: Vec::new(),
    };
    let workspace = Workspace::open(context, &request, NeedsRecord::NoRecord).await?;
    let report = pull(context, command, &workspace, manifest, files, ids).await;
    workspace.close().await?;
    let report = report?;
    match context.output.format {
        Format::Human => context.output.document(&report.human())?,
        Format::Json
        | Format::Yaml
        | Format::Ndjson
        | Format::Sarif
        | Format::Github
        | Format::Junit
        | Format::Prometheus
        | Format::Markdown
        | Format::Html => context.output.data(&report)?,
    }
    Ok(report.exit())
}

/// The documents that the files of the folder hold, or how the program ends where a file cannot be read or parsed: a document
/// that it holds would get a second file.
fn authored(context: &Context<'_>, folder: &Path) -> Result<Result<AuthoredDocuments, Exit>, CliError> {
    if !folder.is_dir() || !has_files(folder) {
        return Ok(Ok(AuthoredDocuments::default()));
    }
    let checked = CheckedFiles::read(&[folder.to_owned()], Needs::Documents);
    if !checked.faults.is_empty() || checked.is_unreadable() {
        return validate::report(context, &checked, domain::Severity::Error).map(Err);
    }
    checked.warn_of_passed_over(context.output);
    Ok(Ok(checked.documents))
}

fn has_files(folder: &Path) -> bool {
    let walked = crate::source::walk(&[folder.to_owned()]);
    !walked.files.is_empty()
}

/// The documents that are named.
#[derive(Default)]
struct Named {
    rules: Vec<RuleId>,
    copilots: Vec<CopilotId>,
}

impl Named {
    fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.copilots.is_empty()
    }

    fn references(&self) -> impl Iterator<Item = String> {
        let rules = self.rules.iter().map(authored::reference::<TriggerRule>);
        rules.chain(self.copilots.iter().map(authored::reference::<Copilot>))
    }
}

/// The ids of the documents that are named.
async fn ids(context: &Context<'_>, documents: &[String]) -> Result<Named, CliError> {
    let mut named = Named::default();
    for document in documents {
        match by_name::argument(context, document).await? {
            DocumentArgument::Rule(id) => named.rules.push(id),
            DocumentArgument::Copilot(id) => named.copilots.push(id),
        }
    }
    Ok(named)
}

async fn pull(
    context: &Context<'_>,
    command: &PullCommand,
    workspace: &Workspace,
    manifest: Option<FolderManifest>,
    files: AuthoredDocuments,
    mut ids: Named,
) -> Result<PulledReport, CliError> {
    let identity = workspace.identity().await?;
    let target = workspace.session.target(workspace.identity.run.organization());
    if let Some(manifest) = &manifest
        && !manifest.is_of(&target)
    {
        return Err(manifest.of_another(&command.folder, &target));
    }
    let mut manifest = manifest.unwrap_or_else(|| FolderManifest::new(target.clone()));
    manifest.portable |= command.portable;
    let values = resolve_files::values(&command.options.values)?;
    let names = workspace.known_names(context, values).await?;
    if manifest.portable {
        workspace.listings.note_names();
    }
    let resolved = resolve_files::resolve(&names, &target, files).await?;
    let left_alone = LeftAlone::of(&resolved.refused)?;
    let mut files = resolved.documents;
    let bases = BasesOfFiles::new(&command.options, (&names, &target), context.output).await?;
    let is_all = ids.is_empty();
    let kept = left_alone.take_from(&mut ids, command);
    let mut pulling = Pulling {
        context,
        command,
        workspace,
        identity,
        is_portable: manifest.portable,
        names,
        notes: resolved.notes,
        folder: Folder::new(command, manifest),
        target,
        passed_over: Vec::new(),
        documents: kept,
        left_alone,
        is_all,
    };
    let rules = pulling.bases::<TriggerRule>(&files.rules, &ids.rules, &bases, &mut files.manifests)?;
    let copilots = pulling.bases::<Copilot>(&files.copilots, &ids.copilots, &bases, &mut files.manifests)?;
    // Why: of ten thousand documents they are large.
    drop(files.manifests);
    let rules = pulling.pull::<TriggerRule>(files.rules, rules, ids.rules).await?;
    let copilots = pulling.pull::<Copilot>(files.copilots, copilots, ids.copilots).await?;
    match (rules, copilots) {
        (Some(failure), Some(other)) => {
            let is_denied = |failure: &RequestError| failure.class == FailureClass::Denied;
            if is_denied(&other) && !is_denied(&failure) {
                return Err(unlisted::<Copilot>(&other));
            }
            Err(unlisted::<TriggerRule>(&failure))
        }
        (Some(_) | None, None) | (None, Some(_)) => Ok(pulling.report()),
    }
}

/// The error of a kind that cannot be listed.
fn unlisted<K: PulledKind>(failure: &RequestError) -> CliError {
    CliError::of_failure(&format!("list the {}s", K::LISTED.noun), failure)
}

/// The documents of an organization, brought into the files of a folder one kind after the other.
struct Pulling<'c> {
    context: &'c Context<'c>,
    command: &'c PullCommand,
    workspace: &'c Workspace,
    identity: Identity,
    folder: Folder<'c>,
    /// True if files have names in place of ids.
    is_portable: bool,
    names: Arc<KnownNames>,
    /// The references in the files, by the numbers of their documents.
    notes: BTreeMap<usize, ReferenceNotes>,
    target: TargetDocument,
    passed_over: Vec<PassedOver>,
    documents: Vec<PulledDocument>,
    left_alone: LeftAlone,
    /// True if no document was named.
    is_all: bool,
}

impl Pulling<'_> {
    /// The bases of the documents of one kind, if some of it are pulled.
    fn bases<K: PulledKind>(
        &self,
        files: &[Authored<K>],
        ids: &[K::Id],
        bases: &BasesOfFiles<'_>,
        manifests: &mut Manifests,
    ) -> Result<Option<Bases<K>>, CliError> {
        let is_named = self.is_all || !ids.is_empty();
        if !is_named || !self.command.options.selection.may_choose(K::NAME.as_str()) {
            return Ok(None);
        }
        let policy = bases.policy(files.iter(), manifests, &self.target)?;
        Ok(Some(policy.bases))
    }

    /// Pulls the documents of one kind. The failure of the listing where the organization does not show this kind: it is passed
    /// over then.
    async fn pull<K: PulledKind>(
        &mut self,
        files: Vec<Authored<K>>,
        bases: Option<Bases<K>>,
        ids: Vec<K::Id>,
    ) -> Result<Option<RequestError>, CliError> {
        let Some(bases) = bases else { return Ok(None) };
        let selection = &self.command.options.selection;
        let settings = self.context.settings()?;
        let puller = Puller {
            store: Arc::new(self.workspace.reader::<K>(settings)),
            parallelism: self.command.options.parallelism,
            record: Some((self.workspace.record.history.clone(), self.identity.target.clone())),
            bases,
            clock: self.workspace.session.clock.clone(),
        };
        let files: BTreeMap<String, Arc<Authored<K>>> = files
            .into_iter()
            .map(|file| (file.id.to_string(), Arc::new(file)))
            .collect();
        let chosen = |file: &&Arc<Authored<K>>| {
            let is_wanted = ids.is_empty() || ids.contains(&file.id);
            let id = file.id.to_string();
            is_wanted && selection.chooses_document(Some(file), &id, None, None) != Some(false)
        };
        let requests = files.values().filter(chosen).map(planning::request_of).collect();
        let left_alone = &self.left_alone;
        let by_listing = |listed: &Listed<K>| {
            let id = listed.stated_id.as_str();
            let file = files.get(id).map(Arc::as_ref);
            let chosen = selection.chooses_document(file, id, Some(&listed.value), listed.title.as_deref());
            chosen.unwrap_or(true) && !left_alone.has::<K>(id)
        };
        let wanted = if ids.is_empty() {
            Wanted::Listed(&by_listing)
        } else {
            Wanted::These(ids)
        };
        let waits = &self.workspace.session.waits;
        let progress = Progress::start(self.context.output, waits, "read", files.len());
        let found = puller.pull(requests, wanted, &|done, _| progress.set(done)).await;
        progress.finish();
        drop(puller);
        let found = match found {
            Ok(found) => found,
            Err(PullError::Listing(failure)) if is_not_shown(&failure) => {
                self.passed_over.push(PassedOver {
                    what: format!("{}s", K::LISTED.document),
                    why: unlisted::<K>(&failure).message,
                });
                return Ok(Some(failure));
            }
            Err(PullError::Listing(failure)) => return Err(unlisted::<K>(&failure)),
            Err(PullError::Ledger(failure)) => return Err(unusable(&failure)),
        };
        let without = found.without_document.into_iter();
        self.passed_over.extend(without.map(|what| PassedOver {
            what,
            why: format!("the {} has no {}", K::LISTED.noun, K::LISTED.document),
        }));
        let mut names = found.names;
        for document in found.documents.iter().filter(|document| K::is_listed(&document.id)) {
            let title = || document.title.clone();
            names.entry(document.id.to_string()).or_insert_with(title);
        }
        let names = FileNames::new(&names);
        let (mut agreed, mut is_any) = (Vec::new(), false);
        for document in found.documents {
            let file = files.get(&document.id.to_string()).map(Arc::as_ref);
            is_any = true;
            let portable = self.portable(&document, file).await?;
            self.documents
                .push(self.folder.take(document, (file, portable), &names, &mut agreed));
        }
        if let (true, Some(beside)) = (is_any, K::BESIDE) {
            self.passed_over.push(PassedOver {
                what: beside.to_owned(),
                why: "they are no part of the document".to_owned(),
            });
        }
        self.folder.save()?;
        let folder_id = folder_id(&self.command.folder);
        let ledger = &*self.workspace.record.ledger;
        let clock = &*self.workspace.session.clock;
        let recorded = app::record_pulled::<K>(ledger, &self.identity, &folder_id, &agreed, clock);
        recorded.await.map_err(|failure| unusable(&failure))?;
        Ok(None)
    }

    /// The file of a document with names in place of ids, where the folder or its file is such a one.
    async fn portable<K: PulledKind>(
        &self,
        document: &app::PulledDocument<K>,
        file: Option<&Authored<K>>,
    ) -> Result<Option<NamedFile>, CliError> {
        let references = file.and_then(|file| self.notes.get(&file.place));
        let references = references.map_or(&[] as &[_], |notes| notes.references.as_slice());
        let app::PulledState::Read(stored, _) = &document.state else {
            return Ok(None);
        };
        if !self.is_portable && references.is_empty() {
            return Ok(None);
        }
        let of_file = file.map(|file| (file, references));
        let file = portable::portable_file::<K>(&self.names, &document.id, &stored.value, of_file).await?;
        let own = portable::own_name::<K>(references).map(str::to_owned);
        Ok(Some(NamedFile { own, file }))
    }

    fn report(mut self) -> PulledReport {
        self.documents
            .sort_by(|one: &PulledDocument, other| one.document.cmp(&other.document));
        PulledReport::new(self.target, self.documents, self.passed_over)
    }
}

/// True for the answer of an organization that does not have or does not show a kind.
fn is_not_shown(failure: &RequestError) -> bool {
    matches!(failure.class, FailureClass::Denied | FailureClass::NotFound)
}

/// The identity of a folder in the record.
fn folder_id(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    whole.display().to_string()
}
