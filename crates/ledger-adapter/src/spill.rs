//! Spill files: outcomes that the ledger could not record, kept for the next run.

use std::sync::Arc;

use ports::{LedgerError, LedgerFailure, OutcomeRecord};

use crate::conclude::Conclude;
use crate::digest::Digest;
use crate::entry_body::{Body, Documents, EntryBodyError, micros_of};
use crate::ledger::SqlLedger;
use crate::store::{OrphanedSpill, Transaction, TransactionBody, TxError};
use crate::targets::names_in;

/// Keeps an outcome, and says where. The document that the server showed is left out: it can be read again.
pub(crate) fn keep(ledger: &SqlLedger, outcome: &OutcomeRecord, failure: LedgerFailure) -> LedgerError {
    let record = OutcomeRecord {
        after: None,
        ..outcome.clone()
    };
    let (body, _) = Body::of_outcome(0, Digest::of_nothing(), &record);
    let line = body.canonical();
    let kept = line.map_err(|error| error.to_string()).and_then(|line| {
        let kept = ledger.store.sessions.spill(&line);
        kept.map_err(|error| error.to_string())
    });
    let why = failure.in_full();
    let message = match kept {
        Ok(file) => format!(
            "{why}; it is kept in `{}` and recorded by the next run that finds this ledger",
            file.display()
        ),
        Err(error) => format!("{why}; nor can it be kept in a file: {error}"),
    };
    // Why without the cause: its words stand in the middle of the message.
    LedgerError::Unusable(LedgerFailure {
        message,
        source: None,
        ..failure
    })
}

/// Records what runs that are gone left behind. A file stays until all that is in it is recorded.
pub(crate) async fn recover(ledger: &SqlLedger) -> Result<(), LedgerError> {
    for mut file in ledger.store.sessions.left_behind() {
        if is_taken_in(ledger, &mut file).await? {
            file.forget();
        }
    }
    Ok(())
}

async fn is_taken_in(ledger: &SqlLedger, file: &mut OrphanedSpill) -> Result<bool, LedgerError> {
    let path = file.path.display().to_string();
    let text = match file.text() {
        Ok(text) => text,
        Err(error) => {
            tracing::warn!("`{path}` cannot be read ({error}): it stays");
            return Ok(false);
        }
    };
    let mut is_all = true;
    for line in text.lines() {
        let outcome = match read(line) {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!("`{path}` has a line that is no outcome ({error}): it stays");
                is_all = false;
                continue;
            }
        };
        let work = TakeIn(Conclude {
            record: Arc::new(outcome),
            sinks: ledger.sinks.clone(),
        });
        match ledger.store.write(&work).await {
            Ok(()) => {}
            Err(LedgerError::Settled(id)) => {
                tracing::warn!("`{path}` has an outcome of the entry {id}, which is settled: that stays as it is");
            }
            Err(LedgerError::NoEntry(id)) => {
                tracing::warn!("`{path}` has an outcome of the entry {id}, which is not in this ledger: it stays");
                is_all = false;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(is_all)
}

struct TakeIn(Conclude);

impl TransactionBody for TakeIn {
    type Output = ();

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(), TxError> {
        let Self(conclude) = self;
        if conclude.record.intent.is_none() && self.is_there(transaction).await? {
            return Ok(());
        }
        conclude.run(transaction).await.map(drop)
    }
}

impl TakeIn {
    /// True if an update that sent no write is already recorded. It has no intent that could be settled.
    async fn is_there(&self, transaction: &mut Transaction<'_>) -> Result<bool, TxError> {
        let outcome = &self.0.record;
        let names = names_in(transaction, &outcome.document.target).await?;
        let sql = "SELECT id FROM updates WHERE target = $1 AND kind = $2 AND document = $3 AND run = $4 AND at = $5 \
                   AND outcome = id";
        for name in &names.all {
            let values = [
                name.as_str().into(),
                outcome.document.kind.as_str().into(),
                outcome.document.id.as_str().into(),
                outcome.author.run.as_str().into(),
                micros_of(outcome.at).into(),
            ];
            if !transaction.rows(sql, &values).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn read(line: &str) -> Result<OutcomeRecord, EntryBodyError> {
    let outcome = Body::read(line).and_then(|body| body.outcome_record(&Documents::new()))?;
    outcome.ok_or_else(|| EntryBodyError("it is none".to_owned()))
}
