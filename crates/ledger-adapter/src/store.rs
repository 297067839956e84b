//! The database behind a ledger: one connection, one transaction at a time, and no second try after a record could
//! not be made durable.

mod schema;
mod sessions;

use std::time::Duration;

use ports::LedgerFailure;
use sqlx::any::{AnyConnectOptions, AnyRow};
use sqlx::{AnyConnection, ConnectOptions, Row};
use tokio::sync::Mutex;

use crate::address::LedgerAddress;
pub(crate) use sessions::Sessions;

/// How many times a lost connection is made again, and how long is waited in between.
const RECONNECTS: u32 = 40;
const RECONNECT_PAUSE: Duration = Duration::from_millis(250);

/// The database, and what is known of it.
pub(crate) struct Store {
    options: AnyConnectOptions,
    pub(crate) dialect: Dialect,
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

/// Which database it is. Statements are the same for both but for these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Begins a transaction that no other writer can come into.
    fn begin(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["BEGIN IMMEDIATE"],
            // The lock orders the chain: the number is ours.
            Self::Postgres => &["BEGIN", "SELECT pg_advisory_xact_lock(4702394921427289928)"],
        }
    }
}

/// Work that is done in one transaction. It may be done again, from the start, if the connection breaks before the
/// commit.
pub(crate) trait Work: Sync {
    type Made: Send;

    /// Does it.
    fn run(&self, in_it: &mut Transaction<'_>) -> impl Future<Output = Result<Self::Made, Broken>> + Send;
}

/// A transaction under way.
pub(crate) struct Transaction<'s> {
    connection: &'s mut AnyConnection,
    /// The last entry that was added in it.
    pub(crate) added: Option<Added>,
}

/// An entry that was added, to be looked for if the answer to the commit is lost.
pub(crate) struct Added {
    pub(crate) seq: i64,
    pub(crate) hash: String,
}

/// Why work in a transaction came to nothing.
#[derive(Debug)]
pub(crate) enum Broken {
    /// It is not to be done.
    Refused(LedgerFailure),
    /// The database failed.
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for Broken {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<LedgerFailure> for Broken {
    fn from(failure: LedgerFailure) -> Self {
        Self::Refused(failure)
    }
}

/// A value of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Value<'v> {
    Number(i64),
    Text(&'v str),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text)
    }
}

impl Transaction<'_> {
    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        let done = bound(sql, values).execute(&mut *self.connection).await?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn rows(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<AnyRow>, sqlx::Error> {
        bound(sql, values).fetch_all(&mut *self.connection).await
    }

    async fn has(&mut self, added: &Added) -> Result<bool, sqlx::Error> {
        let rows = self
            .rows("SELECT hash FROM entries WHERE seq = $1", &[added.seq.into()])
            .await?;
        let found = rows.first().map(|row| text(row, 0)).transpose()?;
        Ok(found.as_deref() == Some(added.hash.as_str()))
    }
}

fn bound<'q>(
    sql: &'static str,
    values: &[Value<'_>],
) -> sqlx::query::Query<'q, sqlx::Any, <sqlx::Any as sqlx::Database>::Arguments> {
    let mut query = sqlx::query(sql);
    for value in values {
        query = match value {
            Value::Number(number) => query.bind(*number),
            Value::Text(text) => query.bind((*text).to_owned()),
        };
    }
    query
}

/// A column of a row that must have it.
pub(crate) fn number(row: &AnyRow, column: usize) -> Result<i64, sqlx::Error> {
    row.try_get(column)
}

/// A column of a row that must have it.
pub(crate) fn text(row: &AnyRow, column: usize) -> Result<String, sqlx::Error> {
    row.try_get(column)
}

impl Store {
    /// Connects, and makes the tables if there are none.
    pub(crate) async fn open(address: &LedgerAddress, sessions: Sessions) -> Result<Self, LedgerFailure> {
        let dialect = if address.file().is_some() {
            Dialect::Sqlite
        } else {
            Dialect::Postgres
        };
        let options = address.options().map_err(|error| unusable("open", &error))?;
        let store = Self {
            options,
            dialect,
            state: Mutex::new(State {
                connection: None,
                poisoned: None,
            }),
            sessions,
            #[cfg(feature = "testing")]
            before_commit: None,
        };
        let mut connection = store.connect().await.map_err(|error| unusable("open", &error))?;
        schema::prepare(&mut connection, dialect).await?;
        store.state.lock().await.connection = Some(connection);
        Ok(store)
    }

    async fn connect(&self) -> Result<AnyConnection, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        schema::settle(&mut connection, self.dialect).await?;
        self.sessions.announce(&mut connection, self.dialect).await?;
        Ok(connection)
    }

    /// Does work in a transaction. Once it fails in a way that leaves open what is on the disk, nothing more is
    /// written by this process.
    pub(crate) async fn write<W: Work>(&self, work: &W) -> Result<W::Made, LedgerFailure> {
        let mut state = self.state.lock().await;
        if let Some(why) = &state.poisoned {
            return Err(LedgerFailure::Unusable(format!("the ledger failed before: {why}")));
        }
        let mut tries = 0;
        let mut lost = None;
        loop {
            let failed = match self.attempt(&mut state, work, &mut lost).await {
                Ok(made) => return Ok(made),
                Err(Broken::Refused(failure)) => return Err(failure),
                Err(Broken::Failed(error)) => error,
            };
            tries += 1;
            if self.waits_for_another(&mut state, &failed, tries).await {
                continue;
            }
            let failure = unusable("write", &failed);
            if self.dialect == Dialect::Sqlite && !is_busy(&failed) {
                Self::poison(&mut state, failure.to_string());
            }
            return Err(failure);
        }
    }

    /// Does work in one transaction, unless that of the last attempt was committed and only the answer was lost.
    async fn attempt<W: Work>(
        &self,
        state: &mut State,
        work: &W,
        lost: &mut Option<(Added, W::Made)>,
    ) -> Result<W::Made, Broken> {
        // Why: if this future is dropped in mid-transaction, the connection goes with it, and the transaction is
        // rolled back.
        let mut connection = match state.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let attempted = self.attempt_on(&mut connection, work, lost).await;
        state.connection = Some(connection);
        attempted
    }

    async fn attempt_on<W: Work>(
        &self,
        connection: &mut AnyConnection,
        work: &W,
        lost: &mut Option<(Added, W::Made)>,
    ) -> Result<W::Made, Broken> {
        for statement in self.dialect.begin() {
            sqlx::raw_sql(*statement).execute(&mut *connection).await?;
        }
        let mut transaction = Transaction {
            connection: &mut *connection,
            added: None,
        };
        if let Some((added, made)) = lost.take()
            && transaction.has(&added).await?
        {
            sqlx::raw_sql("ROLLBACK").execute(connection).await?;
            return Ok(made);
        }
        let made = match work.run(&mut transaction).await {
            Ok(made) => made,
            Err(Broken::Refused(failure)) => {
                sqlx::raw_sql("ROLLBACK").execute(connection).await?;
                return Err(failure.into());
            }
            Err(failed) => return Err(failed),
        };
        let added = transaction.added.take();
        #[cfg(feature = "testing")]
        if let Some(before_commit) = &self.before_commit {
            before_commit();
        }
        match sqlx::raw_sql("COMMIT").execute(connection).await {
            Ok(_) => Ok(made),
            Err(error) => {
                *lost = added.map(|added| (added, made));
                Err(error.into())
            }
        }
    }

    /// Gives a shared database that is gone time to come back; whether it is worth another try.
    async fn waits_for_another(&self, state: &mut State, failed: &sqlx::Error, tries: u32) -> bool {
        let is_worth_it = is_lost(failed) && self.dialect == Dialect::Postgres && tries < RECONNECTS;
        if is_worth_it {
            state.connection = None;
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
        is_worth_it
    }

    /// Reads. A read sees what is committed, also of a ledger that takes no more.
    pub(crate) async fn read(&self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<AnyRow>, LedgerFailure> {
        let mut state = self.state.lock().await;
        let mut tries = 0;
        loop {
            let failed = match self.read_once(&mut state, sql, values).await {
                Ok(rows) => return Ok(rows),
                Err(error) => error,
            };
            tries += 1;
            if !self.waits_for_another(&mut state, &failed, tries).await {
                return Err(unusable("read", &failed));
            }
        }
    }

    async fn read_once(
        &self,
        state: &mut State,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<AnyRow>, sqlx::Error> {
        if state.poisoned.is_some() {
            return Err(sqlx::Error::PoolClosed);
        }
        let connection = match state.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let connection = state.connection.insert(connection);
        bound(sql, values).fetch_all(connection).await
    }

    /// Takes no more. The connection is left as it is: closing it would sync a file again whose sync has failed, and
    /// that would say nothing.
    fn poison(state: &mut State, why: String) {
        if let Some(connection) = state.connection.take() {
            std::mem::forget(connection);
        }
        state.poisoned = Some(why);
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

/// Whether the connection is gone, so that another may do.
fn is_lost(error: &sqlx::Error) -> bool {
    let is_broken = matches!(
        error,
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed
    );
    // PostgreSQL, appendix A: 08 is connection exception, 57P01 to 57P03 shutdown and start-up.
    is_broken || code(error).is_some_and(|code| code.starts_with("08") || code.starts_with("57P0"))
}

/// Whether SQLite only had to wait too long for another writer: nothing was written.
fn is_busy(error: &sqlx::Error) -> bool {
    // SQLITE_BUSY and its kinds: the low byte is 5.
    let number = code(error).and_then(|code| code.parse::<u32>().ok());
    number.is_some_and(|number| number & 0xff == 5)
}

fn code(error: &sqlx::Error) -> Option<String> {
    let of_database = error.as_database_error()?;
    of_database.code().map(std::borrow::Cow::into_owned)
}

pub(crate) fn unusable(doing: &str, error: &sqlx::Error) -> LedgerFailure {
    LedgerFailure::Unusable(format!("cannot {doing} the ledger: {error}"))
}
