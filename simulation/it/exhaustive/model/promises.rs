//! The promises of a small world, and which of them a move breaks.

use domain::protocol::{MAX_SENDS, OnConflict, Outcome, Step};
use domain::testing::Specimen;
use domain::{Code, Evidence};

use super::{Arrival, Intended, Model, SentWrite};
use crate::checker::collisions;
use crate::vocabulary::has_versions;

impl<K: Specimen> Model<K> {
    /// Checks that a write may be sent: after its intent, not under a version that was refused, and after an
    /// indeterminate write only as that write again. Without versions, never after an indeterminate write, and only
    /// right after a read that shows its base.
    pub(super) fn may_be_sent(&self, number: usize, sent: SentWrite) -> Result<(), String> {
        let writer = &self.writers[number];
        let Some(intent) = writer.intent.as_ref().filter(|intent| intent.sent == sent) else {
            return Err("a write without its intent".to_owned());
        };
        if writer.indeterminate.is_some_and(|indeterminate| indeterminate != sent) {
            return Err("another write after an indeterminate one".to_owned());
        }
        if writer.refused.is_some() && writer.refused == sent.under {
            return Err("a write under a version that was refused".to_owned());
        }
        if has_versions::<K>() {
            return Ok(());
        }
        if writer.indeterminate.is_some() {
            return Err("a write after an indeterminate one".to_owned());
        }
        if writer.just_read != Some(intent.base) {
            return Err("a write whose base was not compared right before".to_owned());
        }
        Ok(())
    }

    pub(super) fn count_send(&mut self, number: usize) -> Result<(), String> {
        let writer = &mut self.writers[number];
        writer.sends += 1;
        if writer.sends > MAX_SENDS as usize {
            return Err("too many sends of one body".to_owned());
        }
        Ok(())
    }

    /// Checks that the server may accept a write: once, with only what its writer asked for, and over no change that
    /// its writer had not seen.
    pub(super) fn may_be_accepted(&self, number: usize, intent: &Intended, arrival: Arrival) -> Result<(), String> {
        let writer = &self.writers[number];
        if writer.made.is_some() && arrival == Arrival::First && !writer.is_resent {
            return Err("one update took effect twice".to_owned());
        }
        // Without versions the base is what it was compared with: what came between is lost unseen.
        let theirs = if has_versions::<K>() {
            self.newest()
        } else {
            intent.base
        };
        let ours = intent.sent.content;
        let first = writer.first_base.unwrap_or(theirs);
        let mut asked = self.vocabulary.asked(writer.wanted, first);
        for slot in &intent.overwrites {
            asked.0[*slot] = writer.wanted.0[*slot];
        }
        let unasked = theirs.differs(ours).find(|slot| asked.0[*slot] != Some(ours.0[*slot]));
        if let Some(slot) = unasked {
            return Err(format!(
                "{} was changed, and nobody wanted that",
                self.vocabulary.name(slot)
            ));
        }
        let mut collides = collisions(&self.vocabulary, asked, false, [first, theirs, ours]);
        match writer.task.on_conflict {
            OnConflict::Fail => collides.extend(first.differs(theirs)),
            OnConflict::Merge => {}
            OnConflict::Ours => collides.retain(|slot| !intent.overwrites.contains(slot)),
        }
        if let Some(slot) = collides.first() {
            return Err(format!(
                "{} of others was overwritten unseen",
                self.vocabulary.name(*slot)
            ));
        }
        let is_reviewed = intent.sent.under.unwrap_or_default() == 0 && intent.base == self.log[0].content;
        if writer.task.is_planned && writer.task.on_conflict == OnConflict::Fail && !is_reviewed {
            return Err("what was reviewed went out over another state".to_owned());
        }
        Ok(())
    }

    /// Once an update is over, what it says holds, whatever arrives later.
    pub(super) fn is_reported_truly(&self, number: usize) -> Result<(), String> {
        let writer = &self.writers[number];
        let Step::Done(completion) = &writer.step else {
            return Ok(());
        };
        let outcome = &completion.outcome;
        let first = writer.first_base.unwrap_or(self.log[0].content);
        let asked = self.vocabulary.asked(writer.wanted, first);
        let read_back = writer.read_back.map(|state| &self.log[state]);
        let is_read_back = read_back.is_some_and(|read| read.content.says(asked));
        let written = writer.intent.as_ref().map(|intent| &intent.text);
        // Ours was carried out, its repetition refused, and the last read shows that others undid it.
        let is_seen_undone = writer.is_resent && read_back.is_some() && !is_read_back;
        let is_warned_of = |code: Code| outcome.findings().iter().any(|finding| finding.code == code);
        let is_foreign = read_back.is_some_and(|read| Some(&read.text) != written);
        let is_true = match outcome {
            Outcome::Applied {
                evidence: Evidence::Answer,
                ..
            } => {
                let is_looked_for = has_versions::<K>() || is_read_back || is_warned_of(Code::NotReadBack);
                writer.is_accepted && writer.made.is_some() && is_looked_for
            }
            Outcome::Applied { .. } => writer.observed.ours && is_warned_of(Code::ConfirmedByRead),
            Outcome::Overwritten { .. } => writer.made.is_some() && is_foreign,
            Outcome::Unknown { .. } => {
                let is_out_of_sight = !has_versions::<K>() && writer.made.is_some();
                writer.indeterminate.is_some() || writer.refused.is_some() || is_out_of_sight
            }
            Outcome::Conflict(_) => {
                let was_there = writer.refused.is_some() || (!has_versions::<K>() && writer.observed.others);
                (writer.made.is_none() || is_seen_undone) && was_there
            }
            Outcome::Unchanged { .. } => writer.made.is_none() && writer.sends == 0,
            Outcome::Planned(_)
            | Outcome::Invalid { .. }
            | Outcome::Rejected { .. }
            | Outcome::Denied { .. }
            | Outcome::Failed(_)
            | Outcome::Deferred { .. }
            | Outcome::NotAttempted { .. } => writer.made.is_none() || is_seen_undone,
        };
        if is_true {
            Ok(())
        } else {
            Err(format!(
                "writer {number} was told {:?}, which is not so",
                outcome.kind()
            ))
        }
    }
}
