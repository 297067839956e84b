//! The ledgers of the killed runs.

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, ConnectOptions, Connection};

/// A place for one ledger.
pub(super) struct Store {
    pub(super) folder: tempfile::TempDir,
    pub(super) ledger: String,
    schema: Option<Schema>,
}

/// A schema of its own in the PostgreSQL of this machine.
struct Schema {
    base: String,
    name: String,
}

impl Store {
    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            ledger: format!("sqlite:{}", folder.path().join("ledger.db").display()),
            folder,
            schema: None,
        }
    }

    /// Nothing, and it says so, where there is no PostgreSQL.
    pub(super) async fn postgresql(test: &str) -> Option<Self> {
        let base = std::env::var("ASSIST_RULES_TEST_POSTGRES")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
        let Ok(mut connection) = connect(&base).await else {
            ports::testing::skip(
                test,
                "there is no PostgreSQL at 127.0.0.1:5432 with a database `test`; \
                 ASSIST_RULES_TEST_POSTGRES=postgres://… names another",
            );
            return None;
        };
        let name = format!("killed_{}", std::process::id());
        execute(
            &mut connection,
            format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"),
        )
        .await;
        connection.close().await.unwrap();
        Some(Self {
            folder: tempfile::tempdir().unwrap(),
            // Without TLS, whose handshake stalls twice for 40 ms: hundreds of runs connect one after the other.
            ledger: format!("{base}?options=-csearch_path%3D{name}&sslmode=disable"),
            schema: Some(Schema { base, name }),
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.schema.as_ref().map_or("SQLite", |_| "PostgreSQL")
    }

    /// Takes it away again; that of a test that failed stays to be looked at.
    pub(super) async fn end(self) {
        if let Some(Schema { base, name }) = self.schema {
            let mut connection = connect(&base).await.unwrap();
            execute(&mut connection, format!("DROP SCHEMA {name} CASCADE")).await;
        }
    }
}

async fn connect(url: &str) -> Result<AnyConnection, sqlx::Error> {
    sqlx::any::install_default_drivers();
    let options: AnyConnectOptions = url.parse()?;
    options.connect().await
}

async fn execute(connection: &mut AnyConnection, sql: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}
