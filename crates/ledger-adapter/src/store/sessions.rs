//! The runs that record, and what they could not.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sqlx::{AnyConnection, Row};

use super::opened_file::is_same;
use super::{Dialect, owner};
use crate::digest::digest;

/// A run has a file, locked for as long as it lives, that takes what cannot be recorded: in a folder beside a ledger that
/// is a file, in the folder that it was given for a shared database.
pub(crate) struct Sessions {
    folder: PathBuf,
    run: String,
    file: Mutex<Kept>,
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
        files::make_private_folder(&folder)?;
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
        owner::begin(run);
        Ok(Self {
            folder,
            run: run.to_owned(),
            file: Mutex::new(Kept {
                file: Some(file),
                failed: None,
            }),
        })
    }

    /// Readers that record nothing.
    pub(crate) fn none(folder: PathBuf) -> Self {
        Self {
            folder,
            run: String::new(),
            file: Mutex::default(),
        }
    }

    /// True if a run uses this ledger as a writer.
    pub(crate) fn is_recording(&self) -> bool {
        !self.run.is_empty()
    }

    /// True if a run of a program of format 1 has certainly ended. Such a run locked its file, or held a lock in the
    /// server for as long as the server was not restarted.
    pub(super) async fn was_given_up(
        &self,
        connection: &mut AnyConnection,
        dialect: Dialect,
        run: &str,
        server: i64,
    ) -> Result<bool, sqlx::Error> {
        match dialect {
            Dialect::Sqlite => {
                let path = path(&self.folder, run);
                // One whose file is not there was given up in good order, or was taken in.
                Ok(locked(&path).is_some() || path.try_exists().is_ok_and(|is_there| !is_there))
            }
            Dialect::Postgres => {
                let sql = "SELECT CASE WHEN $2 = CAST(extract(epoch FROM pg_postmaster_start_time()) * 1000000 AS BIGINT) \
                           AND pg_try_advisory_xact_lock($1) THEN 1 ELSE 0 END::BIGINT";
                let row = sqlx::query(sql)
                    .bind(key(run))
                    .bind(server)
                    .fetch_one(connection)
                    .await?;
                Ok(row.try_get::<i64, _>(0)? == 1)
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
        let saved = file
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_folder(&self.folder));
        if let Err(error) = saved {
            kept.failed = Some(error.to_string());
            return Err(error);
        }
        Ok(path(&self.folder, &self.run))
    }

    /// The files of runs that are gone, with what they could not record.
    pub(crate) fn left_behind(&self) -> impl Iterator<Item = OrphanedSpill> {
        let own = path(&self.folder, &self.run);
        let files = std::fs::read_dir(&self.folder).inspect_err(|error| {
            tracing::warn!(
                "`{}` cannot be read ({error}): what other runs kept there is not recorded",
                self.folder.display()
            );
        });
        let files = files.into_iter().flatten();
        files
            .filter_map(|file| file.ok().map(|file| file.path()))
            .filter(move |path| *path != own && path.extension().is_some_and(|kind| kind == "run"))
            .filter_map(|path| locked(&path).map(|file| OrphanedSpill { path, file }))
    }

    /// Ends it. A file that took nothing goes with it.
    pub(crate) fn end(&self) {
        let mut kept = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = kept.file.take() else { return };
        owner::end(&self.run);
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

/// The number of the lock that a run of format 1 held in a shared database.
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

/// True if the path names this open file.
fn is_at(file: &File, path: &Path) -> bool {
    let of_name = std::fs::metadata(path);
    of_name.is_ok_and(|there| file.metadata().is_ok_and(|here| is_same(&there, &here)))
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
