//! The database behind a ledger: one connection, one transaction at a time, and no second try after a record could
//! not be made durable.

mod failure;
mod group;
mod migration;
mod opened_file;
mod owner;
mod schema;
mod sessions;
mod snapshot;
mod transaction;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ports::{LedgerError, LedgerFailure};
use sqlx::any::{AnyConnectOptions, AnyRow};
use sqlx::{AnyConnection, ConnectOptions};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::address::LedgerAddress;
use failure::{explained, is_away, is_busy, is_denied, is_lost, is_refused, unusable};
use group::Group;
pub(crate) use migration::BeforeStatement;
#[cfg(not(feature = "testing"))]
pub(crate) use migration::Interrupt;
#[cfg(feature = "testing")]
pub use migration::Interrupt;
#[cfg(feature = "testing")]
pub(crate) use migration::statements;
use opened_file::OpenedFile;
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

/// A write-ahead log that is longer, in bytes, is folded into the file. Each process reads all of the log first, and
/// folding it in takes two syncs.
const LONG_LOG: u64 = 1 << 20;

/// The database, and what is known of it.
pub(crate) struct Store {
    options: AnyConnectOptions,
    /// The write-ahead log of a file.
    log: Option<PathBuf>,
    /// The file that was opened.
    opened: Option<OpenedFile>,
    pub(crate) dialect: Dialect,
    /// The format of the tables; the first only for readers.
    pub(crate) format: i64,
    state: Mutex<State>,
    group: Group,
    pub(crate) sessions: Arc<Sessions>,
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
            Some(why) => Err(LedgerError::unusable(format!("the ledger failed before: {why}"))),
            None => Ok(()),
        }
    }
}

/// A commit whose answer may be lost: the entry that would prove it, and the output of the work.
type Committing<W> = Option<(Option<AppendedEntry>, <W as TransactionBody>::Output)>;

/// The treatment of a ledger that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfAbsent {
    /// Its tables are made, and its file with them.
    Create,
    /// Nothing is made.
    Leave,
}

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
    /// Connects, and makes the tables if there are none and they may be made; none if they may not. Tables of the first
    /// format are brought up to date, if they may be.
    pub(crate) async fn open(
        address: &LedgerAddress,
        sessions: Sessions,
        upgrade: Option<BeforeStatement<'_>>,
        absent: IfAbsent,
    ) -> Result<Option<Self>, LedgerError> {
        let dialect = if address.file().is_some() {
            Dialect::Sqlite
        } else {
            Dialect::Postgres
        };
        let options = match absent {
            IfAbsent::Create => address.options(),
            IfAbsent::Leave => address.options_of_existing(),
        };
        let options = options.map_err(|error| unusable("open", error))?;
        let log = address.file().map(|file| {
            let mut log = file.as_os_str().to_owned();
            log.push("-wal");
            log.into()
        });
        let mut store = Self {
            options,
            log,
            opened: None,
            dialect,
            format: schema::FORMAT,
            state: Mutex::new(State {
                connection: None,
                poisoned: None,
            }),
            group: Group::default(),
            sessions: Arc::new(sessions),
            #[cfg(feature = "testing")]
            before_commit: None,
        };
        let mut connected = store.connect_within(address.patience()).await;
        let is_only_read = upgrade.is_none() && !store.sessions.is_recording();
        if is_only_read {
            connected = store.read_only(address, connected).await?;
        }
        let mut connection = connected.map_err(|error| explained("open", error))?;
        let Some(format) = schema::prepare(&mut connection, dialect, absent).await? else {
            return Ok(None);
        };
        store.format = format;
        if store.format == FIRST_FORMAT
            && let Some(before) = upgrade
        {
            migration::migrate(&mut connection, dialect, &store.sessions, before).await?;
            store.format = schema::FORMAT;
        }
        if dialect == Dialect::Postgres && store.sessions.is_recording() {
            schema::require_rights(&mut connection).await?;
        }
        store.state.lock().await.connection = Some(connection);
        if let (Some(file), Some(log)) = (address.file(), &store.log) {
            store.opened = Some(OpenedFile::at(file, log));
        }
        Ok(Some(store))
    }

    /// The connection to a file that SQLite cannot write to, or create one beside: read-only, and without locks if the
    /// file is complete by itself, its write-ahead log being empty or absent.
    async fn read_only(
        &mut self,
        address: &LedgerAddress,
        connected: Result<AnyConnection, sqlx::Error>,
    ) -> Result<Result<AnyConnection, sqlx::Error>, LedgerError> {
        let (Some(log), Err(error)) = (self.log.clone(), &connected) else {
            return Ok(connected);
        };
        if !is_refused(error) {
            return Ok(connected);
        }
        self.options = address.options_to_read().map_err(|error| unusable("open", error))?;
        let connected = self.connect().await;
        match &connected {
            Err(error) if is_refused(error) => {}
            Ok(_) | Err(_) => return Ok(connected),
        }
        let has_log = match std::fs::metadata(&log) {
            Ok(data) => data.len() > 0,
            Err(error) => error.kind() != std::io::ErrorKind::NotFound,
        };
        if has_log {
            let file = address.file().unwrap_or(&log);
            let why = "cannot open the ledger: the end of it is in its log, which cannot be opened here";
            return Err(LedgerError::Unusable(LedgerFailure::new(why).with_help(format!(
                "copy `{}` and `{}` to a folder that you may write to, and name the copy with --ledger",
                file.display(),
                log.display()
            ))));
        }
        self.options = address.options_of_copy().map_err(|error| unusable("open", error))?;
        let connected = self.connect().await;
        match &connected {
            Err(error) if is_refused(error) => {
                let failure = LedgerFailure::new("cannot open the ledger: it may not be read");
                let help = "make it readable, or name another one with --ledger";
                Err(LedgerError::Unusable(failure.with_help(help)))
            }
            Ok(_) | Err(_) => Ok(connected),
        }
    }

    /// The first connection. A shared database that is away is given time to come back.
    async fn connect_within(&self, patience: Duration) -> Result<AnyConnection, sqlx::Error> {
        let started = Instant::now();
        let mut before = None;
        loop {
            let left = patience.saturating_sub(started.elapsed());
            let failed = match self.connect_in(CONNECT_PATIENCE.min(left)).await {
                Ok(connection) => return Ok(connection),
                // Why: an attempt that had little time left says less than the one before it.
                Err(error) if left < CONNECT_PATIENCE => before.take().unwrap_or(error),
                Err(error) => error,
            };
            let is_worth_it = self.dialect == Dialect::Postgres && is_away(&failed);
            if !is_worth_it || started.elapsed() + RECONNECT_PAUSE >= patience {
                return Err(failed);
            }
            tracing::info!("the ledger is waited for: {failed}");
            before = Some(failed);
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
    }

    async fn connect(&self) -> Result<AnyConnection, sqlx::Error> {
        self.connect_in(CONNECT_PATIENCE).await
    }

    async fn connect_in(&self, patience: Duration) -> Result<AnyConnection, sqlx::Error> {
        self.in_time(patience, async {
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
        self.refuse_first_format()?;
        let mut state = self.state.lock().await;
        self.write_on(&mut state, work, &mut None).await
    }

    fn refuse_first_format(&self) -> Result<(), LedgerError> {
        if self.format == FIRST_FORMAT {
            let why = format!("the ledger has the format {FIRST_FORMAT}, and was opened to be read");
            let help = "`assist-rules audit upgrade` brings it up to date";
            return Err(LedgerError::Unusable(LedgerFailure::new(why).with_help(help)));
        }
        Ok(())
    }

    /// Does work in a transaction. `committing` is of an earlier attempt at the same work.
    async fn write_on<W: TransactionBody>(
        &self,
        state: &mut State,
        work: &W,
        committing: &mut Committing<W>,
    ) -> Result<W::Output, LedgerError> {
        state.refuse_if_poisoned()?;
        let started = Instant::now();
        loop {
            let failed = match self.attempt(state, work, committing).await {
                Ok(made) => {
                    if let Some(loss) = self.opened.as_ref().and_then(OpenedFile::loss) {
                        let failure = LedgerFailure::new(format!("the ledger was lost while it was in use: {loss}"));
                        let help = "put it back, or name another one with --ledger";
                        Self::poison(state, failure.to_string());
                        return Err(LedgerError::Unusable(failure.with_help(help)));
                    }
                    if work.may_shorten_log() {
                        self.shorten_log(state).await;
                    }
                    return Ok(made);
                }
                Err(TxError::Refused(failure)) => return Err(failure),
                Err(TxError::Failed(error)) => error,
            };
            if self.waits_for_another(state, &failed, started).await {
                continue;
            }
            let stays = self.dialect == Dialect::Sqlite && !is_busy(&failed);
            let failure = explained("write", failed);
            if stays {
                Self::poison(state, failure.in_full());
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

    /// Folds a log that has grown into the file of the ledger. SQLite would do it by itself, and would not say that it
    /// failed. What was recorded is not touched by a failure: it is in the log.
    async fn shorten_log(&self, state: &mut State) {
        let length = |log: &PathBuf| std::fs::metadata(log).map_or(0, |data| data.len());
        if self.log.as_ref().map_or(0, length) <= LONG_LOG {
            return;
        }
        let Some(connection) = state.connection.as_mut() else {
            return;
        };
        // Why TRUNCATE: the next process cannot know what of a log was copied, and would read, keep and copy all of it
        // again. Why without patience: what others still read stays for a later run.
        let fold = "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)";
        let mut done = sqlx::raw_sql(fold).execute(&mut *connection).await;
        if done.as_ref().map_or_else(is_busy, |_| true) {
            done = sqlx::raw_sql(schema::BUSY_TIMEOUT).execute(connection).await;
        }
        if let Err(error) = done {
            Self::poison(state, unusable("write", error).in_full());
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
                return Err(unusable("read", failed));
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
