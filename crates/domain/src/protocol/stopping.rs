//! What becomes of an update that somebody stops.

use std::time::Duration;

use super::{Moment, Outcome, Phase, Purpose, Step, Update};
use crate::kind::Kind;

/// How long a write that is in doubt is still looked for after that.
const LAST_LOOK_WITHIN: Duration = Duration::from_secs(10);

impl<K: Kind> Update<K> {
    /// Stops the update in place of carrying out the step that was asked for last. What a write of ours did is still
    /// looked for, once and briefly; nothing more is written.
    pub fn stop(&mut self, now: Moment) -> Step<K> {
        self.terms.deadline = self.terms.deadline.min(now.at.saturating_add(LAST_LOOK_WITHIN));
        if self.phase == Phase::Writing {
            self.sends -= 1;
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
