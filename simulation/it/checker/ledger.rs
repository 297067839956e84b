//! What the ledger says of each entry, by its writer or by reconcile.

use super::{Promise, Violation, report, writes};
use crate::history::{Call, History, LedgerEntry, Settlement};
use domain::protocol::Confirmation;

pub(super) fn check(history: &History, found: &mut Vec<Violation>) {
    for (number, entry) in history.entries.iter().enumerate() {
        let who = if entry.settled_by_reconcile {
            "reconcile"
        } else {
            "its writer"
        };
        let made = made_by(history, entry);
        if entry.settled_twice {
            let what = format!("{who} settled entry {number} while another was at it");
            report(found, Promise::LedgerIsTrue, what);
        }
        match &entry.settlement {
            Some(Settlement::Applied(by)) => {
                let is_last = history.updates[entry.update].entries.last() == Some(&number);
                let is_true = match (entry.settled_by_reconcile, by) {
                    (false, Confirmation::Answer) => made.is_some(),
                    (false, Confirmation::Read) => is_last && (made.is_some() || was_there(history, entry)),
                    (true, _) => made.is_some() || was_there(history, entry),
                };
                if !is_true {
                    let what = format!("{who} says that entry {number} was applied by {by:?}, and it was not");
                    report(found, Promise::LedgerIsTrue, what);
                }
            }
            Some(Settlement::NotApplied) => {
                if let Some(made) = made {
                    let what = format!("{who} says that entry {number} was not applied, and it made v{made}");
                    report(found, Promise::LedgerIsTrue, what);
                }
            }
            Some(Settlement::Unknown) | None => {
                let log = &history.rules[entry.rule];
                let newest = log.len() - 1;
                let update = &history.updates[entry.update];
                if newest == entry.under || log[newest].content.says(update.wanted) {
                    let what = format!("entry {number} of u{} is still open, and could be known", entry.update);
                    report(found, Promise::NothingLeftOpen, what);
                }
            }
        }
    }
}

/// The state that was made from an entry.
fn made_by(history: &History, entry: &LedgerEntry) -> Option<usize> {
    let run = &history.updates[entry.update];
    let is_of_entry = |call: &Call| match call {
        Call::Read => false,
        Call::Write { body, under } => {
            *under == Some(entry.under) && body.document().text() == entry.intent.ours.text()
        }
    };
    let mut writes = writes(history, run).filter(|(_, request)| is_of_entry(&request.call));
    writes.find_map(|(_, request)| request.made)
}

/// Whether the document ever said, after the intent, what the entry names.
fn was_there(history: &History, entry: &LedgerEntry) -> bool {
    let wanted = history.updates[entry.update].wanted;
    let later = history.rules[entry.rule].get(entry.under + 1..).unwrap_or_default();
    later.iter().any(|state| state.content.says(wanted))
}
