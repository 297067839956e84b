//! The time of this machine, for programs that run on tokio.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::sleeper::Sleeper;

/// The time of this machine: its wall clock, and waits on tokio's timer.
#[derive(Clone, Copy, Debug)]
pub struct RealTime(Instant);

impl RealTime {
    /// The time, measured from now on.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for RealTime {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[async_trait]
impl Sleeper for RealTime {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
