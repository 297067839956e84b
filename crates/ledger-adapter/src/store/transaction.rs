//! One transaction: what is done in it, and the values that go in and out.

use std::borrow::Cow;

use ports::LedgerError;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

/// Work that is done in one transaction. It may be done again, from the start, if the connection breaks before the
/// commit.
pub(crate) trait TransactionBody: Sync {
    type Output: Send;

    /// True if the write-ahead log may be checkpointed after the transaction. False if a write to the API follows it:
    /// no write is sent after a sync that failed.
    const MAY_SHORTEN_LOG: bool = true;

    /// As [`MAY_SHORTEN_LOG`](Self::MAY_SHORTEN_LOG), for all that is done in it.
    fn may_shorten_log(&self) -> bool {
        Self::MAY_SHORTEN_LOG
    }

    /// Does it.
    fn run(&self, in_it: &mut Transaction<'_>) -> impl Future<Output = Result<Self::Output, TxError>> + Send;
}

/// A transaction under way.
pub(crate) struct Transaction<'s> {
    pub(super) connection: &'s mut AnyConnection,
    /// The last entry that was added in it.
    pub(crate) added: Option<AppendedEntry>,
}

/// An entry that was added, to be looked for if the answer to the commit is lost.
pub(crate) struct AppendedEntry {
    pub(crate) seq: i64,
    pub(crate) hash: String,
}

/// Why work in a transaction came to nothing.
#[derive(Debug)]
pub(crate) enum TxError {
    /// The work was refused.
    Refused(LedgerError),
    /// The database failed.
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for TxError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<LedgerError> for TxError {
    fn from(failure: LedgerError) -> Self {
        Self::Refused(failure)
    }
}

/// A statement.
pub(crate) type Sql = Cow<'static, str>;

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
    pub(crate) async fn execute(&mut self, sql: impl Into<Sql>, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        let done = bound(sql.into(), values).execute(&mut *self.connection).await?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn rows(&mut self, sql: impl Into<Sql>, values: &[Value<'_>]) -> Result<Vec<AnyRow>, sqlx::Error> {
        bound(sql.into(), values).fetch_all(&mut *self.connection).await
    }

    /// Executes what has no values and may be several statements.
    pub(super) async fn control(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sql).execute(&mut *self.connection).await.map(drop)
    }

    pub(super) async fn has(&mut self, added: &AppendedEntry) -> Result<bool, sqlx::Error> {
        let rows = self
            .rows("SELECT hash FROM entries WHERE seq = $1", &[added.seq.into()])
            .await?;
        let found = rows.first().map(|row| text(row, 0)).transpose()?;
        Ok(found.as_deref() == Some(added.hash.as_str()))
    }
}

pub(super) fn bound<'q>(
    sql: Sql,
    values: &[Value<'_>],
) -> sqlx::query::Query<'q, sqlx::Any, <sqlx::Any as sqlx::Database>::Arguments> {
    let mut query = match sql {
        Cow::Borrowed(sql) => sqlx::query(sql),
        // What is put together has nothing in it but statements of this crate and the numbers of values.
        Cow::Owned(sql) => sqlx::query(AssertSqlSafe(sql)),
    };
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
