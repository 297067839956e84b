//! Many updates at once, in one transaction: for benches, which want a large ledger soon.

use ports::{IntentRecord, LedgerFailure, OutcomeRecord};

use crate::conclude::Conclude;
use crate::intend::Intend;
use crate::ledger::SqlLedger;
use crate::store::{Broken, Transaction, Work};

struct Load<'l> {
    ledger: &'l SqlLedger,
    updates: &'l [(IntentRecord, OutcomeRecord)],
}

impl Work for Load<'_> {
    type Made = ();

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(), Broken> {
        let Self { ledger, updates } = self;
        for (intent, outcome) in *updates {
            let intend = Intend {
                record: intent,
                sessions: &ledger.store.sessions,
                dialect: ledger.store.dialect,
            };
            let id = intend.run(transaction).await?;
            let outcome = OutcomeRecord {
                intent: Some(id),
                ..outcome.clone()
            };
            let conclude = Conclude {
                record: &outcome,
                sinks: &ledger.sinks,
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
    pub async fn load(&self, updates: &[(IntentRecord, OutcomeRecord)]) -> Result<(), LedgerFailure> {
        let ledger = self;
        self.store.write(&Load { ledger, updates }).await
    }
}
