//! Ports whose user dies at one point of what it does. What was promised to it before that, it prints.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use domain::{RequestError, RuleId, Stored, TriggerRule, Version};
use genesys_adapter::{GenesysStore, TriggerRules};
use ledger_adapter::SqlLedger;
use ports::{
    Backlog, Claim, Cursor, DeliveryError, DeliveryOutcome, DocumentStore, Entry, EntryId, Event, EventSink,
    IntentRecord, LeasedEvent, Ledger, LedgerError, Outbox, OutcomeRecord, Page, Recorded, Response,
};

use super::child::FileSink;
use super::kill_plan::Point;

/// A port that kills.
pub(super) struct KillAt<P> {
    pub(super) behind: P,
    pub(super) point: Point,
    /// True while the outcome is being recorded: the commit of the intent is another point.
    pub(super) is_concluding: Arc<AtomicBool>,
}

impl<P> KillAt<P> {
    pub(super) fn of(behind: P, point: Point) -> Self {
        Self {
            behind,
            point,
            is_concluding: Arc::default(),
        }
    }
}

#[async_trait]
impl Ledger for KillAt<Arc<SqlLedger>> {
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerError> {
        self.point.is_reached(Point::BeforeTheIntent);
        let entry = self.behind.intend(intent).await?;
        println!("intended: {entry}");
        self.point.is_reached(Point::AfterTheIntent);
        Ok(entry)
    }

    async fn conclude(&self, outcome: OutcomeRecord) -> Result<Recorded, LedgerError> {
        let outcome_kind = outcome.kind;
        self.is_concluding.store(true, Ordering::Relaxed);
        let recorded = self.behind.conclude(outcome).await?;
        self.is_concluding.store(false, Ordering::Relaxed);
        println!("concluded: {} {}", recorded.entry, outcome_kind.as_str());
        if self.point == Point::InsideTheCommit {
            // It is as good as dead.
            std::future::pending::<()>().await;
        }
        self.point.is_reached(Point::AfterTheCommit);
        Ok(recorded)
    }

    async fn unsettled(&self, target: &str, kind: &str) -> Result<Vec<Entry>, LedgerError> {
        self.behind.unsettled(target, kind).await
    }
}

#[async_trait]
impl Outbox for KillAt<Arc<SqlLedger>> {
    async fn claim(&self, claim: &Claim) -> Result<Vec<LeasedEvent>, LedgerError> {
        self.behind.claim(claim).await
    }

    async fn complete(&self, claimed: &LeasedEvent, fate: &DeliveryOutcome) -> Result<(), LedgerError> {
        self.behind.complete(claimed, fate).await?;
        self.point.is_reached(Point::AfterTheAcknowledgement);
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

#[async_trait]
impl DocumentStore<TriggerRule> for KillAt<GenesysStore<TriggerRules>> {
    async fn get(&self, id: &RuleId) -> Result<Response<Stored<TriggerRule>>, RequestError> {
        self.behind.get(id).await
    }

    async fn replace<'v>(
        &self,
        id: &RuleId,
        document: &TriggerRule,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<TriggerRule>>>, RequestError> {
        let answer = self.behind.replace(id, document, version).await;
        self.point.is_reached(Point::AfterTheAnswer);
        answer
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<TriggerRule>>, RequestError> {
        self.behind.page(cursor).await
    }
}

#[async_trait]
impl EventSink for KillAt<FileSink> {
    fn name(&self) -> &str {
        self.behind.name()
    }

    async fn deliver(&self, event: &Event) -> Result<(), DeliveryError> {
        self.behind.deliver(event).await?;
        self.point.is_reached(Point::AfterTheDispatch);
        Ok(())
    }
}
