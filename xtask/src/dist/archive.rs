//! The archive of a release: one folder with the program and all that goes beside it.
//!
//! A `.tar.gz`, and a `.zip` on Windows, packed by the system's own `tar`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use super::printed;
use crate::{cargo, cli, workspace};

/// Files of the repository that users get.
const DOCUMENTS: [&str; 4] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md"];

/// The shells that have completions, with the file name under which each finds them.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "assist-rules.bash"),
    ("elvish", "assist-rules.elv"),
    ("fish", "assist-rules.fish"),
    ("powershell", "_assist-rules.ps1"),
    ("zsh", "_assist-rules"),
];

/// Packs the folder `name`, made in `staging`, and returns the archive beside it.
///
/// # Errors
///
/// If the program does not print its pages, or `tar` is missing or fails.
pub(super) fn pack(program: &Path, name: &str, staging: &Path) -> Result<PathBuf> {
    let folder = staging.join(name);
    let (completions, man) = (folder.join("completions"), folder.join("man"));
    for folder in [&completions, &man] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    copy(program, &folder)?;
    for document in DOCUMENTS {
        copy(&workspace::root()?.join(document), &folder)?;
    }
    for (shell, file) in COMPLETIONS {
        let script = printed(assist_rules(program).args(["completions", shell]))?;
        let file = completions.join(file);
        fs::write(&file, script).with_context(|| format!("cannot write {}", file.display()))?;
    }
    printed(assist_rules(program).args(["man", "--quiet"]).arg(man))?;

    let archive = staging.join(format!("{name}.{}", if cfg!(windows) { "zip" } else { "tar.gz" }));
    cargo::succeed(tar().arg(&archive).arg(name).current_dir(staging))?;
    Ok(archive)
}

/// The program, with nothing of the builder's in what it prints.
fn assist_rules(program: &Path) -> Command {
    let mut command = Command::new(program);
    cli::forget_credentials(&mut command);
    command
}

fn copy(file: &Path, folder: &Path) -> Result<()> {
    let name = file.file_name().context("a file has no name")?;
    fs::copy(file, folder.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
    Ok(())
}

/// The command that packs, up to the name of the archive.
fn tar() -> Command {
    if cfg!(windows) {
        // Why: the `tar` of Git for Windows, which may come first in `PATH`, writes no zip.
        let system = env::var_os("SYSTEMROOT").unwrap_or_else(|| r"C:\Windows".into());
        let mut tar = Command::new(Path::new(&system).join(r"System32\tar.exe"));
        tar.args(["-a", "-c", "-f"]);
        return tar;
    }
    let mut tar = Command::new("tar");
    // Why: unpacked by root, files would belong to whichever user has the builder's number.
    if cfg!(target_os = "linux") {
        tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
    }
    tar.args(["-c", "-z", "-f"]);
    tar
}
