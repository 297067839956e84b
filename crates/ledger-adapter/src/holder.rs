//! The holder of a document, and whether it is gone.

use ports::{EntryId, Lease};
use sqlx::any::AnyRow;

use crate::entry_body::time_of;
use crate::row::signed;
use crate::store::{Sessions, Transaction, TransactionBody, TxError, is_gone, number, text};

/// The run that a document is leased to, and its process.
pub(crate) struct Holder {
    pub(crate) lease: Lease,
    pub(crate) run: String,
    process: String,
}

impl Holder {
    /// Reads the columns `at`, `leased_until`, `run` and `owner`.
    pub(crate) fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            lease: Lease {
                from: time_of(number(row, 0)?),
                until: time_of(number(row, 1)?),
            },
            run: text(row, 2)?,
            process: text(row, 3)?,
        })
    }

    /// True if its run has certainly ended, as far as this process can tell; always false for readers.
    pub(crate) fn is_gone(&self, sessions: &Sessions) -> bool {
        sessions.is_recording() && is_gone(&self.process, &self.run)
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
        let sql = "SELECT at, leased_until, run, owner FROM updates WHERE id = $1 AND outcome_kind = 'open'";
        let rows = transaction.rows(sql, &[signed(self.entry.0).into()]).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        Ok(Holder::read(row)?.is_gone(self.sessions))
    }
}
