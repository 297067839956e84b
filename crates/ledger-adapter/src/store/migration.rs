//! A ledger of format 1 becomes one of format 2: in one transaction, under the lock of writers, all or nothing.
//!
//! Entries and documents are left as they are; what is derived from them gets the kind.

use std::time::SystemTime;

use ports::{LedgerError, LedgerFailure};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::failure::DatabaseError;
use super::schema::{self, ACTIVITY, FIRST_FORMAT, FORMAT, NEW, OUTBOX_INDEXES, TALLIES, UPDATES_INDEXES, in_dialect};
use super::{Dialect, Sessions, explained, is_denied};
use crate::entry_body::{micros_of, time_of, time_text};

/// A hook before each statement of a migration, with its number from 1 on: for tests that interrupt it there.
pub(crate) type BeforeStatement<'h> = &'h mut (dyn FnMut(usize) -> Interrupt + Send);

/// An interruption of a migration before a statement: for tests.
#[cfg_attr(
    not(feature = "testing"),
    expect(dead_code, unreachable_pub, reason = "only tests interrupt it")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Nothing.
    Go,
    /// The disk has no room from now on (SQLite).
    DiskFull,
    /// The server ends the connection (PostgreSQL).
    ConnectionLost,
}

/// The statements between the beginning of the transaction and its end; the commit is the last.
pub(crate) fn statements(dialect: Dialect) -> Vec<String> {
    let mut all: Vec<String> = match dialect {
        Dialect::Sqlite => vec![
            "DROP INDEX updates_of_document".to_owned(),
            "DROP INDEX updates_open".to_owned(),
            "DROP INDEX outbox_pending".to_owned(),
            "ALTER TABLE updates RENAME COLUMN ending TO outcome_kind".to_owned(),
        ],
        Dialect::Postgres => vec![
            // What is made stands beside what is there.
            "SELECT set_config('search_path', quote_ident(n.nspname), true) FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('ledger_format')"
                .to_owned(),
            // A reader who takes long is not waited for while every writer waits.
            "SET LOCAL lock_timeout = '10s'".to_owned(),
            "DROP INDEX updates_of_document".to_owned(),
            "DROP INDEX updates_open".to_owned(),
            "DROP INDEX outbox_pending".to_owned(),
            "ALTER TABLE updates RENAME COLUMN ending TO outcome_kind".to_owned(),
        ],
    };
    let mut add = |statement: &str| all.push(in_dialect(statement, dialect));
    add("ALTER TABLE updates ADD COLUMN kind TEXT NOT NULL DEFAULT 'rule'");
    add("ALTER TABLE updates ADD COLUMN owner TEXT NOT NULL DEFAULT ''");
    // No run of format 1 is at work any more.
    add("UPDATE updates SET owner = 'gone' WHERE outcome_kind = 'open'");
    add("ALTER TABLE updates DROP COLUMN server");
    UPDATES_INDEXES.into_iter().for_each(&mut add);
    match dialect {
        Dialect::Sqlite => {
            for (table, statement, columns) in [
                (
                    "tallies",
                    TALLIES,
                    "target, document, period, outcome_kind, bucket, n, retries, merges, waited, longest",
                ),
                ("activity", ACTIVITY, "target, period, document, n"),
            ] {
                let of_first = columns.replace("outcome_kind", "ending");
                add(&format!("ALTER TABLE {table} RENAME TO first_{table}"));
                add(statement);
                add(&format!(
                    "INSERT INTO {table} ({columns}) SELECT {of_first} FROM first_{table}"
                ));
                add(&format!("DROP TABLE first_{table}"));
            }
        }
        Dialect::Postgres => {
            add("ALTER TABLE tallies RENAME COLUMN ending TO outcome_kind");
            add("ALTER TABLE tallies ADD COLUMN kind TEXT NOT NULL DEFAULT 'rule'");
            add("ALTER TABLE tallies DROP CONSTRAINT tallies_pkey");
            add("ALTER TABLE tallies ADD PRIMARY KEY (target, document, kind, period, outcome_kind, bucket)");
            add("ALTER TABLE activity ADD COLUMN kind TEXT NOT NULL DEFAULT 'rule'");
            add("ALTER TABLE activity DROP CONSTRAINT activity_pkey");
            add("ALTER TABLE activity ADD PRIMARY KEY (target, period, kind, document)");
        }
    }
    add("ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'rule'");
    OUTBOX_INDEXES.into_iter().for_each(&mut add);
    add("ALTER TABLE documents ADD COLUMN entry {number} NOT NULL DEFAULT 0");
    NEW.into_iter().for_each(&mut add);
    if dialect == Dialect::Postgres {
        add(SAME_RIGHTS);
    }
    add(&format!("UPDATE ledger_format SET version = {FORMAT}"));
    add("COMMIT");
    all
}

/// Whoever may use the table of updates may use the new ones.
const SAME_RIGHTS: &str = "DO $$
DECLARE granted record; made text;
BEGIN
    FOR granted IN SELECT a.grantee, a.privilege_type FROM pg_catalog.pg_class c, aclexplode(c.relacl) a
        WHERE c.oid = to_regclass('updates') AND a.grantee <> c.relowner
        AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    LOOP
        FOREACH made IN ARRAY ARRAY['targets', 'bases', 'base_members'] LOOP
            EXECUTE format('GRANT %s ON %I TO %s', granted.privilege_type, made,
                CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(granted.grantee)) END);
        END LOOP;
    END LOOP;
END $$";

/// Brings a ledger of format 1 up to date.
pub(super) async fn migrate(
    connection: &mut AnyConnection,
    dialect: Dialect,
    sessions: &Sessions,
    before: BeforeStatement<'_>,
) -> Result<(), LedgerError> {
    let done = migrate_in_transaction(connection, dialect, sessions, before).await;
    if done.is_err() {
        // Why ignored: a connection that is gone has taken its transaction with it.
        let _ = sqlx::raw_sql("ROLLBACK").execute(connection).await;
    }
    done
}

async fn migrate_in_transaction(
    connection: &mut AnyConnection,
    dialect: Dialect,
    sessions: &Sessions,
    before: BeforeStatement<'_>,
) -> Result<(), LedgerError> {
    let failed = |error: sqlx::Error| {
        if is_denied(&error) {
            let why =
                format!("the ledger has the format {FIRST_FORMAT}, and this role may not bring it up to {FORMAT}");
            let help = "let the owner of its tables run `assist-rules audit upgrade`";
            let failure = LedgerFailure::new(why).with_help(help);
            return LedgerError::Unusable(failure.with_source(DatabaseError(error)));
        }
        explained("upgrade", error)
    };
    sqlx::raw_sql(dialect.begin())
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    // Another process may have done it while this one waited for its turn.
    if schema::format(connection, dialect).await.map_err(failed)? != Some(FIRST_FORMAT) {
        sqlx::raw_sql("ROLLBACK").execute(connection).await.map_err(failed)?;
        return Ok(());
    }
    refuse_while_a_run_is_at_work(connection, dialect, sessions)
        .await
        .map_err(|refused| match refused {
            Refused::AtWork(busy) => busy,
            Refused::Failed(error) => failed(error),
        })?;
    for (number, statement) in (1..).zip(statements(dialect)) {
        interrupt(connection, before(number)).await.map_err(failed)?;
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

async fn interrupt(connection: &mut AnyConnection, how: Interrupt) -> Result<(), sqlx::Error> {
    match how {
        Interrupt::Go => {}
        Interrupt::DiskFull => {
            sqlx::raw_sql("PRAGMA max_page_count = 1").execute(connection).await?;
        }
        Interrupt::ConnectionLost => {
            sqlx::raw_sql("SELECT pg_terminate_backend(pg_backend_pid())")
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}

enum Refused {
    AtWork(LedgerError),
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

/// Why: the program of format 1 could not record the outcome of what it is writing.
async fn refuse_while_a_run_is_at_work(
    connection: &mut AnyConnection,
    dialect: Dialect,
    sessions: &Sessions,
) -> Result<(), Refused> {
    let sql = "SELECT run, leased_until, server FROM updates WHERE ending = 'open' AND leased_until > $1";
    let held = sqlx::query(sql)
        .bind(micros_of(SystemTime::now()))
        .fetch_all(&mut *connection)
        .await?;
    for row in held {
        let (run, until, server): (String, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if !sessions.was_given_up(connection, dialect, &run, server).await? {
            let failure = LedgerFailure::new(format!(
                "the ledger has the format {FIRST_FORMAT}, and run {run} is at work in it, until {} at the latest",
                time_text(time_of(until))
            ));
            return Err(Refused::AtWork(LedgerError::Busy(failure)));
        }
    }
    Ok(())
}
