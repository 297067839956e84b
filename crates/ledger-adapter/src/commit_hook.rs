//! A hook before each commit: for tests that end the process there.

use crate::ledger::SqlLedger;

impl SqlLedger {
    /// From now on calls this in each transaction that writes, when all is done in it but the commit.
    pub fn before_each_commit(&mut self, hook: impl Fn() + Send + Sync + 'static) {
        self.store.before_commit = Some(Box::new(hook));
    }
}
