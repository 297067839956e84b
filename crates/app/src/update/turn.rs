//! The turn of an update to send requests, where only so many updates may at a time.

use std::future::Future;
use std::time::Duration;

use ports::Clock;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::stop::Stop;

/// A turn that is taken before the first request and given back after the last one, so that what is recorded before and
/// after keeps no other update from sending.
pub(super) struct Turn<'t> {
    /// The turns that there are; none if all updates may send at once.
    of: Option<&'t Semaphore>,
    taken: Option<SemaphorePermit<'t>>,
}

impl<'t> Turn<'t> {
    pub(super) fn new(of: Option<&'t Semaphore>) -> Self {
        Self { of, taken: None }
    }

    /// True if the update has to wait before it sends.
    pub(super) fn is_to_come(&self) -> bool {
        self.of.is_some() && self.taken.is_none()
    }

    /// Waits for it. The time that this took; none if the update was stopped.
    pub(super) async fn wait<S: Future<Output = ()>>(
        &mut self,
        clock: &dyn Clock,
        stop: &mut Stop<'_, S>,
    ) -> Option<Duration> {
        let Some(turns) = self.of else {
            return Some(Duration::ZERO);
        };
        let before = clock.elapsed();
        // Why no error: nobody closes it.
        self.taken = stop.or(turns.acquire()).await?.ok();
        Some(clock.elapsed().saturating_sub(before))
    }

    /// Gives it back.
    pub(super) fn end(&mut self) {
        self.taken = None;
    }
}
