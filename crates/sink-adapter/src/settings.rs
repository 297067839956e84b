//! A sink, as a configuration names it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use network::CaFile;
use ports::{Clock, EventSink};
use secrecy::SecretString;

use crate::command::{CommandSink, CommandSinkError};
use crate::directory::DirectorySink;
use crate::postgres::{PostgresSink, TableNameError};
use crate::webhook::{Webhook, WebhookSecretError, WebhookUrlError};

/// The table of events, where none is named.
pub const DEFAULT_TABLE: &str = "assist_rules_events";

/// The longest time that a delivery may take.
const LONGEST: Duration = Duration::from_mins(10);

/// A sink.
#[derive(Clone, Debug)]
pub struct SinkSettings {
    /// Its name: what is undelivered is kept under it, so it stays when the rest changes.
    pub name: String,
    /// The kind of sink, with its settings.
    pub kind: SinkKind,
    /// Certificates to trust beside those of the system, for sinks that are spoken to over TLS.
    pub ca_file: Option<CaFile>,
}

/// The kinds of sinks.
#[derive(Clone, Debug)]
pub enum SinkKind {
    /// A server that events are posted to.
    Webhook {
        /// The URL: https; http only to this machine, and with `allow_private`.
        url: String,
        /// The keys to sign with, `whsec_` and base64; more than one while a key is changed.
        secrets: Vec<SecretString>,
        /// True if the server may be in a private network.
        allow_private: bool,
        /// The time limit of a delivery.
        timeout: Duration,
    },
    /// A program that is run for each event.
    Command {
        /// The program and its arguments. No shell reads them.
        argv: Vec<String>,
        /// The time limit of a run.
        timeout: Duration,
    },
    /// A directory that has each rule as a file.
    Directory {
        /// The path of the directory.
        path: PathBuf,
    },
    /// A table in PostgreSQL that has each event as a row.
    Postgres {
        /// The URL of the database, as `postgres://…`.
        url: SecretString,
        /// The table, with or without its schema.
        table: String,
        /// The time limit of a delivery.
        timeout: Duration,
    },
}

/// The settings make no sink.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SinkSettingsError {
    /// The name is none.
    #[error("a sink's name is at most 64 letters, digits, `_` and `-`, and `{0}` is none")]
    Name(String),
    /// Nothing can be delivered in no time, and an event is not kept from others for long.
    #[error("its time limit is more than nothing and at most 10 minutes")]
    Timeout,
    /// The URL of a webhook.
    #[error("its URL cannot be used")]
    Url(#[source] WebhookUrlError),
    /// The secrets of a webhook.
    #[error("its secrets cannot be used")]
    Secret(#[source] WebhookSecretError),
    /// The argv of a command.
    #[error("its argv cannot be run")]
    Command(#[source] CommandSinkError),
    /// A path is empty.
    #[error("it names no path")]
    NoPath,
    /// A directory that cannot be written to.
    #[error("the directory `{path}` cannot be written to: {error}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The message of the operating system.
        error: String,
    },
    /// The URL of a database. It is a secret, and the error does not show it.
    #[error("its URL is none of a PostgreSQL, which begins with `postgres://`")]
    Database,
    /// The table's name.
    #[error("its table cannot be used")]
    Table(#[source] TableNameError),
}

/// A sink that would not work now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExamineError {
    /// The settings, or what they name on this machine, are wrong.
    #[error(transparent)]
    Settings(#[from] SinkSettingsError),
    /// A server that does not answer, or refuses the login.
    #[error("{0}")]
    Unreachable(String),
}

impl SinkKind {
    /// The default time limit of a webhook or a database.
    pub const TIMEOUT: Duration = Duration::from_secs(15);

    /// The default time limit of a command.
    pub const COMMAND_TIMEOUT: Duration = Duration::from_mins(1);

    /// The names of all kinds, as a configuration has them.
    pub const NAMES: [&'static str; 4] = ["webhook", "command", "directory", "postgres"];
}

impl SinkKind {
    /// The secrets among its settings: they may stand in no record and in no event.
    pub fn secrets(&self) -> &[SecretString] {
        match self {
            Self::Webhook { secrets, .. } => secrets,
            Self::Postgres { url, .. } => std::slice::from_ref(url),
            Self::Command { .. } | Self::Directory { .. } => &[],
        }
    }
}

impl SinkSettings {
    /// Makes the sink. Nothing is sent, opened, run or looked up.
    ///
    /// # Errors
    ///
    /// If the settings make none, whatever the world is like.
    pub fn build(&self, clock: Arc<dyn Clock>) -> Result<Arc<dyn EventSink>, SinkSettingsError> {
        Ok(match self.make(clock)? {
            Made::Webhook(webhook) => Arc::new(webhook),
            Made::Command(command) => Arc::new(command),
            Made::Directory(directory) => Arc::new(directory),
            Made::Postgres(database) => Arc::new(database),
        })
    }

    fn make(&self, clock: Arc<dyn Clock>) -> Result<Made, SinkSettingsError> {
        let (name, ca_file) = (self.name.clone(), self.ca_file.as_ref());
        if !is_name(&name) {
            return Err(SinkSettingsError::Name(name));
        }
        Ok(match &self.kind {
            SinkKind::Webhook {
                url,
                secrets,
                allow_private,
                timeout,
            } => {
                let timeout = bounded(*timeout)?;
                Made::Webhook(Webhook::new(
                    name,
                    url,
                    secrets,
                    *allow_private,
                    timeout,
                    clock,
                    ca_file,
                )?)
            }
            SinkKind::Command { argv, timeout } => {
                let timeout = bounded(*timeout)?;
                Made::Command(CommandSink::new(name, argv, timeout).map_err(SinkSettingsError::Command)?)
            }
            SinkKind::Directory { path } if path.as_os_str().is_empty() => return Err(SinkSettingsError::NoPath),
            SinkKind::Directory { path } => Made::Directory(DirectorySink::new(name, path.clone())),
            SinkKind::Postgres { url, table, timeout } => {
                let timeout = bounded(*timeout)?;
                Made::Postgres(PostgresSink::new(name, url, table, timeout, ca_file)?)
            }
        })
    }

    /// Tries what the settings name, without a delivery: a directory can be written to, a command's program is there, a
    /// webhook's server answers a `HEAD` request, a database takes the login.
    ///
    /// # Errors
    ///
    /// If [`SinkSettings::build`] would fail, or what is named is not there, or does not answer.
    pub async fn examine(&self, clock: Arc<dyn Clock>) -> Result<(), ExamineError> {
        match self.make(clock)? {
            Made::Webhook(webhook) => webhook.reach().await.map_err(ExamineError::Unreachable),
            Made::Postgres(database) => database.reach().await.map_err(ExamineError::Unreachable),
            Made::Command(command) => Ok(command.find().map_err(SinkSettingsError::Command)?),
            Made::Directory(directory) => {
                Ok(directory.try_to_write().map_err(|error| SinkSettingsError::Directory {
                    path: directory.path().to_owned(),
                    error: error.to_string(),
                })?)
            }
        }
    }
}

/// A sink of one of the kinds.
enum Made {
    Webhook(Webhook),
    Command(CommandSink),
    Directory(DirectorySink),
    Postgres(PostgresSink),
}

fn is_name(name: &str) -> bool {
    let belongs = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(belongs)
}

fn bounded(timeout: Duration) -> Result<Duration, SinkSettingsError> {
    if timeout.is_zero() || timeout > LONGEST {
        return Err(SinkSettingsError::Timeout);
    }
    Ok(timeout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{clock, event, retry_error};

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn named(name: &str, kind: SinkKind) -> SinkSettings {
        let name = name.to_owned();
        SinkSettings {
            name,
            kind,
            ca_file: None,
        }
    }

    fn directory(path: impl Into<PathBuf>) -> SinkKind {
        SinkKind::Directory { path: path.into() }
    }

    fn webhook(url: &str, secret: &str) -> SinkKind {
        SinkKind::Webhook {
            url: url.to_owned(),
            secrets: vec![secret.into()],
            allow_private: false,
            timeout: SinkKind::TIMEOUT,
        }
    }

    fn command(program: &str, timeout: Duration) -> SinkKind {
        let argv = vec![program.to_owned()];
        SinkKind::Command { argv, timeout }
    }

    fn postgres(url: &str, table: &str) -> SinkKind {
        SinkKind::Postgres {
            url: url.into(),
            table: table.to_owned(),
            timeout: SinkKind::TIMEOUT,
        }
    }

    #[test]
    fn settings_make_a_sink_of_their_name_or_say_what_is_wrong_with_them() {
        let minute = SinkKind::COMMAND_TIMEOUT;
        for (name, kind, fault) in [
            ("a", webhook("https://hooks.example.org/", SECRET), None),
            ("a-B_9", command("true", minute), None),
            (&"a".repeat(64), directory("rules"), None),
            (
                "a",
                postgres("postgres://ann:pw@db.example.org/rules", DEFAULT_TABLE),
                None,
            ),
            (
                "",
                directory("rules"),
                Some("a sink's name is at most 64 letters, digits, `_` and `-`, and `` is none"),
            ),
            (
                "a b",
                directory("rules"),
                Some("a sink's name is at most 64 letters, digits, `_` and `-`, and `a b` is none"),
            ),
            ("a", directory(""), Some("it names no path")),
            (
                "a",
                command("true", Duration::ZERO),
                Some("its time limit is more than nothing and at most 10 minutes"),
            ),
            ("a", command("true", LONGEST), None),
            (
                "a",
                command("true", LONGEST + Duration::from_nanos(1)),
                Some("its time limit is more than nothing and at most 10 minutes"),
            ),
            (
                "a",
                command("", minute),
                Some("its argv cannot be run: it names no program"),
            ),
            (
                "a",
                webhook("https://10.0.0.1/", SECRET),
                Some(
                    "its URL cannot be used: `10.0.0.1` is no address of the public internet; `allow_private` would \
                     allow it",
                ),
            ),
            (
                "a",
                webhook("https://hooks.example.org/", "hunter22"),
                Some("its secrets cannot be used: secret 1 does not begin with `whsec_`"),
            ),
            (
                "a",
                postgres("mysql://ann:hunter22@h/d", DEFAULT_TABLE),
                Some("its URL is none of a PostgreSQL, which begins with `postgres://`"),
            ),
            (
                "a",
                postgres("postgres://h/d", "Events"),
                Some(
                    "its table cannot be used: a table is `NAME` or `SCHEMA.NAME`, of lower-case letters, digits and \
                     `_`, not longer than 63: `Events`",
                ),
            ),
        ] {
            let settings = named(name, kind);
            match (settings.build(clock()), fault) {
                (Ok(sink), None) => assert_eq!(sink.name(), name),
                (Err(error), Some(fault)) => {
                    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                    assert_eq!(format!("{error}{}", cause.unwrap_or_default()), fault);
                }
                (made, fault) => panic!("{settings:?}: {fault:?}, {:?}", made.err()),
            }
        }
    }

    #[test]
    fn secrets_are_not_in_what_is_shown_of_settings() {
        for kind in [
            webhook("https://hooks.example.org/", SECRET),
            postgres("postgres://ann:hunter22@db.example.org/rules", "t"),
        ] {
            let shown = format!("{kind:?}");
            assert!(!shown.contains("hunter22") && !shown.contains("LaLaSw"), "{shown}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_seen_without_telling_anybody() {
        let folder = tempfile::tempdir().unwrap();
        let here = named("a", directory(folder.path()));
        assert_eq!(here.examine(clock()).await, Ok(()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let gone = named("a", directory(folder.path().join("gone")));
        let found = gone.examine(clock()).await;
        assert!(
            matches!(found, Err(ExamineError::Settings(SinkSettingsError::Directory { .. }))),
            "{found:?}"
        );
        retry_error(gone.build(clock()).unwrap().deliver(&event()).await);

        let missing = SinkSettingsError::Command(CommandSinkError::Missing("no-such-program".to_owned()));
        let command = named("a", command("no-such-program", SinkKind::COMMAND_TIMEOUT));
        assert_eq!(command.examine(clock()).await, Err(missing.into()));
        assert_eq!(
            named("", directory(folder.path())).examine(clock()).await,
            Err(SinkSettingsError::Name(String::new()).into())
        );
    }

    /// FIELD I5: a server is connected to before a line says that it works.
    #[tokio::test]
    async fn a_server_that_does_not_answer_is_seen() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = listener.local_addr().unwrap();
        drop(listener);
        let mut kind = webhook(&format!("http://{closed}/"), SECRET);
        if let SinkKind::Webhook { allow_private, .. } = &mut kind {
            *allow_private = true;
        }
        for kind in [
            kind,
            postgres(&format!("postgres://ann:hunter22@{closed}/rules"), DEFAULT_TABLE),
        ] {
            let found = named("a", kind).examine(clock()).await;
            assert!(
                matches!(&found, Err(ExamineError::Unreachable(why)) if !why.contains("hunter22")),
                "{found:?}"
            );
        }
    }
}
