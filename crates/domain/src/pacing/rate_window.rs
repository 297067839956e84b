//! What the platform says of its rate limit.

use std::time::Duration;

/// The window that a request was counted in, as its answer tells (`inin-ratelimit-allowed`, `-count`, `-reset`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateWindow {
    /// How many requests the token may make in a window.
    pub allowed: u32,
    /// How many it has made in this one, this request included, whichever program made them.
    pub count: u32,
    /// How long until the next window.
    pub reset: Duration,
}
