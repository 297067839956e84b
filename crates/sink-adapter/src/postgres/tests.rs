//! Tables in the PostgreSQL of this machine, if there is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, Row};

use super::*;
use crate::samples::{event, event_of, event_of_another_kind, retry_error, sink, soon};
use crate::settings::{DEFAULT_TABLE, SinkKind};

fn postgres(url: &str, table: &str, timeout: Duration) -> Arc<dyn EventSink> {
    sink(SinkKind::Postgres {
        url: SecretString::from(url),
        table: table.to_owned(),
        timeout,
    })
}

/// A schema of its own for a test.
pub(crate) struct Schema {
    base: String,
    name: String,
    beside: PgConnection,
}

impl Schema {
    /// Nothing, and it says so, where there is no PostgreSQL.
    pub(crate) async fn new(test: &str) -> Option<Self> {
        static SCHEMAS: AtomicU32 = AtomicU32::new(0);
        let base = std::env::var("ASSIST_RULES_TEST_POSTGRES")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
        let options: PgConnectOptions = base.parse().unwrap();
        let Ok(mut beside) = options.connect().await else {
            ports::testing::skip(
                test,
                "there is no PostgreSQL at 127.0.0.1:5432 with a database `test`; \
                 ASSIST_RULES_TEST_POSTGRES=postgres://… names another",
            );
            return None;
        };
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        let name = format!("sinks_{}_{number}", std::process::id());
        let make = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
        sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut beside).await.unwrap();
        Some(Self { base, name, beside })
    }

    /// The database, with the schema first.
    pub(crate) fn url(&self) -> String {
        format!(
            "{}?application_name={}&options=-csearch_path%3D{}",
            self.base, self.name, self.name
        )
    }

    /// The rows that a query finds, as text, a line each.
    pub(crate) async fn ask(&mut self, what: &str, table: &str) -> Vec<String> {
        let sql = format!("SELECT ({what})::text FROM {}.{table} ORDER BY entry", self.name);
        let rows = sqlx::query(AssertSqlSafe(sql))
            .fetch_all(&mut self.beside)
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn run(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut self.beside)
            .await
            .unwrap();
    }

    /// Drops the schema with its tables.
    pub(crate) async fn remove(&mut self) {
        let drop = format!("DROP SCHEMA {} CASCADE", self.name);
        self.run(&drop).await;
    }

    /// Takes it away again; one of a test that failed stays to be looked at.
    async fn drop(mut self) {
        self.remove().await;
        self.beside.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_event_is_one_row_however_often_it_is_told() {
    let Some(mut schema) = Schema::new("an_event_is_one_row_however_often_it_is_told").await else {
        return;
    };
    // Once with a table that is made, and once with one that is there.
    for _ in 0..2 {
        let delivered = postgres(&schema.url(), DEFAULT_TABLE, SinkKind::TIMEOUT);
        for event in [event(), event(), event_of("e2", 13, r#"{"id":"r1","n":1e3}"#)] {
            assert_eq!(delivered.deliver(&event).await, Ok(()));
        }
    }
    let columns = "concat_ws(' ', event_id, target, rule_id, entry, applied_at AT TIME ZONE 'UTC', version_before, \
                   version_after, author->>'reason', jsonb_array_length(diff), rule, event->>'specversion')";
    assert_eq!(
        schema.ask(columns, DEFAULT_TABLE).await,
        [
            "e1 https://api.mypurecloud.com client-1 r1 12 2026-09-21 14:13:32 7 8 the \"second\" line\nof it 4 \
             {\"id\": \"r1\", \"etag\": \"8\", \"name\": \"Refunds & returns\", \"extra\": {\"é\": []}, \"weight\": 1.50} 1.0",
            "e2 https://api.mypurecloud.com client-1 r1 13 2026-09-21 14:13:33 7 8 the \"second\" line\nof it 5 \
             {\"n\": 1000, \"id\": \"r1\"} 1.0",
        ]
    );
    // A row that somebody altered is as it was told again; one that is as told is not written anew. Columns of
    // others are left alone.
    let add = format!(
        "ALTER TABLE {0}.{DEFAULT_TABLE} ADD theirs text; UPDATE {0}.{DEFAULT_TABLE} SET theirs = 'x'",
        schema.name
    );
    schema.run(&add).await;
    let trigger = format!(
        "UPDATE {}.{DEFAULT_TABLE} SET rule = '1' WHERE event_id = 'e1'",
        schema.name
    );
    schema.run(&trigger).await;
    let written_by = "xmin";
    let before = schema.ask(written_by, DEFAULT_TABLE).await;
    let delivered = postgres(&schema.url(), DEFAULT_TABLE, SinkKind::TIMEOUT);
    for event in [event(), event_of("e2", 13, r#"{"id":"r1","n":1e3}"#)] {
        assert_eq!(delivered.deliver(&event).await, Ok(()));
    }
    assert_eq!(
        schema.ask("theirs || (rule->>'id')", DEFAULT_TABLE).await,
        ["xr1", "xr1"]
    );
    let after = schema.ask(written_by, DEFAULT_TABLE).await;
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1], after[1]);
    drop(delivered);
    schema.drop().await;
}

#[tokio::test]
async fn documents_of_another_kind_have_a_table_of_their_own() {
    let Some(mut schema) = Schema::new("documents_of_another_kind_have_a_table_of_their_own").await else {
        return;
    };
    let delivered = postgres(&schema.url(), "changes", SinkKind::TIMEOUT);
    for event in [
        event(),
        event_of_another_kind("e2", 13, r#"{"size":1}"#),
        event_of_another_kind("e2", 13, r#"{"size":2}"#),
    ] {
        assert_eq!(delivered.deliver(&event).await, Ok(()));
    }
    assert_eq!(schema.ask("rule_id", "changes").await, ["r1"]);
    let columns = "concat_ws(' ', document_id, version_before IS NULL, document, event->>'type')";
    assert_eq!(
        schema.ask(columns, "changes_toy").await,
        ["r1 t {\"size\": 2} assist-rules.toy.updated.v1"]
    );
    drop(delivered);
    schema.drop().await;
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_made_anew() {
    let Some(mut schema) = Schema::new("a_connection_that_the_server_closed_is_made_anew").await else {
        return;
    };
    let table = format!("{}.changes", schema.name);
    let delivered = postgres(&schema.url(), &table, SinkKind::TIMEOUT);
    assert_eq!(delivered.deliver(&event()).await, Ok(()));
    let close = format!(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = '{}'",
        schema.name
    );
    schema.run(&close).await;
    let second = event_of("e2", 13, "{}");
    let error = retry_error(delivered.deliver(&second).await);
    assert!(error.starts_with("the database did not take it: "), "{error}");
    assert_eq!(delivered.deliver(&second).await, Ok(()));
    assert_eq!(schema.ask("event_id", "changes").await, ["e1", "e2"]);
    drop(delivered);
    schema.drop().await;
}

#[tokio::test]
async fn what_jsonb_cannot_hold_is_never_taken_and_the_next_is() {
    let Some(mut schema) = Schema::new("what_jsonb_cannot_hold_is_never_taken_and_the_next_is").await else {
        return;
    };
    let delivered = postgres(&schema.url(), "changes", SinkKind::TIMEOUT);
    let nul = delivered.deliver(&event_of("e1", 1, r#"{"name":"\u0000"}"#)).await;
    assert!(matches!(nul, Err(DeliveryError::Never { .. })), "{nul:?}");
    assert_eq!(delivered.deliver(&event_of("e2", 2, "{}")).await, Ok(()));
    assert_eq!(schema.ask("event_id", "changes").await, ["e2"]);
    drop(delivered);
    schema.drop().await;
}

#[tokio::test]
async fn a_table_that_is_locked_is_not_waited_for_without_end() {
    let Some(mut schema) = Schema::new("a_table_that_is_locked_is_not_waited_for_without_end").await else {
        return;
    };
    let delivered = postgres(&schema.url(), "changes", SinkKind::TIMEOUT);
    assert_eq!(delivered.deliver(&event()).await, Ok(()));
    let hurried = postgres(&schema.url(), "changes", Duration::from_millis(300));
    let lock = format!("BEGIN; LOCK TABLE {}.changes", schema.name);
    schema.run(&lock).await;
    assert_eq!(
        retry_error(soon(hurried.deliver(&event())).await),
        "the database took more than 300ms"
    );
    schema.run("ROLLBACK").await;
    assert_eq!(delivered.deliver(&event()).await, Ok(()));
    drop((delivered, hurried));
    schema.drop().await;
}

#[tokio::test]
async fn a_database_that_is_not_there_is_tried_again_and_its_password_not_told() {
    let url = "postgres://ann:hunter22@127.0.0.1:1/rules";
    let sink = postgres(url, "changes", SinkKind::TIMEOUT);
    let error = retry_error(sink.deliver(&event()).await);
    assert!(error.starts_with("the database did not take it: "), "{error}");
    assert!(!error.contains("hunter22"), "{error}");
}

#[test]
fn what_is_no_url_of_a_postgresql_is_refused_and_not_told() {
    for url in ["", "mysql://ann:hunter22@h/d", "postgres://[", "hunter22"] {
        let made = PostgresSink::new(
            "audit".to_owned(),
            &SecretString::from(url),
            "t",
            SinkKind::TIMEOUT,
            None,
        );
        assert_eq!(made.err(), Some(SinkSettingsError::Database), "{url}");
    }
}
