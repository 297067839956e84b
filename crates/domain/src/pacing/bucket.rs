//! The right to start, saved up in quiet times to a burst and no more.

use std::time::Duration;

use super::BURST;

/// The tolerance for rounding: no request waits for a millionth of the right to start.
const NEARLY: f64 = 1e-6;

#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    saved: f64,
    filled_at: Duration,
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            saved: f64::from(BURST),
            filled_at: Duration::ZERO,
        }
    }
}

impl Bucket {
    /// Adds what has come in since the last time, at this rate.
    pub(super) fn fill(&mut self, now: Duration, rate: f64) {
        let time = now.saturating_sub(self.filled_at);
        self.saved = (self.saved + time.as_secs_f64() * rate).min(f64::from(BURST));
        self.filled_at = self.filled_at.max(now);
    }

    /// Takes the right to start one request, if there is one.
    pub(super) fn take_one(&mut self) -> bool {
        let is_enough = self.saved + NEARLY >= 1.0;
        if is_enough {
            self.saved = (self.saved - 1.0).max(0.0);
        }
        is_enough
    }

    /// Loses what was saved, but for one request, and gets nothing before that time: the first after a pause finds
    /// out whether it is over, not five at once.
    pub(super) fn close_until(&mut self, time: Duration) {
        self.saved = 1.0;
        self.filled_at = self.filled_at.max(time);
    }

    /// The time until there is enough for so many requests, at this rate, counted from the last fill.
    pub(super) fn time_until(&self, requests: u32, rate: f64) -> Duration {
        let lacking = (f64::from(requests) - self.saved).max(0.0);
        Duration::try_from_secs_f64(lacking / rate).unwrap_or(Duration::MAX)
    }
}
