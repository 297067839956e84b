//! What each writer was told, held against what is true.

use super::{Promise, Violation, report, writes};
use crate::content::MEMBERS;
use crate::history::{Answer, Author, Call, End, History, UpdateRun};
use domain::protocol::Confirmation;

pub(super) fn check(history: &History, update: usize, found: &mut Vec<Violation>) {
    let run = &history.updates[update];
    let Some(told) = &run.told else {
        return;
    };
    let made = writes(history, run).find_map(|(_, request)| request.made);
    let place = format!("u{update} in r{} is told {:?}", run.rule, told.end);
    match told.end {
        End::Applied(by) => {
            let seen = if by == Confirmation::Read {
                read_of_ours(history, run)
            } else {
                None
            };
            let Some(effect) = made.or(seen) else {
                report(
                    found,
                    Promise::AppliedIsTrue,
                    format!("{place}, and it was neither accepted nor seen"),
                );
                return;
            };
            stands(history, run, effect, &place, found);
            if let Some(after) = told.version_after {
                let log = &history.rules[run.rule];
                if !log.get(after).is_some_and(|state| state.content.says(run.wanted)) {
                    report(
                        found,
                        Promise::VersionAfterIsOurs,
                        format!("{place}, and v{after} is not that"),
                    );
                }
            }
        }
        End::Unknown => {
            if !run.is_unclear {
                report(
                    found,
                    Promise::UnknownIsUnclear,
                    format!("{place}, and no try is unclear"),
                );
            }
        }
        End::Unchanged
        | End::NotTheNamedVersion
        | End::Conflict
        | End::Rejected
        | End::Denied
        | End::Failed
        | End::Deferred
        | End::NotAttempted => {
            if let Some(made) = made {
                report(
                    found,
                    Promise::NotAppliedIsTrue,
                    format!("{place}, and the server made v{made} of it"),
                );
            }
        }
    }
    match told.end {
        End::Conflict if !has_somebody_else(history, run) => {
            report(
                found,
                Promise::ConflictIsTrue,
                format!("{place}, and nobody else was there"),
            );
        }
        End::Unchanged if !saw_it_said(history, run) => {
            report(
                found,
                Promise::NotAppliedIsTrue,
                format!("{place}, and no read showed it so"),
            );
        }
        _ => {}
    }
    let sends = writes(history, run)
        .filter(|(_, request)| !matches!(request.answer, Some(Answer::NotSent | Answer::Throttled(_))));
    let sends = sends.count();
    if told.attempts < sends {
        report(
            found,
            Promise::FewSends,
            format!("{place} after {} sends, and sent {sends}", told.attempts),
        );
    }
}

/// A state that a read showed after a write was sent, that is no older than what was written from, and has ours.
fn read_of_ours(history: &History, run: &UpdateRun) -> Option<usize> {
    let mut under = None;
    for number in &run.requests {
        let request = &history.requests[*number];
        if let Call::Write { under: version, .. } = request.call {
            under = under.max(version);
        }
        let (Some(under), Some(shown)) = (under, request.shown) else {
            continue;
        };
        if shown > under && history.rules[run.rule][shown].content.says(run.wanted) {
            return Some(shown);
        }
    }
    None
}

/// From the effect on, each member that was named says it, or was changed by somebody who named it.
fn stands(history: &History, run: &UpdateRun, effect: usize, place: &str, found: &mut Vec<Violation>) {
    let later = history.rules[run.rule].get(effect..).unwrap_or_default();
    for member in (0..MEMBERS).filter(|member| run.wanted.names(*member)) {
        for pair in later.windows(2) {
            let [before, after] = pair else { continue };
            if before.content.0[member] == after.content.0[member] {
                continue;
            }
            let on_purpose = match after.by {
                Author::Update { update, .. } => history.updates[update].wanted.names(member),
                Author::Others(wanted) => wanted.names(member),
                Author::Start | Author::TagOnly => false,
            };
            if !on_purpose {
                let name = crate::content::NAMES[member];
                report(
                    found,
                    Promise::AppliedStands,
                    format!("{place}, and {:?} undid {name}", after.by),
                );
            }
            break;
        }
    }
}

/// Whether the document was at another version than the one written under, when that was refused, or was read
/// otherwise than its writer had seen it.
fn has_somebody_else(history: &History, run: &UpdateRun) -> bool {
    let log = &history.rules[run.rule];
    let shown = run.requests.iter().filter_map(|number| history.requests[*number].shown);
    let moved_on = |seen: usize| {
        shown
            .map(|shown| log[shown].content)
            .any(|now| now != log[seen].content)
    };
    let was_refused = writes(history, run).any(|(_, request)| request.answer == Some(Answer::Moved));
    was_refused || run.seen.is_some_and(moved_on)
}

fn saw_it_said(history: &History, run: &UpdateRun) -> bool {
    let shown = run.requests.iter().filter_map(|number| history.requests[*number].shown);
    let oldest = run.entries.first().map_or(0, |entry| history.entries[*entry].under);
    shown
        .filter(|shown| *shown >= oldest)
        .any(|shown| history.rules[run.rule][shown].content.says(run.wanted))
}
