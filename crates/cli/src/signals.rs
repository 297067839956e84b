//! The signals that stop the program: SIGINT, SIGTERM and SIGHUP, and Ctrl-C where there are no signals.

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::exit::Exit;

/// The signals that stop the program, from now on waited for.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// None if the parent process had it ignored, as `nohup` does.
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    /// Takes over what the signals do.
    #[cfg(unix)]
    pub(crate) fn take() -> Result<Self, CliError> {
        use tokio::signal::unix::{SignalKind, signal};
        let unable =
            |error: std::io::Error| CliError::new(ErrorCode::Bug, format!("cannot wait for a signal: {error}"));
        let hangup = SignalKind::hangup();
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(unable)?,
            terminate: signal(SignalKind::terminate()).map_err(unable)?,
            hangup: if is_ignored(hangup.as_raw_value()) {
                None
            } else {
                Some(signal(hangup).map_err(unable)?)
            },
        })
    }

    /// Waits for one of the signals, and returns the exit that it stands for.
    #[cfg(unix)]
    pub(crate) async fn received(&mut self) -> Exit {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = hangup => Exit::HungUp,
        }
    }

    /// Takes over what Ctrl-C does.
    #[cfg(not(unix))]
    pub(crate) fn take() -> Result<Self, CliError> {
        Ok(Self {})
    }

    /// Waits for Ctrl-C, and returns the exit that it stands for. Waits forever if Ctrl-C cannot be waited for.
    #[cfg(not(unix))]
    pub(crate) async fn received(&mut self) -> Exit {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Exit::Interrupted
    }
}

/// Does what only reads, until a signal ends it.
///
/// # Errors
///
/// As the work; or that it was stopped.
pub(crate) async fn unless_stopped<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let mut signals = Signals::take()?;
    tokio::select! {
        done = work => done,
        signal = signals.received() => {
            let message = "the program was stopped before it was done; nothing was changed";
            Err(CliError::new(ErrorCode::Stopped, message).stopped_by(signal))
        }
    }
}

/// True if the program ignores the signal now, by `/proc/self/status` of Linux. Elsewhere none counts as ignored.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    is_in_mask(&status, signal)
}

/// True if the mask of ignored signals in `/proc/PID/status` has the signal: bit 0 is signal 1.
#[cfg(unix)]
fn is_in_mask(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = u32::try_from(signal - 1).ok().and_then(|bit| 1_u64.checked_shl(bit));
    mask.unwrap_or_default() & bit.unwrap_or_default() != 0
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_signal_has_its_bit_in_the_mask() {
        for (status, signal, is_ignored) in [
            ("Name:\tx\nSigIgn:\t0000000000000001\n", 1, true),
            ("SigIgn:\t0000000000001000\n", 1, false),
            ("SigIgn:\t0000000000001000\n", 13, true),
            ("SigBlk:\t0000000000000001\nSigIgn:\t0000000000000000\n", 1, false),
            ("SigIgn:\tmangled\n", 1, false),
            ("", 1, false),
        ] {
            assert_eq!(is_in_mask(status, signal), is_ignored, "{status:?} {signal}");
        }
    }
}
