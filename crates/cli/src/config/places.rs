//! The locations of configuration and state files.

use std::path::PathBuf;

use super::environment::Environment;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

const FOLDER: &str = "assist-rules";

/// `$XDG_CONFIG_HOME/assist-rules/config.toml`.
pub(super) fn user_configuration(environment: &Environment) -> Option<PathBuf> {
    base(environment, "XDG_CONFIG_HOME", &[".config"]).map(|base| base.join(FOLDER).join("config.toml"))
}

/// `$XDG_STATE_HOME/assist-rules`, where the program keeps what it needs again: sealed tokens, the ledger, the sandbox.
///
/// # Errors
///
/// If there is no home folder: a folder that everybody may write to, such as that of temporary files, is no place for it.
pub(super) fn state_folder(environment: &Environment) -> Result<PathBuf, CliError> {
    let base = base(environment, "XDG_STATE_HOME", &[".local", "state"]);
    let base = base.ok_or_else(|| {
        CliError::new(
            ErrorCode::Configuration,
            "there is no home folder, and so no place for the ledger and for tokens",
        )
        .with_help("name a folder of your own in ASSIST_RULES_STATE_DIR, or set HOME")
    })?;
    Ok(base.join(FOLDER))
}

/// A base folder by the XDG rules: one that is not absolute does not count.
fn base(environment: &Environment, variable: &str, under_home: &[&str]) -> Option<PathBuf> {
    let named = environment
        .get(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    named.or_else(|| {
        environment
            .home()
            .map(|home| home.join(under_home.iter().collect::<PathBuf>()))
    })
}
