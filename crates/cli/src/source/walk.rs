//! The files that are meant by the arguments of a command: folders are walked for documents.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::folder_manifest;

/// The files, and what was not taken for one.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// In the order of the arguments, and of the names in each folder.
    pub(crate) files: Vec<PathBuf>,
    /// The things that were passed over, each with why.
    pub(crate) passed_over: Vec<(PathBuf, &'static str)>,
    /// Folders that cannot be walked, or have no document.
    pub(crate) faults: Vec<CliError>,
    /// The folders that were walked and the files that were taken, by where they really are.
    seen: BTreeSet<PathBuf>,
    /// The number of files that were come across, those that were named before too.
    come_across: usize,
}

/// The files that are meant: folders are walked for documents, a link to a folder once, and nothing is opened.
pub(crate) fn walk(paths: &[PathBuf]) -> Walked {
    let mut walked = Walked::default();
    for path in paths {
        if !path.is_dir() {
            walked.file(path.clone());
            continue;
        }
        let before = (walked.come_across, walked.passed_over.len());
        walked.folder(path);
        // A folder that was walked already, as part of another, is passed over and told.
        if before == (walked.come_across, walked.passed_over.len()) && walked.faults.is_empty() {
            let message = format!("`{}` has no .json, .yaml or .yml file", path.display());
            let fault = CliError::new(ErrorCode::UnreadableFile, message);
            walked
                .faults
                .push(fault.with_help("name a folder with rules in it, or the files themselves"));
        }
    }
    walked
}

impl Walked {
    /// Takes a file, unless it was named before: by the same path, or by another.
    fn file(&mut self, file: PathBuf) {
        // Why only what can be resolved: stdin, and a file that is not there, are told as they were named.
        let real = file.canonicalize().ok();
        self.file_at(file, real);
    }

    fn file_at(&mut self, file: PathBuf, real: Option<PathBuf>) {
        self.come_across += 1;
        let is_new = real.is_none_or(|real| self.seen.insert(real));
        if is_new {
            self.files.push(file);
        }
    }

    fn folder(&mut self, folder: &Path) {
        if let Err(error) = self.entries(folder) {
            let message = format!("cannot walk `{}`: {error}", folder.display());
            self.faults.push(CliError::new(ErrorCode::UnreadableFile, message));
        }
    }

    fn entries(&mut self, folder: &Path) -> std::io::Result<()> {
        let real = folder.canonicalize()?;
        if !self.seen.insert(real.clone()) {
            self.passed_over.push((folder.to_owned(), "it was walked already"));
            return Ok(());
        }
        let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if entry.file_name() == folder_manifest::NAME {
                continue;
            }
            if entry.file_name().to_string_lossy().starts_with('.') {
                self.passed_over.push((path, "it is hidden"));
                continue;
            }
            // Why: of thousands of files, what the folder itself says of each is enough.
            if is_document(&path) && entry.file_type()?.is_file() {
                let real = real.join(entry.file_name());
                self.file_at(path, Some(real));
                continue;
            }
            // Why `metadata`: what a link leads to counts.
            match std::fs::metadata(&path) {
                Ok(data) if data.is_dir() => self.folder(&path),
                Ok(data) if is_document(&path) && data.is_file() => self.file(path),
                Ok(_) if is_document(&path) => self.passed_over.push((path, "it is no regular file")),
                Err(_) if is_document(&path) => self.passed_over.push((path, "it leads nowhere")),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }
}

/// True if the name is one of a document.
fn is_document(path: &Path) -> bool {
    super::syntax_of_name(path).is_some()
}
