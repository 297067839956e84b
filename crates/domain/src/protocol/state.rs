//! The states of an update, as the steps that it asks for.
//!
//! A step owns the update and all that belongs to its state. Answering it consumes it and gives the next step, so an answer
//! to another step than the one that was asked for cannot be given.

use std::time::Duration;

use super::{Backoff, Completion, PendingWrite, PriorWrite, RecordError, UpdateOptions, UpdateRequest};
use crate::document::{DocumentKind, Patch, Stored};
use crate::request_error::{FailureClass, RequestError};
use crate::version::Version;

/// The time since the operation started, and the jitter for a wait that may follow.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The time since the operation started.
    pub elapsed: Duration,
    /// A random number from 0 to 1.
    pub jitter: f64,
}

/// The next thing to do.
#[derive(Clone, Debug)]
pub enum Step<K: DocumentKind> {
    /// Read the document.
    Read(Read<K>),
    /// Record an intent durably.
    Record(Record<K>),
    /// Write a document.
    Write(Write<K>),
    /// Wait.
    Wait(Wait<K>),
    /// Stop: this is the end.
    Done(Box<Completion<K>>),
}

/// The update of one document.
#[derive(Clone, Debug)]
pub struct Update<K: DocumentKind> {
    pub(super) request: UpdateRequest<K>,
    pub(super) options: UpdateOptions,
    pub(super) attempts: u32,
    /// True once a write may have reached the server. From then on a document that has ours in it is an applied change,
    /// never an unchanged one.
    pub(super) may_have_arrived: bool,
    pub(super) waited: Duration,
    pub(super) backoff: Backoff,
}

/// A patch as the user saw it: each merge starts from here. A merge that started from the one before it would take what
/// that one overwrote for its own base, and not report it.
#[derive(Clone, Debug)]
pub(super) struct Requested<K: DocumentKind> {
    pub(super) base: K,
    pub(super) patch: Patch<K>,
}

/// A write on its way, and what is known of its sends.
#[derive(Clone, Debug)]
pub(super) struct Attempt<K: DocumentKind> {
    pub(super) write: PendingWrite<K>,
    pub(super) requested: Requested<K>,
    /// True once its intent is recorded.
    pub(super) is_recorded: bool,
    /// Sends of this body under this precondition.
    pub(super) sends: u32,
    /// The last send whose effect is not known.
    pub(super) indeterminate: Option<RequestError>,
    /// The last refusal: of this send, or of its repetition on the way.
    pub(super) refusal: Option<RequestError>,
}

impl<K: DocumentKind> Attempt<K> {
    /// True if an earlier run sent it, its outcome is not known, and this run has not sent it.
    pub(super) fn is_left_open(&self) -> bool {
        self.indeterminate.is_some() && self.sends == 0
    }

    /// True if a send of it may have reached the server.
    pub(super) fn may_have_been_sent(&self) -> bool {
        self.indeterminate.is_some() || self.refusal.is_some()
    }

    /// True if the last refusal was the server's own transaction, which may pass a moment later.
    pub(super) fn is_transaction_cancelled(&self) -> bool {
        let refusal = self.refusal.as_ref();
        refusal.is_some_and(|refusal| refusal.class == FailureClass::TransactionCancelled)
    }
}

/// The purpose of a read, with all that is known then.
#[derive(Clone, Debug)]
pub(super) enum ReadPurpose<K: DocumentKind> {
    /// To make the change from.
    Base,
    /// To compare with the reviewed document, where nothing may be written without that.
    Reviewed(Box<Attempt<K>>, Polling),
    /// To compare the content right before the write.
    Guard(Box<Attempt<K>>),
    /// To see what a write that was refused ran into.
    ResolveConflict(Box<Attempt<K>>, Polling),
    /// To see what an indeterminate write did, and go on.
    Verify(Box<Attempt<K>>, Polling),
    /// To see what an indeterminate write did, and stop.
    FinalVerify(Box<Attempt<K>>),
    /// To learn the version of what was applied.
    NewVersion(Box<Attempt<K>>),
    /// To compare the content after an accepted write; with the document that its answer showed.
    ReadBack(Box<Attempt<K>>, Option<Box<K>>, Polling),
}

/// Reads that are repeated since they may show an old document.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Polling {
    /// Reads so far that may have.
    pub(super) seen: u32,
    /// Those that showed what was there before the write.
    pub(super) unmoved: u32,
    /// The time at which the write was answered; the start, if it is another run's.
    pub(super) since: Duration,
}

/// The read or the write that follows a wait.
#[derive(Clone, Debug)]
pub(super) enum AfterWait<K: DocumentKind> {
    Read(ReadPurpose<K>),
    Write(Box<Attempt<K>>),
}

/// A read that is to be carried out.
#[derive(Clone, Debug)]
pub struct Read<K: DocumentKind> {
    pub(super) update: Update<K>,
    pub(super) purpose: ReadPurpose<K>,
}

/// An intent that is to be recorded. Without a durable intent nothing is written.
#[derive(Clone, Debug)]
pub struct Record<K: DocumentKind> {
    pub(super) update: Update<K>,
    pub(super) attempt: Box<Attempt<K>>,
}

/// A write that is to be sent.
#[derive(Clone, Debug)]
pub struct Write<K: DocumentKind> {
    pub(super) update: Update<K>,
    pub(super) attempt: Box<Attempt<K>>,
    /// The version of the document that the content was compared with.
    pub(super) compared: Option<Version>,
}

/// A wait that is to be waited out.
#[derive(Clone, Debug)]
pub struct Wait<K: DocumentKind> {
    pub(super) update: Update<K>,
    pub(super) duration: Duration,
    pub(super) since: Duration,
    pub(super) then: AfterWait<K>,
}

impl<K: DocumentKind> Update<K> {
    /// Starts an update: its first step.
    #[must_use]
    pub fn start(request: UpdateRequest<K>, options: UpdateOptions) -> Step<K> {
        let update = Self {
            request,
            options,
            attempts: 0,
            may_have_arrived: false,
            waited: Duration::ZERO,
            backoff: Backoff::default(),
        };
        match update.request.clone() {
            UpdateRequest::Planned { base, patch, prior } => update.write_planned(base, patch, &prior),
            UpdateRequest::Edit(_) | UpdateRequest::EditOf { .. } | UpdateRequest::Patch { .. } => {
                update.read(ReadPurpose::Base)
            }
        }
    }
}

impl<K: DocumentKind> Read<K> {
    /// The answer to the read.
    #[must_use]
    pub fn answered(self, answer: Result<Stored<K>, RequestError>, now: Now) -> Step<K> {
        match answer {
            Ok(stored) => self.update.on_read(self.purpose, stored, now),
            Err(failure) => self.update.on_read_failure(self.purpose, failure, now),
        }
    }

    /// Stops the update in place of this read.
    #[must_use]
    pub fn cancel(self, now: Now) -> Step<K> {
        self.update.cancel_read(self.purpose, now)
    }
}

impl<K: DocumentKind> Record<K> {
    /// The write that is about to be sent.
    pub fn intent(&self) -> &PendingWrite<K> {
        &self.attempt.write
    }

    /// The intent is where no crash can take it.
    #[must_use]
    pub fn recorded(self) -> Step<K> {
        self.update.start_write(self.attempt)
    }

    /// The intent of a reviewed patch is where no crash can take it, and the record knows of a write since the review: the
    /// document is read before anything is sent.
    #[must_use]
    pub fn recorded_after(mut self, prior: PriorWrite<K>, now: Now) -> Step<K> {
        if prior == PriorWrite::None {
            return self.recorded();
        }
        self.attempt.is_recorded = true;
        let is_left_open = prior == PriorWrite::Unsettled;
        if let UpdateRequest::Planned { prior: known, .. } = &mut self.update.request {
            *known = prior;
        }
        let polling = Polling::since(now);
        if is_left_open {
            return self.update.look_for_what_was_left_open(self.attempt, polling);
        }
        self.update.read(ReadPurpose::Reviewed(self.attempt, polling))
    }

    /// The intent could not be recorded.
    #[must_use]
    pub fn not_recorded(self, error: RecordError) -> Step<K> {
        if self.attempt.may_have_been_sent() {
            return self.update.read(ReadPurpose::FinalVerify(self.attempt));
        }
        self.update.not_recorded(*self.attempt, error)
    }

    /// The intent could not be recorded, since a request that the record depends on failed.
    #[must_use]
    pub fn give_up(self, failure: RequestError) -> Step<K> {
        if self.attempt.may_have_been_sent() {
            return self.update.read(ReadPurpose::FinalVerify(self.attempt));
        }
        let write = Some(self.attempt.write);
        if let FailureClass::Throttled { wait: Some(wait) } = failure.class {
            return self.update.deferred(write, failure, wait);
        }
        self.update.failed(write, failure)
    }

    /// Stops the update in place of recording.
    #[must_use]
    pub fn cancel(self, now: Now) -> Step<K> {
        self.update.cancel_attempt(self.attempt, now)
    }
}

impl<K: DocumentKind> Write<K> {
    /// The document to write.
    pub fn document(&self) -> &K {
        &self.attempt.write.ours
    }

    /// The version to write under. Under the guard `content` it is the one of the document that was compared: the server
    /// may check it, and nothing depends on that.
    pub fn version(&self) -> Option<&Version> {
        self.attempt.write.precondition.version().or(self.compared.as_ref())
    }

    /// Records the intent once more in place of this write: the lease of the first one is over, so that others may have
    /// settled it.
    #[must_use]
    pub fn record_again(mut self) -> Step<K> {
        self.update.attempts -= 1;
        self.attempt.sends -= 1;
        Step::Record(Record {
            update: self.update,
            attempt: self.attempt,
        })
    }

    /// The answer to the write: the stored document, if the server showed it whole.
    #[must_use]
    pub fn answered(self, answer: Result<Option<Stored<K>>, RequestError>, now: Now) -> Step<K> {
        match answer {
            Ok(stored) => self.update.on_accepted(self.attempt, stored, now),
            Err(failure) => self.update.on_write_failure(self.attempt, failure, now),
        }
    }

    /// Stops the update in place of this write.
    #[must_use]
    pub fn cancel(mut self, now: Now) -> Step<K> {
        self.update.attempts -= 1;
        self.update.cancel_attempt(self.attempt, now)
    }
}

impl<K: DocumentKind> Wait<K> {
    /// The length of the wait.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// The wait is over.
    #[must_use]
    pub fn over(mut self) -> Step<K> {
        self.update.waited += self.duration;
        match self.then {
            AfterWait::Read(purpose) => self.update.read(purpose),
            AfterWait::Write(attempt) => self.update.start_write(attempt),
        }
    }

    /// Gives the update up in place of waiting to try again: no more retries are affordable now, and it can be done later.
    ///
    /// # Errors
    ///
    /// The wait itself, if it is for a read that settles a write: such a read is never given up.
    #[expect(clippy::result_large_err, reason = "the wait is given back to go on with")]
    pub fn give_up(self, failure: RequestError) -> Result<Step<K>, Self> {
        match self.then {
            AfterWait::Read(ReadPurpose::Base) => Ok(self.update.deferred(None, failure, self.duration)),
            AfterWait::Read(ReadPurpose::Reviewed(attempt, _)) => {
                Ok(self.update.deferred(Some(attempt.write), failure, self.duration))
            }
            AfterWait::Write(attempt) if attempt.indeterminate.is_none() => {
                Ok(self.update.deferred(Some(attempt.write), failure, self.duration))
            }
            AfterWait::Read(_) | AfterWait::Write(_) => Err(self),
        }
    }

    /// Stops the update in the middle of this wait.
    #[must_use]
    pub fn cancel(mut self, now: Now) -> Step<K> {
        self.update.waited += now.elapsed.saturating_sub(self.since).min(self.duration);
        match self.then {
            AfterWait::Read(purpose) => self.update.cancel_read(purpose, now),
            AfterWait::Write(attempt) => self.update.cancel_attempt(attempt, now),
        }
    }
}
