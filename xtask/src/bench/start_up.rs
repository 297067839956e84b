//! The start of the program against that of git: `--version` of both, in turns.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use super::scratch::Scratch;
use crate::{cli, stopwatch::timed};

/// Each takes a millisecond or two: only many of them give a median that holds.
const ROUNDS: usize = 500;

/// The wall times of both programs.
pub(crate) struct StartUps {
    /// Those of `assist-rules --version`.
    pub(crate) ours: Vec<Duration>,
    /// Those of `git --version`.
    pub(crate) git: Vec<Duration>,
}

/// Starts both in turns.
///
/// # Errors
///
/// If the program cannot be copied, there is no git, or one run fails.
pub(crate) fn measure(binary: &Path) -> Result<StartUps> {
    let scratch = Scratch::new()?;
    // Why: the pages of a file that a linker wrote are slower to map than those of an installed copy.
    let installed = scratch.path().join("assist-rules");
    fs::copy(binary, &installed).with_context(|| format!("cannot copy {}", binary.display()))?;
    let mut start_ups = StartUps {
        ours: Vec::with_capacity(ROUNDS),
        git: Vec::with_capacity(ROUNDS),
    };
    // Why: the first of each warms the file cache, and is not counted.
    for round in 0..=ROUNDS {
        let ours = start(&installed)?;
        let git = start(Path::new("git"))?;
        if round > 0 {
            start_ups.ours.push(ours);
            start_ups.git.push(git);
        }
    }
    Ok(start_ups)
}

fn start(program: &Path) -> Result<Duration> {
    let mut command = Command::new(program);
    cli::forget_credentials(&mut command);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null());
    let (status, took) = timed(|| command.status());
    let status = status.with_context(|| format!("cannot start {}", program.display()))?;
    if !status.success() {
        bail!("{} --version failed ({status})", program.display());
    }
    Ok(took)
}
