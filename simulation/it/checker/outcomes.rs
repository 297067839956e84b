//! The outcome that each writer was told, held against what is true.

use std::time::Duration;

use domain::testing::Specimen;
use domain::{Code, Evidence, OutcomeKind};

use super::{Promise, Violation, entry_of, report, shown_after, writes};
use crate::content::SLOTS;
use crate::history::{Answer, Author, Base, Call, History, ReportedOutcome, Request, UpdateRun};
use crate::vocabulary::{has_versions, id_of};

pub(super) fn check<K: Specimen>(history: &History<K>, update: usize, found: &mut Vec<Violation>) {
    let run = &history.updates[update];
    let Some(reported) = &run.reported else {
        return;
    };
    let made = writes(history, run).find_map(|(_, request)| request.made);
    let place = format!(
        "u{update} in {} is told {:?}",
        id_of::<K>(run.document),
        reported.outcome
    );
    match reported.outcome {
        OutcomeKind::Applied => check_applied(history, run, reported, made, &place, found),
        OutcomeKind::Overwritten => {
            let is_true = made.is_some_and(|made| is_overwritten(history, run, made, reported.at));
            if !is_true {
                let what = format!("{place}, and it was not accepted, or no read shows others");
                report(found, Promise::OverwrittenIsTrue, what);
            }
        }
        OutcomeKind::Unknown => {
            let is_out_of_sight = !has_versions::<K>() && made.is_some();
            if !run.is_indeterminate && !is_out_of_sight && !is_refused_out_of_sight(history, run) {
                report(
                    found,
                    Promise::UnknownIsUnclear,
                    format!("{place}, and no try is indeterminate"),
                );
            }
        }
        OutcomeKind::Unchanged
        | OutcomeKind::Planned
        | OutcomeKind::Conflict
        | OutcomeKind::Rejected
        | OutcomeKind::Denied
        | OutcomeKind::Failed
        | OutcomeKind::Deferred
        | OutcomeKind::NotAttempted
        | OutcomeKind::NotApplied => {
            let is_unchanged = reported.outcome == OutcomeKind::Unchanged;
            let mut accepted = writes(history, run).filter(|(_, request)| request.made.is_some());
            let is_undone = accepted.all(|(number, _)| is_seen_undone(history, run, number));
            if let Some(made) = made.filter(|_| is_unchanged || !is_undone) {
                let what = format!("{place}, and the server made v{made} of it");
                report(found, Promise::NotAppliedIsTrue, what);
            }
            let was_sent = |request: &Request<K>| request.answer != Some(Answer::NotSent);
            if is_unchanged && writes(history, run).any(|(_, request)| was_sent(request)) {
                report(found, Promise::UnchangedSentNothing, place.clone());
            }
        }
    }
    let is_conflict = reported.outcome == OutcomeKind::Conflict && !reported.is_named_version;
    if is_conflict && !has_somebody_else(history, run) {
        report(
            found,
            Promise::ConflictIsTrue,
            format!("{place}, and nobody else was there"),
        );
    }
    if reported.outcome == OutcomeKind::Unchanged && !saw_it_stated(history, run) {
        report(
            found,
            Promise::NotAppliedIsTrue,
            format!("{place}, and no read showed it so"),
        );
    }
    let sends = writes(history, run)
        .filter(|(_, request)| !matches!(request.answer, Some(Answer::NotSent | Answer::Throttled(_))));
    let sends = sends.count();
    if reported.attempts < sends {
        let what = format!("{place} after {} sends, and sent {sends}", reported.attempts);
        report(found, Promise::FewSends, what);
    }
}

fn check_applied<K: Specimen>(
    history: &History<K>,
    run: &UpdateRun,
    reported: &ReportedOutcome,
    made: Option<usize>,
    place: &str,
    found: &mut Vec<Violation>,
) {
    let seen = if reported.is_applied_by(Evidence::Read) {
        read_of_ours(history, run, reported)
    } else {
        None
    };
    let Some(effect) = made.or(seen) else {
        let what = format!("{place}, and it was neither accepted nor seen");
        report(found, Promise::AppliedIsTrue, what);
        return;
    };
    let answers = |is: fn(Answer) -> bool| writes(history, run).any(|(_, request)| request.answer.is_some_and(is));
    let is_proved = if reported.evidence == Some(Evidence::Answer) {
        answers(|answer| matches!(answer, Answer::Shown { .. } | Answer::Accepted))
    } else {
        let was_sent = answers(|answer| !matches!(answer, Answer::NotSent));
        reported.is_warned_of(Code::ConfirmedByRead) && (was_sent || run.is_indeterminate)
    };
    if !is_proved {
        let what = format!("{place} by {:?}, and nothing was answered so", reported.evidence);
        report(found, Promise::AppliedIsTrue, what);
    }
    if has_versions::<K>() {
        for (slot, by) in undone(history, run, reported, effect) {
            let name = history.vocabulary.name(slot);
            let what = format!("{place}, and {by:?} undid {name}");
            report(found, Promise::AppliedStands, what);
        }
    }
    if let Some(after) = reported.version_after {
        let log = &history.logs[run.document];
        if !log
            .get(after)
            .is_some_and(|state| state.content.says(history.asked(run, &reported.overwrote)))
        {
            let what = format!("{place}, and v{after} is not that");
            report(found, Promise::VersionAfterIsOurs, what);
        }
    }
}

/// True if the last write was refused, and the last read does not show what refused it.
fn is_refused_out_of_sight<K: Specimen>(history: &History<K>, run: &UpdateRun) -> bool {
    let last_read = run.requests.last().and_then(|last| history.requests[*last].shown);
    writes(history, run).last().is_some_and(|(number, request)| {
        let under = entry_of(history, run, number).map(|entry| entry.under);
        request.answer == Some(Answer::Moved) && last_read <= under
    })
}

/// True if an accepted write was repeated on the way, its client heard the refusal of the repetition, and then read a
/// document in which others had undone it, or found none in as many reads as a stale one is read.
pub(super) fn is_seen_undone<K: Specimen>(history: &History<K>, run: &UpdateRun, number: usize) -> bool {
    let request = &history.requests[number];
    let asked = history.asked(run, &[]);
    let log = &history.logs[run.document];
    let is_undone = |state: usize| request.made < Some(state) && !log[state].content.says(asked);
    let last = run.requests.last().map(|last| &history.requests[*last]);
    let is_gone = last.is_some_and(|last| last.answer == Some(Answer::NotFound));
    request.answer == Some(Answer::Moved) && (is_gone || shown_after(history, run, number).any(is_undone))
}

/// True if others overwrote an accepted write, and a read after it showed neither the written content nor the base.
fn is_overwritten<K: Specimen>(history: &History<K>, run: &UpdateRun, made: usize, reported_at: Duration) -> bool {
    let log = &history.logs[run.document];
    let (Some((last, _)), Some(entry)) = (writes(history, run).last(), run.entries.last()) else {
        return false;
    };
    let entry = &history.entries[*entry];
    let base = K::from_document(entry.intent.base.clone());
    let is_base = |document: &K| base.as_ref().is_ok_and(|base| base.has_content_of(document));
    let mut later = log.iter().skip(made + 1).take_while(|state| state.since <= reported_at);
    let is_lost = later.any(|state| !entry.is_written_in(&state.value));
    let mut shown = shown_after(history, run, last).map(|state| &log[state].value);
    is_lost && shown.any(|document| !entry.is_written_in(document) && !is_base(document))
}

/// A state that a read showed after a write was sent, that is no older than what was written from, and has ours.
fn read_of_ours<K: Specimen>(history: &History<K>, run: &UpdateRun, reported: &ReportedOutcome) -> Option<usize> {
    let asked = history.asked(run, &reported.overwrote);
    // What was reviewed may be there already: an earlier run left its outcome open.
    let mut under = match run.base {
        Base::Reviewed(state) if run.is_indeterminate => Some(state),
        Base::Read | Base::Observed(_) | Base::Reviewed(_) => None,
    };
    for number in &run.requests {
        let request = &history.requests[*number];
        if let Call::Write { .. } = request.call {
            under = under.max(entry_of(history, run, *number).map(|entry| entry.under));
        }
        let (Some(under), Some(shown)) = (under, request.shown) else {
            continue;
        };
        if shown > under && history.logs[run.document][shown].content.says(asked) {
            return Some(shown);
        }
    }
    None
}

/// The slots that an update had named and that were changed, from its effect on, by a writer who did not name them.
pub(super) fn undone<'h, K: Specimen>(
    history: &'h History<K>,
    run: &'h UpdateRun,
    reported: &ReportedOutcome,
    effect: usize,
) -> impl Iterator<Item = (usize, Author)> + 'h {
    let later = history.logs[run.document].get(effect..).unwrap_or_default();
    let asked = history.asked(run, &reported.overwrote);
    (0..SLOTS)
        .filter(move |slot| asked.names(*slot))
        .filter_map(move |slot| {
            let changes = |pair: &&[crate::history::State<K>]| pair[0].content.0[slot] != pair[1].content.0[slot];
            let after = &later.windows(2).find(changes)?[1];
            let on_purpose = match after.by {
                Author::Update { update, request, .. } => {
                    let run = &history.updates[update];
                    let entry = entry_of(history, run, request);
                    history
                        .asked(run, entry.map_or(&[], |entry| &entry.overwrote))
                        .names(slot)
                }
                Author::Others(wanted) => wanted.names(slot),
                Author::Start | Author::TagOnly => false,
            };
            (!on_purpose).then_some((slot, after.by))
        })
}

/// True if a request was answered with another version or not found, or if two of the states that the update
/// read or was based on differ in content.
fn has_somebody_else<K: Specimen>(history: &History<K>, run: &UpdateRun) -> bool {
    let log = &history.logs[run.document];
    let shown = run.requests.iter().filter_map(|number| history.requests[*number].shown);
    let bases = run.entries.iter().map(|entry| history.entries[*entry].under);
    let mut states: Vec<usize> = shown.chain(bases).chain(run.base.state()).collect();
    states.sort_unstable();
    let has_moved = states
        .windows(2)
        .any(|pair| !log[pair[0]].value.has_content_of(&log[pair[1]].value));
    let is_refused = |answer| matches!(answer, Some(Answer::Moved | Answer::NotFound));
    let was_refused = run
        .requests
        .iter()
        .any(|number| is_refused(history.requests[*number].answer));
    was_refused || has_moved
}

fn saw_it_stated<K: Specimen>(history: &History<K>, run: &UpdateRun) -> bool {
    let asked = history.asked(run, &[]);
    let shown = run.requests.iter().filter_map(|number| history.requests[*number].shown);
    // What was reviewed is not read again where the patch changes nothing of it.
    let reviewed = match run.base {
        Base::Reviewed(state) => Some(state),
        Base::Read | Base::Observed(_) => None,
    };
    let oldest = run.entries.first().map_or(0, |entry| history.entries[*entry].under);
    let log = &history.logs[run.document];
    shown
        .chain(reviewed)
        .filter(|state| *state >= oldest)
        .any(|state| log[state].content.says(asked))
}
