//! The program of this repository, built and ready to be started.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::cargo::{self, Lock};

/// The package that holds the binary.
pub(crate) const PACKAGE: &str = "assist-rules-cli";

/// The one variable of the product that a sandboxed run keeps: it says where things are kept, not where they go.
const STATE_DIR: &str = "ASSIST_RULES_STATE_DIR";

/// The build profile of the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As contributors build it.
    Dev,
    /// As users get it.
    Release,
}

impl Profile {
    /// The profile of that name, as cargo has it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Dev, Self::Release]
            .into_iter()
            .find(|profile| profile.name() == name)
    }

    /// The name that cargo has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// Builds `assist-rules` and returns its path. Messages of cargo go to stderr.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn build(profile: Profile, lock: Lock) -> Result<PathBuf> {
    let args = ["build", "--package", PACKAGE, "--profile", profile.name()];
    cargo::succeed(cargo::command(&args, lock)?.stdout(Stdio::null()))?;
    path(profile)
}

/// The path of `assist-rules` after a build.
///
/// # Errors
///
/// If it is not there.
pub(crate) fn path(profile: Profile) -> Result<PathBuf> {
    let binary = target()?
        .join(profile.folder())
        .join(format!("assist-rules{}", env::consts::EXE_SUFFIX));
    if !binary.is_file() {
        bail!("cargo built `{PACKAGE}`, but there is no {}", binary.display());
    }
    Ok(binary)
}

/// The target folder of cargo.
///
/// # Errors
///
/// If this program stands in none.
pub(crate) fn target() -> Result<PathBuf> {
    let own = env::current_exe().context("cannot find this program's own file")?;
    // Why: this program stands in TARGET/PROFILE, and a target folder set in any of cargo's ways holds for both.
    let target = own.parent().and_then(Path::parent);
    target.map(Path::to_owned).context("cannot find the target folder")
}

/// Takes away whatever could point `command` at a real organization.
pub(crate) fn forget_credentials(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(points_elsewhere) {
            command.env_remove(name);
        }
    }
}

/// True if the variable may name or open an organization.
fn points_elsewhere(name: &str) -> bool {
    // Windows does not tell case apart in names.
    let name = name.to_ascii_uppercase();
    name != STATE_DIR && (name.starts_with("GENESYS") || name.starts_with("ASSIST_RULES_"))
}

#[cfg(test)]
mod tests {
    use super::points_elsewhere;

    #[test]
    fn what_points_elsewhere_is_forgotten_and_the_state_is_kept() {
        for (name, expected) in [
            ("GENESYSCLOUD_OAUTHCLIENT_SECRET", true),
            ("GENESYSCLOUD_ACCESS_TOKEN", true),
            ("GENESYS_RULE_ID", true),
            ("genesyscloud_region", true),
            ("ASSIST_RULES_API_URL", true),
            ("ASSIST_RULES_LEDGER", true),
            ("ASSIST_RULES_STATE_DIR", false),
            ("PATH", false),
            ("MY_GENESYS", false),
        ] {
            assert_eq!(points_elsewhere(name), expected, "{name}");
        }
    }
}
