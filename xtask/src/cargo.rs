//! Cargo, as a chore starts it: the same cargo that started this, at the root of the workspace.

use std::{
    env,
    ffi::OsString,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// The treatment of manifests that say something that the lock file does not.
#[derive(Clone, Copy)]
pub(crate) enum Lock {
    /// The lock file is written again, as cargo does by itself.
    MayChange,
    /// The difference is an error.
    MustHold,
}

/// `cargo COMMAND`, with `--locked` if the lock file must hold.
pub(crate) fn command(args: &[&str], lock: Lock) -> Result<Command> {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut cargo = Command::new(program);
    cargo.current_dir(workspace::root()?).args(args);
    match lock {
        Lock::MayChange => {}
        Lock::MustHold => {
            cargo.arg("--locked");
        }
    }
    forget_package(&mut cargo);
    Ok(cargo)
}

/// Takes away the variables about this package from a command that builds.
pub(crate) fn forget_package(command: &mut Command) {
    // Why: cargo sets them for this program; a build script that looks at them would run again each time.
    for (name, _) in env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
    }
}

/// Runs a command to its end.
///
/// # Errors
///
/// If it cannot be started or does not succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let shown = args(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// A command as a user would type it, without the path of the program.
pub(crate) fn args(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_stem().unwrap_or(command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
