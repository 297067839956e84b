//! What a read after a write tells: whether ours is in it, whether somebody was faster, or neither.

use std::time::Duration;

use super::{Confirmation, MAX_SENDS, MAX_STALE_READS, Moment, Phase, Purpose, STALE_READS_WITHIN, Step, Update};
use crate::kind::Kind;
use crate::stored::Stored;

impl<K: Kind> Update<K> {
    pub(super) fn on_theirs(&mut self, theirs: Stored<K>, stale: u32, since: Duration, now: Moment) -> Step<K> {
        let refused = self.made.as_ref().map(|made| made.version.clone());
        if theirs.version == refused {
            let pause = Duration::from_secs(1);
            let in_time = now.at + pause <= since + STALE_READS_WITHIN;
            if stale + 1 < MAX_STALE_READS && in_time && self.fits(pause, now) {
                let again = Purpose::Theirs {
                    stale: stale + 1,
                    since,
                };
                return self.wait(pause, Phase::WaitingToRead(again));
            }
            return self.moved_out_of_sight();
        } else if self.lacks_nothing(&theirs) {
            if self.unclear.is_some() {
                let shown = self.only_if_it_is_ours(&theirs);
                return self.applied(shown, Confirmation::Read, Vec::new());
            }
            return self.unchanged_by_others(theirs);
        }
        if self.unclear.is_some() {
            return self.unknown_as_it_was();
        }
        self.moved(theirs)
    }

    pub(super) fn settle(&mut self, stored: &Stored<K>) -> Step<K> {
        if let Some(step) = self.applied_if_in(stored) {
            return step;
        }
        let unmoved = self
            .made
            .as_ref()
            .is_some_and(|made| stored.version.as_ref() == Some(&made.version));
        if unmoved && self.sends < MAX_SENDS {
            return self.write();
        }
        self.unknown_as_it_was()
    }

    pub(super) fn applied_if_in(&mut self, stored: &Stored<K>) -> Option<Step<K>> {
        if !self.lacks_nothing(stored) {
            return None;
        }
        let shown = self.only_if_it_is_ours(stored);
        Some(self.applied(shown, Confirmation::Read, Vec::new()))
    }

    /// Whether ours is in it. What was in the base already proves nothing (a change may take away what stands deep
    /// inside an element): then only the very document that was written does.
    pub(super) fn lacks_nothing(&self, stored: &Stored<K>) -> bool {
        self.made.as_ref().is_some_and(|made| {
            let was_in_the_base = made.base.value.lacks(&made.change).is_empty();
            if was_in_the_base {
                made.ours.diff(&stored.value).is_empty()
            } else {
                stored.value.lacks(&made.change).is_empty()
            }
        })
    }

    /// What was read, if it is exactly what was written: else it is somebody else's.
    pub(super) fn only_if_it_is_ours(&self, stored: &Stored<K>) -> Option<Stored<K>> {
        let made = self.made.as_ref()?;
        let is_ours = made.ours.diff(&stored.value).is_empty() && stored.version.as_ref() != Some(&made.version);
        is_ours.then(|| stored.clone())
    }

    /// A document may be absent for seconds after a write: it counts as deleted only after as many reads as a stale
    /// one is read.
    pub(super) fn look_again_for_absent(
        &mut self,
        seen: u32,
        since: Duration,
        now: Moment,
        purpose: impl Fn(u32, Duration) -> Purpose,
    ) -> Step<K> {
        let pause = Duration::from_secs(1);
        if seen + 1 < MAX_STALE_READS && self.fits(pause, now) {
            return self.wait(pause, Phase::WaitingToRead(purpose(seen + 1, since)));
        }
        self.moved_out_of_sight()
    }

    pub(super) fn moved_out_of_sight(&mut self) -> Step<K> {
        if self.unclear.is_some() {
            self.unknown_as_it_was()
        } else {
            self.conflict(None, Vec::new())
        }
    }
}
