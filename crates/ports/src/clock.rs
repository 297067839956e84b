//! The time.

use std::time::{Duration, SystemTime};

/// A clock.
///
/// `elapsed` MUST never go back, whatever is done to the clock on the wall. `now` MAY.
pub trait Clock: Send + Sync {
    /// The time on the wall, for records and for what others say about time.
    fn now(&self) -> SystemTime;

    /// The time since some fixed moment, for measuring.
    fn elapsed(&self) -> Duration;
}
