//! The sinks that a configuration names.

use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::Code;
use secrecy::SecretString;
use serde::Deserialize;
use sink_adapter::{DEFAULT_TABLE, SinkKind, SinkSettings};

use super::environment::Environment;
use crate::args;
use crate::cli_error::CliError;

/// One table `[[sinks]]`, as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SinkKeys {
    name: Option<String>,
    kind: Option<String>,
    url: Option<String>,
    secrets_from: Option<Vec<String>>,
    allow_private: Option<bool>,
    timeout: Option<String>,
    argv: Option<Vec<String>>,
    path: Option<PathBuf>,
    url_from: Option<String>,
    table: Option<String>,
}

/// The keys that each kind has beside `name` and `kind`.
const KINDS: [(&str, &[&str]); 4] = [
    ("webhook", &["url", "secrets_from", "allow_private", "timeout"]),
    ("command", &["argv", "timeout"]),
    ("directory", &["path"]),
    ("postgres", &["url_from", "table", "timeout"]),
];

/// The sinks of a layer. Each has a name of its own.
pub(super) fn sinks(all: &[SinkKeys], layer: &str, environment: &Environment) -> Result<Vec<SinkSettings>, CliError> {
    let mut sinks: Vec<SinkSettings> = Vec::new();
    for (number, keys) in (1..).zip(all) {
        let reader = Reader {
            keys,
            place: keys.name.as_ref().map_or_else(
                || format!("{layer}: `sinks` number {number}"),
                |name| format!("{layer}: the sink `{name}`"),
            ),
            environment,
        };
        let sink = reader.read()?;
        if sinks.iter().any(|other| other.name == sink.name) {
            return Err(reader.wrong("is named twice, and what is undelivered is kept under the name"));
        }
        sinks.push(sink);
    }
    Ok(sinks)
}

/// Reads one sink.
struct Reader<'a> {
    keys: &'a SinkKeys,
    place: String,
    environment: &'a Environment,
}

impl Reader<'_> {
    fn wrong(&self, why: &str) -> CliError {
        CliError::new(Code::Configuration, format!("{} {why}", self.place))
    }

    fn read(&self) -> Result<SinkSettings, CliError> {
        let keys = self.keys;
        let name = self.needed("name", keys.name.as_ref())?.clone();
        let kind = self.needed("kind", keys.kind.as_ref())?.as_str();
        let kinds = KINDS.map(|(kind, _)| kind).join(", ");
        let Some((_, known)) = KINDS.iter().find(|(known, _)| *known == kind) else {
            return Err(self
                .wrong(&format!("has the unknown kind `{kind}`"))
                .with_help(format!("the kinds are {kinds}")));
        };
        if let Some(foreign) = self.said().find(|said| !known.contains(said)) {
            return Err(self
                .wrong(&format!("has `{foreign}`, which a {kind} does not have"))
                .with_help(format!("a {kind} has {}", known.join(", "))));
        }
        let kind = match kind {
            "webhook" => SinkKind::Webhook {
                url: self.needed("url", keys.url.as_ref())?.clone(),
                secrets: self
                    .needed("secrets_from", keys.secrets_from.as_ref())?
                    .iter()
                    .map(|from| self.secret("secrets_from", from))
                    .collect::<Result<_, _>>()?,
                allow_private: keys.allow_private.unwrap_or_default(),
                timeout: self.timeout(SinkKind::TIMEOUT)?,
            },
            "command" => SinkKind::Command {
                argv: self.needed("argv", keys.argv.as_ref())?.clone(),
                timeout: self.timeout(SinkKind::COMMAND_TIMEOUT)?,
            },
            "directory" => SinkKind::Directory {
                path: self.needed("path", keys.path.as_ref())?.clone(),
            },
            _ => SinkKind::Postgres {
                url: self.secret("url_from", self.needed("url_from", keys.url_from.as_ref())?)?,
                table: keys.table.clone().unwrap_or_else(|| DEFAULT_TABLE.to_owned()),
                timeout: self.timeout(SinkKind::TIMEOUT)?,
            },
        };
        Ok(SinkSettings { name, kind })
    }

    fn needed<'v, T>(&self, key: &str, value: Option<&'v T>) -> Result<&'v T, CliError> {
        value.ok_or_else(|| self.wrong(&format!("has no `{key}`")))
    }

    /// The keys that are said, but for name and kind.
    fn said(&self) -> impl Iterator<Item = &'static str> + use<> {
        let keys = self.keys;
        let all = [
            ("url", keys.url.is_some()),
            ("secrets_from", keys.secrets_from.is_some()),
            ("allow_private", keys.allow_private.is_some()),
            ("timeout", keys.timeout.is_some()),
            ("argv", keys.argv.is_some()),
            ("path", keys.path.is_some()),
            ("url_from", keys.url_from.is_some()),
            ("table", keys.table.is_some()),
        ];
        all.into_iter().filter(|(_, said)| *said).map(|(key, _)| key)
    }

    fn timeout(&self, default: Duration) -> Result<Duration, CliError> {
        match &self.keys.timeout {
            None => Ok(default),
            Some(text) => args::duration(text).map_err(|why| self.wrong(&format!("has a wrong `timeout`: {why}"))),
        }
    }

    /// A secret is never in the file itself.
    fn secret(&self, key: &str, from: &str) -> Result<SecretString, CliError> {
        let wrong = |why: &str| self.wrong(&format!("has a wrong `{key}`: {why}"));
        if let Some(name) = from.strip_prefix("env:") {
            let value = self.environment.get(name);
            return value
                .map(SecretString::from)
                .ok_or_else(|| wrong(&format!("the variable {name} is not set")));
        }
        if let Some(file) = from.strip_prefix("file:") {
            let text = std::fs::read_to_string(Path::new(file))
                .map_err(|error| wrong(&format!("cannot read `{file}`: {error}")))?;
            return Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])));
        }
        // Why: it may be the secret itself.
        Err(wrong("it says where the secret is, as `env:NAME` or `file:PATH`"))
    }
}
