//! The outbox of the ledger in memory.

use std::time::SystemTime;

use async_trait::async_trait;
use domain::OutcomeKind;

use super::{InMemoryLedger, Kept};
use crate::event::Event;
use crate::ledger::{DocumentRef, EntryId, JoinRecord, Lease, LedgerError, OutcomeRecord};
use crate::outbox::{Backlog, Claim, DeliveryOutcome, Include, LeasedEvent, Outbox};

/// An event and what became of it at one sink.
#[derive(Debug)]
pub(super) struct Undelivered {
    sink: String,
    /// The document of the event: it tells which come one after the other.
    document: DocumentRef,
    event: Event,
    state: State,
    failures: u32,
    next_at: Option<SystemTime>,
    leased: Option<(Lease, String)>,
    /// The end of the pause that its sink asked for in answer to it.
    paused_until: Option<SystemTime>,
    last_failure: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Pending,
    Delivered,
    DeadLettered,
}

impl Kept {
    /// Puts the event about what was applied, if it was, in the outbox of each sink.
    pub(super) fn enqueue(&mut self, record: EntryId, outcome: &OutcomeRecord, sinks: &[String]) -> Option<String> {
        let entry = outcome.intent.filter(|_| outcome.kind == OutcomeKind::Applied)?;
        let id = format!("event-{record}");
        let event = Event::of(id.clone(), entry, None, self.intent(entry)?, outcome);
        let document = self.canonical_document(&event.document);
        for sink in sinks {
            self.undelivered.push(Undelivered {
                sink: sink.clone(),
                document: document.clone(),
                event: event.clone(),
                state: State::Pending,
                failures: 0,
                next_at: None,
                leased: None,
                paused_until: None,
                last_failure: None,
            });
        }
        Some(id)
    }

    /// Moves the events that wait for a target to its organization; the events themselves stay as they are.
    pub(super) fn join_undelivered(&mut self, join: &JoinRecord) {
        for waiting in &mut self.undelivered {
            if waiting.document.target == join.target {
                waiting.document.target.clone_from(&join.organization);
            }
        }
    }

    fn is_disabled(&self, sink: &str) -> bool {
        self.disabled.iter().any(|(disabled, _)| disabled == sink)
    }

    fn paused_until(&self, sink: &str, now: SystemTime) -> Option<SystemTime> {
        let of_sink = self.undelivered.iter().filter(|waiting| waiting.sink == sink);
        let until = of_sink.filter_map(|waiting| waiting.paused_until).max();
        until.filter(|until| *until > now)
    }
}

#[async_trait]
impl Outbox for InMemoryLedger {
    async fn claim(&self, claim: &Claim) -> Result<Vec<LeasedEvent>, LedgerError> {
        let mut kept = self.kept();
        let mut seen: Vec<DocumentRef> = Vec::new();
        let mut leased = Vec::new();
        if kept.is_disabled(&claim.sink) || kept.paused_until(&claim.sink, claim.now).is_some() {
            return Ok(leased);
        }
        let Kept {
            undelivered, claims, ..
        } = &mut *kept;
        for (place, waiting) in (1..).zip(undelivered) {
            if waiting.sink != claim.sink || waiting.state != State::Pending || leased.len() == claim.limit {
                continue;
            }
            let key = waiting.document.clone();
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let is_leased = waiting
                .leased
                .as_ref()
                .is_some_and(|(lease, _)| lease.holds_at(claim.now));
            let is_due = claim.include == Include::All || waiting.next_at.is_none_or(|at| at <= claim.now);
            if is_leased || !is_due || place <= claim.after {
                continue;
            }
            *claims += 1;
            let token = claims.to_string();
            let lease = Lease {
                from: claim.now,
                until: claim.now + claim.lease,
            };
            waiting.leased = Some((lease, token.clone()));
            leased.push(LeasedEvent {
                sink: claim.sink.clone(),
                event: waiting.event.clone(),
                place,
                due_at: waiting.next_at,
                failures: waiting.failures,
                token,
            });
        }
        Ok(leased)
    }

    async fn complete(&self, leased: &LeasedEvent, fate: &DeliveryOutcome) -> Result<(), LedgerError> {
        let mut kept = self.kept();
        let held = kept.undelivered.iter_mut().find(|waiting| {
            let is_held = waiting.leased.as_ref().is_some_and(|(_, token)| *token == leased.token);
            waiting.sink == leased.sink && is_held
        });
        let Some(held) = held else { return Ok(()) };
        held.leased = None;
        match fate {
            DeliveryOutcome::Delivered => held.state = State::Delivered,
            DeliveryOutcome::Retry {
                at,
                counts,
                error,
                paused_until,
            } => {
                held.next_at = Some(*at);
                held.paused_until = *paused_until;
                held.failures += u32::from(*counts);
                held.last_failure = Some(error.clone());
            }
            DeliveryOutcome::DeadLettered { error } => {
                held.state = State::DeadLettered;
                held.last_failure = Some(error.clone());
            }
            DeliveryOutcome::Disabled { error } => {
                held.last_failure = Some(error.clone());
                kept.disabled.push((leased.sink.clone(), error.clone()));
            }
        }
        Ok(())
    }

    async fn replay(&self, event: &str, sink: Option<&str>) -> Result<u64, LedgerError> {
        let mut kept = self.kept();
        let is_meant = |waiting: &&mut Undelivered| {
            let is_of_sink = sink.is_none_or(|sink| sink == waiting.sink);
            waiting.event.id == event && is_of_sink && waiting.state != State::Pending
        };
        let mut replayed = 0;
        for waiting in kept.undelivered.iter_mut().filter(is_meant) {
            (waiting.state, waiting.failures, waiting.next_at) = (State::Pending, 0, None);
            replayed += 1;
        }
        Ok(replayed)
    }

    async fn paused_until(&self, sink: &str, now: SystemTime) -> Result<Option<SystemTime>, LedgerError> {
        Ok(self.kept().paused_until(sink, now))
    }

    async fn enable(&self, sink: &str) -> Result<(), LedgerError> {
        let mut kept = self.kept();
        kept.disabled.retain(|(disabled, _)| disabled != sink);
        for waiting in kept.undelivered.iter_mut().filter(|waiting| waiting.sink == sink) {
            waiting.paused_until = None;
        }
        Ok(())
    }

    async fn backlog(&self) -> Result<Vec<Backlog>, LedgerError> {
        let kept = self.kept();
        let backlog = |sink: &String| {
            let of_sink = || kept.undelivered.iter().filter(|waiting| waiting.sink == *sink);
            let count = |state| of_sink().filter(|waiting| waiting.state == state).count() as u64;
            let oldest = of_sink().find(|waiting| waiting.state == State::Pending);
            let disabled = kept.disabled.iter().find(|(disabled, _)| disabled == sink);
            Backlog {
                sink: sink.clone(),
                pending: count(State::Pending),
                dead: count(State::DeadLettered),
                last_failure: oldest.and_then(|waiting| waiting.last_failure.clone()),
                next_at: oldest.and_then(|waiting| waiting.next_at),
                disabled: disabled.map(|(_, error)| error.clone()),
            }
        };
        Ok(self.sinks.iter().map(backlog).collect())
    }
}
