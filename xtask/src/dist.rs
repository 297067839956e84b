//! `cargo xtask dist`: a release for this machine, as users get it.
//!
//! A wheel, an archive with the man pages and the completions, and the SHA-256 sums of both, under `target/dist`. The
//! program in the wheel is the one in the archive. The sizes are printed, for the page that names them.

mod archive;
mod checksums;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    cargo::{self, Lock},
    cli::{self, Profile},
    stopwatch::announce,
    tools::MATURIN,
    workspace,
};

/// The version of the workspace, and so of the release.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The build profile and the folder of a release.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    profile: Profile,
    /// The folder of the files; `target/dist` without one.
    out: Option<PathBuf>,
}

impl Request {
    /// Reads the arguments of the command.
    ///
    /// # Errors
    ///
    /// The reason why they are none of its arguments.
    pub(crate) fn parse(arguments: &[OsString]) -> Result<Self, String> {
        let mut request = Self {
            profile: Profile::Release,
            out: None,
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.to_str() {
                Some("--profile") => {
                    let name = rest.next().and_then(|name| name.to_str());
                    request.profile = name
                        .and_then(Profile::named)
                        .ok_or("--profile needs one: dev or release")?;
                }
                Some("--out") => request.out = Some(rest.next().ok_or("--out needs a folder")?.into()),
                _ => return Err(format!("no such argument: {}", argument.to_string_lossy())),
            }
        }
        Ok(request)
    }
}

/// Builds the files and prints the path and the size of each.
///
/// # Errors
///
/// If maturin or another tool is missing, or something does not build.
pub(crate) fn run(request: &Request) -> Result<ExitCode> {
    let out = match &request.out {
        Some(out) => out.clone(),
        None => workspace::root()?.join("target/dist"),
    };
    let staging = out.join("staging");
    remove(&staging)?;
    fs::create_dir_all(&staging).with_context(|| format!("cannot make {}", staging.display()))?;
    let out = out
        .canonicalize()
        .with_context(|| format!("cannot find {}", out.display()))?;
    let staging = out.join("staging");

    announce("the wheel");
    let wheel = wheel(request.profile, &staging)?;
    let program = cli::path(request.profile)?;
    announce("the archive");
    let archive = archive::pack(&program, &format!("assist-rules-{VERSION}-{}", host()?), &staging)?;

    let mut files = Vec::new();
    for file in [wheel, archive] {
        let name = file.file_name().context("a file has no name")?;
        let moved = out.join(name);
        fs::rename(&file, &moved).with_context(|| format!("cannot move {}", file.display()))?;
        files.push(moved);
    }
    remove(&staging)?;
    let sums = checksums::write(&out, &files)?;

    println!("{}  the program", size(&program)?);
    for file in &files {
        println!("{}  {}", size(file)?, file.display());
    }
    println!("SHA-256 sums: {}", sums.display());
    Ok(ExitCode::SUCCESS)
}

/// Builds the program, and the wheel around it, in a folder that has no other one.
fn wheel(profile: Profile, folder: &Path) -> Result<PathBuf> {
    let Some(mut maturin) = MATURIN.command()? else {
        bail!("maturin is not installed: `cargo xtask tools maturin`");
    };
    cargo::forget_package(&mut maturin);
    maturin
        .args(["build", "--quiet", "--profile", profile.name(), "--target-dir"])
        .arg(cli::target()?)
        .arg("--out")
        .arg(folder);
    cargo::succeed(&mut maturin)?;
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("maturin built no wheel")
}

/// The target triple of this machine.
fn host() -> Result<String> {
    let output = cargo::command(&["-vV"], Lock::MayChange)?
        .stdin(Stdio::null())
        .output()
        .context("cannot start cargo")?;
    let about = String::from_utf8_lossy(&output.stdout);
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("cargo does not tell its host")
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// The size of a file as people read it.
fn size(file: &Path) -> Result<String> {
    let bytes = fs::metadata(file)
        .with_context(|| format!("cannot read {}", file.display()))?
        .len();
    Ok(mib(bytes))
}

/// Tenths of a MiB, rounded up.
fn mib(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10).div_ceil(1024 * 1024);
    format!("{:>4}.{} MiB", tenths / 10, tenths % 10)
}

/// Runs a command of a build to its end and returns what it prints.
fn printed(command: &mut Command) -> Result<Vec<u8>> {
    let shown = cargo::args(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed ({})", output.status);
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::{Profile, Request, mib};

    #[test]
    fn a_profile_and_a_folder_are_asked_for_in_any_order() {
        let parse = |text: &str| Request::parse(&text.split_whitespace().map(Into::into).collect::<Vec<_>>());
        let asked = |profile, out: Option<&str>| {
            Ok(Request {
                profile,
                out: out.map(Into::into),
            })
        };
        assert_eq!(parse(""), asked(Profile::Release, None));
        assert_eq!(parse("--profile dev"), asked(Profile::Dev, None));
        assert_eq!(parse("--profile release --out d"), asked(Profile::Release, Some("d")));
        assert_eq!(parse("--out d --profile dev"), asked(Profile::Dev, Some("d")));
        for wrong in ["--profile", "--profile fast", "--out", "dev"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_rounded_up_to_tenths() {
        for (bytes, expected) in [
            (0, "   0.0 MiB"),
            (1, "   0.1 MiB"),
            (22 << 20, "  22.0 MiB"),
            (107_374_183, " 102.5 MiB"),
        ] {
            assert_eq!(mib(bytes), expected, "{bytes}");
        }
    }
}
