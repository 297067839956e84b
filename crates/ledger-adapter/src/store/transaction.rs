//! One transaction: what is done in it, and the values that go in and out.

use ports::LedgerError;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// Work that is done in one transaction. It may be done again, from the start, if the connection breaks before the
/// commit.
pub(crate) trait TransactionBody: Sync {
    type Output: Send;

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
    /// It is not to be done.
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

    pub(super) async fn has(&mut self, added: &AppendedEntry) -> Result<bool, sqlx::Error> {
        let rows = self
            .rows("SELECT hash FROM entries WHERE seq = $1", &[added.seq.into()])
            .await?;
        let found = rows.first().map(|row| text(row, 0)).transpose()?;
        Ok(found.as_deref() == Some(added.hash.as_str()))
    }
}

pub(super) fn bound<'q>(
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
