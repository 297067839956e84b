//! What the ledger could not take: it waits in a file for the next run.

use std::path::Path;

use ports::{LedgerFailure, OutcomeRecord};

use crate::body::{Body, Documents, Unreadable};
use crate::conclude::Conclude;
use crate::digest::Digest;
use crate::ledger::SqlLedger;
use crate::row::corrupt;

/// Keeps an outcome, and says where. The document that the server showed is left out: it can be read again.
pub(crate) fn keep(ledger: &SqlLedger, outcome: &OutcomeRecord, why: &str) -> LedgerFailure {
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
    LedgerFailure::Unusable(match kept {
        Ok(file) => format!("{why}; it is kept in `{}` and recorded by the next run", file.display()),
        Err(error) => format!("{why}; nor can it be kept in a file: {error}"),
    })
}

/// Records what runs that are gone left behind.
pub(crate) async fn take_in(ledger: &SqlLedger) -> Result<(), LedgerFailure> {
    for file in ledger.store.sessions.left_behind() {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        for line in text.lines() {
            let outcome = match read(line) {
                Ok(outcome) => outcome,
                Err(error) => {
                    tracing::warn!("`{}` has a line that is no outcome ({error}): it stays", file.display());
                    return Ok(());
                }
            };
            let work = Conclude {
                record: &outcome,
                sinks: &ledger.sinks,
            };
            match ledger.store.write(&work).await {
                Ok(_) | Err(LedgerFailure::Settled(_) | LedgerFailure::NoEntry(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        forget(&file);
    }
    Ok(())
}

fn read(line: &str) -> Result<OutcomeRecord, LedgerFailure> {
    let outcome = Body::read(line).and_then(|body| body.outcome_record(&Documents::new()));
    let missing = || corrupt(&Unreadable("it is no outcome".to_owned()));
    outcome.map_err(|error| corrupt(&error))?.ok_or_else(missing)
}

fn forget(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::debug!("`{}` stays: {error}", file.display());
    }
}
