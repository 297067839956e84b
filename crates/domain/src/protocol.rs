//! The update of one stored document as a state machine without I/O.
//!
//! It is told what a read or a write answered, and says what to do next: read, write these bytes under this
//! version, wait, or stop with this outcome. Whoever drives it only carries the steps out, so every interleaving
//! can be tried without a network, and nothing depends on who drives.
//!
//! What it promises: a write goes out only under the version that was read; a document is checked before it is
//! sent; an intent is recorded before each write; an unclear write is repeated only as the identical bytes under the
//! identical version, and never merged over; an outcome is reported as what is known, `unknown` included; and what
//! others did meanwhile is merged or shown, never overwritten unseen.

mod backoff;
mod endings;
mod looking;
mod making;
mod moving;
mod steps;
mod stopping;
mod terms;
#[cfg(test)]
mod tests;
mod verdict;
mod wanted;

use std::time::Duration;

pub use backoff::Backoff;
pub use steps::{Event, Intent, Moment, Step};
pub use terms::{Mode, OnConflict, Terms};
pub use verdict::{Confirmation, Conflict, Outcome, Verdict};
pub use wanted::Wanted;

use crate::failure::{Failure, FailureClass};
use crate::finding::Finding;
use crate::kind::{Collision, Kind};
use crate::stored::Stored;
use crate::version::Version;

/// How many times one body is sent under one version.
pub const MAX_SENDS: u32 = 4;

/// How many times a document that moved is merged with; the next move is a conflict.
pub const MAX_MERGES: u32 = 5;

/// How many times a server that says "moved" may show the old version before it counts as moved all the same.
pub const MAX_STALE_READS: u32 = 3;

/// How long after the write stale reads are waited out.
pub const STALE_READS_WITHIN: Duration = Duration::from_secs(5);

/// The update of one document, as far as it has come.
#[derive(Clone, Debug)]
pub struct Update<K: Kind> {
    wanted: Wanted<K>,
    terms: Terms,
    phase: Phase,
    asked: Option<Asked<K>>,
    made: Option<Made<K>>,
    merges: u32,
    /// Whether a write was sent whose effect is not known.
    unclear: Option<Failure>,
    /// Sends of this body under this version.
    sends: u32,
    attempts: u32,
    waited: Duration,
    retries: Backoff,
}

/// The document that is written, and what it was made from.
#[derive(Clone, Debug)]
struct Made<K: Kind> {
    base: Stored<K>,
    version: Version,
    change: K::Change,
    ours: K,
    findings: Vec<Finding>,
    /// What of theirs it overwrites, by the user's own words.
    overwrites: Vec<Collision>,
}

/// The change as the user saw it: each merge starts from here. A merge that started from the one before it would take
/// what that one overwrote for its own base, and not tell.
#[derive(Clone, Debug)]
struct Asked<K: Kind> {
    base: K,
    change: K::Change,
}

/// What is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    Reading(Purpose),
    WaitingToRead(Purpose),
    Recording,
    Writing,
    WaitingToWrite,
    Done,
}

/// What a read is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To make the change from.
    Base,
    /// To see what the write that was refused ran into.
    Theirs { stale: u32, since: Duration },
    /// To see what an unclear write did, and go on.
    Settle { absent: u32, since: Duration },
    /// To see what an unclear write did, and stop.
    LastLook,
    /// To learn the version of what was applied.
    NewVersion,
}

impl<K: Kind> Update<K> {
    /// An update that has not begun, of the document as it is read.
    #[must_use]
    pub fn new(wish: K::Wish, terms: Terms) -> Self {
        Self::of(Wanted::Wish(wish), terms)
    }

    /// An update that has not begun.
    #[must_use]
    pub fn of(wanted: Wanted<K>, terms: Terms) -> Self {
        Self {
            wanted,
            terms,
            phase: Phase::Starting,
            asked: None,
            made: None,
            merges: 0,
            unclear: None,
            sends: 0,
            attempts: 0,
            waited: Duration::ZERO,
            retries: Backoff::default(),
        }
    }

    /// What to do next, now that this happened.
    pub fn next(&mut self, event: Event<K>, now: Moment) -> Step<K> {
        match (self.phase, event) {
            (Phase::Starting, Event::Started) => self.read(Purpose::Base),
            (Phase::WaitingToRead(purpose), Event::Waited) => self.read(purpose),
            (Phase::WaitingToWrite, Event::Waited) | (Phase::Recording, Event::Recorded(Ok(()))) => self.write(),
            (Phase::Recording, Event::Recorded(Err(why))) => self.not_recorded(&why),
            (Phase::Reading(purpose), Event::Read(Ok(stored))) => self.on_read(purpose, stored, now),
            (Phase::Reading(purpose), Event::Read(Err(failure))) => self.on_read_failure(purpose, failure, now),
            (Phase::Writing, Event::Written(Ok(stored))) => self.on_accepted(stored),
            (Phase::Writing, Event::Written(Err(failure))) => self.on_write_failure(failure, now),
            (_, Event::Started | Event::Waited | Event::Recorded(_) | Event::Read(_) | Event::Written(_)) => {
                let failure = Failure::new(FailureClass::Malformed, "the protocol was driven out of step");
                if self.unclear.is_some() {
                    self.unknown(failure)
                } else {
                    self.failed(failure)
                }
            }
        }
    }

    fn read(&mut self, purpose: Purpose) -> Step<K> {
        self.phase = Phase::Reading(purpose);
        Step::Read
    }

    fn write(&mut self) -> Step<K> {
        let Some(made) = &self.made else {
            return self.failed(Failure::new(FailureClass::Malformed, "there is nothing to write"));
        };
        let step = Step::Write {
            document: made.ours.clone(),
            version: made.version.clone(),
        };
        self.phase = Phase::Writing;
        self.sends += 1;
        self.attempts += 1;
        step
    }

    fn wait(&mut self, wait: Duration, then: Phase) -> Step<K> {
        self.phase = then;
        self.waited += wait;
        Step::Wait(wait)
    }

    fn fits(&self, wait: Duration, now: Moment) -> bool {
        now.at.saturating_add(wait) < self.terms.deadline
    }

    fn on_read(&mut self, purpose: Purpose, stored: Stored<K>, now: Moment) -> Step<K> {
        match purpose {
            Purpose::Base => self.make(stored),
            Purpose::Theirs { stale, since } => self.on_theirs(stored, stale, since, now),
            Purpose::Settle { .. } => self.settle(&stored),
            Purpose::LastLook => match self.applied_if_in(&stored) {
                Some(step) => step,
                None => self.unknown_as_it_was(),
            },
            Purpose::NewVersion => {
                let shown = self.only_if_it_is_ours(&stored);
                self.applied(shown, Confirmation::Answer, Vec::new())
            }
        }
    }

    /// Has the intent recorded; the write comes after that.
    fn record(&mut self, made: Made<K>) -> Step<K> {
        let intent = Intent {
            base: made.base.clone(),
            version: made.version.clone(),
            change: made.change.clone(),
            ours: made.ours.clone(),
            overwrites: made.overwrites.clone(),
            merges: self.merges,
        };
        self.made = Some(made);
        self.sends = 0;
        self.phase = Phase::Recording;
        Step::Record(Box::new(intent))
    }

    fn on_accepted(&mut self, stored: Option<Stored<K>>) -> Step<K> {
        let Some(stored) = stored else {
            return self.read(Purpose::NewVersion);
        };
        let lacks = self
            .made
            .as_ref()
            .map_or_else(Vec::new, |made| stored.value.lacks(&made.change));
        if stored.version.is_none() && lacks.is_empty() {
            return self.read(Purpose::NewVersion);
        }
        self.applied(Some(stored), Confirmation::Answer, lacks)
    }

    fn on_write_failure(&mut self, failure: Failure, now: Moment) -> Step<K> {
        match failure.class {
            FailureClass::NotSent | FailureClass::Throttled { .. } => {
                self.sends -= 1;
                self.attempts -= 1;
                let wait = self.retries.wait_for(&failure, now.chance);
                if self.fits(wait, now) {
                    return self.wait(wait, Phase::WaitingToWrite);
                }
                self.end(failure, Some(wait))
            }
            FailureClass::PreconditionFailed => self.read(Purpose::Theirs {
                stale: 0,
                since: now.at,
            }),
            FailureClass::Indeterminate { .. } => {
                let wait = self.retries.wait_for(&failure, now.chance);
                self.unclear = Some(failure);
                if self.fits(wait, now) {
                    return self.wait(
                        wait,
                        Phase::WaitingToRead(Purpose::Settle {
                            absent: 0,
                            since: now.at,
                        }),
                    );
                }
                self.read(Purpose::LastLook)
            }
            FailureClass::NotFound
            | FailureClass::Denied
            | FailureClass::Unauthenticated
            | FailureClass::Rejected
            | FailureClass::Untrusted
            | FailureClass::Malformed
            | FailureClass::IdMismatch
            | FailureClass::Redirected => self.end(failure, None),
        }
    }

    /// Stops writing. With an unclear try open, what it did is looked for once more.
    fn end(&mut self, failure: Failure, come_back_in: Option<Duration>) -> Step<K> {
        if self.unclear.is_some() {
            return self.read(Purpose::LastLook);
        }
        match come_back_in {
            Some(wait) => self.deferred(failure, wait),
            None => self.failed(failure),
        }
    }

    fn on_read_failure(&mut self, purpose: Purpose, failure: Failure, now: Moment) -> Step<K> {
        if purpose == Purpose::NewVersion {
            return self.applied(None, Confirmation::Answer, Vec::new());
        }
        if failure.is_retryable() {
            let wait = self.retries.wait_for(&failure, now.chance);
            if self.fits(wait, now) {
                return self.wait(wait, Phase::WaitingToRead(purpose));
            }
            if purpose == Purpose::Base {
                return self.deferred(failure, wait);
            }
        }
        let is_absent = failure.class == FailureClass::NotFound;
        match purpose {
            Purpose::Theirs { stale, since } if is_absent => {
                self.look_again_for_absent(stale, since, now, |stale, since| Purpose::Theirs { stale, since })
            }
            Purpose::Settle { absent, since } if is_absent => {
                self.look_again_for_absent(absent, since, now, |absent, since| Purpose::Settle { absent, since })
            }
            Purpose::Base | Purpose::NewVersion => self.failed(failure),
            Purpose::Theirs { .. } | Purpose::Settle { .. } | Purpose::LastLook => self.moved_out_of_sight(),
        }
    }
}
