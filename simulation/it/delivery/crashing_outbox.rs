//! An outbox whose worker dies at it now and then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use ports::{Backlog, Claim, DeliveryOutcome, LeasedEvent, LedgerError, Outbox};

use crate::rng::Rng;

/// Whoever uses it may die before or after each thing that it does: the call never ends then, and all is dropped.
pub(super) struct CrashingOutbox {
    behind: Arc<dyn Outbox>,
    rng: Arc<Mutex<Rng>>,
    pub(super) is_dead: Arc<AtomicBool>,
}

impl CrashingOutbox {
    pub(super) fn new(behind: Arc<dyn Outbox>, rng: Arc<Mutex<Rng>>) -> Self {
        Self {
            behind,
            rng,
            is_dead: Arc::default(),
        }
    }

    async fn may_die(&self) {
        if self.rng.lock().unwrap().below(700) == 0 {
            self.is_dead.store(true, Ordering::Relaxed);
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Outbox for CrashingOutbox {
    async fn claim(&self, claim: &Claim) -> Result<Vec<LeasedEvent>, LedgerError> {
        let claimed = self.behind.claim(claim).await;
        self.may_die().await;
        claimed
    }

    async fn complete(&self, claimed: &LeasedEvent, fate: &DeliveryOutcome) -> Result<(), LedgerError> {
        self.may_die().await;
        self.behind.complete(claimed, fate).await?;
        self.may_die().await;
        Ok(())
    }

    async fn replay(&self, event: &str, sink: Option<&str>) -> Result<u64, LedgerError> {
        self.behind.replay(event, sink).await
    }

    async fn paused_until(&self, sink: &str, now: SystemTime) -> Result<Option<SystemTime>, LedgerError> {
        self.behind.paused_until(sink, now).await
    }

    async fn enable(&self, sink: &str) -> Result<(), LedgerError> {
        self.behind.enable(sink).await
    }

    async fn backlog(&self) -> Result<Vec<Backlog>, LedgerError> {
        self.behind.backlog().await
    }
}
