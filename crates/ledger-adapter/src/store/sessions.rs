//! Which runs are still at work: a lease whose run is gone is nobody's.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use sqlx::{AnyConnection, Row};

use super::{Dialect, Transaction};
use crate::digest::digest;

/// The runs of a ledger that is a file have a file each, in a folder beside it, locked for as long as they live. It
/// takes, too, what cannot be recorded. The runs of a shared database hold a lock in it, and have their file in the
/// folder that they were given.
pub(crate) struct Sessions {
    folder: PathBuf,
    run: String,
    file: Mutex<Kept>,
    /// When the shared database was started that the run has its lock in; 0 for a file.
    server: AtomicI64,
}

/// The file of a run.
#[derive(Default)]
struct Kept {
    file: Option<File>,
    /// Why it takes no more, once something could not be kept.
    failed: Option<String>,
}

/// The file of a run that is gone. Nobody else has it.
pub(crate) struct OrphanedSpill {
    pub(crate) path: PathBuf,
    file: File,
}

impl Sessions {
    /// A run that is at work from now on.
    pub(crate) fn begin(folder: PathBuf, run: &str) -> std::io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        private(&mut options);
        let path = path(&folder, run);
        let file = loop {
            let file = options.open(&path)?;
            file.lock()?;
            // Why: somebody who found it unlocked may have taken it away just now.
            if is_at(&file, &path) {
                break file;
            }
        };
        Ok(Self {
            folder,
            run: run.to_owned(),
            file: Mutex::new(Kept {
                file: Some(file),
                failed: None,
            }),
            server: AtomicI64::new(0),
        })
    }

    /// Readers that record nothing.
    pub(crate) fn none() -> Self {
        Self {
            folder: PathBuf::new(),
            run: String::new(),
            file: Mutex::default(),
            server: AtomicI64::new(0),
        }
    }

    /// Says so to a shared database, for as long as the connection lasts.
    pub(super) async fn announce(&self, connection: &mut AnyConnection, dialect: Dialect) -> Result<(), sqlx::Error> {
        if dialect == Dialect::Postgres && !self.run.is_empty() {
            let statement = "SELECT CAST(extract(epoch FROM pg_postmaster_start_time()) * 1000000 AS BIGINT) \
                             FROM (SELECT pg_advisory_lock_shared($1)) AS locked";
            let row = sqlx::query(statement)
                .bind(key(&self.run))
                .fetch_one(connection)
                .await?;
            self.server.store(row.try_get(0)?, Ordering::Relaxed);
        }
        Ok(())
    }

    /// When the shared database was started that has the lock of this run.
    pub(crate) fn server(&self) -> i64 {
        self.server.load(Ordering::Relaxed)
    }

    /// Whether a run is gone for certain. Here is this machine for a ledger in a file, and the server as it was
    /// started for a shared one.
    pub(crate) async fn is_gone(
        &self,
        transaction: &mut Transaction<'_>,
        dialect: Dialect,
        run: &str,
        is_here: bool,
    ) -> Result<bool, sqlx::Error> {
        if run == self.run || self.run.is_empty() || !is_here {
            return Ok(false);
        }
        match dialect {
            Dialect::Sqlite => {
                let path = path(&self.folder, run);
                // One whose file is not there was given up in good order, or was taken in.
                Ok(locked(&path).is_some() || !path.exists())
            }
            Dialect::Postgres => {
                let sql = "SELECT CASE WHEN pg_try_advisory_xact_lock($1) THEN 1 ELSE 0 END::BIGINT";
                let rows = transaction.rows(sql, &[key(run).into()]).await?;
                Ok(rows
                    .first()
                    .is_some_and(|row| row.try_get::<i64, _>(0).is_ok_and(|got| got == 1)))
            }
        }
    }

    /// Keeps a line that the ledger could not take, where the next run finds it. A file that failed once is not tried
    /// again: a second sync that works says nothing about the first.
    pub(crate) fn spill(&self, line: &str) -> std::io::Result<PathBuf> {
        let mut kept = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &kept.failed {
            return Err(std::io::Error::other(format!("it failed before: {why}")));
        }
        let Some(file) = kept.file.as_mut() else {
            return Err(std::io::Error::other("this run records nothing"));
        };
        let written = file
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_folder(&self.folder));
        if let Err(error) = written {
            kept.failed = Some(error.to_string());
            return Err(error);
        }
        Ok(path(&self.folder, &self.run))
    }

    /// The files of runs that are gone, with what they could not record.
    pub(crate) fn left_behind(&self) -> impl Iterator<Item = OrphanedSpill> {
        let own = path(&self.folder, &self.run);
        let files = std::fs::read_dir(&self.folder).into_iter().flatten();
        files
            .filter_map(|file| file.ok().map(|file| file.path()))
            .filter(move |path| *path != own && path.extension().is_some_and(|kind| kind == "run"))
            .filter_map(|path| locked(&path).map(|file| OrphanedSpill { path, file }))
    }

    /// Ends it. A file that took nothing goes with it.
    pub(crate) fn end(&self) {
        let mut kept = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = kept.file.take() else { return };
        let is_empty = file.metadata().is_ok_and(|data| data.len() == 0);
        if is_empty && let Err(error) = std::fs::remove_file(path(&self.folder, &self.run)) {
            tracing::debug!("the file of this run stays: {error}");
        }
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        self.end();
    }
}

impl OrphanedSpill {
    pub(crate) fn text(&mut self) -> std::io::Result<String> {
        let mut text = String::new();
        self.file.read_to_string(&mut text)?;
        Ok(text)
    }

    /// Takes it away.
    pub(crate) fn forget(self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!("`{}` stays: {error}", self.path.display());
        }
    }
}

fn path(folder: &Path, run: &str) -> PathBuf {
    let safe = run.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let name = if safe && !run.is_empty() {
        run.to_owned()
    } else {
        digest(run.as_bytes()).to_string()
    };
    folder.join(name + ".run")
}

/// The file, if it is there and nobody else holds it; nobody does from now on.
fn locked(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    file.try_lock().ok()?;
    is_at(&file, path).then_some(file)
}

/// The number of the lock that a run holds in a shared database.
fn key(run: &str) -> i64 {
    let name = digest(run.as_bytes());
    let first: String = name.as_str().chars().take(15).collect();
    i64::from_str_radix(&first, 16).unwrap_or_default()
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(not(unix))]
fn private(_options: &mut OpenOptions) {}

/// Whether that is the file under this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let of_name = std::fs::metadata(path);
    let of_file = file.metadata();
    of_name.is_ok_and(|there| of_file.is_ok_and(|here| (there.dev(), there.ino()) == (here.dev(), here.ino())))
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// A file is there after a crash only if its folder says so.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_spill_file_that_failed_once_is_not_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/full", folder.path().join("run-1.run")).unwrap();
        let sessions = Sessions::begin(folder.path().to_owned(), "run-1").unwrap();
        let [first, second] = [sessions.spill("{}"), sessions.spill("{}")].map(|kept| kept.unwrap_err().to_string());
        assert_eq!(second, format!("it failed before: {first}"));
    }

    #[test]
    fn the_file_of_a_run_is_its_own_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = Sessions::begin(folder.path().to_owned(), "run-1").unwrap();
        let other = Sessions::begin(folder.path().to_owned(), "run-2").unwrap();
        let kept = sessions.spill("{}").unwrap();
        assert_eq!(other.left_behind().count(), 0);
        drop(sessions);
        let mut left: Vec<OrphanedSpill> = other.left_behind().collect();
        let [left] = left.as_mut_slice() else {
            panic!("{}", left.len())
        };
        assert_eq!((left.text().unwrap().as_str(), &left.path), ("{}\n", &kept));
        assert_eq!(other.left_behind().count(), 0, "one takes it in at a time");
    }
}
