//! A look at the whole store as it was at one moment, whatever others add meanwhile.

use ports::LedgerError;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use tokio::sync::MutexGuard;

use super::transaction::{Sql, Value, bound};
use super::{Dialect, State, Store, current, unusable};

/// All that is read through it was there at one moment. Nobody else uses the connection before it ends.
pub(crate) struct Snapshot<'s> {
    state: MutexGuard<'s, State>,
    connection: AnyConnection,
    pub(crate) dialect: Dialect,
    pub(crate) format: i64,
}

impl Store {
    /// Begins to look.
    pub(crate) async fn look(&self) -> Result<Snapshot<'_>, LedgerError> {
        let mut state = self.state.lock().await;
        state.refuse_if_poisoned()?;
        let failed = |error: sqlx::Error| unusable("read", error);
        let connection = match state.connection.take() {
            Some(connection) => connection,
            None => self.connect().await.map_err(failed)?,
        };
        let dialect = self.dialect;
        let mut snapshot = Snapshot {
            state,
            connection,
            dialect,
            format: self.format,
        };
        let begin = match dialect {
            Dialect::Sqlite => "BEGIN",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        let done = sqlx::raw_sql(begin).execute(&mut snapshot.connection).await;
        done.map_err(failed)?;
        Ok(snapshot)
    }
}

impl Snapshot<'_> {
    pub(crate) async fn rows(&mut self, sql: impl Into<Sql>, values: &[Value<'_>]) -> Result<Vec<AnyRow>, LedgerError> {
        let sql = current(self.format, self.dialect, sql.into());
        let rows = bound(sql, values).fetch_all(&mut self.connection).await;
        rows.map_err(|error| unusable("read", error))
    }

    /// Ends it in good order. One that is dropped takes its connection with it.
    pub(crate) async fn end(mut self) -> Result<(), LedgerError> {
        let ended = sqlx::raw_sql("ROLLBACK").execute(&mut self.connection).await;
        ended.map_err(|error| unusable("read", error))?;
        self.state.connection = Some(self.connection);
        Ok(())
    }
}
