//! The clock on the wall and real waiting.

use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use ports::{Clock, Sleeper};

/// The system's time.
#[derive(Debug)]
pub(crate) struct SystemClock(Instant);

impl SystemClock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Waits on the runtime's timer.
#[derive(Debug)]
pub(crate) struct RuntimeSleeper;

#[async_trait]
impl Sleeper for RuntimeSleeper {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A number between 0 and 1 that is another each time.
pub(crate) fn chance() -> f64 {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    let bits = u32::try_from(high >> 32).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}

/// A time as documents have it: UTC, to the second. Nothing for one that no calendar has.
pub(crate) fn to_the_second(at: SystemTime) -> Option<String> {
    let at = jiff::Timestamp::try_from(at).ok()?;
    Some(at.round(jiff::Unit::Second).unwrap_or(at).to_string())
}
