//! Ledgers of their own for each test.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use assist_rules_ledger_adapter::{LedgerSettings, SqlLedger};
use ports::LedgerError;
use ports::testing::ledger_conformance::{Books, SINKS};
use sqlx::{AnyConnection, ConnectOptions, Connection, any::AnyConnectOptions};

/// Runs that record have a name each.
pub(crate) fn run() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    format!("run-{}-{}", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed))
}

/// Opens a ledger at an address, to record there.
pub(crate) async fn open(address: &str, folder: &Path) -> Arc<SqlLedger> {
    open_as(address, folder, &run()).await
}

/// Opens a ledger at an address for the contract.
pub(crate) async fn books(address: &str, folder: &Path) -> Books {
    let run = run();
    Books::of(open_as(address, folder, &run).await, run)
}

/// Opens a ledger at an address, for a run.
pub(crate) async fn open_as(address: &str, folder: &Path, run: &str) -> Arc<SqlLedger> {
    let settings = LedgerSettings {
        address: address.parse().unwrap(),
        run: Some((run.to_owned(), folder.join("runs"))),
        sinks: SINKS.map(str::to_owned).to_vec(),
    };
    Arc::new(SqlLedger::open(settings).await.unwrap())
}

/// Does work that has no runtime around it.
pub(crate) fn in_a_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// A connection beside the ledger, for looking and for mischief.
pub(crate) async fn connection(url: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let options: AnyConnectOptions = url.parse().unwrap();
    options.connect().await.unwrap()
}

/// A schema of its own in the PostgreSQL of this machine, and how to get there.
pub(crate) struct Schema {
    pub(crate) url: String,
    base: String,
    pub(crate) name: String,
}

impl Schema {
    /// Nothing, and it says so, where there is no PostgreSQL.
    pub(crate) async fn new(test: &str) -> Option<Self> {
        let base = std::env::var("ASSIST_RULES_TEST_POSTGRES")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
        sqlx::any::install_default_drivers();
        let options: AnyConnectOptions = base.parse().unwrap();
        let Ok(mut connection) = options.connect().await else {
            ports::testing::skip(
                test,
                "there is no PostgreSQL at 127.0.0.1:5432 with a database `test`; \
                 ASSIST_RULES_TEST_POSTGRES=postgres://… names another",
            );
            return None;
        };
        let name = format!("ledger_{}", run().replace('-', "_"));
        let make = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(make))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        Some(Self {
            url: format!("{base}?options=-csearch_path%3D{name}"),
            base,
            name,
        })
    }

    /// The host and port in its address.
    pub(crate) fn server(&self) -> String {
        let rest = self.base.split_once("://").unwrap().1;
        let rest = rest.split_once('/').map_or(rest, |(server, _)| server);
        let server = rest.rsplit_once('@').map_or(rest, |(_, server)| server);
        server.to_owned()
    }

    /// Takes it away again; one of a test that failed stays to be looked at.
    pub(crate) async fn drop(self) {
        let mut connection = connection(&self.base).await;
        let drop = format!("DROP SCHEMA {} CASCADE", self.name);
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop))
            .execute(&mut connection)
            .await
            .unwrap();
    }
}

/// A failure as people see it: the reason in full, and the advice.
pub(crate) fn advised(failure: &LedgerError) -> String {
    let (LedgerError::Busy(below) | LedgerError::Unusable(below)) = failure else {
        return failure.to_string();
    };
    format!("{}: {}", failure.in_full(), below.help.as_deref().unwrap_or_default())
}
