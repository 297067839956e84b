//! The tables. Entries and documents are only ever added, which triggers see to; the rest is derived from them or
//! tells how far a delivery is.

use std::time::{Duration, Instant};

use ports::{LedgerError, LedgerFailure};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{Dialect, IfAbsent, explained, is_busy, unusable};

/// The format of the tables that this version writes.
pub(crate) const FORMAT: i64 = 2;

/// The format that this version reads as it is, and brings up to date before it writes.
pub(crate) const FIRST_FORMAT: i64 = 1;

/// The oldest SQLite that may be used: older ones can corrupt a write-ahead log (sqlite.org, release 3.51.3).
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

const ENTRIES: &str = "CREATE TABLE entries (
    seq {number} NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    body TEXT NOT NULL
)";
/// `entry` is the first that names it; 0 in what was recorded in format 1.
const DOCUMENTS: &str = "CREATE TABLE documents (
    digest TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL,
    entry {number} NOT NULL DEFAULT 0
)";
/// `owner` is the process that the lease is of.
const UPDATES: &str = "CREATE TABLE updates (
    id {number} NOT NULL PRIMARY KEY,
    outcome {number} NOT NULL,
    measured {number} NOT NULL,
    target TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'rule',
    document TEXT NOT NULL,
    at {number} NOT NULL,
    outcome_kind TEXT NOT NULL,
    leased_until {number} NOT NULL,
    run TEXT NOT NULL,
    host TEXT NOT NULL,
    owner TEXT NOT NULL DEFAULT '',
    version_before TEXT NOT NULL,
    version_after TEXT NOT NULL,
    bucket {number} NOT NULL,
    retries {number} NOT NULL,
    merges {number} NOT NULL,
    waited {number} NOT NULL,
    longest {number} NOT NULL
)";
/// Why a partial index for each question about open updates: SQLite takes one only for the very condition that it was
/// made with.
pub(super) const UPDATES_INDEXES: [&str; 6] = [
    "CREATE INDEX updates_of_document ON updates (target, document, kind, id)",
    "CREATE INDEX updates_of_version ON updates (target, document, kind, version_before) WHERE version_before <> ''",
    "CREATE INDEX updates_to_version ON updates (target, document, kind, version_after) WHERE version_after <> ''",
    "CREATE INDEX updates_applied ON updates (target, document, kind, outcome) \
     WHERE outcome_kind IN ('applied', 'overwritten')",
    "CREATE INDEX updates_open ON updates (target, id) WHERE outcome_kind IN ('open', 'unknown')",
    "CREATE INDEX updates_leased ON updates (target, document, kind) WHERE outcome_kind = 'open'",
];
const UNCHANGED_INDEXES: [&str; 4] = [
    "CREATE INDEX updates_of_target ON updates (target, id)",
    "CREATE INDEX updates_by_time ON updates (at)",
    "CREATE INDEX outbox_in_order ON outbox (sink, seq) WHERE state = 'pending'",
    "CREATE INDEX outbox_events ON outbox (event)",
];
pub(super) const TALLIES: &str = "CREATE TABLE tallies (
    target TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'rule',
    document TEXT NOT NULL,
    period {number} NOT NULL,
    outcome_kind TEXT NOT NULL,
    bucket {number} NOT NULL,
    n {number} NOT NULL,
    retries {number} NOT NULL,
    merges {number} NOT NULL,
    waited {number} NOT NULL,
    longest {number} NOT NULL,
    PRIMARY KEY (target, document, kind, period, outcome_kind, bucket)
){by_key}";
pub(super) const ACTIVITY: &str = "CREATE TABLE activity (
    target TEXT NOT NULL,
    period {number} NOT NULL,
    kind TEXT NOT NULL DEFAULT 'rule',
    document TEXT NOT NULL,
    n {number} NOT NULL,
    PRIMARY KEY (target, period, kind, document)
){by_key}";
const OUTBOX: &str = "CREATE TABLE outbox (
    sink TEXT NOT NULL,
    seq {number} NOT NULL,
    event TEXT NOT NULL,
    target TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'rule',
    document TEXT NOT NULL,
    state TEXT NOT NULL,
    failures {number} NOT NULL,
    next_at {number} NOT NULL,
    leased_until {number} NOT NULL,
    token TEXT NOT NULL,
    last_failure TEXT NOT NULL,
    PRIMARY KEY (sink, seq)
){by_key}";
pub(super) const OUTBOX_INDEXES: [&str; 2] = [
    "CREATE INDEX outbox_pending ON outbox (sink, target, kind, document, seq) WHERE state = 'pending'",
    "CREATE INDEX outbox_pauses ON outbox (sink, leased_until) WHERE state = 'pending' AND token = 'pause'",
];
const DISABLED_SINKS: &str = "CREATE TABLE disabled_sinks (
    sink TEXT NOT NULL PRIMARY KEY,
    why TEXT NOT NULL
)";
const LEDGER_FORMAT: &str = "CREATE TABLE ledger_format (
    version {number} NOT NULL
)";
/// The tables and indexes that format 2 adds. `targets`: which `API CLIENT` is which organization. `base_members`: the
/// newest base of each member that an apply recorded.
pub(super) const NEW: [&str; 6] = [
    "CREATE TABLE targets (
    name TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL
)",
    "CREATE INDEX targets_of_organization ON targets (organization)",
    "CREATE TABLE bases (
    seq {number} NOT NULL PRIMARY KEY,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    document TEXT NOT NULL,
    hash TEXT NOT NULL,
    content TEXT NOT NULL
)",
    "CREATE INDEX bases_of_document ON bases (target, kind, document, seq)",
    "CREATE INDEX bases_by_hash ON bases (hash) WHERE content <> ''",
    "CREATE TABLE base_members (
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    document TEXT NOT NULL,
    member TEXT NOT NULL,
    read_at {number} NOT NULL,
    seq {number} NOT NULL,
    PRIMARY KEY (target, kind, document, member)
){by_key}",
];

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

/// A statement in the words of a database.
pub(super) fn in_dialect(statement: &str, dialect: Dialect) -> String {
    let (number, by_key) = match dialect {
        Dialect::Sqlite => ("INTEGER", " WITHOUT ROWID"),
        Dialect::Postgres => ("BIGINT", ""),
    };
    statement.replace("{number}", number).replace("{by_key}", by_key)
}

/// The tables of format 1 in the shape of this one, for readers: it is put before what they ask.
pub(crate) fn shown_as_current(dialect: Dialect) -> &'static str {
    macro_rules! shown {
        ($schema:literal) => {
            concat!(
                "WITH updates AS (SELECT id, outcome, measured, target, 'rule' AS kind, document, at, ",
                "ending AS outcome_kind, leased_until, run, host, '' AS owner, version_before, version_after, bucket, ",
                "retries, merges, waited, longest FROM ",
                $schema,
                "updates), tallies AS (SELECT target, 'rule' AS kind, document, period, ending AS outcome_kind, bucket, ",
                "n, retries, merges, waited, longest FROM ",
                $schema,
                "tallies), activity AS (SELECT target, period, 'rule' AS kind, document, n FROM ",
                $schema,
                "activity), targets AS (SELECT '' AS name, '' AS organization WHERE 1 = 0), ",
                "bases AS (SELECT CAST(0 AS BIGINT) AS seq, '' AS target, '' AS kind, '' AS document, '' AS hash, ",
                "'' AS content WHERE 1 = 0), base_members AS (SELECT '' AS target, '' AS kind, '' AS document, ",
                "'' AS member, CAST(0 AS BIGINT) AS read_at, CAST(0 AS BIGINT) AS seq WHERE 1 = 0) "
            )
        };
    }
    match dialect {
        // Why the schema: without it a name would mean itself.
        Dialect::Sqlite => shown!("main."),
        Dialect::Postgres => shown!(""),
    }
}

/// The patience of a connection to a file with other writers.
pub(super) const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 10000";

/// The same patience where SQLite itself has none.
const PATIENCE: Duration = Duration::from_secs(10);

/// The time between two attempts where SQLite itself does not wait.
const PAUSE: Duration = Duration::from_millis(20);

/// Sets a new connection up.
pub(super) async fn settle(connection: &mut AnyConnection, dialect: Dialect) -> Result<(), sqlx::Error> {
    if dialect == Dialect::Sqlite {
        sqlx::raw_sql(BUSY_TIMEOUT).execute(&mut *connection).await?;
        // Why: it is refused, and the mode of its journal stands in the file.
        if is_of_another_program(connection).await? {
            return Ok(());
        }
    }
    let settings = match dialect {
        Dialect::Sqlite => {
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; \
             PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 2097152;"
        }
        // A machine that falls asleep in a transaction must not keep everybody else from the chain.
        Dialect::Postgres => {
            "SET synchronous_commit = on; SET idle_in_transaction_session_timeout = '15s'; \
             SET client_min_messages = warning;"
        }
    };
    let started = Instant::now();
    loop {
        match sqlx::raw_sql(settings).execute(&mut *connection).await {
            // Why: the first connections to a new file all change the mode of its journal, and SQLite waits for nobody
            // when it does.
            Err(error) if is_busy(&error) && started.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            done => return done.map(drop),
        }
    }
}

/// Makes the tables if there are none, and refuses those of a later version. The format that they have: the first is
/// as good as this one for readers. A table of another program that has the name of one of them is an error: the
/// triggers would lock that program out of it. None if there are none, and they may not be made.
pub(super) async fn prepare(
    connection: &mut AnyConnection,
    dialect: Dialect,
    absent: IfAbsent,
) -> Result<Option<i64>, LedgerError> {
    if dialect == Dialect::Sqlite {
        check_library(connection).await?;
    }
    let format = format(connection, dialect)
        .await
        .map_err(|error| explained("open", error))?;
    match format {
        Some(known @ (FIRST_FORMAT | FORMAT)) => Ok(Some(known)),
        Some(unknown) => {
            let why =
                format!("the ledger has the format {unknown}, and this version knows {FIRST_FORMAT} and {FORMAT}");
            let help = "use a newer version of assist-rules, or name another ledger with --ledger";
            Err(LedgerError::Unusable(LedgerFailure::new(why).with_help(help)))
        }
        None if dialect == Dialect::Sqlite
            && is_of_another_program(connection)
                .await
                .map_err(|error| explained("open", error))? =>
        {
            let why = "cannot open the ledger: it is the file of another program: it has other tables";
            let help = "name another one with --ledger";
            Err(LedgerError::Unusable(LedgerFailure::new(why).with_help(help)))
        }
        None if absent == IfAbsent::Leave => Ok(None),
        None => {
            let made = create(connection, dialect).await;
            made.map_err(|error| explained("open", error))?;
            Ok(Some(FORMAT))
        }
    }
}

/// True if a file has tables, and none of a ledger. A shared database may have those of others.
async fn is_of_another_program(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let sql = "SELECT CASE WHEN count(*) > 0 AND sum(name = 'ledger_format') = 0 THEN 1 ELSE 0 END FROM sqlite_master";
    let found: i64 = sqlx::query(sql).fetch_one(connection).await?.try_get(0)?;
    Ok(found == 1)
}

/// The rights on the tables that a run needs in order to record.
const NEEDED: &str = "SELECT needed.place, needed.privilege FROM (VALUES \
    ('entries', 'SELECT'), ('entries', 'INSERT'), ('documents', 'SELECT'), ('documents', 'INSERT'), \
    ('bases', 'INSERT'), ('targets', 'INSERT'), \
    ('updates', 'INSERT'), ('updates', 'UPDATE'), ('updates', 'DELETE'), \
    ('tallies', 'INSERT'), ('tallies', 'UPDATE'), ('tallies', 'DELETE'), \
    ('activity', 'INSERT'), ('activity', 'UPDATE'), ('activity', 'DELETE'), \
    ('base_members', 'INSERT'), ('base_members', 'UPDATE'), ('base_members', 'DELETE'), \
    ('outbox', 'INSERT'), ('outbox', 'UPDATE'), ('outbox', 'DELETE'), \
    ('disabled_sinks', 'INSERT'), ('disabled_sinks', 'DELETE')) AS needed(place, privilege) \
    WHERE NOT has_table_privilege(to_regclass(needed.place), needed.privilege) \
    UNION ALL SELECT 'a standby server', 'write access' WHERE pg_is_in_recovery() LIMIT 1";

/// Refuses a shared ledger that a run cannot record in, before anything is sent.
pub(super) async fn require_rights(connection: &mut AnyConnection) -> Result<(), LedgerError> {
    let failed = |error: sqlx::Error| explained("open", error);
    let Some(lacking) = sqlx::query(NEEDED).fetch_optional(connection).await.map_err(failed)? else {
        return Ok(());
    };
    let (place, right): (String, String) = (lacking.try_get(0).map_err(failed)?, lacking.try_get(1).map_err(failed)?);
    let why = format!("cannot open the ledger: it may not be written: no {right} on {place}");
    let help = "let the owner of its tables grant it, or name another one with --ledger";
    Err(LedgerError::Unusable(LedgerFailure::new(why).with_help(help)))
}

pub(super) async fn format(connection: &mut AnyConnection, dialect: Dialect) -> Result<Option<i64>, sqlx::Error> {
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
    let triggers = match dialect {
        Dialect::Sqlite => SQLITE_TRIGGERS,
        Dialect::Postgres => POSTGRES_TRIGGERS,
    };
    if dialect == Dialect::Sqlite {
        // Tables that are lost are made again; the sync of the first entry is that of all that stands in the log before it.
        sqlx::raw_sql("PRAGMA synchronous = NORMAL")
            .execute(&mut *connection)
            .await?;
    }
    sqlx::raw_sql(dialect.begin()).execute(&mut *connection).await?;
    // Another process may have made them while this one waited for its turn.
    if format(connection, dialect).await?.is_none() {
        let tables = [
            ENTRIES,
            DOCUMENTS,
            UPDATES,
            TALLIES,
            ACTIVITY,
            OUTBOX,
            DISABLED_SINKS,
            LEDGER_FORMAT,
        ];
        let mut all = Vec::new();
        all.extend(tables);
        all.extend(UNCHANGED_INDEXES);
        all.extend(UPDATES_INDEXES);
        all.extend(OUTBOX_INDEXES);
        all.extend(NEW);
        let mark = format!(";{triggers}INSERT INTO ledger_format (version) VALUES ({FORMAT});");
        let statements = in_dialect(&all.join(";"), dialect) + &mark;
        sqlx::raw_sql(AssertSqlSafe(statements))
            .execute(&mut *connection)
            .await?;
    }
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    if dialect == Dialect::Sqlite {
        sqlx::raw_sql("PRAGMA synchronous = FULL").execute(connection).await?;
    }
    Ok(())
}

async fn check_library(connection: &mut AnyConnection) -> Result<(), LedgerError> {
    let row = sqlx::query("SELECT sqlite_version()").fetch_one(connection).await;
    let version: String = row
        .and_then(|row| row.try_get(0))
        .map_err(|error| unusable("open", error))?;
    let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    if numbers.as_slice() < OLDEST_SQLITE.as_slice() {
        let why = format!("SQLite {version} can corrupt a write-ahead log: 3.51.3 or later is needed");
        return Err(LedgerError::unusable(why));
    }
    Ok(())
}
