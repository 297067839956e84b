//! Delivery to sinks: the events of the outbox, in order for each document, at least once.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

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
    /// The end of the pause that the sink asked for, if that is still to come.
    pub paused_until: Option<SystemTime>,
    /// Why the round ended early, if the outbox could not be read or written.
    pub broken: Option<LedgerError>,
}

/// The limits of a round.
#[derive(Clone, Copy)]
struct Limits<'l> {
    include: Include,
    patience: Option<Patience>,
    is_stopped: &'l (dyn Fn() -> bool + Send + Sync),
}

/// The time after which the round of a sink is over.
#[derive(Clone, Copy)]
enum Patience {
    /// So long after its beginning.
    InAll(Duration),
    /// So long after its beginning or the last delivery.
    Idle(Duration),
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
            patience: Some(Patience::InAll(AFTER_A_RUN)),
            is_stopped,
        };
        self.round(limits, watch).await
    }

    /// Tries what is in the outbox, each event once, and stops as [`drain`](Self::drain) does; a sink that takes nothing for
    /// as long as `deadline` is left alone.
    pub async fn deliver(
        &self,
        include: Include,
        deadline: Option<Duration>,
        watch: &(dyn Fn(&LeasedEvent, &DeliveryOutcome) + Send + Sync),
        is_stopped: &(dyn Fn() -> bool + Send + Sync),
    ) -> Vec<DeliveryReport> {
        let limits = Limits {
            include,
            patience: deadline.map(Patience::Idle),
            is_stopped,
        };
        self.round(limits, watch).await
    }

    async fn round(
        &self,
        limits: Limits<'_>,
        watch: &(dyn Fn(&LeasedEvent, &DeliveryOutcome) + Send + Sync),
    ) -> Vec<DeliveryReport> {
        let all = self.sinks.iter().map(|sink| self.deliver_to(&**sink, limits, watch));
        join_all(all).await
    }

    /// Delivers to one sink, one event after the other.
    async fn deliver_to(
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
            paused_until: None,
            broken: None,
        };
        let (mut after, mut in_a_row) = (0, 0);
        let mut since = self.clock.elapsed();
        while in_a_row < MAX_CONSECUTIVE_FAILURES && !(limits.is_stopped)() && !self.left(limits, since).is_zero() {
            let leased = match self.claim(sink, limits.include, after).await {
                Ok(Some(leased)) => leased,
                Ok(None) => break,
                Err(failure) => {
                    round.broken = Some(failure);
                    break;
                }
            };
            // Why: what failed in this round is not tried again in it, and what follows a delivered event may be.
            after = leased.place;
            let limit = self.left(limits, since).min(ONE_DELIVERY);
            let outcome = self.try_once(sink, &leased, limit, limits.is_stopped).await;
            match &outcome {
                DeliveryOutcome::Delivered => {
                    (round.delivered, in_a_row) = (round.delivered + 1, 0);
                    if let Some(Patience::Idle(_)) = limits.patience {
                        since = self.clock.elapsed();
                    }
                }
                DeliveryOutcome::Retry { error, .. }
                | DeliveryOutcome::DeadLettered { error }
                | DeliveryOutcome::Disabled { error } => {
                    (round.failed, in_a_row) = (round.failed + 1, in_a_row + 1);
                    round.last_failure = Some(error.clone());
                }
            }
            watch(&leased, &outcome);
            if let Err(failure) = self.outbox.complete(&leased, &outcome).await {
                round.broken = Some(failure);
                break;
            }
        }
        if round.broken.is_none() {
            match self.outbox.paused_until(sink.name(), self.clock.now()).await {
                Ok(until) => round.paused_until = until,
                Err(failure) => round.broken = Some(failure),
            }
        }
        round
    }

    /// The time that is left of a round; where it has no end, that of one delivery.
    fn left(&self, limits: Limits<'_>, since: Duration) -> Duration {
        let passed = self.clock.elapsed().saturating_sub(since);
        limits.patience.map_or(ONE_DELIVERY, |patience| {
            let (Patience::InAll(time) | Patience::Idle(time)) = patience;
            time.saturating_sub(passed)
        })
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

    /// The outcome of one delivery.
    async fn try_once(
        &self,
        sink: &dyn EventSink,
        leased: &LeasedEvent,
        limit: Duration,
        is_stopped: &(dyn Fn() -> bool + Send + Sync),
    ) -> DeliveryOutcome {
        let delivery = pin!(sink.deliver(&leased.event));
        let too_long = pin!(self.sleeper.sleep(limit));
        match select(delivery, too_long).await {
            Either::Left((Ok(()), _)) => DeliveryOutcome::Delivered,
            Either::Left((Err(failure), _)) => self.after(leased, failure),
            // It had hardly begun, or was told to stop: that says nothing of the sink.
            Either::Right(_) if is_stopped() || limit < MIN_ATTEMPT_TIME => DeliveryOutcome::Retry {
                at: self.clock.now(),
                counts: false,
                error: "the run ended before it was delivered".to_owned(),
                paused_until: None,
            },
            Either::Right(_) => {
                let error = format!("it did not answer within {} s", limit.as_secs());
                self.after(leased, DeliveryError::Retry { error, wait: None })
            }
        }
    }

    /// The outcome of a delivery that failed.
    fn after(&self, event: &LeasedEvent, failure: DeliveryError) -> DeliveryOutcome {
        let (error, pause) = match failure {
            DeliveryError::Never { error } => return DeliveryOutcome::DeadLettered { error },
            DeliveryError::Gone { error } => return DeliveryOutcome::Disabled { error },
            DeliveryError::Retry { error, wait } => (error, wait.unwrap_or_default()),
        };
        let now = self.clock.now();
        match next_attempt(event.failures, event.due_at, now, pause) {
            NextAttempt::At { at, counts } => DeliveryOutcome::Retry {
                at,
                counts,
                error,
                paused_until: now.checked_add(pause).filter(|until| *until > now),
            },
            NextAttempt::GiveUp => DeliveryOutcome::DeadLettered { error },
        }
    }
}

#[cfg(test)]
mod tests;
