//! The events that are still to be delivered to sinks.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::event::Event;
use crate::ledger::LedgerError;

/// The events that are still to be delivered to sinks: in order for each sink and document, at least once each.
///
/// An implementation
/// - MUST give out only the oldest undelivered event of each sink and document, and to one worker at a time;
/// - MUST give it out again when its lease is over, or more than twice its length is left of it: the clock that made it
///   was wrong;
/// - MUST give out nothing of a sink inside the pause that it asked for, whatever the claim includes;
/// - MUST keep what it records where no crash can take it.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes the oldest undelivered events of a sink, one of each document, that may be tried now.
    ///
    /// # Errors
    ///
    /// If they cannot be read or leased.
    async fn claim(&self, claim: &Claim) -> Result<Vec<LeasedEvent>, LedgerError>;

    /// Records the outcome of an attempt. Does nothing if another worker has claimed the event by now.
    ///
    /// # Errors
    ///
    /// If it cannot be recorded.
    async fn complete(&self, leased: &LeasedEvent, fate: &DeliveryOutcome) -> Result<(), LedgerError>;

    /// Puts a dead event, or one that was delivered, back among the undelivered: of all sinks that it was meant for,
    /// or of one. Returns the number of deliveries that it put back.
    ///
    /// # Errors
    ///
    /// If it cannot be recorded.
    async fn replay(&self, event: &str, sink: Option<&str>) -> Result<u64, LedgerError>;

    /// The end of the pause that a sink asked for, if that is still to come.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    async fn paused_until(&self, sink: &str, now: SystemTime) -> Result<Option<SystemTime>, LedgerError>;

    /// Takes events for a sink again that wanted no more, or asked for a pause.
    ///
    /// # Errors
    ///
    /// If it cannot be recorded.
    async fn enable(&self, sink: &str) -> Result<(), LedgerError>;

    /// The backlog, sink by sink.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    async fn backlog(&self) -> Result<Vec<Backlog>, LedgerError>;
}

/// A worker's request for events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Events for this sink.
    pub sink: String,
    /// The events to include: only those that are due, or also those that are to be tried later.
    pub include: Include,
    /// Only events that were put in the outbox after the one in this place; 0 is before all.
    pub after: u64,
    /// The time now.
    pub now: SystemTime,
    /// The time for which the worker leases them.
    pub lease: Duration,
    /// At most so many.
    pub limit: usize,
}

/// Which events may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Include {
    /// Those whose time has come.
    Due,
    /// All, by a person's wish.
    All,
}

/// An event that a worker has for itself.
#[derive(Clone, Debug, PartialEq)]
pub struct LeasedEvent {
    /// The sink.
    pub sink: String,
    /// The event.
    pub event: Event,
    /// Its place in the outbox: a later event of the same document has a later place.
    pub place: u64,
    /// The time at which it was due; at once if none.
    pub due_at: Option<SystemTime>,
    /// The number of attempts that have failed.
    pub failures: u32,
    /// The token that is this claim's own: a later claim has another.
    pub token: String,
}

/// The outcome of an attempt to deliver an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The sink has it.
    Delivered,
    /// The event is tried again.
    Retry {
        /// Not before that.
        at: SystemTime,
        /// True if this attempt counts towards giving up.
        counts: bool,
        /// The error.
        error: String,
        /// The end of the pause that the sink asked for, if it did: no event of any document is sent to it before that.
        paused_until: Option<SystemTime>,
    },
    /// The event was given up.
    DeadLettered {
        /// The error.
        error: String,
    },
    /// The sink wants no more events: this one and all after it wait until it is enabled again.
    Disabled {
        /// The sink's words.
        error: String,
    },
}

/// The undelivered events of one sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// The sink.
    pub sink: String,
    /// Events that are still to be delivered.
    pub pending: u64,
    /// Events that were given up.
    pub dead: u64,
    /// The oldest undelivered event's last failure, if it had one.
    pub last_failure: Option<String>,
    /// The time at which the next attempt is due.
    pub next_at: Option<SystemTime>,
    /// Why it takes no more events, if it does not.
    pub disabled: Option<String>,
}
