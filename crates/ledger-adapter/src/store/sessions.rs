//! Which runs are still at work: a lease whose run is gone is nobody's.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
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
    file: Mutex<Option<File>>,
}

impl Sessions {
    /// A run that is at work from now on.
    pub(crate) fn begin(folder: PathBuf, run: &str) -> std::io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        private(&mut options);
        let file = options.open(path(&folder, run))?;
        file.lock()?;
        Ok(Self {
            folder,
            run: run.to_owned(),
            file: Mutex::new(Some(file)),
        })
    }

    /// Readers that record nothing.
    pub(crate) fn none() -> Self {
        Self {
            folder: PathBuf::new(),
            run: String::new(),
            file: Mutex::new(None),
        }
    }

    /// Says so to a shared database, for as long as the connection lasts.
    pub(super) async fn announce(&self, connection: &mut AnyConnection, dialect: Dialect) -> Result<(), sqlx::Error> {
        if dialect == Dialect::Postgres && !self.run.is_empty() {
            let statement = "SELECT 1 FROM (SELECT pg_advisory_lock_shared($1)) AS locked";
            sqlx::query(statement).bind(key(&self.run)).execute(connection).await?;
        }
        Ok(())
    }

    /// Whether a run, on this machine for a ledger in a file, is gone for certain.
    pub(crate) async fn is_gone(
        &self,
        transaction: &mut Transaction<'_>,
        dialect: Dialect,
        run: &str,
        is_here: bool,
    ) -> Result<bool, sqlx::Error> {
        if run == self.run {
            return Ok(false);
        }
        match dialect {
            Dialect::Sqlite => Ok(is_here && is_unlocked(&path(&self.folder, run))),
            Dialect::Postgres => {
                let sql = "SELECT CASE WHEN pg_try_advisory_xact_lock($1) THEN 1 ELSE 0 END::BIGINT";
                let rows = transaction.rows(sql, &[key(run).into()]).await?;
                Ok(rows
                    .first()
                    .is_some_and(|row| row.try_get::<i64, _>(0).is_ok_and(|got| got == 1)))
            }
        }
    }

    /// Keeps a line that the ledger could not take, where the next run finds it.
    pub(crate) fn spill(&self, line: &str) -> std::io::Result<PathBuf> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = file.as_mut() else {
            return Err(std::io::Error::other("this run records nothing"));
        };
        file.write_all(line.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        Ok(path(&self.folder, &self.run))
    }

    /// The files of runs that are gone, with what they could not record.
    pub(crate) fn left_behind(&self) -> Vec<PathBuf> {
        let Ok(files) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let own = path(&self.folder, &self.run);
        let paths = files.filter_map(|file| file.ok().map(|file| file.path()));
        paths
            .filter(|path| *path != own && path.extension().is_some_and(|kind| kind == "run") && is_unlocked(path))
            .collect()
    }

    /// Ends it. A file that took nothing goes with it.
    pub(crate) fn end(&self) {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(file) = file else { return };
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

fn path(folder: &Path, run: &str) -> PathBuf {
    let safe = run.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let name = if safe && !run.is_empty() {
        run.to_owned()
    } else {
        digest(run.as_bytes()).to_string()
    };
    folder.join(name + ".run")
}

/// Whether nobody holds the file. One that is gone was given up in good order.
fn is_unlocked(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return !path.exists();
    };
    match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
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
