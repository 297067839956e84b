//! One layer of the configuration.

use std::path::Path;

use config::Config;
use serde::de::DeserializeOwned;

use super::credential::CredentialKeys;
use super::file;
use super::partial_settings::{PartialSettings, UntrustedSettings};
use crate::args::Global;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

/// The name of the file in the working directory.
const FILE: &str = "assist-rules.toml";

/// A layer: keys, and where they stand.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) settings: PartialSettings,
    /// A warning about the layer for the user.
    pub(super) warning: Option<String>,
}

/// The trust in a configuration file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    Owner,
    Untrusted,
}

/// The layer of the flags.
pub(super) fn of_flags(global: &Global) -> Layer {
    let settings = PartialSettings {
        region: global.region.clone().filter(|region| !region.is_empty()),
        sandbox: global.sandbox.then_some(true),
        ledger: global.ledger.clone(),
        deadline: global.deadline.map(|time| format!("{}ms", time.as_millis())),
        ..PartialSettings::default()
    };
    Layer {
        name: "the flags".to_owned(),
        settings,
        warning: None,
    }
}

impl Layer {
    /// The file that was named by `--config`: its user's own words.
    pub(super) fn of_named_file(file: &Path) -> Result<Self, CliError> {
        if let Some(layer) = Self::of_file(file, Trust::Owner)? {
            return Ok(layer);
        }
        let message = format!("`--config {}`: there is no such file", file.display());
        Err(CliError::new(ErrorCode::Configuration, message))
    }

    /// The file in the working directory, if there is one.
    pub(super) fn of_working_directory() -> Result<Self, CliError> {
        let layer = Self::of_file(Path::new(FILE), Trust::Untrusted)?;
        Ok(layer.unwrap_or_else(|| Self::empty(FILE)))
    }

    /// The user's own file, if there is one.
    pub(super) fn of_user_file(file: &Path) -> Result<Self, CliError> {
        let layer = Self::of_file(file, Trust::Owner)?;
        Ok(layer.unwrap_or_else(|| Self::empty(&file.display().to_string())))
    }

    pub(super) fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            settings: PartialSettings::default(),
            warning: None,
        }
    }

    fn of_file(file: &Path, trust: Trust) -> Result<Option<Self>, CliError> {
        let name = format!("`{}`", file.display());
        let Some(config) = file::read(file)? else {
            return Ok(None);
        };
        let mut layer = match trust {
            Trust::Owner => Self::of_config(name, config)?,
            Trust::Untrusted => Self::of_untrusted(name, config)?,
        };
        layer.settings.clean_credentials(&layer.name, CredentialKeys::OF_FILE)?;
        Ok(Some(layer))
    }

    /// Reads the keys; one that is not known is an error that says which may have been meant.
    pub(super) fn of_config(name: String, config: Config) -> Result<Self, CliError> {
        let (mut settings, unknown): (PartialSettings, _) = read(&name, config)?;
        if let Some(key) = unknown.first() {
            return Err(unknown_key(&name, key));
        }
        settings.drop_empty();
        Ok(Self {
            name,
            settings,
            warning: None,
        })
    }

    /// Reads the keys that an untrusted file may set; any other is an error.
    fn of_untrusted(name: String, config: Config) -> Result<Self, CliError> {
        let (settings, others): (UntrustedSettings, _) = read(&name, config)?;
        reject_privileged_keys(&name, &others)?;
        let mut settings = PartialSettings::from(settings);
        settings.drop_empty();
        Ok(Self {
            name,
            settings,
            warning: None,
        })
    }
}

/// The settings that a configuration has, and the keys in it that they have no place for.
fn read<T: DeserializeOwned>(name: &str, config: Config) -> Result<(T, Vec<String>), CliError> {
    let mut others = Vec::new();
    let settings = serde_ignored::deserialize(config, |path| others.push(path.to_string()));
    let settings = settings.map_err(|error| file::fault(&format!("{name} has a wrong value"), &error))?;
    Ok((settings, others))
}

/// Refuses the keys that an untrusted file may not have. Unknown keys are reported first.
fn reject_privileged_keys(name: &str, others: &[String]) -> Result<(), CliError> {
    let is_known = |key: &str| PartialSettings::keys().contains(&key);
    if let Some(unknown) = others.iter().find(|key| !is_known(key)) {
        return Err(unknown_key(name, unknown));
    }
    let mut privileged = PartialSettings::keys()
        .iter()
        .filter(|key| others.iter().any(|other| other == *key));
    match privileged.next() {
        None => Ok(()),
        Some(key) => {
            let message =
                format!("{name} has `{key}`, which a file that is found in the working directory may not have");
            let help = format!("such a file may be a stranger's: name it with `--config {FILE}` if it is yours");
            Err(CliError::new(ErrorCode::Configuration, message).with_help(help))
        }
    }
}

/// The error about an unknown key, with a suggestion.
pub(super) fn unknown_key(layer: &str, key: &str) -> CliError {
    let near = |known: &&str| strsim::damerau_levenshtein(known, key) <= 2;
    let keys = PartialSettings::keys();
    let help = match keys.iter().find(|known| near(known)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the keys are {}", keys.join(", ")),
    };
    CliError::new(ErrorCode::Configuration, format!("{layer} has the unknown key `{key}`")).with_help(help)
}
