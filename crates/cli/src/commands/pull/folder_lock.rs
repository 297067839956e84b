//! The lock of a folder: two pulls at once would each make a file for the same document.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

/// The time between two tries.
const AGAIN: Duration = Duration::from_millis(50);

/// A folder that this process alone pulls into, as long as this is held.
pub(super) struct FolderLock(#[expect(dead_code, reason = "the lock ends with the file")] Option<File>);

impl FolderLock {
    /// Waits for the folder, so long at most. A folder that is not there is made; one that cannot be locked is used as it is.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made, or another process holds it all the time.
    pub(super) async fn take(folder: &Path, longest: Duration) -> Result<Self, CliError> {
        let failed = |why: &dyn std::fmt::Display| {
            let message = format!("cannot pull into `{}`: {why}", folder.display());
            CliError::new(ErrorCode::UnreadableFile, message)
        };
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        let Ok(file) = File::open(folder) else {
            return Ok(Self(None));
        };
        let locked = async {
            loop {
                match file.try_lock() {
                    Err(TryLockError::WouldBlock) => tokio::time::sleep(AGAIN).await,
                    Ok(()) | Err(TryLockError::Error(_)) => return,
                }
            }
        };
        let in_time = tokio::time::timeout(longest, locked).await;
        in_time.map_err(|_| failed(&"another `pull` is at work in it"))?;
        Ok(Self(Some(file)))
    }
}
