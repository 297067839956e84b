//! The files that this process may still open.

use crate::cli_error::CliError;
#[cfg(unix)]
use crate::error_code::ErrorCode;

/// The number of files, sockets and the like that an update has open at once, with room for its sinks.
#[cfg(unix)]
const NEEDED: usize = 32;

/// Refuses to start where too few may be opened: the runtime would panic, and a file that cannot be opened for that would
/// be told as one that may not be.
#[cfg(unix)]
pub(crate) fn refuse_too_few() -> Result<(), CliError> {
    use std::os::fd::AsFd;
    let stdin = std::io::stdin();
    let mut held = Vec::with_capacity(NEEDED);
    while held.len() < NEEDED {
        match stdin.as_fd().try_clone_to_owned() {
            Ok(file) => held.push(file),
            Err(error) => {
                let left = held.len();
                let message =
                    format!("cannot start: {left} more files may be opened, and {NEEDED} are needed: {error}");
                return Err(CliError::new(ErrorCode::Configuration, message)
                    .with_help("raise the limit of open files: `ulimit -n 256`"));
            }
        }
    }
    Ok(())
}

/// Refuses nothing where the system has no such limit.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on other systems")]
pub(crate) fn refuse_too_few() -> Result<(), CliError> {
    Ok(())
}
