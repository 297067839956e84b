//! Lost updates where the server has no versions, counted: a comparison cannot exclude them.

use domain::OutcomeKind;
use domain::testing::Specimen;

use super::{entry_of, writes};
use crate::content::SLOTS;
use crate::history::{Arrival, Author, History, LedgerEntry, ReportedOutcome, UpdateRun};

/// Counts of lost updates: of others' and of an update's own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Losses {
    /// Updates whose write was accepted.
    pub(crate) accepted: u64,
    /// Seen: others wrote over an update's write, and its read-back found it: `overwritten`.
    pub(crate) seen: u64,
    /// Silent: a write went over what others wrote between its comparison and its arrival.
    pub(crate) raced: u64,
    /// Silent: a write arrived after its client had given it up, over what others wrote since.
    pub(crate) late: u64,
    /// Silent: a write arrived once more, over what others wrote since.
    pub(crate) repeated: u64,
    /// Updates that were applied and read back, and were overwritten unseen by another writer later.
    pub(crate) undone: u64,
}

impl Losses {
    pub(crate) fn of<K: Specimen>(history: &History<K>) -> Self {
        let mut losses = Self::default();
        for run in &history.updates {
            let is_accepted = writes(history, run).any(|(_, request)| request.made.is_some());
            losses.accepted += u64::from(is_accepted);
            let outcome = run.reported.as_ref().map(|reported| reported.outcome);
            losses.seen += u64::from(outcome == Some(OutcomeKind::Overwritten));
            let applied = run
                .reported
                .as_ref()
                .filter(|reported| reported.outcome == OutcomeKind::Applied);
            losses.undone += u64::from(applied.is_some_and(|reported| is_undone(history, run, reported)));
        }
        for (document, log) in history.logs.iter().enumerate() {
            for (number, state) in log.iter().enumerate() {
                let Author::Update {
                    update,
                    request,
                    arrival,
                } = state.by
                else {
                    continue;
                };
                let entry = entry_of(history, &history.updates[update], request);
                let is_loss = entry.is_some_and(|entry| lost_slots(history, document, number, entry).next().is_some());
                let count = match arrival {
                    Arrival::InTime => &mut losses.raced,
                    Arrival::Late => &mut losses.late,
                    Arrival::Repeated => &mut losses.repeated,
                };
                *count += u64::from(is_loss);
            }
        }
        losses
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            seen: self.seen + other.seen,
            raced: self.raced + other.raced,
            late: self.late + other.late,
            repeated: self.repeated + other.repeated,
            undone: self.undone + other.undone,
        }
    }
}

/// The slots that others had changed since a write was compared, and that the state made by it changed back.
pub(super) fn lost_slots<K: Specimen>(
    history: &History<K>,
    document: usize,
    made: usize,
    entry: &LedgerEntry<K>,
) -> impl Iterator<Item = usize> {
    let log = &history.logs[document];
    let (before, after, base) = (log[made - 1].content, log[made].content, entry.base);
    (0..SLOTS).filter(move |slot| before.0[*slot] != base.0[*slot] && before.0[*slot] != after.0[*slot])
}

/// True if a write that did not name it changed back a slot that an update had written.
fn is_undone<K: Specimen>(history: &History<K>, run: &UpdateRun, reported: &ReportedOutcome) -> bool {
    let made = writes(history, run).find_map(|(_, request)| request.made);
    made.is_some_and(|made| super::outcomes::undone(history, run, reported, made).next().is_some())
}
