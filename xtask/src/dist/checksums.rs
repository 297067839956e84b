//! The SHA-256 sums of a release, in the form that `sha256sum --check` reads.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use super::printed;

/// The file of the sums.
const NAME: &str = "SHA256SUMS";

/// Writes the sums of files in `folder` into a file beside them, and returns it.
///
/// # Errors
///
/// If there is no program that makes sums.
pub(super) fn write(folder: &Path, files: &[PathBuf]) -> Result<PathBuf> {
    let mut names: Vec<_> = files.iter().filter_map(|file| file.file_name()).collect();
    names.sort_unstable();
    let sums = printed(program()?.args(names).current_dir(folder))?;
    let file = folder.join(NAME);
    fs::write(&file, sums).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

/// The program that makes sums: that of Linux and of Git for Windows, or that of macOS.
fn program() -> Result<Command> {
    let is_there = |program: &str| {
        let mut ask = Command::new(program);
        let ask = ask.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        ask.status().is_ok_and(|status| status.success())
    };
    let name = ["sha256sum", "shasum"].into_iter().find(|program| is_there(program));
    let name = name.context("neither sha256sum nor shasum is installed")?;
    let mut program = Command::new(name);
    if name == "shasum" {
        program.args(["--algorithm", "256"]);
    }
    Ok(program)
}
