//! Random numbers that a seed determines: the same seed draws the same numbers on every system.

use std::time::Duration;

/// A random number generator with a known seed.
pub(crate) struct Rng(fastrand::Rng);

impl Rng {
    pub(crate) fn with_seed(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// From 0 to one less than `end`.
    ///
    /// # Panics
    ///
    /// If `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // Why: 64 bits on every system, or a seed would be another world on a small one.
        let number = self.0.u64(..u64::try_from(end).unwrap());
        usize::try_from(number).unwrap()
    }

    /// True so many times in a thousand.
    pub(crate) fn in_thousand(&mut self, times: usize) -> bool {
        self.below(1000) < times
    }

    /// In steps of a millisecond, both ends included.
    pub(crate) fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let span = u64::try_from(to.saturating_sub(from).as_millis()).unwrap();
        from + Duration::from_millis(self.0.u64(..=span))
    }

    /// From 0 to 1, both included, in steps of a thousandth.
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(self.0.u16(..=1000)) / 1000.0
    }

    pub(crate) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}
