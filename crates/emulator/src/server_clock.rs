//! The time that an emulator goes by, so that a test can move it instead of sleeping.

use std::{fmt, sync::Arc, time::SystemTime};

/// The source of time for token lives, rate windows and `Date` headers.
#[derive(Clone)]
pub struct ServerClock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl ServerClock {
    /// A clock that asks `now` each time.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The clock of this machine.
    pub fn system() -> Self {
        Self::new(SystemTime::now)
    }

    /// The current time.
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl fmt::Debug for ServerClock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ServerClock")
    }
}
