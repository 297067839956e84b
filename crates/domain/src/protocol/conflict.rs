//! The transitions of a document that moved, and of a write that was refused.

use super::outcome::{Conflict, Outcome};
use super::state::{AfterWait, Attempt, Now, Polling, ReadPurpose, Requested, Step, Update};
use super::{MAX_MERGES, MAX_SENDS, OnConflict, PendingWrite, UpdateRequest};
use crate::document::{Collision, DocumentKind, Stored, merge, shown_changes};
use crate::request_error::RequestError;
use crate::version::Version;

/// The transitions after a refused write.
impl<K: DocumentKind> Update<K> {
    /// The document that a refused write ran into.
    ///
    /// Ours in it is an applied change: a gateway that repeats a request passes on the answer to the second one.
    pub(super) fn resolve_conflict(
        self,
        attempt: Box<Attempt<K>>,
        polling: Polling,
        theirs: Stored<K>,
        now: Now,
    ) -> Step<K> {
        if attempt.write.is_unmoved(&theirs) {
            if attempt.is_transaction_cancelled() {
                return self.write_again(attempt, now);
            }
            return match polling.pause_within(now) {
                Some(pause) if self.fits(pause, now) => {
                    let again = ReadPurpose::ResolveConflict(attempt, polling.next());
                    self.wait(pause, AfterWait::Read(again), now)
                }
                Some(_) => self.maybe_stale(*attempt),
                None => self.refused(*attempt),
            };
        }
        if attempt.write.is_evident_in(&theirs.value) {
            return self.applied_by_read(attempt.write, &theirs);
        }
        if attempt.indeterminate.is_some() {
            return self.unknown(*attempt);
        }
        self.rebase(attempt.requested, attempt.write.merges, Some(attempt.write), theirs)
    }

    /// Writes the same bytes again after the server cancelled its own transaction, while sends and time are left.
    fn write_again(mut self, attempt: Box<Attempt<K>>, now: Now) -> Step<K> {
        let Some(refusal) = attempt.refusal.clone() else {
            return self.start_write(attempt);
        };
        let wait = self.backoff.wait_for(&refusal, now.jitter);
        if attempt.sends < MAX_SENDS && self.fits(wait, now) {
            return self.wait(wait, AfterWait::Write(attempt), now);
        }
        if attempt.indeterminate.is_some() {
            return self.unknown(*attempt);
        }
        self.deferred(Some(attempt.write), refusal, wait)
    }
}

/// The transitions of a change whose document moved while no write is in doubt.
impl<K: DocumentKind> Update<K> {
    /// Merges as the user allows, and goes on under the new precondition with a new intent; or it is a conflict.
    ///
    /// A version that moved while the content did not is no change of others, and goes on whatever the policy: but not
    /// where the user named the version, or reviewed it.
    pub(super) fn rebase(
        self,
        requested: Requested<K>,
        merges: u32,
        refused: Option<PendingWrite<K>>,
        theirs: Stored<K>,
    ) -> Step<K> {
        let Requested { base, patch } = &requested;
        let rebased = match merge(base, patch, &theirs.value, self.options.cross_field_merge) {
            Ok(rebased) => rebased,
            Err(error) => return self.too_large(theirs, &error, merges),
        };
        let is_bound = self.named_version().is_some() || matches!(self.request, UpdateRequest::Planned { .. });
        let goes_on = match self.options.on_conflict {
            OnConflict::Fail => !is_bound && base.has_content_of(&theirs.value),
            OnConflict::Merge => rebased.collisions.is_empty(),
            OnConflict::Ours => true,
        };
        if !goes_on || merges == MAX_MERGES {
            return self.conflict(Some(base), refused, Some(theirs), rebased.collisions, merges);
        }
        if theirs.value.has_content_of(&rebased.document) {
            return self.already_so(refused, theirs, merges);
        }
        self.send(requested, theirs, rebased, merges + 1)
    }

    /// The document is not at the version that the change was made from, and that version's content is not known.
    pub(super) fn not_the_named_version(self, theirs: Stored<K>, ours: &K) -> Step<K> {
        let collisions = theirs.value.diff(ours).into_iter().map(|difference| Collision {
            pointer: difference.pointer,
            base: None,
            ours: difference.after,
            theirs: difference.before,
        });
        let conflict = Conflict {
            collisions: collisions.collect(),
            theirs_changed: Vec::new(),
            expected: self.named_version(),
            base: Some(theirs.clone()),
            ours: None,
            theirs: Some(theirs),
            findings: Vec::new(),
        };
        self.done(Outcome::Conflict(conflict), 0)
    }

    fn conflict(
        self,
        seen: Option<&K>,
        refused: Option<PendingWrite<K>>,
        theirs: Option<Stored<K>>,
        collisions: Vec<Collision>,
        merges: u32,
    ) -> Step<K> {
        let theirs_changed = match (seen, &theirs) {
            (Some(seen), Some(theirs)) => shown_changes(seen, &theirs.value),
            (Some(_) | None, _) => Vec::new(),
        };
        let is_named_read = |named: &Version| {
            let read = theirs.as_ref().filter(|_| refused.is_none());
            read.is_none_or(|read| read.stated_version().as_ref() == Some(named))
        };
        let expected = self.named_version().filter(|named| !is_named_read(named));
        let (base, ours, findings) = match refused {
            Some(write) => (Some(write.base), Some(write.ours), write.findings),
            // Without a document of ours it is the first read that shows what others did.
            None => (theirs.clone(), None, Vec::new()),
        };
        let conflict = Conflict {
            base,
            ours,
            theirs,
            expected,
            collisions,
            theirs_changed,
            findings,
        };
        self.done(Outcome::Conflict(conflict), merges)
    }

    /// The server refused the write, and nothing moved: its own words say why, and nobody else is blamed for it.
    fn refused(self, attempt: Attempt<K>) -> Step<K> {
        match attempt.refusal {
            Some(refusal) if attempt.indeterminate.is_none() => self.failed(Some(attempt.write), refusal),
            Some(_) | None => self.unknown(attempt),
        }
    }

    /// The stored document cannot be seen. A refused write may have been the repetition of one that was accepted, so its
    /// outcome is not known.
    pub(super) fn lost_sight(self, mut attempt: Attempt<K>, failure: RequestError) -> Step<K> {
        attempt.indeterminate.get_or_insert_with(|| RequestError {
            message: format!(
                "the server refused the write, and the document cannot be read since: {}",
                failure.message
            ),
            ..failure
        });
        self.unknown(attempt)
    }

    /// The read after a refused write shows what was there before it, and there is no time to read again.
    pub(super) fn maybe_stale(self, attempt: Attempt<K>) -> Step<K> {
        let failure = RequestError::no_answer("no time is left to tell a stale read from a refusal");
        self.lost_sight(attempt, failure)
    }

    /// Nothing is stored any more.
    pub(super) fn deleted(self, attempt: Attempt<K>) -> Step<K> {
        if attempt.indeterminate.is_some() {
            return self.unknown(attempt);
        }
        let merges = attempt.write.merges;
        self.conflict(
            Some(&attempt.requested.base),
            Some(attempt.write),
            None,
            Vec::new(),
            merges,
        )
    }
}
