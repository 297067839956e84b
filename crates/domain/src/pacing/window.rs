//! The current window as far as it is known, and the rate at which what is left of it lasts to its end.

use std::time::Duration;

use super::RateWindow;

/// The length of a window, unless the platform reports a longer one.
const MINUTE: Duration = Duration::from_mins(1);

/// The part of a window that is left to others who use the same token.
const RESERVE: f64 = 0.03;

/// The factor by which the rest of a window may be used faster than evenly. More than 1, to make up for what a pause
/// cost; not much more, because where windows slide what is left now is not what is left until the reset.
const CATCH_UP: f64 = 1.25;

/// Two answers that put the end of the window this close together mean the same end: the platform reports whole
/// seconds, and answers take their time.
const SAME_END: Duration = Duration::from_secs(2);

/// A window that is spent is believed for so long: then one request may find out.
const BELIEVED: Duration = Duration::from_mins(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    allowed: u32,
    count: u32,
    ends: Duration,
    period: Duration,
    /// The time of the answer that reported it; none if it is assumed to have begun because the one before was over.
    reported_at: Option<Duration>,
}

impl Window {
    /// The window after an answer to a request that started then. Answers overtake each other, so within a window the
    /// highest count is the newest, and one that speaks of the window before comes too late.
    pub(super) fn learned(known: Option<Self>, started: Duration, now: Duration, reported: RateWindow) -> Self {
        let ends = now.saturating_add(reported.reset);
        if let Some(known) = known
            && let Some(begins) = known.ends.checked_sub(known.period)
            && started < begins
            && begins.abs_diff(ends) <= SAME_END
        {
            return known;
        }
        let same = known.filter(|known| known.ends.abs_diff(ends) <= SAME_END);
        let reported_end = same.filter(|same| same.reported_at.is_some()).map(|same| same.ends);
        Self {
            allowed: reported.allowed,
            count: same.map_or(reported.count, |same| same.count.max(reported.count)),
            ends: reported_end.map_or(ends, |reported_end| reported_end.min(ends)),
            period: reported.reset.max(MINUTE),
            reported_at: Some(now),
        }
    }

    /// The window at that time: if this one is over, a new one like it.
    pub(super) fn at(self, now: Duration) -> Self {
        let Some(over) = now.checked_sub(self.ends) else {
            return self;
        };
        let into_the_next = over.as_nanos() % self.period.as_nanos().max(1);
        let into_the_next = Duration::from_nanos(u64::try_from(into_the_next).unwrap_or(0));
        Self {
            count: 0,
            reported_at: None,
            ends: now.saturating_sub(into_the_next).saturating_add(self.period),
            ..self
        }
    }

    /// Counts a request whose answer did not say whether it was counted.
    pub(super) fn count_one(&mut self) {
        self.count = self.count.saturating_add(1);
    }

    /// The time until the window ends.
    pub(super) fn left(self, now: Duration) -> Duration {
        self.ends.saturating_sub(now)
    }

    /// The rate at which what is left lasts to the end, in requests a second. `uncounted` are requests under way.
    pub(super) fn spread(self, now: Duration, uncounted: u32) -> f64 {
        let ours = f64::from(self.allowed) * (1.0 - RESERVE);
        let left = ours - f64::from(self.count) - f64::from(uncounted);
        let time = self.left(now).max(Duration::from_millis(1));
        let evenly = ours / self.period.as_secs_f64();
        (left / time.as_secs_f64()).clamp(0.0, evenly * CATCH_UP)
    }

    /// The time for which nothing is left, the reserve included, as long as that is [`BELIEVED`].
    pub(super) fn spent_for(self, now: Duration) -> Duration {
        let Some(reported_at) = self.reported_at.filter(|_| self.count >= self.allowed) else {
            return Duration::ZERO;
        };
        let until = self.ends.min(reported_at.saturating_add(BELIEVED));
        until.saturating_sub(now)
    }
}
