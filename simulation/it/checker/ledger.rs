//! The ledger's word on each entry, by its writer or by reconcile, held against what is true.

use domain::testing::Specimen;
use domain::{Evidence, Patch};

use super::outcomes::is_seen_undone;
use super::{Promise, Violation, entry_of, report, writes};
use crate::history::{History, LedgerEntry, Settlement};
use crate::vocabulary::has_versions;

pub(super) fn check<K: Specimen>(history: &History<K>, found: &mut Vec<Violation>) {
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
                    (false, Evidence::Answer) => made.is_some(),
                    (false, _) => is_last && (made.is_some() || was_there(history, entry)),
                    (true, _) => made.is_some() || was_there(history, entry),
                };
                if !is_true {
                    let what = format!("{who} says that entry {number} was applied by {by:?}, and it was not");
                    report(found, Promise::LedgerIsTrue, what);
                }
            }
            Some(Settlement::Overwritten) => {
                if made.is_none() {
                    let what = format!("{who} says that entry {number} was overwritten, and it was never there");
                    report(found, Promise::LedgerIsTrue, what);
                }
            }
            Some(Settlement::NotApplied) => {
                let run = &history.updates[entry.update];
                if let Some((request, made)) = made.filter(|(request, _)| !is_seen_undone(history, run, *request)) {
                    let what =
                        format!("{who} says that entry {number} was not applied, and request {request} made v{made}");
                    report(found, Promise::LedgerIsTrue, what);
                }
            }
            Some(Settlement::Unknown) | None => {
                if can_be_known(history, entry) {
                    let what = format!("entry {number} of u{} is still open, and could be known", entry.update);
                    report(found, Promise::NothingLeftOpen, what);
                }
            }
        }
    }
}

/// The write that was accepted of an entry, and the state that it made.
fn made_by<K: Specimen>(history: &History<K>, entry: &LedgerEntry<K>) -> Option<(usize, usize)> {
    let run = &history.updates[entry.update];
    let is_of_entry = |number| entry_of(history, run, number).is_some_and(|behind| std::ptr::eq(behind, entry));
    let mut writes = writes(history, run).filter(|(number, _)| is_of_entry(*number));
    writes.find_map(|(number, request)| Some((number, request.made?)))
}

/// True if the document, at any time after the intent, had the content that the entry names.
fn was_there<K: Specimen>(history: &History<K>, entry: &LedgerEntry<K>) -> bool {
    let asked = history.asked(&history.updates[entry.update], &entry.overwrote);
    let later = history.logs[entry.document].get(entry.under + 1..).unwrap_or_default();
    later.iter().any(|state| state.content.says(asked))
}

/// True if the final document proves the outcome of an entry: it still has the version that the write named, or it has
/// all that was written. The latter proves nothing if the base already had all that the patch names.
fn can_be_known<K: Specimen>(history: &History<K>, entry: &LedgerEntry<K>) -> bool {
    let log = &history.logs[entry.document];
    let newest = log.len() - 1;
    let patch = Patch::<K>::from_document(&entry.intent.change);
    let is_there = entry.is_written_in(&log[newest].value);
    let base = K::from_document(entry.intent.base.clone());
    let tells = base.is_ok_and(|base| !patch.is_applied_to(&base));
    (has_versions::<K>() && newest == entry.under) || (is_there && tells)
}
