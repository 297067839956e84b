//! Random numbers that a seed determines: everything in a world follows from its seed.

use std::time::Duration;

/// A random number generator with a known seed.
#[derive(Clone, Debug)]
pub(crate) struct Rng(fastrand::Rng);

impl Rng {
    pub(crate) fn with_seed(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// From 0 up to 1.
    pub(crate) fn part(&mut self) -> f64 {
        self.0.f64()
    }

    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        self.0.u64(from..=to)
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        let last = u64::try_from(all.len() - 1).unwrap_or(0);
        all[usize::try_from(self.between(0, last)).unwrap_or(0)]
    }

    /// In steps of a millionth of a second.
    pub(crate) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_micros(self.between(from * 1000, to * 1000))
    }

    /// The time to the next of events that come at this rate (in events a second), independently of each other.
    pub(crate) fn gap(&mut self, rate: f64) -> Duration {
        Duration::from_secs_f64(-(1.0 - self.part()).ln() / rate)
    }
}
