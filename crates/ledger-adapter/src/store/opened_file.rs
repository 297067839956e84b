//! The file of a ledger, as it was when it was opened: somebody may remove or replace it while the process runs.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// The file that the name led to when the ledger was opened, and its write-ahead log.
#[derive(Debug)]
pub(super) struct OpenedFile {
    path: PathBuf,
    log: PathBuf,
    opened: io::Result<Metadata>,
}

impl OpenedFile {
    pub(super) fn at(path: &Path, log: &Path) -> Self {
        Self {
            path: path.to_owned(),
            log: log.to_owned(),
            opened: fs::metadata(path),
        }
    }

    /// Why the names no longer lead to what was opened, if they do not: what is written then is gone when the process is.
    pub(super) fn loss(&self) -> Option<String> {
        let Ok(opened) = &self.opened else { return None };
        for path in [&self.path, &self.log] {
            let shown = path.display();
            match fs::metadata(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(format!("`{shown}` is gone")),
                Ok(found) if path == &self.path && !is_same(opened, &found) => {
                    return Some(format!("`{shown}` is another file now"));
                }
                Ok(found) if path == &self.path && found.len() < opened.len() => {
                    return Some(format!("`{shown}` was cut short"));
                }
                Ok(_) | Err(_) => {}
            }
        }
        None
    }
}

/// True if both are of one file. Why by its data and not through an open file: closing one would let go of the locks that
/// SQLite holds on it.
#[cfg(unix)]
pub(super) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere an open file can be neither removed nor replaced.
#[cfg(not(unix))]
pub(super) fn is_same(_one: &Metadata, _other: &Metadata) -> bool {
    true
}
