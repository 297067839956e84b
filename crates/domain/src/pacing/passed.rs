//! What has started in the last minute and was not refused.

use std::collections::VecDeque;
use std::time::Duration;

/// A window of the platform's: less says nothing about what passes.
const MINUTE: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    first: Option<Duration>,
    /// In order.
    starts: VecDeque<Duration>,
}

impl Passed {
    pub(super) fn add(&mut self, start: Duration) {
        let _ = self.first.get_or_insert(start);
        while let Some(oldest) = self.starts.front()
            && start.saturating_sub(*oldest) > MINUTE
        {
            self.starts.pop_front();
        }
        self.starts.push_back(start);
    }

    /// Takes out one that was refused.
    pub(super) fn remove(&mut self, start: Duration) {
        if let Some(place) = self.starts.iter().rposition(|one| *one == start) {
            self.starts.remove(place);
        }
    }

    /// In the last minute, in requests a second.
    pub(super) fn rate(&self, now: Duration) -> f64 {
        let from = now.saturating_sub(MINUTE);
        let count = self.starts.iter().rev().take_while(|start| **start >= from).count();
        f64::from(super::number(count)) / MINUTE.as_secs_f64()
    }

    /// In the minute that ends with the pause, in requests a second: a pause lasts to the end of a window, so that is
    /// what passed in the window. Nothing if there has not been a minute yet. A pause of more than a minute is about
    /// something else, and then the last minute counts.
    pub(super) fn rate_until(&self, now: Duration, pause_ends: Duration) -> Option<f64> {
        let until = if pause_ends.saturating_sub(now) < MINUTE {
            pause_ends
        } else {
            now
        };
        let has_been_a_minute = self.first? <= until.checked_sub(MINUTE)?;
        has_been_a_minute.then(|| self.rate(until))
    }
}
