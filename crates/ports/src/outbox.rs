//! The events that sinks are still to be told.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::event::Event;
use crate::ledger::LedgerError;

/// The events that sinks are still to be told: in order for each sink and document, at least once each.
///
/// An implementation
/// - MUST give out only the oldest undelivered event of each sink and document, and to one worker at a time;
/// - MUST give it out again when its lease is over;
/// - MUST keep what it is told where no crash can take it.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes the oldest undelivered events of a sink, one of each document, that may be tried now.
    ///
    /// # Errors
    ///
    /// If they cannot be read or leased.
    async fn claim(&self, claim: &Claim) -> Result<Vec<LeasedEvent>, LedgerError>;

    /// Records what became of a try. Does nothing if somebody else has the event by now.
    ///
    /// # Errors
    ///
    /// If it cannot be recorded.
    async fn complete(&self, claimed: &LeasedEvent, fate: &DeliveryOutcome) -> Result<(), LedgerError>;

    /// Puts a dead event, or one that was delivered, back among the undelivered: of all sinks that it was meant for,
    /// or of one. How many it put back.
    ///
    /// # Errors
    ///
    /// If it cannot be recorded.
    async fn replay(&self, event: &str, sink: Option<&str>) -> Result<u64, LedgerError>;

    /// Takes events for a sink again that wanted no more.
    ///
    /// # Errors
    ///
    /// If it cannot be recorded.
    async fn enable(&self, sink: &str) -> Result<(), LedgerError>;

    /// What is in it, sink by sink.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    async fn backlog(&self) -> Result<Vec<Backlog>, LedgerError>;
}

/// What a worker asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Events for this sink.
    pub sink: String,
    /// Whether those are wanted too that are to be tried later.
    pub include: Include,
    /// Only events that were put in the outbox after the one in this place; 0 is before all.
    pub after: u64,
    /// What time it is.
    pub now: SystemTime,
    /// How long the worker has them for itself.
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
    /// When it was to be tried; at once if nothing is said.
    pub due_at: Option<SystemTime>,
    /// How many tries have failed.
    pub failures: u32,
    /// What tells this claim from a later one.
    pub token: String,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The sink has it.
    Delivered,
    /// It is tried again.
    Retry {
        /// Not before that.
        at: SystemTime,
        /// Whether this try counts towards giving up.
        counts: bool,
        /// What went wrong.
        error: String,
    },
    /// It was given up.
    DeadLettered {
        /// What went wrong.
        error: String,
    },
    /// The sink wants no more events: this one and all after it wait until it is enabled again.
    Disabled {
        /// What it said.
        error: String,
    },
}

/// What is in the outbox for one sink.
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
    /// When the next try is due.
    pub next_at: Option<SystemTime>,
    /// Why it takes no more events, if it does not.
    pub disabled: Option<String>,
}
