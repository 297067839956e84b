//! Many updates at once, in one transaction: for benches, which want a large ledger soon.

use std::sync::Arc;

use ports::{IntentRecord, LedgerError, OutcomeRecord};

use crate::conclude::Conclude;
use crate::intend::Intend;
use crate::ledger::SqlLedger;
use crate::store::{Transaction, TransactionBody, TxError};

struct Load<'l> {
    ledger: &'l SqlLedger,
    updates: &'l [(IntentRecord, OutcomeRecord)],
}

impl TransactionBody for Load<'_> {
    type Output = ();

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(), TxError> {
        let Self { ledger, updates } = self;
        for (intent, outcome) in *updates {
            let intend = Intend {
                record: intent.clone(),
                sessions: ledger.store.sessions.clone(),
            };
            let id = intend.run(transaction).await?;
            let outcome = OutcomeRecord {
                intent: Some(id),
                ..outcome.clone()
            };
            let conclude = Conclude {
                record: Arc::new(outcome),
                sinks: ledger.sinks.clone(),
            };
            conclude.run(transaction).await?;
        }
        Ok(())
    }
}

impl SqlLedger {
    /// Records updates one after the other, durable only when all of them are.
    ///
    /// # Errors
    ///
    /// As `intend` and `conclude`; nothing is recorded then.
    pub async fn load(&self, updates: &[(IntentRecord, OutcomeRecord)]) -> Result<(), LedgerError> {
        let ledger = self;
        self.store.write(&Load { ledger, updates }).await
    }
}
