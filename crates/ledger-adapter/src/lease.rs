//! A lease on a document, and whether the run that has it is gone.

use ports::{Author, EntryId};
use sqlx::any::AnyRow;

use crate::row::signed;
use crate::store::{Dialect, Sessions, Transaction, TransactionBody, TxError, number, text};

/// Who has a document, and until when.
pub(crate) struct Lease {
    pub(crate) until: i64,
    pub(crate) run: String,
    host: String,
    server: i64,
}

impl Lease {
    /// Reads the columns `leased_until`, `run`, `host` and `server`.
    pub(crate) fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            until: number(row, 0)?,
            run: text(row, 1)?,
            host: text(row, 2)?,
            server: number(row, 3)?,
        })
    }

    /// Whether its run is gone for certain, as somebody on this machine can tell.
    pub(crate) async fn is_given_up(
        &self,
        transaction: &mut Transaction<'_>,
        sessions: &Sessions,
        dialect: Dialect,
        author: &Author,
    ) -> Result<bool, sqlx::Error> {
        // The locks of a run are gone with the server or the machine that it had them on, and it may live.
        let is_here = match dialect {
            Dialect::Sqlite => author.host.as_deref().unwrap_or_default() == self.host,
            Dialect::Postgres => sessions.server() == self.server,
        };
        sessions.is_gone(transaction, dialect, &self.run, is_here).await
    }
}

/// Asks whether the run that made an open entry is gone.
pub(crate) struct Abandoned<'l> {
    pub(crate) entry: EntryId,
    pub(crate) author: &'l Author,
    pub(crate) sessions: &'l Sessions,
    pub(crate) dialect: Dialect,
}

impl TransactionBody for Abandoned<'_> {
    type Output = bool;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<bool, TxError> {
        let sql = "SELECT leased_until, run, host, server FROM updates WHERE id = $1 AND outcome_kind = 'open'";
        let rows = transaction.rows(sql, &[signed(self.entry.0).into()]).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        let lease = Lease::read(row)?;
        let given_up = lease.is_given_up(transaction, self.sessions, self.dialect, self.author);
        Ok(given_up.await?)
    }
}
