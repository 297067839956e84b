//! The transitions: what follows from what was read, recorded, answered or waited for.

use std::time::Duration;

use super::outcome::{Conflict, Outcome};
use super::state::{AfterWait, Attempt, Now, Polling, Read, ReadPurpose, Requested, Step, Update, Wait, Write};
use super::{
    MAX_MERGES, MAX_SENDS, MAX_STALE_READS, OnConflict, PendingWrite, Precondition, STALE_READS_WITHIN, UpdateRequest,
};
use crate::code::Code;
use crate::document::{Collision, DocumentKind, Stored, merge};
use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::pointer::Pointer;
use crate::request_error::{FailureClass, RequestError};
use crate::version::Version;

/// The pause between two reads that may show an old document.
const STALE_READ_PAUSE: Duration = Duration::from_secs(1);

/// The time that is left after a stop to see what a write did.
const FINAL_VERIFY_WITHIN: Duration = Duration::from_secs(10);

/// Steps that need no decision.
impl<K: DocumentKind> Update<K> {
    pub(super) fn read(self, purpose: ReadPurpose<K>) -> Step<K> {
        Step::Read(Read { update: self, purpose })
    }

    pub(super) fn write(mut self, mut attempt: Box<Attempt<K>>, compared: Option<Version>) -> Step<K> {
        attempt.sends += 1;
        self.attempts += 1;
        Step::Write(Write {
            update: self,
            attempt,
            compared,
        })
    }

    fn wait(self, duration: Duration, then: AfterWait<K>, now: Now) -> Step<K> {
        Step::Wait(Wait {
            update: self,
            duration,
            since: now.elapsed,
            then,
        })
    }

    fn fits(&self, wait: Duration, now: Now) -> bool {
        now.elapsed.saturating_add(wait) < self.options.deadline
    }

    /// The version that must be read, where one was named.
    pub(super) fn named_version(&self) -> Option<Version> {
        self.options.expected_version.clone().or_else(|| match &self.request {
            UpdateRequest::Edit(edit) | UpdateRequest::EditOf { edit, .. } => edit.base_version(),
            UpdateRequest::Patch { .. } | UpdateRequest::Planned { .. } => None,
        })
    }
}

/// The transitions after a read.
impl<K: DocumentKind> Update<K> {
    pub(super) fn on_read(self, purpose: ReadPurpose<K>, stored: Stored<K>, now: Now) -> Step<K> {
        match purpose {
            ReadPurpose::Base => self.prepare(stored),
            ReadPurpose::Guard(attempt) => self.compare(attempt, stored),
            ReadPurpose::ResolveConflict(attempt, polling) => self.resolve_conflict(attempt, polling, stored, now),
            ReadPurpose::Verify(attempt, polling) => self.verify(attempt, polling, &stored, now),
            ReadPurpose::FinalVerify(attempt) => {
                if attempt.write.is_evident_in(&stored.value) {
                    return self.applied_by_read(*attempt, &stored);
                }
                self.unknown(*attempt)
            }
            ReadPurpose::NewVersion(attempt) => {
                let shown = attempt.write.is_stored_as_written(&stored).then_some(stored);
                self.applied(*attempt, shown, Evidence::Answer, Vec::new())
            }
            ReadPurpose::ReadBack(attempt, answer, polling) => self.read_back(attempt, answer, polling, stored, now),
        }
    }

    pub(super) fn on_read_failure(mut self, mut purpose: ReadPurpose<K>, failure: RequestError, now: Now) -> Step<K> {
        if let ReadPurpose::NewVersion(attempt) = purpose {
            return self.applied(*attempt, None, Evidence::Answer, Vec::new());
        }
        if failure.is_retryable() {
            let wait = self.backoff.wait_for(&failure, now.jitter);
            if self.fits(wait, now) {
                return self.wait(wait, AfterWait::Read(purpose), now);
            }
            match purpose {
                ReadPurpose::Base => return self.deferred(None, failure, wait),
                ReadPurpose::Guard(attempt) if attempt.unclear.is_none() => {
                    return self.deferred(Some(attempt.write), failure, wait);
                }
                ReadPurpose::Guard(_)
                | ReadPurpose::ResolveConflict(..)
                | ReadPurpose::Verify(..)
                | ReadPurpose::FinalVerify(_)
                | ReadPurpose::NewVersion(_)
                | ReadPurpose::ReadBack(..) => return self.out_of_sight(purpose, failure),
            }
        }
        // A document may be absent for seconds after a write: it counts as deleted only after as many reads as a stale
        // one is read.
        if failure.class == FailureClass::NotFound
            && self.fits(STALE_READ_PAUSE, now)
            && let Some(polling) = purpose.polling()
            && polling.seen + 1 < MAX_STALE_READS
        {
            *polling = polling.next();
            return self.wait(STALE_READ_PAUSE, AfterWait::Read(purpose), now);
        }
        self.out_of_sight(purpose, failure)
    }

    /// The document cannot be read any more.
    fn out_of_sight(self, purpose: ReadPurpose<K>, failure: RequestError) -> Step<K> {
        match purpose {
            ReadPurpose::Base => self.failed(None, failure),
            ReadPurpose::Guard(attempt) if failure.class != FailureClass::NotFound => {
                self.failed(Some(attempt.write), failure)
            }
            ReadPurpose::Guard(attempt)
            | ReadPurpose::ResolveConflict(attempt, _)
            | ReadPurpose::Verify(attempt, _)
            | ReadPurpose::FinalVerify(attempt)
            | ReadPurpose::NewVersion(attempt) => self.lost_sight(*attempt),
            ReadPurpose::ReadBack(attempt, answer, _) => {
                let message = format!("the document could not be read back after the write: {failure}");
                let warning = Finding::new(Code::NotReadBack, Pointer::root(), message);
                let shown = answer.map(|value| Stored {
                    value: *value,
                    ..attempt.write.base.clone()
                });
                self.applied_as_answered(*attempt, shown, vec![warning])
            }
        }
    }

    /// Compares the content right before the write.
    fn compare(self, attempt: Box<Attempt<K>>, stored: Stored<K>) -> Step<K> {
        if attempt.write.is_unmoved(&stored) {
            return self.write(attempt, stored.version);
        }
        if attempt.write.is_evident_in(&stored.value) {
            return self.unchanged_by_others(stored, attempt.write.merges);
        }
        self.rebase(attempt.requested, attempt.write.merges, Some(attempt.write), stored)
    }

    /// The document that a refused write ran into.
    fn resolve_conflict(self, attempt: Box<Attempt<K>>, polling: Polling, theirs: Stored<K>, now: Now) -> Step<K> {
        if attempt.write.is_unmoved(&theirs) {
            if polling.may_go_on(now) && self.fits(STALE_READ_PAUSE, now) {
                let again = ReadPurpose::ResolveConflict(attempt, polling.next());
                return self.wait(STALE_READ_PAUSE, AfterWait::Read(again), now);
            }
            return self.lost_sight(*attempt);
        }
        if attempt.write.is_evident_in(&theirs.value) {
            if attempt.unclear.is_some() {
                return self.applied_by_read(*attempt, &theirs);
            }
            return self.unchanged_by_others(theirs, attempt.write.merges);
        }
        if attempt.unclear.is_some() {
            return self.unknown(*attempt);
        }
        self.rebase(attempt.requested, attempt.write.merges, Some(attempt.write), theirs)
    }

    /// The document after an indeterminate write.
    fn verify(self, attempt: Box<Attempt<K>>, polling: Polling, stored: &Stored<K>, now: Now) -> Step<K> {
        if attempt.write.is_evident_in(&stored.value) {
            return self.applied_by_read(*attempt, stored);
        }
        match &attempt.write.precondition {
            // Why the identical bytes under the identical version: the lock is the fence.
            Precondition::Version(_) if attempt.write.is_unmoved(stored) && attempt.sends < MAX_SENDS => {
                self.write(attempt, None)
            }
            // Without a lock a second send may undo what others did since the first: it is only looked for.
            Precondition::Content(_) if polling.may_go_on(now) && self.fits(STALE_READ_PAUSE, now) => {
                let again = ReadPurpose::Verify(attempt, polling.next());
                self.wait(STALE_READ_PAUSE, AfterWait::Read(again), now)
            }
            Precondition::Version(_) | Precondition::Content(_) => self.unknown(*attempt),
        }
    }

    /// The document after an accepted write that only its content guards.
    fn read_back(
        self,
        mut attempt: Box<Attempt<K>>,
        answer: Option<Box<K>>,
        polling: Polling,
        stored: Stored<K>,
        now: Now,
    ) -> Step<K> {
        if attempt.write.is_evident_in(&stored.value) {
            let shown = attempt.write.is_stored_as_written(&stored).then_some(stored);
            return self.applied(*attempt, shown, Evidence::Answer, Vec::new());
        }
        let is_as_answered = answer
            .as_ref()
            .is_some_and(|answer| answer.has_content_of(&stored.value));
        if is_as_answered {
            return self.applied_as_answered(*attempt, Some(stored), Vec::new());
        }
        let may_be_stale = polling.may_go_on(now);
        if may_be_stale && self.fits(STALE_READ_PAUSE, now) {
            let again = ReadPurpose::ReadBack(attempt, answer, polling.next());
            return self.wait(STALE_READ_PAUSE, AfterWait::Read(again), now);
        }
        // Why not overwritten in doubt: what a stale read shows may be what this write went over.
        if may_be_stale || attempt.write.is_unmoved(&stored) {
            attempt.unclear = Some(RequestError::no_answer(
                "the server accepted the write, and reads do not show it yet",
            ));
            return self.unknown(*attempt);
        }
        let merges = attempt.write.merges;
        let outcome = Outcome::Overwritten {
            write: attempt.write,
            after: stored,
        };
        self.done(outcome, merges)
    }
}

/// The transitions after the answer to a write.
impl<K: DocumentKind> Update<K> {
    pub(super) fn on_accepted(self, attempt: Box<Attempt<K>>, stored: Option<Stored<K>>, now: Now) -> Step<K> {
        if let Precondition::Content(_) = attempt.write.precondition {
            let answer = stored.map(|stored| Box::new(stored.value));
            return self.read(ReadPurpose::ReadBack(attempt, answer, Polling::since(now)));
        }
        let Some(stored) = stored else {
            return self.read(ReadPurpose::NewVersion(attempt));
        };
        if stored.version.is_none() && attempt.write.patch.is_applied_to(&stored.value) {
            return self.read(ReadPurpose::NewVersion(attempt));
        }
        self.applied_as_answered(*attempt, Some(stored), Vec::new())
    }

    pub(super) fn on_write_failure(mut self, mut attempt: Box<Attempt<K>>, failure: RequestError, now: Now) -> Step<K> {
        match failure.class {
            FailureClass::NotSent | FailureClass::Throttled { .. } => {
                attempt.sends -= 1;
                self.attempts -= 1;
                let wait = self.backoff.wait_for(&failure, now.jitter);
                if self.fits(wait, now) {
                    return self.wait(wait, AfterWait::Write(attempt), now);
                }
                if attempt.unclear.is_some() {
                    return self.read(ReadPurpose::FinalVerify(attempt));
                }
                self.deferred(Some(attempt.write), failure, wait)
            }
            FailureClass::PreconditionFailed => self.read(ReadPurpose::ResolveConflict(attempt, Polling::since(now))),
            FailureClass::Indeterminate { .. } => {
                let wait = self.backoff.wait_for(&failure, now.jitter);
                attempt.unclear = Some(failure);
                if self.fits(wait, now) {
                    let verify = ReadPurpose::Verify(attempt, Polling::since(now));
                    return self.wait(wait, AfterWait::Read(verify), now);
                }
                self.read(ReadPurpose::FinalVerify(attempt))
            }
            FailureClass::NotFound
            | FailureClass::Denied
            | FailureClass::Unauthenticated
            | FailureClass::Rejected
            | FailureClass::Untrusted
            | FailureClass::Malformed
            | FailureClass::IdMismatch
            | FailureClass::OtherOrganization
            | FailureClass::Redirected => {
                if attempt.unclear.is_some() {
                    return self.read(ReadPurpose::FinalVerify(attempt));
                }
                self.failed(Some(attempt.write), failure)
            }
        }
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
            return self.unchanged_by_others(theirs, merges);
        }
        self.send(
            requested,
            theirs,
            rebased.patch,
            rebased.document,
            rebased.collisions,
            merges + 1,
        )
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
            (Some(seen), Some(theirs)) => seen.diff(&theirs.value),
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

    /// The stored document cannot be seen, or is said to have moved and does not show it.
    fn lost_sight(self, attempt: Attempt<K>) -> Step<K> {
        if attempt.unclear.is_some() {
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

/// Stopping.
impl<K: DocumentKind> Update<K> {
    /// Stops in place of a read, or of the wait for one. What a write of ours did is still looked for, once and briefly.
    pub(super) fn cancel_read(mut self, purpose: ReadPurpose<K>, now: Now) -> Step<K> {
        match purpose {
            ReadPurpose::NewVersion(_) | ReadPurpose::ReadBack(..) => {
                self.hurry(now);
                self.read(purpose)
            }
            ReadPurpose::Base => self.done(Outcome::NotAttempted { write: None }, 0),
            ReadPurpose::Guard(attempt)
            | ReadPurpose::ResolveConflict(attempt, _)
            | ReadPurpose::Verify(attempt, _)
            | ReadPurpose::FinalVerify(attempt) => self.cancel_attempt(attempt, now),
        }
    }

    pub(super) fn cancel_attempt(mut self, attempt: Box<Attempt<K>>, now: Now) -> Step<K> {
        self.hurry(now);
        if attempt.unclear.is_some() {
            return self.read(ReadPurpose::FinalVerify(attempt));
        }
        let merges = attempt.write.merges;
        let write = Some(attempt.write);
        self.done(Outcome::NotAttempted { write }, merges)
    }

    fn hurry(&mut self, now: Now) {
        self.options.deadline = self
            .options
            .deadline
            .min(now.elapsed.saturating_add(FINAL_VERIFY_WITHIN));
    }
}

impl<K: DocumentKind> ReadPurpose<K> {
    /// The reads so far, where they are repeated.
    fn polling(&mut self) -> Option<&mut Polling> {
        match self {
            Self::ResolveConflict(_, polling) | Self::Verify(_, polling) | Self::ReadBack(_, _, polling) => {
                Some(polling)
            }
            Self::Base | Self::Guard(_) | Self::FinalVerify(_) | Self::NewVersion(_) => None,
        }
    }
}

impl Polling {
    fn since(now: Now) -> Self {
        Self {
            seen: 0,
            since: now.elapsed,
        }
    }

    fn next(self) -> Self {
        Self {
            seen: self.seen + 1,
            ..self
        }
    }

    fn may_go_on(self, now: Now) -> bool {
        let in_time = now.elapsed + STALE_READ_PAUSE <= self.since + STALE_READS_WITHIN;
        self.seen + 1 < MAX_STALE_READS && in_time
    }
}
