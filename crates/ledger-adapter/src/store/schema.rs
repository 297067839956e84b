//! The tables. Entries and documents are only ever added, which triggers see to; the rest is derived from them or
//! tells how far a delivery is.

use ports::LedgerError;
use sqlx::{AnyConnection, Row};

use super::{Dialect, unusable};

/// The format of the tables that this version reads and writes.
const FORMAT: i64 = 2;

/// The oldest SQLite that may be used: older ones can corrupt a write-ahead log (sqlite.org, release 3.51.3).
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

const TABLES: &str = "
CREATE TABLE entries (
    seq {number} NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE documents (
    digest TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
);
CREATE TABLE updates (
    id {number} NOT NULL PRIMARY KEY,
    outcome {number} NOT NULL,
    measured {number} NOT NULL,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    document TEXT NOT NULL,
    at {number} NOT NULL,
    outcome_kind TEXT NOT NULL,
    leased_until {number} NOT NULL,
    run TEXT NOT NULL,
    host TEXT NOT NULL,
    server {number} NOT NULL,
    version_before TEXT NOT NULL,
    version_after TEXT NOT NULL,
    bucket {number} NOT NULL,
    retries {number} NOT NULL,
    merges {number} NOT NULL,
    waited {number} NOT NULL,
    longest {number} NOT NULL
);
CREATE INDEX updates_of_document ON updates (target, kind, document, id);
CREATE INDEX updates_of_target ON updates (target, id);
CREATE INDEX updates_by_time ON updates (at);
CREATE INDEX updates_open ON updates (target, id) WHERE outcome_kind IN ('open', 'unknown');
CREATE INDEX updates_leased ON updates (target, kind, document) WHERE outcome_kind = 'open';
CREATE TABLE tallies (
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    document TEXT NOT NULL,
    period {number} NOT NULL,
    outcome_kind TEXT NOT NULL,
    bucket {number} NOT NULL,
    n {number} NOT NULL,
    retries {number} NOT NULL,
    merges {number} NOT NULL,
    waited {number} NOT NULL,
    longest {number} NOT NULL,
    PRIMARY KEY (target, kind, document, period, outcome_kind, bucket)
){by_key};
CREATE TABLE activity (
    target TEXT NOT NULL,
    period {number} NOT NULL,
    kind TEXT NOT NULL,
    document TEXT NOT NULL,
    n {number} NOT NULL,
    PRIMARY KEY (target, period, kind, document)
){by_key};
CREATE TABLE outbox (
    sink TEXT NOT NULL,
    seq {number} NOT NULL,
    event TEXT NOT NULL,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    document TEXT NOT NULL,
    state TEXT NOT NULL,
    failures {number} NOT NULL,
    next_at {number} NOT NULL,
    leased_until {number} NOT NULL,
    token TEXT NOT NULL,
    last_failure TEXT NOT NULL,
    PRIMARY KEY (sink, seq)
){by_key};
CREATE INDEX outbox_pending ON outbox (sink, target, kind, document, seq) WHERE state = 'pending';
CREATE INDEX outbox_in_order ON outbox (sink, seq) WHERE state = 'pending';
CREATE INDEX outbox_events ON outbox (event);
CREATE TABLE disabled_sinks (
    sink TEXT NOT NULL PRIMARY KEY,
    why TEXT NOT NULL
);
CREATE TABLE ledger_format (
    version {number} NOT NULL
);
";

const SQLITE_TRIGGERS: &str = "
CREATE TRIGGER entries_are_added_in_order BEFORE INSERT ON entries
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entries)
    BEGIN SELECT raise(ABORT, 'entries are added in order'); END;
CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries
    BEGIN SELECT raise(ABORT, 'entries are not changed'); END;
CREATE TRIGGER entries_are_not_deleted BEFORE DELETE ON entries
    BEGIN SELECT raise(ABORT, 'entries are not deleted'); END;
CREATE TRIGGER documents_are_not_replaced BEFORE INSERT ON documents
    WHEN EXISTS (SELECT 1 FROM documents WHERE digest = NEW.digest AND content <> NEW.content)
    BEGIN SELECT raise(ABORT, 'documents are not replaced'); END;
CREATE TRIGGER documents_are_not_changed BEFORE UPDATE ON documents
    BEGIN SELECT raise(ABORT, 'documents are not changed'); END;
CREATE TRIGGER documents_are_not_deleted BEFORE DELETE ON documents
    BEGIN SELECT raise(ABORT, 'documents are not deleted'); END;
";

const POSTGRES_TRIGGERS: &str = "
CREATE OR REPLACE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE OR REPLACE TRIGGER entries_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
CREATE OR REPLACE TRIGGER documents_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON documents
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
";

/// Sets a new connection up.
pub(super) async fn settle(connection: &mut AnyConnection, dialect: Dialect) -> Result<(), sqlx::Error> {
    let settings = match dialect {
        Dialect::Sqlite => {
            "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = OFF; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 2097152;"
        }
        // A machine that falls asleep in a transaction must not keep everybody else from the chain.
        Dialect::Postgres => {
            "SET synchronous_commit = on; SET idle_in_transaction_session_timeout = '15s'; \
             SET client_min_messages = warning;"
        }
    };
    sqlx::raw_sql(settings).execute(connection).await?;
    Ok(())
}

/// Makes the tables if there are none, and refuses those of a later version. A table of another program that has the
/// name of one of them is an error: the triggers would lock that program out of it.
pub(super) async fn prepare(connection: &mut AnyConnection, dialect: Dialect) -> Result<(), LedgerError> {
    if dialect == Dialect::Sqlite {
        check_library(connection).await?;
    }
    let failed = |error: sqlx::Error| unusable("open", &error);
    if let Some(format) = format(connection, dialect).await.map_err(failed)? {
        return if format == FORMAT {
            Ok(())
        } else {
            let why = format!("the ledger has the format {format}, and this version knows {FORMAT}: use a newer one");
            Err(LedgerError::Unusable(why))
        };
    }
    create(connection, dialect).await.map_err(failed)
}

async fn format(connection: &mut AnyConnection, dialect: Dialect) -> Result<Option<i64>, sqlx::Error> {
    let is_there = match dialect {
        Dialect::Sqlite => "SELECT count(*) FROM sqlite_master WHERE name = 'ledger_format'",
        Dialect::Postgres => "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('ledger_format')",
    };
    let tables: i64 = sqlx::query(is_there).fetch_one(&mut *connection).await?.try_get(0)?;
    if tables == 0 {
        return Ok(None);
    }
    let row = sqlx::query("SELECT version FROM ledger_format")
        .fetch_optional(connection)
        .await?;
    row.map(|row| row.try_get(0)).transpose()
}

async fn create(connection: &mut AnyConnection, dialect: Dialect) -> Result<(), sqlx::Error> {
    let (number, by_key, triggers) = match dialect {
        Dialect::Sqlite => ("INTEGER", " WITHOUT ROWID", SQLITE_TRIGGERS),
        Dialect::Postgres => ("BIGINT", "", POSTGRES_TRIGGERS),
    };
    sqlx::raw_sql(dialect.begin()).execute(&mut *connection).await?;
    // Another process may have made them while this one waited for its turn.
    if format(connection, dialect).await?.is_none() {
        let tables = TABLES.replace("{number}", number).replace("{by_key}", by_key);
        let mark = format!("INSERT INTO ledger_format (version) VALUES ({FORMAT});");
        for statements in [tables, triggers.to_owned(), mark] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statements))
                .execute(&mut *connection)
                .await?;
        }
    }
    sqlx::raw_sql("COMMIT").execute(connection).await?;
    Ok(())
}

async fn check_library(connection: &mut AnyConnection) -> Result<(), LedgerError> {
    let row = sqlx::query("SELECT sqlite_version()").fetch_one(connection).await;
    let version: String = row
        .and_then(|row| row.try_get(0))
        .map_err(|error| unusable("open", &error))?;
    let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    if numbers.as_slice() < OLDEST_SQLITE.as_slice() {
        let why = format!("SQLite {version} can corrupt a write-ahead log: 3.51.3 or later is needed");
        return Err(LedgerError::Unusable(why));
    }
    Ok(())
}
