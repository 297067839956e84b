//! The repetition of a read while it is worth it.

use std::sync::Arc;
use std::time::Duration;

use domain::protocol::Backoff;
use domain::{FailureClass, RequestError};
use ports::{Clock, Sleeper};

/// The most failed attempts of a read, throttled ones not counted: few, since a user is waiting for it.
const TRIES: u32 = 4;

/// A function that hears of waits, and of the failure that each is for.
pub type WatchWait = Arc<dyn Fn(Duration, &RequestError) + Send + Sync>;

/// Repeats a read that may succeed later: a throttled one until a wait would end after the deadline, one with a
/// transient failure a few times.
#[derive(Clone)]
pub struct Retry {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The sleeper.
    pub sleeper: Arc<dyn Sleeper>,
    /// A number between 0 and 1, another each time.
    pub jitter: Arc<dyn Fn() -> f64 + Send + Sync>,
    /// The time from the first attempt of a read after which it is not repeated.
    pub deadline: Duration,
    /// Hears of each wait.
    pub watch: WatchWait,
}

impl Retry {
    /// The result of a read, repeated as long as it may succeed later.
    ///
    /// # Errors
    ///
    /// The failure of the last attempt.
    pub async fn read<T, F>(&self, read: impl Fn() -> F + Send + Sync) -> Result<T, RequestError>
    where
        T: Send,
        F: Future<Output = Result<T, RequestError>> + Send,
    {
        let started = self.clock.elapsed();
        let mut backoff = Backoff::default();
        let mut failed = 0;
        loop {
            let failure = match read().await {
                Err(failure) if failure.is_retryable() => failure,
                answer => return answer,
            };
            failed += u32::from(!matches!(failure.class, FailureClass::Throttled { .. }));
            if failed == TRIES {
                return Err(failure);
            }
            let wait = backoff.wait_for(&failure, (self.jitter)());
            if self.clock.elapsed().saturating_sub(started).saturating_add(wait) >= self.deadline {
                return Err(failure);
            }
            tracing::info!(?wait, %failure, "waiting to read again");
            (self.watch)(wait, &failure);
            self.sleeper.sleep(wait).await;
        }
    }
}
