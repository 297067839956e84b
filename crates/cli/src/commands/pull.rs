//! `pull`: writes documents of the organization into the files of a folder.

mod file_names;
mod folder_lock;
mod target_file;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use app::{FileContent, PullError, PulledDocument as Found, PulledState as State, Puller, Wanted};
use domain::drift::{DocumentStanding, Standing};
use domain::{RuleId, TriggerRule};

use crate::args::Format;
use crate::checked_files::{Authored, CheckedFiles, Needs};
use crate::cli_error::CliError;
use crate::commands::workspace::{Needs as NeedsRecord, Workspace};
use crate::commands::{Context, bases, by_name, planning, validate};
use crate::document_argument::{DocumentArgument, name_of};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::folder_manifest::{self, FolderManifest, PulledDocument as Line};
use crate::progress::Progress;
use crate::record::unusable;
use crate::render::pulled::{PulledDocument, PulledReport, PulledState, Reason};
use crate::render::report::Asked;
use crate::request::{ChangeRequest, PullCommand};
use crate::time;
use crate::working_folder::WorkingFolder;
use file_names::FileNames;
use folder_lock::FolderLock;
use target_file::Written;

/// The folder of trigger rules in a folder.
const RULES: &str = "trigger-rules";

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
fn authored(context: &Context<'_>, folder: &Path) -> Result<Result<Vec<Authored>, Exit>, CliError> {
    if !folder.is_dir() || !has_files(folder) {
        return Ok(Ok(Vec::new()));
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

/// The ids of the documents that are named.
async fn ids(context: &Context<'_>, documents: &[String]) -> Result<Vec<RuleId>, CliError> {
    let mut ids = Vec::new();
    for document in documents {
        let argument = match name_of(document) {
            Some(name) => format!("rule/{}", by_name::look_up(context, name).await?),
            None => document.clone(),
        };
        match argument.parse()? {
            DocumentArgument::Rule(id) => ids.push(id),
            DocumentArgument::Copilot(_) => {
                let message = format!("`{argument}`: `pull` takes trigger rules");
                return Err(CliError::new(ErrorCode::Usage, message));
            }
        }
    }
    Ok(ids)
}

async fn pull(
    context: &Context<'_>,
    command: &PullCommand,
    workspace: &Workspace,
    manifest: Option<FolderManifest>,
    files: Vec<Authored>,
    ids: Vec<RuleId>,
) -> Result<PulledReport, CliError> {
    let settings = context.settings()?;
    let identity = workspace.identity().await?;
    let target = workspace.session.target(workspace.identity.run.organization());
    if let Some(manifest) = &manifest
        && !manifest.is_of(&target)
    {
        return Err(manifest.of_another(&command.folder, &target));
    }
    let policy = bases::policy(files.iter(), &target, &command.options)?;
    let puller = Puller {
        store: Arc::new(workspace.session.reader::<TriggerRule>(settings)),
        parallelism: command.options.parallelism,
        record: Some((workspace.record.history.clone(), identity.target.clone())),
        bases: policy.bases,
        clock: workspace.session.clock.clone(),
    };
    let files: BTreeMap<String, Arc<Authored>> = files
        .into_iter()
        .map(|file| (file.id.to_string(), Arc::new(file)))
        .collect();
    let selection = &command.options.selection;
    let chosen = |file: &&Arc<Authored>| {
        let is_wanted = ids.is_empty() || ids.contains(&file.id);
        is_wanted && selection.chooses_rule(Some(file), file.id.as_str(), None) != Some(false)
    };
    let requests = files.values().filter(chosen).map(planning::request_of).collect();
    let by_listing = |id: &str, listed: &TriggerRule| {
        let file = files.get(id).map(Arc::as_ref);
        selection.chooses_rule(file, id, Some(listed)).unwrap_or(true)
    };
    let wanted = if ids.is_empty() {
        Wanted::Listed(&by_listing)
    } else {
        Wanted::These(ids)
    };
    let progress = Progress::start(context.output, &workspace.session.waits, "read", files.len());
    let found = puller.pull(requests, wanted, &|done, _| progress.set(done)).await;
    progress.finish();
    drop(puller);
    let found = found.map_err(|error| match error {
        PullError::Listing(failure) => CliError::of_failure("list the rules", &failure),
        PullError::Ledger(failure) => unusable(&failure),
    })?;
    let mut names = found.names;
    for document in &found.documents {
        names
            .entry(document.id.to_string())
            .or_insert_with(|| document.title.clone());
    }
    let mut folder = Folder {
        command,
        names: FileNames::new(&names),
        here: WorkingFolder::here(),
        manifest: manifest.unwrap_or_else(|| FolderManifest::new(target.clone())),
        pulled: Vec::new(),
    };
    let mut documents = Vec::new();
    for document in found.documents {
        let file = files.get(document.id.as_str()).cloned();
        documents.push(folder.take(document, file));
    }
    documents.sort_by(|one: &PulledDocument, other| one.document.cmp(&other.document));
    folder.save()?;
    let folder_id = folder_id(&command.folder);
    for (id, content, read_at) in &folder.pulled {
        let now = workspace.session.clock.now();
        let ledger = &*workspace.record.ledger;
        let recorded = app::record_pulled::<TriggerRule>(ledger, &identity, id, &folder_id, content, (*read_at, now));
        recorded.await.map_err(|failure| unusable(&failure))?;
    }
    Ok(PulledReport::new(target, documents))
}

/// The identity of a folder in the record.
fn folder_id(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    whole.display().to_string()
}

/// The folder that documents are written into.
struct Folder<'c> {
    command: &'c PullCommand,
    names: FileNames,
    here: WorkingFolder,
    manifest: FolderManifest,
    /// The documents that file and organization agree on now.
    pulled: Vec<(RuleId, FileContent, SystemTime)>,
}

impl Folder<'_> {
    /// Brings the file of a document to what the organization has, unless its author edited it.
    fn take(&mut self, found: Found<TriggerRule>, file: Option<Arc<Authored>>) -> PulledDocument {
        let Found {
            id,
            title,
            read_at,
            state,
        } = found;
        let shown = file.as_ref().map(|file| self.here.relative(&file.file));
        let report = |state| PulledDocument::new(bases::reference(id.as_str()), title.clone(), shown.clone(), state);
        match (state, file) {
            (State::InSync, file) => {
                if let Some(file) = file {
                    self.renew_unchanged(&id, &file, read_at);
                }
                report(PulledState::Unchanged)
            }
            (State::Missing, _) => report(PulledState::Missing),
            (State::Unread(failure), _) => {
                report(PulledState::Failed).failed(&CliError::of_failure(&format!("read `{id}`"), &failure))
            }
            (State::Read(stored, drift), Some(file)) => {
                let standing = drift.as_ref().map(|drift| drift.comparison.standing());
                let is_without_base = drift.is_some_and(|drift| {
                    let mut members = drift.comparison.members();
                    members.any(|(_, standing)| standing == Standing::NoBase)
                });
                match standing {
                    Some(DocumentStanding::InSync) | None => {
                        self.renew_unchanged(&id, &file, read_at);
                        report(PulledState::Unchanged)
                    }
                    Some(DocumentStanding::ChangedInFile) if !self.command.overwrite => report(PulledState::Unchanged),
                    Some(DocumentStanding::Differs) if is_without_base && !self.command.overwrite => {
                        report(PulledState::Kept).kept(Reason::NoBase)
                    }
                    Some(DocumentStanding::ChangedInBoth | DocumentStanding::Differs) if !self.command.overwrite => {
                        report(PulledState::Kept).kept(Reason::Edited)
                    }
                    Some(_) => match target_file::rewrite(Path::new(&file.file), id.as_str(), &stored.value) {
                        Ok(Ok(written)) => self.written(&id, written, read_at, report(PulledState::Written)),
                        Ok(Err(reason)) => report(PulledState::Kept).kept(reason),
                        Err(problem) => report(PulledState::Failed).failed(&problem),
                    },
                }
            }
            (State::Read(stored, _), None) => {
                let format = self.command.format;
                let folder = self.command.folder.join(RULES);
                let path = target_file::free_path(&folder, &self.names.of(id.as_str()), id.as_str(), format);
                let mut new = report(PulledState::Written);
                new.file = Some(self.here.relative(&shown_path(&path)));
                match target_file::create(&path, id.as_str(), &stored.value, format) {
                    Ok(written) => self.written(&id, written, read_at, new),
                    Err(problem) => new.failed(&problem),
                }
            }
        }
    }

    fn written(
        &mut self,
        id: &RuleId,
        written: Written,
        read_at: SystemTime,
        report: PulledDocument,
    ) -> PulledDocument {
        self.renew(id, written.content, read_at);
        PulledDocument {
            removed_comments: written.removed_comments,
            ..report
        }
    }

    /// Takes note that a file says what the organization has, as it is.
    fn renew_unchanged(&mut self, id: &RuleId, file: &Authored, read_at: SystemTime) {
        let known = self.manifest.documents.get_mut(&bases::reference(id.as_str()));
        match known.filter(|known| known.sha256 == file.hash) {
            // Why: of ten thousand documents the content of most is recorded, and its hash is at hand.
            Some(known) => known.at = time::exact(read_at),
            None => {
                if let Ok(content) = FileContent::of(&file.edit()) {
                    self.renew(id, content, read_at);
                }
            }
        }
    }

    /// Takes note that file and organization say the same.
    fn renew(&mut self, id: &RuleId, content: FileContent, read_at: SystemTime) {
        let reference = bases::reference(id.as_str());
        let line = Line {
            sha256: content.hash.clone(),
            at: time::exact(read_at),
        };
        let known = self.manifest.documents.insert(reference, line);
        if known.is_none_or(|known| known.sha256 != content.hash) {
            self.pulled.push((id.clone(), content, read_at));
        }
    }

    fn save(&self) -> Result<(), CliError> {
        let path = self.command.folder.join(folder_manifest::NAME);
        let failed = |error: std::io::Error| {
            CliError::new(
                ErrorCode::UnreadableFile,
                format!("cannot write `{}`: {error}", path.display()),
            )
        };
        std::fs::create_dir_all(&self.command.folder).map_err(failed)?;
        files::replace_public(&path, self.manifest.text().as_bytes()).map_err(failed)
    }
}

/// A path with `/` between folders.
fn shown_path(path: &Path) -> String {
    let text = path.display().to_string();
    if std::path::MAIN_SEPARATOR == '\\' {
        text.replace('\\', "/")
    } else {
        text
    }
}
