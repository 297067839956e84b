//! SIGINT and SIGTERM.

use domain::Code;

use crate::cli_error::CliError;
use crate::exit::Exit;

/// The signals that stop the program, from now on waited for.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Takes over what the signals do.
    #[cfg(unix)]
    pub(crate) fn take() -> Result<Self, CliError> {
        use tokio::signal::unix::{SignalKind, signal};
        let unable = |error: std::io::Error| CliError::new(Code::Bug, format!("cannot wait for a signal: {error}"));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(unable)?,
            terminate: signal(SignalKind::terminate()).map_err(unable)?,
        })
    }

    /// How the program is to end, once one of them came.
    #[cfg(unix)]
    pub(crate) async fn received(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }

    /// Takes over what Ctrl-C does.
    #[cfg(not(unix))]
    pub(crate) fn take() -> Result<Self, CliError> {
        Ok(Self {})
    }

    /// How the program is to end, once Ctrl-C came. A program that cannot wait for it cannot be asked to end.
    #[cfg(not(unix))]
    pub(crate) async fn received(&mut self) -> Exit {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Exit::Interrupted
    }
}
