//! The promises where only a comparison of the content guards a write: it is made under the lease, and after the write the
//! document is read back.

use std::time::Duration;

use domain::testing::Specimen;
use domain::{Code, Evidence, OutcomeKind};

use super::losses::lost_slots;
use super::{Promise, Violation, entry_of, report, shown_after, writes};
use crate::history::{Answer, History, UpdateRun};

/// The longest round trip of a read whose answer is not lost.
const ROUND_TRIP: Duration = Duration::from_millis(800);

pub(super) fn check<K: Specimen>(history: &History<K>, update: usize, found: &mut Vec<Violation>) {
    let run = &history.updates[update];
    for (number, _) in writes(history, run) {
        check_comparison(history, run, number, found);
    }
    check_read_back(history, run, update, found);
}

/// The read right before a write.
fn check_comparison<K: Specimen>(history: &History<K>, run: &UpdateRun, number: usize, found: &mut Vec<Violation>) {
    let Some(entry) = entry_of(history, run, number) else {
        return;
    };
    let log = &history.logs[run.document];
    let before = run
        .requests
        .iter()
        .copied()
        .take_while(|request| *request < number)
        .last();
    let compared = before.filter(|request| *request >= entry.before_request);
    let compared = compared.map(|request| &history.requests[request]);
    let shown = compared.and_then(|request| request.shown);
    if shown.is_none_or(|state| log[state].content != entry.base) {
        let what = format!("request {number} follows no read after the intent that shows its base");
        report(found, Promise::ComparedUnderLease, what);
    }
    let is_stale = compared.is_some_and(|request| request.shown != Some(request.newest));
    let Some(made) = history.requests[number].made.filter(|_| !is_stale) else {
        return;
    };
    let stood = log.get(entry.newest..made).unwrap_or_default();
    let stood_before = |slot: &usize| stood.iter().all(|state| state.content.0[*slot] != entry.base.0[*slot]);
    if let Some(slot) = lost_slots(history, run.document, made, entry).find(stood_before) {
        let name = history.vocabulary.name(slot);
        let what = format!("request {number} overwrote a {name} that stood when its intent was recorded");
        report(found, Promise::NothingUnseen, what);
    }
}

/// The read after a write that was accepted.
fn check_read_back<K: Specimen>(history: &History<K>, run: &UpdateRun, update: usize, found: &mut Vec<Violation>) {
    let is_accepted = |answer| matches!(answer, Some(Answer::Shown { .. } | Answer::Accepted));
    let accepted = writes(history, run).find(|(_, request)| request.is_heard && is_accepted(request.answer));
    let (Some((number, _)), Some(reported)) = (accepted, &run.reported) else {
        return;
    };
    if reported.outcome != OutcomeKind::Applied {
        return;
    }
    let log = &history.logs[run.document];
    let asked = history.asked(run, &reported.overwrote);
    let is_seen = shown_after(history, run, number).any(|state| log[state].content.says(asked));
    if reported.evidence == Some(Evidence::Answer) && !is_seen && !reported.is_warned_of(Code::NotReadBack) {
        let what = format!("u{update} is told that it is applied, and no read shows it");
        report(found, Promise::ReadBack, what);
    }
    let read_back = log.iter().rev().find(|state| state.since <= reported.at + ROUND_TRIP);
    let is_lost = read_back.is_some_and(|state| !state.content.says(asked));
    if is_lost && !is_seen && !reported.is_warned_of(Code::NotReadBack) {
        let what = format!("u{update} is told that it is applied, and others had overwritten it by then");
        report(found, Promise::SeenIsReported, what);
    }
}
