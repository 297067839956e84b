//! Time that passes only in waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::{Clock, Sleeper};

/// A clock and a sleeper that share a time of their own: an hour takes no time.
#[derive(Clone, Debug, Default)]
pub struct VirtualTime(Arc<Mutex<Duration>>);

impl VirtualTime {
    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }
}

impl Clock for VirtualTime {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Sleeper for VirtualTime {
    async fn sleep(&self, time: Duration) {
        self.advance(time);
    }
}
