//! The rate that refusals teach: it falls at once and grows back as CUBIC does (RFC 9438), quickly up to what passed
//! before, carefully around it, and then in search of more.

use std::time::Duration;

use super::SLOWEST;

/// The initial rate, in requests a second.
const FIRST: f64 = 3.5;

/// The factor that a refusal multiplies the rate by.
const DROP: f64 = 0.7;

/// The growth of the rate: requests a second, per second cubed.
const GROWTH: f64 = 0.4;

/// The slowdown of the growth beyond what has passed, where no header says how much there is.
const BLIND: f64 = 60.0;

/// The rate as a curve over time: from `low` up to `goal`, and on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cubic {
    low: f64,
    goal: f64,
    grows_from: Duration,
    dropped_at: Option<Duration>,
}

/// The search for a higher rate than the one that passed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Probing {
    /// Headers say how much there is, and keep the rate below that.
    Guided,
    /// Only a refusal would say, and the window that it speaks of is a minute long: so slowly, and to no rate of
    /// which half has not been tried.
    Blind {
        /// The rate beyond which nothing is known to pass.
        unproved: f64,
    },
}

/// As if the rate that a new organization has, 300 a minute, had just been refused.
impl Default for Cubic {
    fn default() -> Self {
        Self {
            low: FIRST,
            goal: FIRST / DROP,
            grows_from: Duration::ZERO,
            dropped_at: None,
        }
    }
}

impl Cubic {
    /// The rate at that time.
    pub(super) fn rate(self, now: Duration, probing: Probing) -> f64 {
        // Why: what it begins with is a guess, and headers say what is so until a refusal says otherwise.
        if self.dropped_at.is_none() && matches!(probing, Probing::Guided) {
            return f64::INFINITY;
        }
        let time = now.saturating_sub(self.grows_from).as_secs_f64();
        let back_at = ((self.goal - self.low) / GROWTH).cbrt();
        let beyond = time - back_at;
        if beyond <= 0.0 {
            return self.goal + GROWTH * beyond.powi(3);
        }
        match probing {
            Probing::Guided => self.goal + GROWTH * beyond.powi(3),
            Probing::Blind { unproved } => {
                let found = self.goal + GROWTH * (beyond / BLIND).powi(3);
                found.min(unproved.max(self.goal))
            }
        }
    }

    /// True if a request that started then started after the last drop: only its refusal says something new.
    pub(super) fn is_news(self, started: Duration) -> bool {
        self.dropped_at.is_none_or(|dropped_at| started > dropped_at)
    }

    /// Falls from this rate. It grows back to what is known to pass, or else to where it was.
    pub(super) fn drop_from(&mut self, rate: f64, passed: Option<f64>, now: Duration) {
        self.low = (rate * DROP).max(SLOWEST);
        self.goal = passed.unwrap_or(rate).max(self.low);
        self.dropped_at = Some(now);
    }

    /// Does not grow before that.
    pub(super) fn grow_from(&mut self, time: Duration) {
        self.grows_from = time;
    }
}
