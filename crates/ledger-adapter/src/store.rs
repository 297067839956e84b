//! The database behind a ledger: one connection, one transaction at a time, and no second try after a record could
//! not be made durable.

mod migration;
mod owner;
mod schema;
mod sessions;
mod snapshot;
mod transaction;

use std::path::PathBuf;
use std::time::Duration;

use ports::LedgerError;
use sqlx::any::{AnyConnectOptions, AnyRow};
use sqlx::{AnyConnection, ConnectOptions};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::address::LedgerAddress;
pub(crate) use migration::BeforeStatement;
#[cfg(not(feature = "testing"))]
pub(crate) use migration::Interrupt;
#[cfg(feature = "testing")]
pub use migration::Interrupt;
#[cfg(feature = "testing")]
pub(crate) use migration::statements;
pub(crate) use owner::{is_gone, this_process};
pub(crate) use schema::FIRST_FORMAT;
pub(crate) use sessions::{OrphanedSpill, Sessions};
pub(crate) use snapshot::Snapshot;
use transaction::bound;
pub(crate) use transaction::{AppendedEntry, Sql, Transaction, TransactionBody, TxError, Value, number, text};

/// The time for which the connection to a shared database is retried, and the pause between two attempts.
const RECONNECT_FOR: Duration = Duration::from_secs(20);
const RECONNECT_PAUSE: Duration = Duration::from_millis(250);

/// The timeouts of a shared database: for a connection, and for a whole transaction. A file has none, since a write
/// that is given up may still be carried out.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(30);

/// A write-ahead log that is longer, in bytes, is copied.
const LONG_LOG: u64 = 2 << 20;

/// The database, and what is known of it.
pub(crate) struct Store {
    options: AnyConnectOptions,
    /// The write-ahead log of a file.
    log: Option<PathBuf>,
    pub(crate) dialect: Dialect,
    /// The format of the tables; the first only for readers.
    pub(crate) format: i64,
    state: Mutex<State>,
    pub(crate) sessions: Sessions,
    /// Called when all is done in a transaction but its commit.
    #[cfg(feature = "testing")]
    pub(crate) before_commit: Option<Box<dyn Fn() + Send + Sync>>,
}

struct State {
    connection: Option<AnyConnection>,
    /// Why nothing more is recorded, once something could not be.
    poisoned: Option<String>,
}

impl State {
    fn refuse_if_poisoned(&self) -> Result<(), LedgerError> {
        match &self.poisoned {
            Some(why) => Err(LedgerError::Unusable(format!("the ledger failed before: {why}"))),
            None => Ok(()),
        }
    }
}

/// A commit whose answer may be lost: the entry that would prove it, and the output of the work.
type Committing<W> = Option<(Option<AppendedEntry>, <W as TransactionBody>::Output)>;

/// Which database it is. Statements are the same for both but for these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Begins a transaction that no other writer can come into.
    fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            // The lock orders the chain: the number is ours. What is read after it must have been read after it,
            // whatever the database's settings are.
            Self::Postgres => {
                "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock(4702394921427289928)"
            }
        }
    }
}

impl Store {
    /// Connects, and makes the tables if there are none. Tables of the first format are brought up to date, if they
    /// may be.
    pub(crate) async fn open(
        address: &LedgerAddress,
        sessions: Sessions,
        upgrade: Option<BeforeStatement<'_>>,
    ) -> Result<Self, LedgerError> {
        let dialect = if address.file().is_some() {
            Dialect::Sqlite
        } else {
            Dialect::Postgres
        };
        let options = address.options().map_err(|error| unusable("open", &error))?;
        let log = address.file().map(|file| {
            let mut log = file.as_os_str().to_owned();
            log.push("-wal");
            log.into()
        });
        let mut store = Self {
            options,
            log,
            dialect,
            format: schema::FORMAT,
            state: Mutex::new(State {
                connection: None,
                poisoned: None,
            }),
            sessions,
            #[cfg(feature = "testing")]
            before_commit: None,
        };
        let mut connected = store.connect().await;
        let is_only_read = upgrade.is_none() && !store.sessions.is_recording();
        if is_only_read && store.is_copy_that_cannot_be_written(&connected) {
            store.options = address.options_of_copy().map_err(|error| unusable("open", &error))?;
            connected = store.connect().await;
        }
        let mut connection = connected.map_err(|error| explained("open", &error))?;
        store.format = schema::prepare(&mut connection, dialect).await?;
        if store.format == FIRST_FORMAT
            && let Some(before) = upgrade
        {
            migration::migrate(&mut connection, dialect, &store.sessions, before).await?;
            store.format = schema::FORMAT;
        }
        store.state.lock().await.connection = Some(connection);
        Ok(store)
    }

    /// True if SQLite cannot write to the file, or create one beside it, and the file is complete by itself: the
    /// write-ahead log is empty or absent.
    fn is_copy_that_cannot_be_written<T>(&self, connected: &Result<T, sqlx::Error>) -> bool {
        let is_refused =
            |error: &sqlx::Error| number_of(error).is_some_and(|number| [8, 14].contains(&(number & 0xff)));
        let has_no_log = |log: &PathBuf| std::fs::metadata(log).map_or(0, |data| data.len()) == 0;
        connected.as_ref().is_err_and(is_refused) && self.log.as_ref().is_some_and(has_no_log)
    }

    async fn connect(&self) -> Result<AnyConnection, sqlx::Error> {
        self.in_time(CONNECT_PATIENCE, async {
            let mut connection = self.options.connect().await?;
            schema::settle(&mut connection, self.dialect).await?;
            Ok(connection)
        })
        .await
    }

    async fn in_time<T, E: From<sqlx::Error>>(
        &self,
        patience: Duration,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        if self.dialect == Dialect::Sqlite {
            return work.await;
        }
        let late = || sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::TimedOut));
        tokio::time::timeout(patience, work)
            .await
            .unwrap_or_else(|_| Err(late().into()))
    }

    /// Does work in a transaction. Once it fails in a way that leaves open what is on the disk, nothing more is
    /// written by this process.
    pub(crate) async fn write<W: TransactionBody>(&self, work: &W) -> Result<W::Output, LedgerError> {
        if self.format == FIRST_FORMAT {
            return Err(LedgerError::Unusable(format!(
                "the ledger has the format {FIRST_FORMAT}, and was opened to be read: `assist-rules audit upgrade` brings \
                 it up to date"
            )));
        }
        let mut state = self.state.lock().await;
        state.refuse_if_poisoned()?;
        let started = Instant::now();
        let mut committing = None;
        loop {
            let failed = match self.attempt(&mut state, work, &mut committing).await {
                Ok(made) => {
                    if W::MAY_SHORTEN_LOG {
                        self.shorten_log(&mut state).await;
                    }
                    return Ok(made);
                }
                Err(TxError::Refused(failure)) => return Err(failure),
                Err(TxError::Failed(error)) => error,
            };
            if self.waits_for_another(&mut state, &failed, started).await {
                continue;
            }
            let failure = explained("write", &failed);
            if self.dialect == Dialect::Sqlite && !is_busy(&failed) {
                Self::poison(&mut state, failure.to_string());
            }
            return Err(failure);
        }
    }

    /// Does work in one transaction, unless that of an earlier attempt was committed and only the answer was lost.
    async fn attempt<W: TransactionBody>(
        &self,
        state: &mut State,
        work: &W,
        committing: &mut Committing<W>,
    ) -> Result<W::Output, TxError> {
        // Why: if this future is dropped in mid-transaction, the connection goes with it, and the transaction is
        // rolled back.
        let mut connection = match state.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let attempted = self
            .in_time(PATIENCE, self.attempt_on(&mut connection, work, committing))
            .await;
        // Why: what failed in a shared database is still in its transaction, and takes no other.
        if self.dialect == Dialect::Sqlite || !matches!(attempted, Err(TxError::Failed(_))) {
            state.connection = Some(connection);
        }
        attempted
    }

    async fn attempt_on<W: TransactionBody>(
        &self,
        connection: &mut AnyConnection,
        work: &W,
        committing: &mut Committing<W>,
    ) -> Result<W::Output, TxError> {
        sqlx::raw_sql(self.dialect.begin()).execute(&mut *connection).await?;
        let mut transaction = Transaction {
            connection: &mut *connection,
            added: None,
        };
        let is_committed = match &committing {
            Some((Some(added), _)) => transaction.has(added).await?,
            Some((None, _)) | None => false,
        };
        if is_committed && let Some((_, made)) = committing.take() {
            sqlx::raw_sql("ROLLBACK").execute(connection).await?;
            return Ok(made);
        }
        let made = match work.run(&mut transaction).await {
            Ok(made) => made,
            Err(TxError::Refused(failure)) => {
                sqlx::raw_sql("ROLLBACK").execute(connection).await?;
                return Err(failure.into());
            }
            Err(failed) => return Err(failed),
        };
        #[cfg(feature = "testing")]
        if let Some(before_commit) = &self.before_commit {
            before_commit();
        }
        // From here on it may be there even if no answer comes.
        *committing = Some((transaction.added.take(), made));
        sqlx::raw_sql("COMMIT").execute(connection).await?;
        let made = committing.take().map(|(_, made)| made);
        made.ok_or_else(|| sqlx::Error::WorkerCrashed.into())
    }

    /// Copies a log that has grown into the file of the ledger. SQLite would do it by itself, and would not say that it
    /// failed. What was recorded is not touched by a failure: it is in the log.
    async fn shorten_log(&self, state: &mut State) {
        let length = |log: &PathBuf| std::fs::metadata(log).map_or(0, |data| data.len());
        if self.log.as_ref().map_or(0, length) <= LONG_LOG {
            return;
        }
        let Some(connection) = state.connection.as_mut() else {
            return;
        };
        let done = sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)")
            .execute(connection)
            .await;
        if let Err(error) = done
            && !is_busy(&error)
        {
            Self::poison(state, unusable("write", &error).to_string());
        }
    }

    /// Gives a shared database that is gone time to come back; whether it is worth another try.
    async fn waits_for_another(&self, state: &mut State, failed: &sqlx::Error, started: Instant) -> bool {
        let is_worth_it = is_lost(failed) && self.dialect == Dialect::Postgres && started.elapsed() < RECONNECT_FOR;
        if is_worth_it {
            state.connection = None;
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
        is_worth_it
    }

    /// Reads what is committed. After a failure nothing is read either: what would be read may not be on the disk.
    pub(crate) async fn read(&self, sql: impl Into<Sql>, values: &[Value<'_>]) -> Result<Vec<AnyRow>, LedgerError> {
        let mut state = self.state.lock().await;
        state.refuse_if_poisoned()?;
        let started = Instant::now();
        let sql = current(self.format, self.dialect, sql.into());
        loop {
            let failed = match self.read_once(&mut state, sql.clone(), values).await {
                Ok(rows) => return Ok(rows),
                Err(error) => error,
            };
            if !self.waits_for_another(&mut state, &failed, started).await {
                return Err(unusable("read", &failed));
            }
        }
    }

    async fn read_once(&self, state: &mut State, sql: Sql, values: &[Value<'_>]) -> Result<Vec<AnyRow>, sqlx::Error> {
        let mut connection = match state.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let reading = bound(sql, values).fetch_all(&mut connection);
        let rows = self.in_time(PATIENCE, reading).await;
        if rows.is_ok() || self.dialect == Dialect::Sqlite {
            state.connection = Some(connection);
        }
        rows
    }

    /// Takes no more. The connection is left as it is: closing it would sync a file again whose sync has failed, and
    /// that would say nothing.
    fn poison(state: &mut State, why: String) {
        if let Some(connection) = state.connection.take() {
            std::mem::forget(connection);
        }
        state.poisoned = Some(why);
    }

    /// Leaves the connection to the end of the process. Closing the last one would fold the log into the file, with
    /// more syncs than a record takes; a log that is left is read by the next.
    pub(crate) async fn leave(&self) {
        match self.dialect {
            Dialect::Sqlite => std::mem::forget(self.state.lock().await.connection.take()),
            Dialect::Postgres => self.close().await,
        }
    }

    /// Ends the connection in good order.
    pub(crate) async fn close(&self) {
        let connection = self.state.lock().await.connection.take();
        if let Some(connection) = connection
            && let Err(error) = sqlx::Connection::close(connection).await
        {
            tracing::debug!("the ledger was not closed in good order: {error}");
        }
    }
}

/// A query for tables of this format: those of format 1 are read through CTEs that have the current columns.
fn current(format: i64, dialect: Dialect, sql: Sql) -> Sql {
    if format == FIRST_FORMAT {
        Sql::Owned(schema::shown_as_current(dialect).to_owned() + &sql)
    } else {
        sql
    }
}

/// True if the connection is lost, so that a new one may work.
fn is_lost(error: &sqlx::Error) -> bool {
    let is_broken = matches!(
        error,
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed
    );
    // PostgreSQL, appendix A: 08 is connection exception, 57P01 to 57P03 shutdown and start-up, 53300 too many
    // connections, 25P03 idle in a transaction for too long.
    let passes = |code: String| {
        ["08", "57P0", "53300", "25P03"]
            .iter()
            .any(|class| code.starts_with(class))
    };
    is_broken || code(error).is_some_and(passes)
}

/// True if SQLite only waited too long for another writer: nothing was written.
fn is_busy(error: &sqlx::Error) -> bool {
    // SQLITE_BUSY and its kinds: the low byte is 5.
    number_of(error).is_some_and(|number| number & 0xff == 5)
}

/// The number that SQLite gives an error.
fn number_of(error: &sqlx::Error) -> Option<u32> {
    code(error).and_then(|code| code.parse().ok())
}

fn code(error: &sqlx::Error) -> Option<String> {
    let of_database = error.as_database_error()?;
    of_database.code().map(std::borrow::Cow::into_owned)
}

/// True if the role lacks the privilege. PostgreSQL, appendix A: 42501.
fn is_denied(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code == "42501")
}

/// Why a ledger cannot be opened, and what to do.
fn explained(doing: &str, error: &sqlx::Error) -> LedgerError {
    let said = error.as_database_error().map(|error| error.message().to_owned());
    let said = said.unwrap_or_else(|| error.to_string());
    let number = number_of(error).unwrap_or_default();
    // sqlite.org/rescode.html; PostgreSQL, appendix A: 55P03 is lock not available, 25006 read-only transaction.
    let unusable = LedgerError::Unusable;
    match (number & 0xff, code(error).as_deref()) {
        (5, _) | (_, Some("55P03")) => LedgerError::Busy(format!(
            "cannot {doing} the ledger: others are at work in it ({said}): try again"
        )),
        (26, _) => unusable(format!(
            "cannot {doing} the ledger: it is the file of another program ({said}): name another one with --ledger"
        )),
        (8 | 14, _) | (_, Some("25006" | "42501")) => unusable(format!(
            "cannot {doing} the ledger: it may not be written ({said}): make it writable, or name another one with --ledger"
        )),
        _ if said.contains("already exists") => unusable(format!(
            "cannot {doing} the ledger: another program has tables there ({said}): name another file, database or schema \
             with --ledger"
        )),
        _ => unusable(format!("cannot {doing} the ledger: {said}")),
    }
}

pub(crate) fn unusable(doing: &str, error: &sqlx::Error) -> LedgerError {
    LedgerError::Unusable(format!("cannot {doing} the ledger: {error}"))
}
