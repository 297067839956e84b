//! A migration that is interrupted: for tests.

use ports::LedgerError;

use crate::address::LedgerAddress;
use crate::ledger::{LedgerSettings, SqlLedger};
use crate::store::{Dialect, Interrupt, statements};

impl SqlLedger {
    /// Opens a ledger, and calls this before each statement that brings one of format 1 up to date.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn open_interrupted(
        settings: LedgerSettings,
        mut before: impl FnMut(usize) -> Interrupt + Send,
    ) -> Result<Self, LedgerError> {
        Self::open_with(settings, Some(&mut before)).await
    }

    /// The number of statements that upgrade a ledger at such an address, the commit among them.
    pub fn migration_statements(address: &LedgerAddress) -> usize {
        let is_file = address.file().is_some();
        statements(if is_file { Dialect::Sqlite } else { Dialect::Postgres }).len()
    }

    /// The format of the tables.
    pub fn format(&self) -> i64 {
        self.store.format
    }
}
