//! The sinks that a configuration names.

use std::path::PathBuf;
use std::time::Duration;

use config::Value;
use genesys_adapter::CaFile;
use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sink_adapter::{DEFAULT_TABLE, SinkKind, SinkSettings};

use super::environment::Environment;
use super::file;
use crate::args;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

/// One table `[[sinks]]`, as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum SinkTable {
    Webhook {
        name: String,
        url: String,
        #[serde(deserialize_with = "sources")]
        secrets_from: Vec<String>,
        #[serde(default)]
        allow_private: bool,
        timeout: Option<String>,
    },
    Command {
        name: String,
        argv: Vec<String>,
        timeout: Option<String>,
    },
    Directory {
        name: String,
        path: PathBuf,
    },
    Postgres {
        name: String,
        url_from: String,
        table: Option<String>,
        timeout: Option<String>,
    },
}

/// The sinks of a configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sinks {
    /// Those that can be told of changes.
    pub(crate) usable: Vec<SinkSettings>,
    /// Those whose secret is not at hand, with why: their events wait in the outbox.
    pub(crate) without_secret: Vec<(String, CliError)>,
}

impl Sinks {
    /// The names of all of them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let others = self.without_secret.iter().map(|(name, _)| name.as_str());
        self.usable.iter().map(|sink| sink.name.as_str()).chain(others)
    }
}

/// Why a table makes no sink.
enum SinkFault {
    /// A fault in the table.
    Wrong(CliError),
    /// A secret that is not there, and may be in another shell.
    NoSecret {
        /// The name of the sink.
        name: String,
        error: CliError,
    },
}

impl From<CliError> for SinkFault {
    fn from(error: CliError) -> Self {
        Self::Wrong(error)
    }
}

/// The sinks of a layer. Each has a name of its own.
pub(super) fn sinks(
    all: &[Value],
    layer: &str,
    environment: &Environment,
    ca_file: Option<&CaFile>,
) -> Result<Sinks, CliError> {
    let mut sinks = Sinks::default();
    for (number, table) in (1..).zip(all) {
        let reader = Reader {
            place: name_of(table).map_or_else(
                || format!("{layer}: `sinks` number {number}"),
                |name| format!("{layer}: the sink `{name}`"),
            ),
            environment,
            ca_file,
        };
        let read = reader.read(table);
        let name = match &read {
            Ok(SinkSettings { name, .. }) | Err(SinkFault::NoSecret { name, .. }) => name,
            Err(SinkFault::Wrong(error)) => return Err(error.clone()),
        };
        if sinks.names().any(|other| other == name) {
            return Err(reader.wrong("is named twice, and what is undelivered is kept under the name"));
        }
        match read {
            Ok(sink) => sinks.usable.push(sink),
            Err(SinkFault::NoSecret { name, error }) => sinks.without_secret.push((name, error)),
            Err(SinkFault::Wrong(error)) => return Err(error),
        }
    }
    Ok(sinks)
}

/// A list of places of secrets. Its error does not repeat what stands there: it may be the secret itself.
fn sources<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let wrong = |_| D::Error::custom("`secrets_from` is a list of texts, each `env:NAME` or `file:PATH`");
    let list = Value::deserialize(deserializer)?.into_array().map_err(wrong)?;
    list.into_iter().map(|from| from.into_string().map_err(wrong)).collect()
}

/// The name of a table that may be wrong in all else.
fn name_of(table: &Value) -> Option<String> {
    let mut members = table.clone().into_table().ok()?;
    members.remove("name")?.into_string().ok()
}

/// Reads one sink.
struct Reader<'a> {
    place: String,
    environment: &'a Environment,
    ca_file: Option<&'a CaFile>,
}

impl Reader<'_> {
    fn wrong(&self, why: &str) -> CliError {
        CliError::new(ErrorCode::Configuration, format!("{} {why}", self.place))
    }

    fn read(&self, table: &Value) -> Result<SinkSettings, SinkFault> {
        let table = SinkTable::deserialize(table.clone());
        let table = table.map_err(|error| file::fault(&format!("{} is wrong", self.place), &error))?;
        let (name, kind) = match table {
            SinkTable::Webhook {
                name,
                url,
                secrets_from,
                allow_private,
                timeout,
            } => {
                let secrets = secrets_from.iter().map(|from| self.secret(&name, "secrets_from", from));
                let kind = SinkKind::Webhook {
                    url,
                    secrets: secrets.collect::<Result<_, _>>()?,
                    allow_private,
                    timeout: self.timeout(timeout, SinkKind::TIMEOUT)?,
                };
                (name, kind)
            }
            SinkTable::Command { name, argv, timeout } => {
                let timeout = self.timeout(timeout, SinkKind::COMMAND_TIMEOUT)?;
                (name, SinkKind::Command { argv, timeout })
            }
            SinkTable::Directory { name, path } => {
                let path = self.environment.expanded(path);
                (name, SinkKind::Directory { path })
            }
            SinkTable::Postgres {
                name,
                url_from,
                table,
                timeout,
            } => {
                let kind = SinkKind::Postgres {
                    url: self.secret(&name, "url_from", &url_from)?,
                    table: table.unwrap_or_else(|| DEFAULT_TABLE.to_owned()),
                    timeout: self.timeout(timeout, SinkKind::TIMEOUT)?,
                };
                (name, kind)
            }
        };
        Ok(SinkSettings {
            name,
            kind,
            ca_file: self.ca_file.cloned(),
        })
    }

    fn timeout(&self, text: Option<String>, default: Duration) -> Result<Duration, CliError> {
        match text {
            None => Ok(default),
            Some(text) => args::duration(&text).map_err(|why| self.wrong(&format!("has a wrong `timeout`: {why}"))),
        }
    }

    /// A secret is never in the file itself.
    fn secret(&self, name: &str, key: &str, from: &str) -> Result<SecretString, SinkFault> {
        let wrong = |why: &str| self.wrong(&format!("has a wrong `{key}`: {why}"));
        let absent = |why: &str| SinkFault::NoSecret {
            name: name.to_owned(),
            error: wrong(why),
        };
        if let Some(variable) = from.strip_prefix("env:") {
            let value = self.environment.get(variable);
            return value
                .map(SecretString::from)
                .ok_or_else(|| absent(&format!("the variable {variable} is not set")));
        }
        if let Some(file) = from.strip_prefix("file:") {
            let text = std::fs::read_to_string(self.environment.expanded(PathBuf::from(file)))
                .map_err(|error| absent(&format!("cannot read `{file}`: {error}")))?;
            return Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])));
        }
        // Why: it may be the secret itself.
        Err(wrong("it says where the secret is, as `env:NAME` or `file:PATH`").into())
    }
}

#[cfg(test)]
mod tests {
    use config::{Config, File, FileFormat};

    use super::*;

    /// The names of the sinks in a TOML text, or the error's message.
    fn read(toml: &str) -> String {
        let config = Config::builder().add_source(File::from_str(toml, FileFormat::Toml));
        let tables = config.build().unwrap().get_array("sinks").unwrap();
        let variables = [("CHAT".to_owned(), "whsec_x".to_owned())];
        match sinks(&tables, "`f`", &variables.into_iter().collect(), None) {
            Ok(sinks) => {
                let usable = sinks.usable.iter().map(|sink| sink.name.clone());
                let later = sinks
                    .without_secret
                    .iter()
                    .map(|(name, error)| format!("{name}, later: {}", error.message));
                usable.chain(later).collect()
            }
            Err(error) => error.message,
        }
    }

    const WEBHOOK: &str = "kind = \"webhook\"\nname = \"a\"\nurl = \"u\"\n";
    const SIGNED: &str = "kind = \"webhook\"\nname = \"a\"\nurl = \"u\"\nsecrets_from = [\"env:CHAT\"]\n";
    const DIRECTORY: &str = "kind = \"directory\"\nname = \"c\"\npath = \"rules\"\n";

    #[test]
    fn a_table_is_a_sink_of_its_kind_or_says_what_is_wrong_with_it() {
        let kinds = SinkKind::NAMES.map(|name| format!("`{name}`")).join(", ");
        let unknown =
            format!("`f`: the sink `a` is wrong: unknown variant `fax`, expected one of {kinds} for key `kind`");
        for (start, rest, expected) in [
            (SIGNED, "allow_private = true\ntimeout = \"3s\"", "a"),
            ("", "kind = \"command\"\nname = \"b\"\nargv = [\"x\", \"y\"]", "b"),
            (DIRECTORY, "", "c"),
            (
                "",
                "kind = \"postgres\"\nname = \"d\"\nurl_from = \"env:CHAT\"\ntable = \"t\"",
                "d",
            ),
            (
                "",
                "kind = \"directory\"\npath = \"x\"",
                "`f`: `sinks` number 1 is wrong: missing configuration field \"name\"",
            ),
            (
                "",
                "name = \"a\"",
                "`f`: the sink `a` is wrong: missing configuration field \"kind\"",
            ),
            ("", "kind = \"fax\"\nname = \"a\"", &unknown),
            (
                DIRECTORY,
                "url = \"x\"",
                "`f`: the sink `c` is wrong: unknown field `url`, expected `name` or `path`",
            ),
            (
                DIRECTORY,
                "color = \"x\"",
                "`f`: the sink `c` is wrong: unknown field `color`, expected `name` or `path`",
            ),
            (
                WEBHOOK,
                "",
                "`f`: the sink `a` is wrong: missing configuration field \"secrets_from\"",
            ),
            (
                WEBHOOK,
                "secrets_from = \"whsec_x\"",
                "`f`: the sink `a` is wrong: `secrets_from` is a list of texts, each `env:NAME` or `file:PATH`",
            ),
            // FIELD H5: another shell may have it.
            (
                WEBHOOK,
                "secrets_from = [\"env:OTHER\"]",
                "a, later: `f`: the sink `a` has a wrong `secrets_from`: the variable OTHER is not set",
            ),
            (
                SIGNED,
                "timeout = \"soon\"",
                "`f`: the sink `a` has a wrong `timeout`: `soon` is no time: write 90s, 2m or 1m 30s",
            ),
        ] {
            let toml = format!("[[sinks]]\n{start}{rest}");
            assert_eq!(read(&toml), expected, "{toml}");
        }
    }
}
