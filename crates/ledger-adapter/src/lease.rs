//! A lease on a document, and whether the run that has it is gone.

use ports::EntryId;
use sqlx::any::AnyRow;

use crate::row::signed;
use crate::store::{Sessions, Transaction, TransactionBody, TxError, is_gone, number, text};

/// A lease on a document: the run that holds it, the owning process, and the time of its expiry.
pub(crate) struct Lease {
    pub(crate) until: i64,
    pub(crate) run: String,
    owner: String,
}

impl Lease {
    /// Reads the columns `leased_until`, `run` and `owner`.
    pub(crate) fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            until: number(row, 0)?,
            run: text(row, 1)?,
            owner: text(row, 2)?,
        })
    }

    /// True if its run has certainly ended, as far as this process can tell; always false for readers.
    pub(crate) fn is_given_up(&self, sessions: &Sessions) -> bool {
        sessions.is_recording() && is_gone(&self.owner, &self.run)
    }
}

/// Asks whether the run that made an open entry is gone.
pub(crate) struct Abandoned<'l> {
    pub(crate) entry: EntryId,
    pub(crate) sessions: &'l Sessions,
}

impl TransactionBody for Abandoned<'_> {
    type Output = bool;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<bool, TxError> {
        let sql = "SELECT leased_until, run, owner FROM updates WHERE id = $1 AND outcome_kind = 'open'";
        let rows = transaction.rows(sql, &[signed(self.entry.0).into()]).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        Ok(Lease::read(row)?.is_given_up(self.sessions))
    }
}
