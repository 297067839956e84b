//! An outbox whose worker dies at it now and then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ports::{Backlog, Claim, Claimed, Fate, LedgerFailure, Outbox};

use crate::chance::Chance;

/// Whoever uses it may die before or after each thing that it does: the call never ends then, and all is dropped.
pub(super) struct Mortal {
    behind: Arc<dyn Outbox>,
    chance: Arc<Mutex<Chance>>,
    pub(super) is_dead: Arc<AtomicBool>,
}

impl Mortal {
    pub(super) fn new(behind: Arc<dyn Outbox>, chance: Arc<Mutex<Chance>>) -> Self {
        Self {
            behind,
            chance,
            is_dead: Arc::default(),
        }
    }

    async fn may_die(&self) {
        if self.chance.lock().unwrap().below(700) == 0 {
            self.is_dead.store(true, Ordering::Relaxed);
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Outbox for Mortal {
    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, LedgerFailure> {
        let claimed = self.behind.claim(claim).await;
        self.may_die().await;
        claimed
    }

    async fn acknowledge(&self, claimed: &Claimed, fate: &Fate) -> Result<(), LedgerFailure> {
        self.may_die().await;
        self.behind.acknowledge(claimed, fate).await?;
        self.may_die().await;
        Ok(())
    }

    async fn replay(&self, event: &str, sink: Option<&str>) -> Result<u64, LedgerFailure> {
        self.behind.replay(event, sink).await
    }

    async fn enable(&self, sink: &str) -> Result<(), LedgerFailure> {
        self.behind.enable(sink).await
    }

    async fn backlog(&self) -> Result<Vec<Backlog>, LedgerFailure> {
        self.behind.backlog().await
    }
}
