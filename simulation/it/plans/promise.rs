//! The promises of a plan, held against the server's own log: what was reviewed is written, once, and nothing else.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use domain::protocol::{MAX_STALE_READS, OnConflict};
use domain::testing::Specimen;
use domain::{Code, OutcomeKind};

use super::review::{Plan, PlannedRun, Plans, RecordOf, Review};
use crate::checker::{self, collisions};
use crate::history::{Answer, Author, History, ReportedOutcome};
use crate::vocabulary::{has_versions, id_of};

/// A promise of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// Each write is made from the state that was reviewed, and makes of it what was shown; with a merge, what was shown
    /// and nothing else changes.
    WhatWasShown,
    /// However often a plan is applied with one record, it has one effect on each document. Without versions: another one
    /// only after a run whose outcome nobody knows.
    OneEffect,
    /// Without versions: what an earlier run of the plan left open is sent again only after three reads that show what was
    /// reviewed, and with a warning.
    LookedForFirst,
    /// At most one of the runs of a plan reports that it applied a document.
    OneCredit,
    /// A run that reports that it applied a document did so, or another run of its plan, or nobody of whom the record knows
    /// it since the plan was made. With a merge, a stale read may hide what the record knows.
    OwnCredit,
    /// A conflict has a document that moved since it was reviewed, or a write that was recorded since.
    ConflictIsTrue,
}

/// A promise that was not kept, and where.
pub(super) struct Broken {
    pub(super) promise: Promise,
    pub(super) what: String,
}

/// Everything in which plans were not kept.
pub(super) fn check<K: Specimen>(history: &History<K>, plans: &Plans<K>) -> Vec<Broken> {
    let mut found = Vec::new();
    let mut report = |promise, what| found.push(Broken { promise, what });
    let mut effects: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (document, log) in history.logs.iter().enumerate() {
        for (state, made) in log.iter().enumerate() {
            let Some(PlannedWrite { run, update, request }) = write_of(plans, made.by) else {
                continue;
            };
            // Why: of a write whose repetition was refused, and that others had undone by then, nobody knows.
            let is_refused = history.requests[request].answer == Some(Answer::Moved);
            if run.record == RecordOf::Everyone && !is_refused && has_versions::<K>() {
                *effects.entry((run.plan, document)).or_default() += 1;
            }
            let review = &plans.plans[run.plan].reviews[&document];
            let place = format!("u{update} of plan {} made {} v{state}", run.plan, id_of::<K>(document));
            if let Some(why) = unlike_the_review(history, [document, state, update, request], review) {
                report(Promise::WhatWasShown, format!("{place}, {why}"));
            }
        }
    }
    for ((plan, document), effects) in effects.iter().filter(|(_, effects)| **effects > 1) {
        let what = format!("plan {plan} had {effects} effects on {}", id_of::<K>(*document));
        report(Promise::OneEffect, what);
    }
    for (number, plan) in plans.plans.iter().enumerate() {
        for document in plan.reviews.keys() {
            check_credit(history, plans, (number, plan), *document, &mut report);
            if !has_versions::<K>() {
                check_sent_again(history, plans, (number, plan), *document, &mut report);
            }
            check_conflicts(history, plans, (number, plan), *document, &mut report);
        }
    }
    found
}

/// The writes of a plan that are no first ones, where the server has no versions.
fn check_sent_again<K: Specimen>(
    history: &History<K>,
    plans: &Plans<K>,
    (number, plan): (usize, &Plan<K>),
    document: usize,
    report: &mut impl FnMut(Promise, String),
) {
    let shown = plan.reviews[&document].before;
    for again in sent_again(history, plans, number, document) {
        let SentAgain { update, request, .. } = again;
        let place = format!("u{update} sent plan {number} of {} again", id_of::<K>(document));
        if again.is_known {
            report(
                Promise::OneEffect,
                format!("{place}, and an earlier run had applied it"),
            );
            continue;
        }
        let reads = history.updates[update]
            .requests
            .iter()
            .take_while(|read| **read < request);
        let log = &history.logs[document];
        let shows_it = |read: &&usize| {
            history.requests[**read]
                .shown
                .is_some_and(|state| log[state].content == shown)
        };
        let reads = reads.filter(shows_it).count();
        if reads < MAX_STALE_READS as usize {
            report(Promise::LookedForFirst, format!("{place} after {reads} reads"));
        }
        let reported = history.updates[update].reported.as_ref();
        if reported.is_some_and(|reported| !reported.is_warned_of(Code::SentAgain)) {
            report(Promise::LookedForFirst, format!("{place}, and nobody is warned"));
        }
    }
}

/// A write of a plan that an earlier run may have made.
pub(super) struct SentAgain {
    update: usize,
    request: usize,
    /// True if each was carried out: what the first one did had been put back by others, or it arrived late.
    pub(super) is_second_effect: bool,
    /// True if it was known that the earlier run had applied it before this one began.
    is_known: bool,
}

/// The writes of a plan with one record that an earlier run may have made, each with the newest of those.
pub(super) fn sent_again<K: Specimen>(
    history: &History<K>,
    plans: &Plans<K>,
    plan: usize,
    document: usize,
) -> Vec<SentAgain> {
    let runs = plans.runs_of(history, plan, document).into_iter();
    let shared = runs.filter(|update| plans.runs[update].record == RecordOf::Everyone);
    let was_sent = |answer| !matches!(answer, Some(Answer::NotSent | Answer::Throttled(_)));
    let sent = shared.flat_map(|update| {
        let writes = checker::writes(history, &history.updates[update]);
        let sent = writes.filter(|(_, request)| was_sent(request.answer));
        sent.map(move |(request, _)| (request, update))
    });
    let mut sent: Vec<(usize, usize)> = sent.collect();
    sent.sort_unstable();
    let pairs = sent.windows(2).filter(|pair| pair[0].1 != pair[1].1);
    let again = pairs.filter_map(|pair| {
        let [(first, earlier), (request, update)] = [pair[0], pair[1]];
        let before = &history.updates[earlier];
        let ended = before.reported.as_ref().filter(|_| plans.runs[&earlier].is_recorded);
        let is_known = match ended.map(|reported| reported.outcome) {
            None | Some(OutcomeKind::Unknown) => false,
            Some(OutcomeKind::Applied | OutcomeKind::Overwritten) => {
                before.requests.last() < history.updates[update].requests.first()
            }
            // It was refused, so that the next run has nothing to look for.
            Some(_) => return None,
        };
        let is_carried_out = |request: usize| history.requests[request].made.is_some();
        Some(SentAgain {
            update,
            request,
            is_second_effect: is_carried_out(first) && is_carried_out(request),
            is_known,
        })
    });
    again.collect()
}

fn check_conflicts<K: Specimen>(
    history: &History<K>,
    plans: &Plans<K>,
    (number, plan): (usize, &Plan<K>),
    document: usize,
    report: &mut impl FnMut(Promise, String),
) {
    let has_moved = history.logs[document].len() - 1 > plan.reviews[&document].state;
    let mut of_document = history.updates.iter().filter(|run| run.document == document);
    let is_written_since = of_document.any(|run| {
        let reported = run.reported.as_ref();
        let is_since = |time: Duration| SystemTime::UNIX_EPOCH + time > plan.applied.created_at;
        let is_write = |outcome| matches!(outcome, OutcomeKind::Applied | OutcomeKind::Overwritten);
        reported.is_some_and(|reported| is_write(reported.outcome) && is_since(reported.at))
    });
    if has_moved || is_written_since {
        return;
    }
    for update in plans.runs_of(history, number, document) {
        let reported = history.updates[update].reported.as_ref();
        if reported.is_some_and(|reported| reported.outcome == OutcomeKind::Conflict) {
            let what = format!(
                "u{update} of plan {number} is reported so, and {} stands",
                id_of::<K>(document)
            );
            report(Promise::ConflictIsTrue, what);
        }
    }
}

/// A write by a run of a plan.
struct PlannedWrite {
    run: PlannedRun,
    update: usize,
    request: usize,
}

fn write_of<K: Specimen>(plans: &Plans<K>, by: Author) -> Option<PlannedWrite> {
    match by {
        Author::Update { update, request, .. } => Some(PlannedWrite {
            run: *plans.runs.get(&update)?,
            update,
            request,
        }),
        Author::Start | Author::Others(_) | Author::TagOnly => None,
    }
}

/// The way in which a state is not what was reviewed.
fn unlike_the_review<K: Specimen>(
    history: &History<K>,
    [document, state, update, request]: [usize; 4],
    review: &Review,
) -> Option<String> {
    let log = &history.logs[document];
    let after = log[state].content;
    // Without versions it is made from what it was compared with; what came between is a loss, which is counted.
    let compared = checker::entry_of(history, &history.updates[update], request).map(|entry| entry.base);
    let before = compared
        .filter(|_| !has_versions::<K>())
        .unwrap_or(log[state - 1].content);
    let Review {
        state: reviewed,
        before: shown_before,
        after: shown_after,
    } = *review;
    if before == shown_before && (state - 1 == reviewed || !has_versions::<K>()) {
        return (after != shown_after).then(|| format!("and not what was shown: {after:?}"));
    }
    let run = &history.updates[update];
    if run.on_conflict == OnConflict::Fail {
        return Some(format!("and v{reviewed} was reviewed"));
    }
    let asked = review.shown();
    let mut changed = before.differs(after);
    if changed.any(|slot| asked.0[slot] != Some(after.0[slot])) {
        return Some("and changed what was not shown".to_owned());
    }
    let collides = collisions(&history.vocabulary, asked, false, [shown_before, before, after]);
    (!collides.is_empty()).then(|| "over what others had changed".to_owned())
}

/// The runs of a plan that were reported that they applied a document.
fn credited<'h, K: Specimen>(
    history: &'h History<K>,
    plans: &'h Plans<K>,
    plan: usize,
    document: usize,
) -> impl Iterator<Item = (usize, PlannedRun, &'h ReportedOutcome)> {
    let runs = plans.runs_of(history, plan, document).into_iter();
    runs.filter_map(move |update| {
        let reported = history.updates[update].reported.as_ref()?;
        (reported.outcome == OutcomeKind::Applied).then_some((update, plans.runs[&update], reported))
    })
}

fn check_credit<K: Specimen>(
    history: &History<K>,
    plans: &Plans<K>,
    (number, plan): (usize, &Plan<K>),
    document: usize,
    report: &mut impl FnMut(Promise, String),
) {
    let shared = |(_, run, _): &(usize, PlannedRun, &ReportedOutcome)| run.record == RecordOf::Everyone;
    let place = format!("plan {number} in {}", id_of::<K>(document));
    let recorded = credited(history, plans, number, document).filter(|it| shared(it) && it.1.is_recorded);
    let updates: Vec<usize> = recorded.map(|(update, ..)| update).collect();
    if updates.len() > 1 {
        report(Promise::OneCredit, format!("{place}: u{updates:?} are reported so"));
    }
    let log = &history.logs[document];
    let is_of_plan = |by| write_of(plans, by).is_some_and(|write| write.run.plan == number);
    if log.iter().any(|state| is_of_plan(state.by)) {
        return;
    }
    let wanted = plan.reviews[&document].shown();
    // What an earlier run of the plan left open is its own, whoever did it: nothing can tell.
    let is_clear = |(update, ..): &(usize, PlannedRun, &ReportedOutcome)| {
        let run = &history.updates[*update];
        run.on_conflict == OnConflict::Fail && !run.is_indeterminate
    };
    for (update, ..) in credited(history, plans, number, document)
        .filter(shared)
        .filter(is_clear)
    {
        let began = history.updates[update].requests.first();
        // What the record had when the plan was made counts as reviewed, though a stale read did not show it.
        let later = log.iter().filter(|state| state.since > plan.made_at);
        let has_ours = later.filter(|state| state.content.says(wanted));
        let mut by_others = has_ours.filter_map(|state| write_of(plans, state.by));
        let is_known = by_others.any(|PlannedWrite { run, update: other, .. }| {
            let other = &history.updates[other];
            let reported = other.reported.as_ref();
            let is_settled = reported.is_some_and(|reported| reported.outcome == OutcomeKind::Applied);
            run.record == RecordOf::Everyone && run.is_recorded && is_settled && other.requests.last() < began
        });
        if is_known {
            let what = format!("{place}: u{update} is reported so, and a run of another plan did it");
            report(Promise::OwnCredit, what);
        }
    }
}
