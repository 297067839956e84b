//! A rate limit as the platform has it, from the outside: what it answers, and what it tells.

use std::collections::VecDeque;
use std::time::Duration;

use assist_rules_domain::RateWindow;

use crate::rng::Rng;

const MINUTE: Duration = Duration::from_mins(1);

/// The way in which requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    /// In minutes that follow each other; the first began before the program did.
    Fixed,
    /// In minutes, each opened by the first request after the one before.
    Opened,
    /// Over the minute before each request.
    Sliding,
}

/// The share of answers that report the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Headers {
    Always,
    /// On about half of them.
    Sometimes,
    Never,
}

/// Requests a minute, from a time on.
pub(crate) type Limits = &'static [(Duration, u32)];

pub(crate) struct Server {
    pub(crate) counting: Counting,
    headers: Headers,
    limits: Limits,
    /// The requests counted now: the time at which each was accepted.
    accepted: VecDeque<Duration>,
    window_ends: Duration,
    /// The end of the first window; zero unless windows are fixed.
    pub(crate) first_ends: Duration,
}

pub(crate) struct Reply {
    pub(crate) reported: Option<RateWindow>,
    pub(crate) refused: Option<Refused>,
}

#[derive(Clone, Copy)]
pub(crate) struct Refused {
    pub(crate) retry_after: Option<Duration>,
}

impl Server {
    pub(crate) fn new(counting: Counting, headers: Headers, limits: Limits, rng: &mut Rng) -> Self {
        let window_ends = match counting {
            Counting::Fixed => rng.millis(100, 60_000),
            Counting::Opened | Counting::Sliding => Duration::ZERO,
        };
        Self {
            first_ends: window_ends,
            counting,
            headers,
            limits,
            accepted: VecDeque::new(),
            window_ends,
        }
    }

    pub(crate) fn limit(&self, now: Duration) -> u32 {
        let begun = self.limits.iter().rev().find(|(from, _)| *from <= now);
        begun.map_or(0, |(_, limit)| *limit)
    }

    /// True if the limit changed within the last minute, so that what was learned before is of no use.
    pub(crate) fn is_to_be_learned(&self, now: Duration) -> bool {
        let new = |(from, _): &(Duration, u32)| *from <= now && now < *from + MINUTE;
        self.limits.iter().any(new)
    }

    /// Answers a request that comes in now.
    pub(crate) fn handle(&mut self, now: Duration, rng: &mut Rng) -> Reply {
        let allowed = self.limit(now);
        self.turn(now);
        let is_refused = self.accepted.len() >= allowed as usize;
        if !is_refused {
            self.accepted.push_back(now);
        }
        let reset = whole_seconds(self.reset(now, allowed));
        let tells = match self.headers {
            Headers::Always => true,
            Headers::Sometimes => rng.part() < 0.5,
            Headers::Never => false,
        };
        let reported = tells.then(|| RateWindow {
            allowed,
            count: u32::try_from(self.accepted.len()).unwrap_or(u32::MAX),
            reset,
        });
        // Now and then the platform refuses without saying for how long.
        let says_when = rng.part() < 0.9;
        Reply {
            reported,
            refused: is_refused.then_some(Refused {
                retry_after: says_when.then_some(reset),
            }),
        }
    }

    fn turn(&mut self, now: Duration) {
        match self.counting {
            Counting::Fixed => {
                while self.window_ends <= now {
                    self.window_ends += MINUTE;
                    self.accepted.clear();
                }
            }
            Counting::Opened => {
                if self.window_ends <= now {
                    self.window_ends = now + MINUTE;
                    self.accepted.clear();
                }
            }
            Counting::Sliding => {
                while self.accepted.front().is_some_and(|oldest| *oldest + MINUTE <= now) {
                    self.accepted.pop_front();
                }
            }
        }
    }

    /// The time until the window has room again.
    fn reset(&self, now: Duration, allowed: u32) -> Duration {
        match self.counting {
            Counting::Fixed | Counting::Opened => self.window_ends.saturating_sub(now),
            Counting::Sliding => {
                // After the limit was lowered, more than one has to leave.
                let over = self.accepted.len().saturating_sub(allowed as usize);
                let leaves = self.accepted.get(over).copied().unwrap_or(now);
                (leaves + MINUTE).saturating_sub(now)
            }
        }
    }
}

/// As in headers: rounded up.
fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}
