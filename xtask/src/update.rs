//! `cargo xtask update`: the main job, from a clone.
//!
//! With arguments it is `assist-rules update` and nothing else: same input, same output, same exit code. Without, it
//! never leaves this machine.

use std::{
    ffi::OsString,
    process::{Command, ExitCode},
};

use anyhow::Result;

use crate::{
    cargo::Lock,
    cli::{self, Profile},
    workspace,
};

/// The id of the sandbox's first rule: `SAMPLE_RULE_ID` of crates/emulator.
const SAMPLE_RULE_ID: &str = "a1b2c3d4-e5f6-7890-abcd-ef1234567890";
/// Relative, so that what is printed is the same on each machine.
const SAMPLE_CHANGE: &str = "crates/emulator/samples/billing-dispute.change.json";

/// Builds `assist-rules` and becomes it.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    let mut update = Command::new(cli::build(Profile::Dev, Lock::MayChange)?);
    update.arg("update");
    if arguments.is_empty() {
        update.args([SAMPLE_RULE_ID, "--from", SAMPLE_CHANGE, "--sandbox", "--reset-sandbox"]);
        update.current_dir(workspace::root()?);
        cli::forget_credentials(&mut update);
    } else {
        update.args(arguments);
    }
    turn_into(update)
}

/// Why: replaced, this program cannot end before the other on Ctrl-C, nor swallow a signal.
#[cfg(unix)]
fn turn_into(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;

    let failed = command.exec();
    Err(anyhow::Error::new(failed).context(format!("cannot start {}", command.get_program().display())))
}

#[cfg(not(unix))]
fn turn_into(mut command: Command) -> Result<ExitCode> {
    use anyhow::Context as _;

    let status = command
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
