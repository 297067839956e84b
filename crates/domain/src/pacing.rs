//! The time at which the next request may start, so that the platform has no reason to refuse it.
//!
//! One [`RateLimiter`] stands before all requests of a program under one token. They start in the order in which they
//! queued; after a quiet time a short burst starts at once; and the rate is the lower of what the platform's headers
//! leave and of what its refusals have taught. The limiter has no clock and does not wait: its caller passes the time
//! in, and waits as long as it says.

mod bucket;
mod cubic;
mod passed;
mod rate_window;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use rate_window::RateWindow;

use bucket::Bucket;
use cubic::{Cubic, Probing};
use passed::Passed;
use window::Window;

/// The number of requests that start at once after a quiet time.
const BURST: u32 = 5;

/// No rate is lower, in requests a second: a rate limiter that stops asking would never learn that the trouble is over.
const SLOWEST: f64 = 0.5;

/// The pause of all requests after "too many requests" without a time.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest wait that is returned, unless a pause or a spent window lasts longer: the rate may rise. No wait goes
/// beyond the end of the window either.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The shortest wait: timers do not go finer.
const TICK: Duration = Duration::from_millis(1);

/// The most queue positions that are counted: a request further behind asks again before its turn anyway.
const COUNTED_POSITIONS: usize = 64;

/// Says when requests may start. All times are since some fixed moment, the same for all calls.
///
/// Each request has a [`Permit`] from when it queues until its answer has been learned from; a queued permit that is
/// not released holds up all requests behind it.
///
/// ```
/// use std::time::Duration;
/// use assist_rules_domain::RateLimiter;
///
/// let mut limiter = RateLimiter::default();
/// let start = Duration::ZERO;
/// let burst = [(); 5].map(|()| limiter.take());
/// assert!(burst.iter().all(|permit| limiter.wait(permit, start).is_none()));
///
/// // The server refuses one and says for how long: no request starts before that is over.
/// let next = limiter.take();
/// limiter.throttled(&burst[0], start, Some(Duration::from_secs(30)));
/// assert_eq!(limiter.wait(&next, start), Some(Duration::from_secs(30)));
/// assert_eq!(limiter.wait(&next, Duration::from_secs(30)), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RateLimiter {
    next: u64,
    /// The permits of requests that have not started.
    queue: BTreeSet<u64>,
    /// The unreleased permits of requests that have started, each with the time of the start.
    under_way: BTreeMap<u64, Duration>,
    /// The requests of permits below this number are in the count that the platform reported last.
    counted: u64,
    bucket: Bucket,
    window: Option<Window>,
    cubic: Cubic,
    passed: Passed,
    paused_until: Duration,
}

/// A place in the queue, and later a request under way.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a permit that is not released holds up every request behind it"]
pub struct Permit(u64);

impl RateLimiter {
    /// Queues, behind all who queued before.
    pub fn take(&mut self) -> Permit {
        let number = self.next;
        self.next += 1;
        self.queue.insert(number);
        Permit(number)
    }

    /// The time to wait before asking again; none if the request starts now. At any one time, no request has to wait
    /// less than one that queued before it.
    #[must_use = "nothing means that the request has been counted as started"]
    pub fn wait(&mut self, permit: &Permit, now: Duration) -> Option<Duration> {
        if !self.queue.contains(&permit.0) {
            return None;
        }
        self.turn_window(now);
        let rate = self.rate(now);
        self.bucket.fill(now, rate);
        let closed = self.closed_for(now);
        let ahead = self.queue.range(..permit.0).take(COUNTED_POSITIONS).count();
        if ahead == 0 && closed.is_zero() && self.bucket.take_one() {
            self.queue.remove(&permit.0);
            self.under_way.insert(permit.0, now);
            self.passed.add(now);
            return None;
        }
        let turn = self.bucket.time_until(number(ahead).saturating_add(1), rate);
        let look_again = self
            .window
            .map_or(LOOK_AGAIN, |window| window.left(now).min(LOOK_AGAIN));
        Some(turn.min(look_again).max(TICK).max(closed))
    }

    /// Takes in what the answer to a request says of the window.
    pub fn on_response(&mut self, permit: &Permit, now: Duration, reported: RateWindow) {
        self.counted = self.counted.max(permit.0.saturating_add(1));
        self.turn_window(now);
        let started = self.under_way.get(&permit.0).copied().unwrap_or(now);
        self.window = Some(Window::learned(self.window, started, now, reported));
    }

    /// A request was refused with "too many requests": all requests pause for as long as the server asked for, and go
    /// on more slowly. Refusals of requests that had started before the last such slowdown belong to it and slow down
    /// no further.
    pub fn throttled(&mut self, permit: &Permit, now: Duration, wait: Option<Duration>) {
        self.turn_window(now);
        let rate = self.rate(now);
        let wait = wait.unwrap_or(PAUSE);
        self.paused_until = self.paused_until.max(now.saturating_add(wait));
        self.bucket.close_until(self.paused_until);
        if let Some(started) = self.under_way.get(&permit.0) {
            self.passed.remove(*started);
            if self.cubic.is_news(*started) {
                let passed = self.passed.rate_until(now, self.paused_until);
                self.cubic.drop_from(rate, passed, now);
            }
        }
        self.cubic.grow_from(self.paused_until);
    }

    /// Ends a permit, which is of no use any more: its answer came and was learned from, or the request was given up.
    pub fn release(&mut self, permit: &Permit) {
        self.queue.remove(&permit.0);
        let has_started = self.under_way.remove(&permit.0).is_some();
        if has_started
            && permit.0 >= self.counted
            && let Some(window) = &mut self.window
        {
            window.count_one();
        }
    }

    /// The rest of the pause after a refusal: no request may start in it.
    fn pause(&self, now: Duration) -> Duration {
        self.paused_until.saturating_sub(now)
    }

    /// The rate at which requests start now while there is no pause, in requests a second.
    pub fn rate(&self, now: Duration) -> f64 {
        let Some(window) = self.window else {
            let unproved = 2.0 * self.passed.rate(now);
            return self.cubic.rate(now, Probing::Blind { unproved }).max(SLOWEST);
        };
        let uncounted = self.under_way.range(self.counted..).count();
        let spread = window.at(now).spread(now, number(uncounted));
        spread.min(self.cubic.rate(now, Probing::Guided)).max(SLOWEST)
    }

    /// The time for which no request may start: the rest of the pause after a refusal, or of a window that is spent.
    pub fn closed_for(&self, now: Duration) -> Duration {
        let spent = self.window.map_or(Duration::ZERO, |window| window.spent_for(now));
        self.pause(now).max(spent)
    }

    fn turn_window(&mut self, now: Duration) {
        self.window = self.window.map(|window| window.at(now));
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
