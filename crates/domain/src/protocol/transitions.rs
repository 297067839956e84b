//! The transitions: what follows from what was read, recorded, answered or waited for.

use std::time::Duration;

use super::outcome::Outcome;
use super::state::{AfterWait, Attempt, Now, Polling, Read, ReadPurpose, Step, Update, Wait, Write};
use super::{MAX_SENDS, MAX_STALE_READS, Precondition, STALE_READS_WITHIN, UpdateRequest};
use crate::code::Code;
use crate::document::{DocumentKind, Stored};
use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::pointer::Pointer;
use crate::request_error::{FailureClass, RequestError};
use crate::version::Version;

/// The pauses between reads that may show an old document: the first is short, since most reads are not stale, and all
/// of them outlast a replica that lags for seconds.
const STALE_READ_PAUSES: [Duration; MAX_STALE_READS as usize - 1] = [Duration::from_secs(1), Duration::from_secs(3)];

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

    pub(super) fn wait(self, duration: Duration, then: AfterWait<K>, now: Now) -> Step<K> {
        Step::Wait(Wait {
            update: self,
            duration,
            since: now.elapsed,
            then,
        })
    }

    pub(super) fn fits(&self, wait: Duration, now: Now) -> bool {
        now.elapsed.saturating_add(wait) < self.options.deadline
    }

    /// The pause before the next read of what may be stale; none if there have been enough, or no time is left.
    pub(super) fn pause_of(&self, polling: Polling, now: Now) -> Option<Duration> {
        polling.pause_within(now).filter(|pause| self.fits(*pause, now))
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
            ReadPurpose::Reviewed(attempt, polling) => self.compare_with_reviewed(attempt, polling, stored, now),
            ReadPurpose::Guard(attempt) => self.compare(attempt, stored),
            ReadPurpose::ResolveConflict(attempt, polling) => self.resolve_conflict(attempt, polling, stored, now),
            ReadPurpose::Verify(attempt, polling) => self.verify(attempt, polling, &stored, now),
            ReadPurpose::FinalVerify(attempt) => {
                if attempt.write.is_proved_by(&stored.value) {
                    return self.applied_by_read(attempt.write, &stored);
                }
                if attempt.indeterminate.is_some() {
                    return self.unknown(*attempt);
                }
                if attempt.write.is_unmoved(&stored) {
                    return self.maybe_stale(*attempt);
                }
                self.not_attempted(attempt.write)
            }
            ReadPurpose::NewVersion(attempt) => {
                let shown = attempt.write.is_stored_as_written(&stored).then_some(stored);
                self.applied(attempt.write, shown, Evidence::Answer, Vec::new())
            }
            ReadPurpose::ReadBack(attempt, answer, polling) => self.read_back(attempt, answer, polling, stored, now),
        }
    }

    pub(super) fn on_read_failure(mut self, mut purpose: ReadPurpose<K>, failure: RequestError, now: Now) -> Step<K> {
        if let ReadPurpose::NewVersion(attempt) = purpose {
            return self.applied(attempt.write, None, Evidence::Answer, Vec::new());
        }
        if failure.is_retryable() {
            let wait = self.backoff.wait_for(&failure, now.jitter);
            if self.fits(wait, now) {
                return self.wait(wait, AfterWait::Read(purpose), now);
            }
            match purpose {
                ReadPurpose::Base => return self.deferred(None, failure, wait),
                ReadPurpose::Reviewed(attempt, _) => return self.deferred(Some(attempt.write), failure, wait),
                ReadPurpose::Guard(attempt) if attempt.indeterminate.is_none() => {
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
            && let Some(polling) = purpose.polling()
            && let Some(pause) = polling.pause().filter(|pause| self.fits(*pause, now))
        {
            *polling = polling.next();
            return self.wait(pause, AfterWait::Read(purpose), now);
        }
        self.out_of_sight(purpose, failure)
    }

    /// The document cannot be read any more.
    fn out_of_sight(self, purpose: ReadPurpose<K>, failure: RequestError) -> Step<K> {
        match purpose {
            ReadPurpose::Base => self.failed(None, failure),
            ReadPurpose::Guard(attempt) if attempt.indeterminate.is_some() => self.lost_sight(*attempt, failure),
            ReadPurpose::Guard(attempt) | ReadPurpose::Reviewed(attempt, _)
                if failure.class != FailureClass::NotFound =>
            {
                self.failed(Some(attempt.write), failure)
            }
            ReadPurpose::Guard(attempt) | ReadPurpose::Reviewed(attempt, _) => self.deleted(*attempt),
            ReadPurpose::ResolveConflict(attempt, polling)
                if failure.class == FailureClass::NotFound && polling.pause().is_none() =>
            {
                self.deleted(*attempt)
            }
            ReadPurpose::ResolveConflict(attempt, _)
            | ReadPurpose::Verify(attempt, _)
            | ReadPurpose::FinalVerify(attempt)
            | ReadPurpose::NewVersion(attempt) => self.lost_sight(*attempt, failure),
            ReadPurpose::ReadBack(attempt, answer, _) => {
                let message = format!("the document could not be read back after the write: {failure}");
                let warning = Finding::new(Code::NotReadBack, Pointer::root(), message);
                let shown = answer.map(|value| Stored {
                    value: *value,
                    ..attempt.write.base.clone()
                });
                self.applied_as_answered(attempt.write, shown, vec![warning])
            }
        }
    }

    /// Compares the content right before the write.
    fn compare(self, mut attempt: Box<Attempt<K>>, stored: Stored<K>) -> Step<K> {
        if attempt.write.is_unmoved(&stored) {
            if attempt.is_left_open() {
                attempt.write.warn_once(Finding::sent_again());
            }
            return self.write(attempt, stored.version);
        }
        if attempt.write.is_proved_by(&stored.value) {
            return self.already_so(Some(attempt.write), stored, 0);
        }
        if attempt.indeterminate.is_some() {
            return self.unknown(*attempt);
        }
        self.rebase(attempt.requested, attempt.write.merges, Some(attempt.write), stored)
    }

    /// The document after an indeterminate write.
    fn verify(self, attempt: Box<Attempt<K>>, polling: Polling, stored: &Stored<K>, now: Now) -> Step<K> {
        if attempt.write.is_proved_by(&stored.value) {
            return self.applied_by_read(attempt.write, stored);
        }
        let polling = polling.showing(attempt.write.is_unmoved(stored));
        match &attempt.write.precondition {
            // Why the identical bytes under the identical version: the lock is the fence.
            Precondition::Version(_) if attempt.write.is_unmoved(stored) && attempt.sends < MAX_SENDS => {
                self.write(attempt, None)
            }
            Precondition::Version(_) => self.unknown(*attempt),
            // Without a lock a second send may undo what others did since the first: it is only looked for.
            Precondition::Content(_) => {
                let pause = if attempt.is_left_open() {
                    polling.pause().filter(|pause| self.fits(*pause, now))
                } else {
                    self.pause_of(polling, now)
                };
                if let Some(pause) = pause {
                    let again = ReadPurpose::Verify(attempt, polling.next());
                    return self.wait(pause, AfterWait::Read(again), now);
                }
                // Why only for an earlier run's: to apply again is how people go on after a stop.
                if attempt.is_left_open() && polling.unmoved == MAX_STALE_READS {
                    return self.record_and_write(attempt);
                }
                self.unknown(*attempt)
            }
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
            return self.applied(attempt.write, shown, Evidence::Answer, Vec::new());
        }
        let is_as_answered = answer
            .as_ref()
            .is_some_and(|answer| answer.has_content_of(&stored.value));
        if is_as_answered {
            return self.applied_as_answered(attempt.write, Some(stored), Vec::new());
        }
        let may_be_stale = polling.pause_within(now).is_some();
        if let Some(pause) = self.pause_of(polling, now) {
            let again = ReadPurpose::ReadBack(attempt, answer, polling.next());
            return self.wait(pause, AfterWait::Read(again), now);
        }
        // Why not overwritten in doubt: what a stale read shows may be what this write went over.
        if may_be_stale || attempt.write.is_unmoved(&stored) {
            attempt.indeterminate = Some(RequestError::no_answer(
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
        self.applied_as_answered(attempt.write, Some(stored), Vec::new())
    }

    pub(super) fn on_write_failure(mut self, mut attempt: Box<Attempt<K>>, failure: RequestError, now: Now) -> Step<K> {
        self.may_have_arrived |= failure.class != FailureClass::NotSent;
        match failure.class {
            FailureClass::NotSent | FailureClass::Throttled { .. } => {
                attempt.sends -= 1;
                self.attempts -= 1;
                let wait = self.backoff.wait_for(&failure, now.jitter);
                if self.fits(wait, now) {
                    return self.wait(wait, AfterWait::Write(attempt), now);
                }
                if attempt.indeterminate.is_some() {
                    return self.read(ReadPurpose::FinalVerify(attempt));
                }
                self.deferred(Some(attempt.write), failure, wait)
            }
            // Why the last three: not the platform alone answers so, but what stands in front of it does, too, even after
            // the platform carried the write out.
            FailureClass::PreconditionFailed
            | FailureClass::Conflict
            | FailureClass::TransactionCancelled
            | FailureClass::Malformed
            | FailureClass::IdMismatch
            | FailureClass::Redirected => {
                attempt.refusal = Some(failure);
                self.read(ReadPurpose::ResolveConflict(attempt, Polling::since(now)))
            }
            FailureClass::Indeterminate { wait: asked, .. } => {
                let wait = self.backoff.wait_for(&failure, now.jitter);
                attempt.indeterminate = Some(failure);
                if self.fits(wait, now) {
                    let verify = ReadPurpose::Verify(attempt, Polling::since(now));
                    return self.wait(wait, AfterWait::Read(verify), now);
                }
                // Why no read: the server asked for a pause, and that is a request, too.
                if asked.is_some_and(|asked| !asked.is_zero()) {
                    return self.unknown(*attempt);
                }
                self.read(ReadPurpose::FinalVerify(attempt))
            }
            FailureClass::NotFound
            | FailureClass::Denied
            | FailureClass::Unauthenticated
            | FailureClass::Rejected
            | FailureClass::Untrusted
            | FailureClass::OtherOrganization => {
                if attempt.indeterminate.is_some() {
                    return self.read(ReadPurpose::FinalVerify(attempt));
                }
                self.failed(Some(attempt.write), failure)
            }
        }
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
            ReadPurpose::Reviewed(attempt, _) => self.not_attempted(attempt.write),
            ReadPurpose::Guard(attempt)
            | ReadPurpose::ResolveConflict(attempt, _)
            | ReadPurpose::Verify(attempt, _)
            | ReadPurpose::FinalVerify(attempt) => self.cancel_attempt(attempt, now),
        }
    }

    pub(super) fn cancel_attempt(mut self, attempt: Box<Attempt<K>>, now: Now) -> Step<K> {
        self.hurry(now);
        if attempt.may_have_been_sent() {
            return self.read(ReadPurpose::FinalVerify(attempt));
        }
        self.not_attempted(attempt.write)
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
            Self::Reviewed(_, polling)
            | Self::ResolveConflict(_, polling)
            | Self::Verify(_, polling)
            | Self::ReadBack(_, _, polling) => Some(polling),
            Self::Base | Self::Guard(_) | Self::FinalVerify(_) | Self::NewVersion(_) => None,
        }
    }
}

impl Polling {
    pub(super) fn since(now: Now) -> Self {
        Self {
            since: now.elapsed,
            ..Self::default()
        }
    }

    /// The same after a read that shows the document as it was before the write, or otherwise.
    fn showing(self, is_unmoved: bool) -> Self {
        Self {
            unmoved: self.unmoved + u32::from(is_unmoved),
            ..self
        }
    }

    pub(super) fn next(self) -> Self {
        Self {
            seen: self.seen + 1,
            ..self
        }
    }

    /// The pause before the next read; none if there have been enough.
    fn pause(self) -> Option<Duration> {
        STALE_READ_PAUSES.get(self.seen as usize).copied()
    }

    /// The same, shortened so that the read is made while others may be stale; none after that.
    pub(super) fn pause_within(self, now: Now) -> Option<Duration> {
        let left = (self.since + STALE_READS_WITHIN).saturating_sub(now.elapsed);
        self.pause()
            .map(|pause| pause.min(left))
            .filter(|pause| !pause.is_zero())
    }
}
