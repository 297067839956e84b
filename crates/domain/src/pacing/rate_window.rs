//! The platform's report of its rate limit.

use std::time::Duration;

/// The window that a request was counted in, as its answer reports it (`inin-ratelimit-allowed`, `-count`, `-reset`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateWindow {
    /// The number of requests that the token may make in a window.
    pub allowed: u32,
    /// The number of requests made under the token in this window, this one included, whichever program made them.
    pub count: u32,
    /// The time until the next window.
    pub reset: Duration,
}
