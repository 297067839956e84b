//! One layer of the configuration.

use std::path::{Path, PathBuf};

use config::{Config, File, FileFormat};
use domain::Code;
use secrecy::SecretString;
use serde::Deserialize;

use super::sinks::SinkKeys;
use crate::args::Global;
use crate::cli_error::CliError;

/// The keys of the configuration. What is absent is left to the next layer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Keys {
    pub(super) region: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<SecretString>,
    pub(super) access_token: Option<SecretString>,
    pub(super) api_url: Option<String>,
    pub(super) login_url: Option<String>,
    pub(super) proxy: Option<String>,
    #[serde(skip)]
    pub(super) proxy_login: Option<(String, SecretString)>,
    pub(super) trigger_rules_path: Option<String>,
    pub(super) sandbox: Option<bool>,
    pub(super) deadline: Option<String>,
    pub(super) connect_timeout: Option<String>,
    pub(super) attempt_timeout: Option<String>,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) ledger: Option<String>,
    pub(super) sinks: Option<Vec<SinkKeys>>,
    pub(super) log: Option<String>,
}

/// Their names.
pub(super) const KEYS: [&str; 17] = [
    "region",
    "client_id",
    "client_secret",
    "access_token",
    "api_url",
    "login_url",
    "proxy",
    "trigger_rules_path",
    "sandbox",
    "deadline",
    "connect_timeout",
    "attempt_timeout",
    "state_dir",
    "ca_file",
    "ledger",
    "sinks",
    "log",
];

/// Those that say where secrets go. A file in the working directory may come from a stranger's repository.
const OWNER_ONLY: [&str; 10] = [
    "region",
    "client_id",
    "client_secret",
    "access_token",
    "api_url",
    "login_url",
    "proxy",
    "ca_file",
    "ledger",
    "sinks",
];

/// The name of the file in the working directory.
const FILE: &str = "assist-rules.toml";

/// A layer: keys, and where they stand.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) keys: Keys,
    /// What its user should know about it.
    pub(super) warning: Option<String>,
}

/// Whose file it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    Owner,
    Stranger,
}

/// The layer of the flags.
pub(super) fn of_flags(global: &Global) -> Layer {
    let keys = Keys {
        region: global.region.clone(),
        sandbox: (global.sandbox || global.reset_sandbox).then_some(true),
        ledger: global.ledger.clone(),
        deadline: global.deadline.map(|time| format!("{}ms", time.as_millis())),
        ..Keys::default()
    };
    Layer {
        name: "the flags".to_owned(),
        keys,
        warning: None,
    }
}

impl Layer {
    /// The file that was named by `--config`: its user's own words.
    pub(super) fn of_named_file(file: &Path) -> Result<Self, CliError> {
        if file.is_file() {
            return Self::of_file(file, Trust::Owner);
        }
        let message = format!("`--config {}`: there is no such file", file.display());
        Err(CliError::new(Code::Configuration, message))
    }

    /// The file in the working directory, if there is one.
    pub(super) fn of_working_directory() -> Result<Self, CliError> {
        let file = Path::new(FILE);
        if file.is_file() {
            Self::of_file(file, Trust::Stranger)
        } else {
            Ok(Self::empty(FILE))
        }
    }

    /// The user's own file, if there is one.
    pub(super) fn of_user_file(file: &Path) -> Result<Self, CliError> {
        if file.is_file() {
            Self::of_file(file, Trust::Owner)
        } else {
            Ok(Self::empty(&file.display().to_string()))
        }
    }

    pub(super) fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            keys: Keys::default(),
            warning: None,
        }
    }

    fn of_file(file: &Path, trust: Trust) -> Result<Self, CliError> {
        let name = format!("`{}`", file.display());
        let source = File::from(file).format(FileFormat::Toml);
        let config = Config::builder().add_source(source).build();
        let config = config.map_err(|error| CliError::configuration(&format!("cannot read {name}"), &error))?;
        let layer = Self::of_config(name, config)?;
        if trust == Trust::Stranger {
            layer.refuse_what_only_its_owner_may_say()?;
        }
        Ok(layer)
    }

    /// Reads the keys; one that is not known is an error that says which may have been meant.
    pub(super) fn of_config(name: String, config: Config) -> Result<Self, CliError> {
        let mut unknown = Vec::new();
        let keys = serde_ignored::deserialize(config, |path| unknown.push(path.to_string()));
        let keys: Keys = keys.map_err(|error| CliError::configuration(&format!("{name} has a wrong value"), &error))?;
        match unknown.first() {
            None => Ok(Self {
                name,
                keys,
                warning: None,
            }),
            Some(key) => Err(unknown_key(&name, key)),
        }
    }

    fn refuse_what_only_its_owner_may_say(&self) -> Result<(), CliError> {
        let keys = &self.keys;
        let said = [
            keys.region.is_some(),
            keys.client_id.is_some(),
            keys.client_secret.is_some(),
            keys.access_token.is_some(),
            keys.api_url.is_some(),
            keys.login_url.is_some(),
            keys.proxy.is_some(),
            keys.ca_file.is_some(),
            keys.ledger.is_some(),
            keys.sinks.is_some(),
        ];
        match OWNER_ONLY.into_iter().zip(said).find(|(_, said)| *said) {
            None => Ok(()),
            Some((key, _)) => {
                let message = format!(
                    "{} has `{key}`, which a file that is found in the working directory may not have",
                    self.name
                );
                let help = format!("such a file may be a stranger's: name it with `--config {FILE}` if it is yours");
                Err(CliError::new(Code::Configuration, message).with_help(help))
            }
        }
    }
}

/// The error about a key that nobody knows.
pub(super) fn unknown_key(layer: &str, key: &str) -> CliError {
    let near = |known: &&str| strsim::damerau_levenshtein(known, key) <= 2;
    let help = match KEYS.iter().find(|known| near(known)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the keys are {}", KEYS.join(", ")),
    };
    CliError::new(Code::Configuration, format!("{layer} has the unknown key `{key}`")).with_help(help)
}
