//! Trying whether a ledger takes an entry, without leaving one.

use ports::LedgerError;

use crate::ledger::SqlLedger;
use crate::store::{FIRST_FORMAT, Transaction, TransactionBody, TxError};

/// A write that is taken back.
struct Trial;

/// The refusal that takes the trial back.
const TAKEN_BACK: &str = "the trial is taken back";

impl TransactionBody for Trial {
    type Output = ();

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(), TxError> {
        let sql = "INSERT INTO disabled_sinks (sink, why) VALUES ('', $1)";
        transaction.execute(sql, &[TAKEN_BACK.into()]).await?;
        Err(LedgerError::unusable(TAKEN_BACK).into())
    }
}

impl SqlLedger {
    /// Writes to the ledger and takes it back. False, and nothing is tried, if it has an older format, which the next
    /// run that records brings up to date.
    ///
    /// # Errors
    ///
    /// If it may not be written, or is busy.
    pub async fn try_to_write(&self) -> Result<bool, LedgerError> {
        if self.store.format == FIRST_FORMAT {
            return Ok(false);
        }
        match self.store.write(&Trial).await {
            Err(LedgerError::Unusable(failure)) if failure.message == TAKEN_BACK => Ok(true),
            Err(failure) => Err(failure),
            Ok(()) => Ok(true),
        }
    }
}
