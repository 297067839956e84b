//! What becomes of an update that somebody stops, or that is given up.

use std::time::Duration;

use super::{Moment, Outcome, Phase, Purpose, Step, Update};
use crate::failure::Failure;
use crate::kind::Kind;

/// How long a write that is in doubt is still looked for after that.
const LAST_LOOK_WITHIN: Duration = Duration::from_secs(10);

impl<K: Kind> Update<K> {
    /// Gives the update up in place of waiting to try again: no more tries are affordable now, and it can be done
    /// later. Nothing if the wait is for a read that settles a write: such a read is never given up.
    pub fn give_up(&mut self, failure: Failure, wait: Duration) -> Option<Step<K>> {
        let only_tries_again = matches!(self.phase, Phase::WaitingToRead(Purpose::Base) | Phase::WaitingToWrite);
        if !only_tries_again || self.unclear.is_some() {
            return None;
        }
        self.waited = self.waited.saturating_sub(wait);
        Some(self.deferred(failure, wait))
    }

    /// Stops the update in place of carrying out the step that was asked for last. What a write of ours did is still
    /// looked for, once and briefly; nothing more is written.
    pub fn stop(&mut self, now: Moment) -> Step<K> {
        self.terms.deadline = self.terms.deadline.min(now.at.saturating_add(LAST_LOOK_WITHIN));
        if self.phase == Phase::Writing {
            self.attempts -= 1;
        }
        match self.phase {
            Phase::Reading(Purpose::NewVersion) => self.read(Purpose::NewVersion),
            _ if self.unclear.is_some() => self.read(Purpose::LastLook),
            Phase::Starting
            | Phase::Reading(_)
            | Phase::WaitingToRead(_)
            | Phase::Recording
            | Phase::Writing
            | Phase::WaitingToWrite
            | Phase::Done => {
                let verdict = self.verdict_of_made(Outcome::NotAttempted);
                self.done(verdict)
            }
        }
    }
}
