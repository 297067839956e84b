//! Copies of the fixtures, and what is seen of them from beside.

use std::fs::File;
use std::path::{Path, PathBuf};

use assist_rules_ledger_adapter::{LedgerSettings, SqlLedger};
use ports::LedgerError;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::stores::{Schema, connection};

const DATABASE: &[u8] = include_bytes!("../../fixtures/format-1/server.db");
const DUMP: &str = include_str!("../../fixtures/format-1/server.sql");

/// The target and the rule that the entries are about.
pub(super) const TARGET: &str = "http://127.0.0.1:18471 sandbox-client";
pub(super) const RULE: &str = "a1b2c3d4-e5f6-7890-abcd-ef1234567890";

/// A ledger of format 1.
pub(super) struct Fixture {
    pub(super) address: String,
    pub(super) folder: PathBuf,
    schema: String,
}

impl Fixture {
    pub(super) fn in_file(folder: &Path) -> Self {
        let file = folder.join("ledger.db");
        std::fs::write(&file, DATABASE).unwrap();
        Self {
            address: format!("sqlite:{}", file.display()),
            folder: folder.to_owned(),
            schema: String::new(),
        }
    }

    pub(super) async fn in_schema(schema: &Schema, folder: &Path) -> Self {
        let mut beside = connection(&schema.url).await;
        let dump = DUMP
            .replace("CREATE SCHEMA format_1;", "")
            .replace("format_1.", &format!("{}.", schema.name));
        sqlx::raw_sql(AssertSqlSafe(dump)).execute(&mut beside).await.unwrap();
        Self {
            address: schema.url.clone(),
            folder: folder.to_owned(),
            schema: schema.name.clone(),
        }
    }

    pub(super) async fn run(&self, sql: &str) {
        let mut beside = connection(&self.address).await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut beside)
            .await
            .unwrap();
        sqlx::Connection::close(beside).await.unwrap();
    }

    pub(super) async fn format(&self) -> i64 {
        let mut beside = connection(&self.address).await;
        let row = sqlx::query("SELECT version FROM ledger_format")
            .fetch_one(&mut beside)
            .await;
        row.unwrap().get(0)
    }

    pub(super) async fn shape(&self) -> Vec<String> {
        shape_of(&self.address, &self.schema).await
    }

    /// The run of the open update lives, as a program of format 1 shows it, until what is given back is dropped.
    pub(super) async fn a_run_is_at_work(&self) -> (Option<File>, Option<AnyConnection>) {
        self.run("UPDATE updates SET leased_until = 9000000000000000 WHERE id = 20")
            .await;
        let mut beside = connection(&self.address).await;
        let row = sqlx::query("SELECT run FROM updates WHERE id = 20")
            .fetch_one(&mut beside)
            .await;
        let run: String = row.unwrap().get(0);
        if self.schema.is_empty() {
            let runs = self.folder.join("ledger.db.runs");
            std::fs::create_dir_all(&runs).unwrap();
            let file = File::create(runs.join(format!("{run}.run"))).unwrap();
            file.lock().unwrap();
            return (Some(file), None);
        }
        let lock = format!(
            "SELECT pg_advisory_lock_shared(('x' || substr(encode(sha256('{run}'::bytea), 'hex'), 1, 15))::bit(60)::bigint); \
             UPDATE updates SET server = CAST(extract(epoch FROM pg_postmaster_start_time()) * 1000000 AS BIGINT)"
        );
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut beside).await.unwrap();
        (None, Some(beside))
    }

    /// The server takes a moment to see that a connection is gone.
    pub(super) async fn open_when_it_is_gone(&self, settings: LedgerSettings) -> SqlLedger {
        loop {
            match SqlLedger::open(settings.clone()).await {
                Err(LedgerError::Busy(_)) => tokio::task::yield_now().await,
                opened => return opened.unwrap(),
            }
        }
    }
}

/// The columns, keys, indexes and triggers of a ledger.
pub(super) async fn shape_of(address: &str, schema: &str) -> Vec<String> {
    let mut beside = connection(address).await;
    let sql = if address.starts_with("sqlite:") {
        "SELECT m.name || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || coalesce(c.dflt_value, '') || ' ' || c.pk \
         FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' \
         UNION ALL SELECT type || ' ' || name || ' ' || replace(replace(sql, '\"', ''), char(10), ' ') FROM sqlite_master \
         WHERE type <> 'table' AND sql IS NOT NULL ORDER BY 1"
            .to_owned()
    } else {
        format!(
            "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) AS what \
             FROM information_schema.columns WHERE table_schema = '{schema}' \
             UNION ALL SELECT replace(indexdef, '{schema}.', '') FROM pg_indexes WHERE schemaname = '{schema}' \
             UNION ALL SELECT concat_ws(' ', event_object_table, trigger_name, event_manipulation) \
             FROM information_schema.triggers WHERE trigger_schema = '{schema}' ORDER BY 1"
        )
    };
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut beside).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}
