//! The writes that the server accepted.

use domain::OutcomeKind;
use domain::protocol::OnConflict;
use domain::testing::Specimen;

use super::{Promise, Violation, collisions, entry_of, report};
use crate::content::Content;
use crate::history::{Answer, Author, Base, History, LedgerEntry, UpdateRun};
use crate::vocabulary::{has_versions, id_of};

/// Holds each state of a document that an update made against what its writer wanted and had seen.
pub(super) fn check<K: Specimen>(history: &History<K>, document: usize, found: &mut Vec<Violation>) {
    let log = &history.logs[document];
    for (number, pair) in log.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        let Author::Update { update, request, .. } = after.by else {
            continue;
        };
        let run = &history.updates[update];
        let place = format!("u{update} made {} v{}", id_of::<K>(document), number + 1);
        let entry = entry_of(history, run, request);
        // Without versions the base is what it was compared with; what came between is a loss, which is counted.
        let base = match entry {
            Some(entry) if !has_versions::<K>() => entry.base,
            Some(_) | None => before.content,
        };
        let overwrites = entry.map_or(&[][..], |entry| &entry.overwrote);
        let asked = history.asked(run, overwrites);
        for slot in base.differs(after.content) {
            if asked.0[slot] != Some(after.content.0[slot]) {
                let name = history.vocabulary.name(slot);
                report(
                    found,
                    Promise::NothingUnasked,
                    format!("{place}, and did not want that {name}"),
                );
            }
        }
        let Some(entry) = entry else { continue };
        if has_versions::<K>() {
            let mut changed = before.content.differs(after.content);
            if changed.any(|slot| entry.base.0[slot] != before.content.0[slot]) {
                let base = history.vocabulary.show_content(entry.base);
                report(
                    found,
                    Promise::NothingUnseen,
                    format!("{place} from {base}, not from what it overwrote"),
                );
            }
        }
        check_review(history, run, entry, &place, found);
        let write = Write { entry, request };
        check_policy(history, run, &write, [base, after.content], &place, found);
    }
}

/// A reviewed patch goes out over the reviewed state alone.
fn check_review<K: Specimen>(
    history: &History<K>,
    run: &UpdateRun,
    entry: &LedgerEntry<K>,
    place: &str,
    found: &mut Vec<Violation>,
) {
    let Base::Reviewed(state) = run.base else { return };
    if run.on_conflict != OnConflict::Fail {
        return;
    }
    let is_reviewed = if has_versions::<K>() {
        entry.under == state
    } else {
        entry.base == history.logs[run.document][state].content
    };
    if !is_reviewed || run.entries.len() > 1 {
        report(
            found,
            Promise::ReviewedIsWritten,
            format!("{place}, and v{state} was reviewed"),
        );
    }
}

/// An accepted write, and its intent.
struct Write<'h, K> {
    entry: &'h LedgerEntry<K>,
    request: usize,
}

/// The work of others is written over only as the user said, and is reported. Where the network passed on the refusal of
/// a repetition, the intent alone says so.
fn check_policy<K: Specimen>(
    history: &History<K>,
    run: &UpdateRun,
    Write { entry, request }: &Write<'_, K>,
    [theirs, after]: [Content; 2],
    place: &str,
    found: &mut Vec<Violation>,
) {
    let vocabulary = &history.vocabulary;
    let first = history.first_content(run).unwrap_or(entry.base);
    let sides = [first, theirs, after];
    let mut collides = collisions(
        vocabulary,
        history.asked(run, &entry.overwrote),
        run.accepts_group_merge,
        sides,
    );
    match run.on_conflict {
        OnConflict::Fail => collides.extend(first.differs(theirs)),
        OnConflict::Merge => {}
        OnConflict::Ours => {
            let reported = run
                .reported
                .as_ref()
                .filter(|reported| reported.outcome == OutcomeKind::Applied);
            let is_refused = history.requests[*request].answer == Some(Answer::Moved);
            let is_reported =
                |slot: &usize| is_refused || reported.is_none_or(|reported| reported.overwrote.contains(slot));
            collides.retain(|slot| !(entry.overwrote.contains(slot) && is_reported(slot)));
        }
    }
    if !collides.is_empty() {
        let names: Vec<_> = collides.iter().map(|slot| vocabulary.name(*slot)).collect();
        let [first, theirs] = [first, theirs].map(|content| vocabulary.show_content(content));
        let what = format!(
            "{place} with {:?} over {} of others: {first} became {theirs}",
            run.on_conflict,
            names.join(", ")
        );
        report(found, Promise::PolicyKept, what);
    }
}
