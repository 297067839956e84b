//! Waiting.

use std::time::Duration;

use async_trait::async_trait;

/// A timer that callers wait on.
#[async_trait]
pub trait Sleeper: Send + Sync {
    /// Returns when `Clock::elapsed` has gone on by at least this much. It MUST be safe to drop before it is over.
    async fn sleep(&self, time: Duration);
}
