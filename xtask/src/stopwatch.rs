//! Says where a chore is, and how long each step took.

use std::time::{Duration, Instant};

/// Says on stderr that a step begins.
pub(crate) fn announce(step: &str) {
    eprintln!("\n==> {step}");
}

/// Runs a step and measures it.
pub(crate) fn timed<T>(step: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = step();
    (done, start.elapsed())
}
