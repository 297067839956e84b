//! What the server accepted, and what was sent to it.

use super::{Promise, Violation, collisions, report, writes};
use crate::content::NAMES;
use crate::history::{Answer, Author, Call, End, History, LedgerEntry, State, UpdateRun};
use domain::protocol::OnConflict;

/// At most so many times one body goes out under one version.
const MAX_SENDS: usize = 4;

/// Holds each state of a rule that an update made against what its writer wanted and had seen.
pub(super) fn check(history: &History, rule: usize, found: &mut Vec<Violation>) {
    let log = &history.rules[rule];
    for (number, pair) in log.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        let Author::Update { update, request } = after.by else {
            continue;
        };
        let run = &history.updates[update];
        let place = format!("u{update} made r{rule} v{}", number + 1);
        for member in before.content.differs(after.content) {
            if run.wanted.0[member] != Some(after.content.0[member]) {
                let name = NAMES[member];
                report(
                    found,
                    Promise::NothingUnasked,
                    format!("{place}, and did not want that {name}"),
                );
            }
        }
        let Some(entry) = entry_of(history, run, request) else {
            continue;
        };
        let mut changed = before.content.differs(after.content);
        if changed.any(|member| entry.base.0[member] != before.content.0[member]) {
            report(
                found,
                Promise::NothingUnseen,
                format!("{place} from {}, not from what it overwrote", entry.base),
            );
        }
        check_policy(history, run, entry, [before, after], &place, found);
    }
}

/// The intent behind a write that was accepted.
fn entry_of<'h>(history: &'h History, run: &UpdateRun, request: usize) -> Option<&'h LedgerEntry> {
    let Call::Write { body, under } = &history.requests[request].call else {
        return None;
    };
    let of_this = |entry: &&LedgerEntry| {
        under.is_none_or(|under| under == entry.under) && entry.intent.ours.text() == body.document().text()
    };
    run.entries
        .iter()
        .rev()
        .map(|entry| &history.entries[*entry])
        .find(of_this)
}

/// What others did is written over only as the user said, and is told.
fn check_policy(
    history: &History,
    run: &UpdateRun,
    entry: &LedgerEntry,
    [before, after]: [&State; 2],
    place: &str,
    found: &mut Vec<Violation>,
) {
    let seen = run.seen.map(|state| history.rules[run.rule][state].content);
    let of_entry = run.entries.first().map(|first| history.entries[*first].base);
    let first = seen.or(of_entry).unwrap_or(entry.base);
    let theirs = before.content;
    let mut collides = collisions(run.wanted, run.accepts_group_merge, first, theirs, after.content);
    match run.on_conflict {
        OnConflict::Fail => collides.extend(first.differs(theirs)),
        OnConflict::Merge => {}
        OnConflict::Ours => {
            let told = run.told.as_ref().filter(|told| matches!(told.end, End::Applied(_)));
            let is_told = |member: &usize| told.is_none_or(|told| told.overwrote.contains(member));
            collides.retain(|member| !(entry.overwrote.contains(member) && is_told(member)));
        }
    }
    if !collides.is_empty() {
        let names: Vec<_> = collides.iter().map(|member| NAMES[*member]).collect();
        let what = format!(
            "{place} with {:?} over {} of others: {first} became {theirs}",
            run.on_conflict,
            names.join(", ")
        );
        report(found, Promise::PolicyKept, what);
    }
}

/// What an update sent: after an intent, not too often, and after an unclear try nothing else.
pub(super) fn check_sends(history: &History, update: usize, found: &mut Vec<Violation>) {
    let run = &history.updates[update];
    let mut sent: Vec<(Option<usize>, &str, usize)> = Vec::new();
    let mut unclear: Option<(Option<usize>, &str)> = None;
    let mut refused = Vec::new();
    let mut effects = 0;
    for (number, request) in writes(history, run) {
        let Call::Write { body, under } = &request.call else {
            continue;
        };
        let this = (*under, body.document().text());
        if !request.is_intended {
            report(
                found,
                Promise::IntentFirst,
                format!("request {number} of u{update} has no open intent"),
            );
        }
        if refused.contains(under) {
            let what = format!("request {number} of u{update} is under a version that was refused before");
            report(found, Promise::RefusedIsRefused, what);
        }
        if unclear.is_some_and(|unclear| unclear != this) {
            let what = format!("request {number} of u{update} is another one, and an earlier one was unclear");
            report(found, Promise::IdenticalAfterUnclear, what);
        }
        match request.answer {
            Some(Answer::NotSent | Answer::Throttled(_)) => continue,
            Some(Answer::Unclear(_)) => unclear = Some(this),
            Some(Answer::Moved) => refused.push(*under),
            _ => {}
        }
        effects += usize::from(request.made.is_some());
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
