//! Profiles of the gc CLI: read, never written.

use std::path::Path;

use config::{Config, File, FileFormat};
use secrecy::SecretString;
use serde::Deserialize;

use super::layer::Layer;
use super::partial_settings::PartialSettings;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

const DEFAULT_PROFILE: &str = "DEFAULT";

/// The keys of a profile that matter here; it has others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Profile {
    environment: Option<String>,
    client_credentials: Option<String>,
    client_secret: Option<SecretString>,
    access_token: Option<SecretString>,
}

/// The profile of that name, or the default one if there is one.
pub(super) fn profile(home: Option<&Path>, name: Option<&str>) -> Result<Layer, CliError> {
    let wanted = name.unwrap_or(DEFAULT_PROFILE);
    let file = home.unwrap_or(Path::new("/")).join(".gc").join("config.toml");
    let layer_name = format!("the gc profile `{wanted}`");
    if !file.is_file() {
        return match name {
            None => Ok(Layer::empty(&layer_name)),
            Some(name) => Err(CliError::new(
                ErrorCode::Configuration,
                format!("`--profile {name}`: there is no `{}`", file.display()),
            )),
        };
    }
    let source = File::from(file.clone()).format(FileFormat::Toml);
    let profiles: std::collections::BTreeMap<String, Profile> = Config::builder()
        .add_source(source)
        .build()
        .and_then(Config::try_deserialize)
        .map_err(|error| CliError::configuration(&format!("cannot read `{}`", file.display()), &error))?;
    let names = profiles.keys().cloned().collect::<Vec<_>>().join(", ");
    let found = profiles
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|(_, profile)| profile);
    let profile = match (found, name) {
        (Some(profile), _) => profile,
        (None, None) => return Ok(Layer::empty(&layer_name)),
        (None, Some(name)) => {
            let message = format!("`--profile {name}`: `{}` has the profiles {names}", file.display());
            return Err(CliError::new(ErrorCode::Configuration, message));
        }
    };
    let warning = readable_by_others(&file, &profile);
    let settings = PartialSettings {
        region: profile.environment,
        client_id: profile.client_credentials.filter(|id| !id.is_empty()),
        client_secret: profile.client_secret,
        access_token: profile.access_token,
        ..PartialSettings::default()
    };
    Ok(Layer {
        name: layer_name,
        settings,
        warning,
    })
}

/// The warning about a file with secrets that others can read.
#[cfg(unix)]
fn readable_by_others(file: &Path, profile: &Profile) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let has_secret = profile.client_secret.is_some() || profile.access_token.is_some();
    let mode = std::fs::metadata(file).map_or(0, |metadata| metadata.permissions().mode());
    let warning = || {
        format!(
            "`{}` has secrets in clear and others can read it: chmod 600 it",
            file.display()
        )
    };
    (has_secret && mode & 0o077 != 0).then(warning)
}

#[cfg(not(unix))]
fn readable_by_others(_file: &Path, _profile: &Profile) -> Option<String> {
    None
}
