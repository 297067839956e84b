//! A table in PostgreSQL that has each event as a row; one for each kind of documents.
//!
//! A table is made if it is not there. An event that is delivered again is one row, with the values of the last
//! delivery. The connection is made on the first delivery, kept, and made anew after anything went wrong with it.

mod statement;
mod table;
#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use network::{CaFile, TlsFailure};
use ports::{DeliveryError, Event, EventSink, Redactor};
use secrecy::{ExposeSecret, SecretString};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions};
use tokio::sync::Mutex;

use crate::error_excerpt;
use crate::settings::SinkSettingsError;
use table::Table;

pub use table::TableNameError;

/// A table that has each event as a row.
pub(crate) struct PostgresSink {
    name: String,
    options: PgConnectOptions,
    table: Table,
    timeout: Duration,
    secrets: Redactor,
    connection: Mutex<Option<Connection>>,
}

/// A connection, and the kinds whose table is known to be there.
struct Connection {
    connection: PgConnection,
    kinds: Vec<String>,
}

impl PostgresSink {
    pub(crate) fn new(
        name: String,
        url: &SecretString,
        table: &str,
        timeout: Duration,
        ca_file: Option<&CaFile>,
    ) -> Result<Self, SinkSettingsError> {
        let text = url.expose_secret().trim();
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(SinkSettingsError::Database);
        }
        let mut options = PgConnectOptions::from_str(text).map_err(|_| SinkSettingsError::Database)?;
        let parsed = url::Url::parse(text).map_err(|_| SinkSettingsError::Database)?;
        let names_authority = |(key, _): (Cow<'_, str>, _)| matches!(&*key, "sslrootcert" | "ssl-root-cert" | "ssl-ca");
        if let Some(file) = ca_file
            && !parsed.query_pairs().any(names_authority)
        {
            options = options.ssl_root_cert_from_pem(file.pem().to_vec());
        }
        let password = parsed.password().map(SecretString::from);
        Ok(Self {
            name,
            // Statements have documents in them, and logs are no place for those.
            options: options.disable_statement_logging(),
            table: table.parse().map_err(SinkSettingsError::Table)?,
            timeout,
            secrets: [SecretString::from(text)].into_iter().chain(password).collect(),
            connection: Mutex::new(None),
        })
    }

    /// Connects, and hangs up.
    ///
    /// # Errors
    ///
    /// If the database cannot be reached in time, or refuses the login.
    pub(crate) async fn reach(&self) -> Result<(), String> {
        match tokio::time::timeout(self.timeout, self.connect()).await {
            Ok(Ok(made)) => {
                // Why ignored: it is reached, however it takes the end.
                let _ = sqlx::Connection::close(made.connection).await;
                Ok(())
            }
            Ok(Err(error)) => Err(error_excerpt::beginning(
                &format!("the database was not reached: {}", message(&error)),
                &self.secrets,
            )),
            Err(_) => Err(format!("the database took more than {:?}", self.timeout)),
        }
    }

    async fn connect(&self) -> Result<Connection, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        // Why: a server may be set up to answer before a row is on its disk.
        let settings = "SET synchronous_commit = on; SET client_min_messages = warning";
        sqlx::raw_sql(settings).execute(&mut connection).await?;
        let kinds = Vec::new();
        Ok(Connection { connection, kinds })
    }

    async fn write(&self, table: &Table, event: &Event) -> Result<(), sqlx::Error> {
        let mut kept = self.connection.lock().await;
        // Why taken out: one that failed, or was given up in mid-work, is not used again.
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let kind = &event.document.kind;
        if !connection.kinds.contains(kind) {
            make(table, kind, &mut connection.connection).await?;
            connection.kinds.push(kind.clone());
        }
        statement::write(table, event, &mut connection.connection).await?;
        *kept = Some(connection);
        Ok(())
    }

    fn failed(&self, error: &sqlx::Error) -> DeliveryError {
        let why = error_excerpt::beginning(
            &format!("the database did not take it: {}", message(error)),
            &self.secrets,
        );
        let code = error.as_database_error().and_then(DatabaseError::code);
        // PostgreSQL, appendix A: class 22 is about the data themselves, as a NUL that jsonb cannot hold.
        if code.is_some_and(|code| code.starts_with("22")) {
            return DeliveryError::Never { error: why };
        }
        DeliveryError::Retry { error: why, wait: None }
    }
}

#[async_trait]
impl EventSink for PostgresSink {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, event: &Event) -> Result<(), DeliveryError> {
        let never = |error: TableNameError| DeliveryError::Never {
            error: error.to_string(),
        };
        let table = self.table.of_kind(&event.document.kind).map_err(never)?;
        match tokio::time::timeout(self.timeout, self.write(&table, event)).await {
            Ok(written) => written.map_err(|error| self.failed(&error)),
            Err(_) => Err(DeliveryError::Retry {
                error: format!("the database took more than {:?}", self.timeout),
                wait: None,
            }),
        }
    }
}

/// The error in words; the words of TLS with what to do.
fn message(error: &sqlx::Error) -> String {
    match TlsFailure::find(error) {
        Some(failure) => format!("{}: {}", failure.message("the database"), failure.help()),
        None => error.to_string(),
    }
}

/// Makes the table of a kind, if it is not there.
async fn make(table: &Table, kind: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    // Why looked for first: who may write to a table may not always make one.
    let (is_there,): (bool,) = sqlx::query_as("SELECT to_regclass($1) IS NOT NULL")
        .bind(table.quoted())
        .fetch_one(&mut *connection)
        .await?;
    if !is_there {
        let create = AssertSqlSafe(statement::create(table, kind));
        sqlx::raw_sql(create).execute(connection).await?;
    }
    Ok(())
}
