//! The locations of configuration and state files.

use std::path::PathBuf;

use super::environment::Environment;

const FOLDER: &str = "assist-rules";

/// `$XDG_CONFIG_HOME/assist-rules/config.toml`.
pub(super) fn user_configuration(environment: &Environment) -> Option<PathBuf> {
    base(environment, "XDG_CONFIG_HOME", &[".config"]).map(|base| base.join(FOLDER).join("config.toml"))
}

/// `$XDG_STATE_HOME/assist-rules`, where the program keeps what it needs again: sealed tokens, the sandbox.
pub(super) fn state_folder(environment: &Environment) -> PathBuf {
    let base = base(environment, "XDG_STATE_HOME", &[".local", "state"]);
    base.unwrap_or_else(std::env::temp_dir).join(FOLDER)
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
