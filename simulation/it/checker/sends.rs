//! The sends of an update: after an intent, not too often, and after an indeterminate try nothing else.

use domain::testing::Specimen;

use super::{Promise, Violation, report, writes};
use crate::history::{Answer, Call, History};
use crate::vocabulary::has_versions;

/// Sends of one body under one version, at most.
const MAX_SENDS: usize = 4;

pub(super) fn check<K: Specimen>(history: &History<K>, update: usize, found: &mut Vec<Violation>) {
    let run = &history.updates[update];
    let mut sent: Vec<(Option<usize>, &str, usize)> = Vec::new();
    let mut indeterminate: Option<(Option<usize>, &str)> = None;
    let mut refused = Vec::new();
    let mut effects = 0;
    for (number, request) in writes(history, run) {
        let Call::Write { body, under } = &request.call else {
            continue;
        };
        let this = (*under, body.document().text());
        let what = format!("request {number} of u{update}");
        if !request.is_intended {
            report(found, Promise::IntentFirst, format!("{what} has no open intent"));
        }
        if refused.contains(under) {
            let what = format!("{what} is under a version that was refused before");
            report(found, Promise::RefusedIsRefused, what);
        }
        if indeterminate.is_some_and(|indeterminate| indeterminate != this) {
            let what = format!("{what} is another one, and an earlier one was indeterminate");
            report(found, Promise::IdenticalAfterUnclear, what);
        }
        if indeterminate.is_some() && !has_versions::<K>() {
            let what = format!("{what} goes out, and an earlier one was indeterminate");
            report(found, Promise::NotSentAgain, what);
        }
        effects += usize::from(request.made.is_some() && request.answer != Some(Answer::Moved));
        match request.answer {
            Some(Answer::NotSent | Answer::Throttled(_)) => continue,
            Some(Answer::Indeterminate(_)) => indeterminate = Some(this),
            Some(Answer::Moved) => refused.push(*under),
            _ => {}
        }
        match sent.iter_mut().find(|(under, body, _)| (*under, *body) == this) {
            Some((_, _, times)) => *times += 1,
            None => sent.push((this.0, this.1, 1)),
        }
    }
    if sent.iter().any(|(_, _, times)| *times > MAX_SENDS) {
        report(found, Promise::FewSends, format!("u{update} sent one body {sent:?}"));
    }
    if effects > 1 {
        report(
            found,
            Promise::OneEffect,
            format!("u{update} was carried out {effects} times"),
        );
    }
}
