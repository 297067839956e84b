//! The file of a ledger, as it was when it was opened: somebody may remove or replace it while the process runs.

use std::io;
use std::path::{Path, PathBuf};

/// The file that the name led to when the ledger was opened, and its write-ahead log.
#[derive(Debug)]
pub(super) struct OpenedFile {
    path: PathBuf,
    log: PathBuf,
    identity: io::Result<FileIdentity>,
    length: u64,
}

impl OpenedFile {
    pub(super) fn at(path: &Path, log: &Path) -> Self {
        Self {
            path: path.to_owned(),
            log: log.to_owned(),
            identity: FileIdentity::of(path),
            length: std::fs::metadata(path).map_or(0, |data| data.len()),
        }
    }

    /// Why the names no longer lead to what was opened, if they do not: what is written then is gone when the process is.
    pub(super) fn loss(&self) -> Option<String> {
        let Ok(identity) = &self.identity else { return None };
        if std::fs::metadata(&self.path).is_ok_and(|data| data.len() < self.length) {
            return Some(format!("`{}` was cut short", self.path.display()));
        }
        for (path, expected) in [(&self.path, Some(identity)), (&self.log, None)] {
            let shown = path.display();
            match FileIdentity::of(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(format!("`{shown}` is gone")),
                Ok(found) if expected.is_some_and(|expected| *expected != found) => {
                    return Some(format!("`{shown}` is another file now"));
                }
                Ok(_) | Err(_) => {}
            }
        }
        None
    }
}

/// The identity of a file on this machine.
#[derive(Debug, PartialEq, Eq)]
struct FileIdentity {
    device: u64,
    number: u64,
}

impl FileIdentity {
    /// Why not through an open file: closing one would let go of the locks that SQLite holds on it.
    #[cfg(unix)]
    fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(path).map(|data| Self {
            device: data.dev(),
            number: data.ino(),
        })
    }

    /// Elsewhere an open file can be neither removed nor replaced.
    #[cfg(not(unix))]
    fn of(path: &Path) -> io::Result<Self> {
        std::fs::metadata(path).map(|_| Self { device: 0, number: 0 })
    }
}
