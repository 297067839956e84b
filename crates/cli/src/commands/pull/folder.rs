//! The folder that documents are pulled into.

use std::path::Path;
use std::time::SystemTime;

use app::{Agreed, FileContent, PulledDocument as Found, PulledState as State};
use domain::drift::{DocumentStanding, Standing};

use super::file_names::FileNames;
use super::portable::Portable;
use super::pulled_kind::PulledKind;
use super::target_file::{self, Written};
use crate::authored::{self, Authored};
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::folder_manifest::{self, FolderManifest, PulledDocument as Line};
use crate::render::pulled::{PulledDocument, PulledState, Reason};
use crate::request::PullCommand;
use crate::time;
use crate::working_folder::WorkingFolder;

/// The folder that documents are written into.
pub(super) struct Folder<'c> {
    command: &'c PullCommand,
    here: WorkingFolder,
    manifest: FolderManifest,
}

impl<'c> Folder<'c> {
    pub(super) fn new(command: &'c PullCommand, manifest: FolderManifest) -> Self {
        Self {
            command,
            here: WorkingFolder::here(),
            manifest,
        }
    }
}

impl Folder<'_> {
    /// Brings the file of a document to what the organization has, unless its author edited it.
    pub(super) fn take<K: PulledKind>(
        &mut self,
        found: Found<K>,
        (file, portable): (Option<&Authored<K>>, Option<NamedFile>),
        names: &FileNames,
        pulled: &mut Vec<Agreed<K>>,
    ) -> PulledDocument {
        let Found {
            id,
            title,
            read_at,
            state,
        } = found;
        let shown = file.map(|file| self.here.relative(&file.file));
        let reference = authored::reference::<K>(&id);
        let report = |state| PulledDocument::new(reference.clone(), title.clone(), shown.clone(), state);
        let is_nameless = matches!(&portable, Some(NamedFile { file: Err(_), .. }));
        match (state, file) {
            (State::InSync, file) => {
                if let Some(file) = file {
                    self.renew_unchanged::<K>(&id, file, read_at, pulled);
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
                        self.renew_unchanged::<K>(&id, file, read_at, pulled);
                        report(PulledState::Unchanged)
                    }
                    Some(DocumentStanding::ChangedInFile) if !self.command.overwrite => report(PulledState::Unchanged),
                    Some(DocumentStanding::Differs) if is_without_base && !self.command.overwrite => {
                        report(PulledState::Kept).kept(Reason::NoBase)
                    }
                    Some(DocumentStanding::ChangedInBoth | DocumentStanding::Differs) if !self.command.overwrite => {
                        report(PulledState::Kept).kept(Reason::Edited)
                    }
                    Some(_) if is_nameless => nameless(report(PulledState::Kept), portable),
                    Some(_) => match rewrite::<K>(file, &id, &stored.value, portable) {
                        Ok(Ok((written, unlisted))) => {
                            let mut report = report(PulledState::Written);
                            report.unlisted = unlisted;
                            self.written::<K>(&id, written, read_at, report, pulled)
                        }
                        Ok(Err(reason)) => report(PulledState::Kept).kept(reason),
                        Err(problem) => report(PulledState::Failed).failed(&problem),
                    },
                }
            }
            (State::Read(..), None) if is_nameless => nameless(report(PulledState::Kept), portable),
            (State::Read(stored, _), None) => {
                let format = self.command.format;
                let folder = self.command.folder.join(K::FOLDER);
                let path = target_file::free_path(&folder, &K::file_name(names, &id), &id.to_string(), format);
                let mut new = report(PulledState::Written);
                new.file = Some(self.here.relative(&shown_path(&path)));
                let portable = portable.and_then(|named| named.file.ok());
                new.unlisted = portable.as_ref().map_or_else(Vec::new, |file| file.unlisted.clone());
                match target_file::create::<K>(&path, &id, &stored.value, format, portable) {
                    Ok(written) => self.written::<K>(&id, written, read_at, new, pulled),
                    Err(problem) => new.failed(&problem),
                }
            }
        }
    }

    fn written<K: PulledKind>(
        &mut self,
        id: &K::Id,
        written: Written,
        read_at: SystemTime,
        report: PulledDocument,
        pulled: &mut Vec<Agreed<K>>,
    ) -> PulledDocument {
        self.renew::<K>(id, written.content, read_at, pulled);
        PulledDocument {
            removed_comments: written.removed_comments,
            ..report
        }
    }

    /// Takes note that a file says what the organization has, as it is.
    fn renew_unchanged<K: PulledKind>(
        &mut self,
        id: &K::Id,
        file: &Authored<K>,
        read_at: SystemTime,
        pulled: &mut Vec<Agreed<K>>,
    ) {
        let known = self.manifest.documents.get_mut(&authored::reference::<K>(id));
        match known.filter(|known| known.sha256 == file.hash) {
            // Why: of ten thousand documents the content of most is recorded, and its hash is at hand.
            Some(known) => known.at = time::exact(read_at),
            None => {
                if let Ok(content) = FileContent::of(&file.edit()) {
                    self.renew::<K>(id, content, read_at, pulled);
                }
            }
        }
    }

    /// Takes note that file and organization say the same.
    fn renew<K: PulledKind>(
        &mut self,
        id: &K::Id,
        content: FileContent,
        read_at: SystemTime,
        pulled: &mut Vec<Agreed<K>>,
    ) {
        let reference = authored::reference::<K>(id);
        let line = Line {
            sha256: content.hash,
            at: time::exact(read_at),
        };
        let known = self.manifest.documents.insert(reference, line);
        if known.is_none_or(|known| known.sha256 != content.hash) {
            pulled.push((id.clone(), content, read_at));
        }
    }

    /// Writes the manifest.
    pub(super) fn save(&self) -> Result<(), CliError> {
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

/// The file of a document with names in place of ids.
pub(super) struct NamedFile {
    /// The text that the file has in place of its own id.
    pub(super) own: Option<String>,
    pub(super) file: Portable,
}

/// The report of a document whose ids have no names.
fn nameless(report: PulledDocument, portable: Option<NamedFile>) -> PulledDocument {
    let mut report = report.kept(Reason::Reference);
    if let Some(NamedFile { file: Err(ids), .. }) = portable {
        report.nameless = ids;
    }
    report
}

/// Writes a document into the file that holds it; with it the places of values that stand as they are.
fn rewrite<K: PulledKind>(
    file: &Authored<K>,
    id: &K::Id,
    stored: &K,
    portable: Option<NamedFile>,
) -> Result<Result<(Written, Vec<String>), Reason>, CliError> {
    let (own, portable) = match portable {
        Some(NamedFile { own, file }) => (own, file.ok()),
        None => (None, None),
    };
    let unlisted = portable.as_ref().map_or_else(Vec::new, |file| file.unlisted.clone());
    let written = target_file::rewrite::<K>(Path::new(&file.file), (id, own.as_deref()), stored, portable)?;
    Ok(written.map(|written| (written, unlisted)))
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
