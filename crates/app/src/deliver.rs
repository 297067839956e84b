//! Delivery to sinks: the events of the outbox, in order for each document, at least once.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::{NextAttempt, next_attempt};
use futures_util::future::{Either, join_all, select};
use ports::{
    Claim, Clock, DeliveryError, DeliveryOutcome, EventSink, Include, LeasedEvent, LedgerError, Outbox, Sleeper,
};

/// The time limit for all deliveries after a run.
const AFTER_A_RUN: Duration = Duration::from_secs(10);

/// A sink that had so much time and did not answer has failed, even if the run ended.
const MIN_ATTEMPT_TIME: Duration = Duration::from_secs(5);

/// The time limit for one delivery, whatever its sink allows itself.
const ONE_DELIVERY: Duration = Duration::from_mins(10);

/// The lease of an event: longer than a delivery, or two workers could deliver it at once.
const LEASE: Duration = Duration::from_mins(11);

/// After so many failures in a row the rest is left for later: the sink is down.
const MAX_CONSECUTIVE_FAILURES: u32 = 5;

/// Delivers the events of the outbox to sinks. Cheap to clone; several may be at work on one outbox.
#[derive(Clone)]
pub struct Deliverer {
    /// The outbox.
    pub outbox: Arc<dyn Outbox>,
    /// The sinks.
    pub sinks: Vec<Arc<dyn EventSink>>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The sleeper.
    pub sleeper: Arc<dyn Sleeper>,
}

/// The result of a round for one sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The sink.
    pub sink: String,
    /// The number of events that were delivered.
    pub delivered: u64,
    /// The number of events whose delivery failed.
    pub failed: u64,
    /// Why the last one failed, if one did.
    pub last_failure: Option<String>,
    /// Why the round ended early, if the outbox could not be read or written.
    pub broken: Option<LedgerError>,
}

/// The limits of a round.
#[derive(Clone, Copy)]
struct Limits<'l> {
    include: Include,
    /// The time at which the round is over, if it has an end.
    until: Option<Duration>,
    is_stopped: &'l (dyn Fn() -> bool + Send + Sync),
}

impl Deliverer {
    /// Tries what is due, each event once, for at most ten seconds in all. `watch` hears of each try. Once
    /// `is_stopped` says so, no further one is begun; a sleeper that wakes up early then gives up the one under way.
    pub async fn drain(
        &self,
        watch: &(dyn Fn(&LeasedEvent, &DeliveryOutcome) + Send + Sync),
        is_stopped: &(dyn Fn() -> bool + Send + Sync),
    ) -> Vec<DeliveryReport> {
        let limits = Limits {
            include: Include::Due,
            until: Some(self.clock.elapsed() + AFTER_A_RUN),
            is_stopped,
        };
        self.round(limits, watch).await
    }

    /// Tries what is in the outbox, each event once, and stops as [`drain`](Self::drain) does.
    pub async fn deliver(
        &self,
        include: Include,
        watch: &(dyn Fn(&LeasedEvent, &DeliveryOutcome) + Send + Sync),
        is_stopped: &(dyn Fn() -> bool + Send + Sync),
    ) -> Vec<DeliveryReport> {
        let limits = Limits {
            include,
            until: None,
            is_stopped,
        };
        self.round(limits, watch).await
    }

    async fn round(
        &self,
        limits: Limits<'_>,
        watch: &(dyn Fn(&LeasedEvent, &DeliveryOutcome) + Send + Sync),
    ) -> Vec<DeliveryReport> {
        let all = self.sinks.iter().map(|sink| self.tell(&**sink, limits, watch));
        join_all(all).await
    }

    /// Delivers to one sink, one event after the other.
    async fn tell(
        &self,
        sink: &dyn EventSink,
        limits: Limits<'_>,
        watch: &(dyn Fn(&LeasedEvent, &DeliveryOutcome) + Send + Sync),
    ) -> DeliveryReport {
        let mut round = DeliveryReport {
            sink: sink.name().to_owned(),
            delivered: 0,
            failed: 0,
            last_failure: None,
            broken: None,
        };
        let (mut after, mut in_a_row) = (0, 0);
        while in_a_row < MAX_CONSECUTIVE_FAILURES && !(limits.is_stopped)() && !self.left(limits).is_zero() {
            let claimed = match self.claim(sink, limits.include, after).await {
                Ok(Some(claimed)) => claimed,
                Ok(None) => break,
                Err(failure) => {
                    round.broken = Some(failure);
                    break;
                }
            };
            // Why: what failed in this round is not tried again in it, and what follows a delivered event may be.
            after = claimed.place;
            let fate = self.try_once(sink, &claimed, limits).await;
            match &fate {
                DeliveryOutcome::Delivered => (round.delivered, in_a_row) = (round.delivered + 1, 0),
                DeliveryOutcome::Retry { error, .. }
                | DeliveryOutcome::DeadLettered { error }
                | DeliveryOutcome::Disabled { error } => {
                    (round.failed, in_a_row) = (round.failed + 1, in_a_row + 1);
                    round.last_failure = Some(error.clone());
                }
            }
            watch(&claimed, &fate);
            if let Err(failure) = self.outbox.complete(&claimed, &fate).await {
                round.broken = Some(failure);
                break;
            }
        }
        round
    }

    /// The time that is left of the round; where it has no end, that of one delivery.
    fn left(&self, limits: Limits<'_>) -> Duration {
        limits
            .until
            .map_or(ONE_DELIVERY, |until| until.saturating_sub(self.clock.elapsed()))
    }

    async fn claim(
        &self,
        sink: &dyn EventSink,
        include: Include,
        after: u64,
    ) -> Result<Option<LeasedEvent>, LedgerError> {
        let claim = Claim {
            sink: sink.name().to_owned(),
            include,
            after,
            now: self.clock.now(),
            lease: LEASE,
            limit: 1,
        };
        Ok(self.outbox.claim(&claim).await?.pop())
    }

    async fn try_once(&self, sink: &dyn EventSink, claimed: &LeasedEvent, limits: Limits<'_>) -> DeliveryOutcome {
        let limit = self.left(limits).min(ONE_DELIVERY);
        let delivery = pin!(sink.deliver(&claimed.event));
        let too_long = pin!(self.sleeper.sleep(limit));
        match select(delivery, too_long).await {
            Either::Left((Ok(()), _)) => DeliveryOutcome::Delivered,
            Either::Left((Err(failure), _)) => self.after(claimed, failure),
            // It had hardly begun, or was told to stop: that says nothing of the sink.
            Either::Right(_) if (limits.is_stopped)() || limit < MIN_ATTEMPT_TIME => DeliveryOutcome::Retry {
                at: self.clock.now(),
                counts: false,
                error: "the run ended before it was delivered".to_owned(),
            },
            Either::Right(_) => {
                let error = format!("it did not answer within {} s", limit.as_secs());
                self.after(claimed, DeliveryError::Again { error, wait: None })
            }
        }
    }

    /// The outcome of a delivery that failed.
    fn after(&self, event: &LeasedEvent, failure: DeliveryError) -> DeliveryOutcome {
        let (error, retry_after) = match failure {
            DeliveryError::Never { error } => return DeliveryOutcome::DeadLettered { error },
            DeliveryError::Gone { error } => return DeliveryOutcome::Disabled { error },
            DeliveryError::Again { error, wait } => (error, wait.unwrap_or_default()),
        };
        match next_attempt(event.failures, event.due_at, self.clock.now(), retry_after) {
            NextAttempt::At { at, counts } => DeliveryOutcome::Retry { at, counts, error },
            NextAttempt::GiveUp => DeliveryOutcome::DeadLettered { error },
        }
    }
}

#[cfg(test)]
mod tests;
