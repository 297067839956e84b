//! A system that is told of changes.

use std::time::Duration;

use async_trait::async_trait;

use crate::event::Event;

/// A system that is told of changes, at least once of each.
///
/// An implementation
/// - MUST return `Ok` only when the event is where a crash of this program cannot take it;
/// - MUST bear an event that it was told before: its id is the same;
/// - MUST end by itself in bounded time.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Its name: what is undelivered is kept under it.
    fn name(&self) -> &str;

    /// Tells it of a change.
    ///
    /// # Errors
    ///
    /// If it could not be told, and what that means for the next try.
    async fn deliver(&self, event: &Event) -> Result<(), DeliveryFailure>;
}

/// An event could not be delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryFailure {
    /// It is tried again.
    #[error("{why}")]
    Again {
        /// What went wrong.
        why: String,
        /// Not before that.
        wait: Option<Duration>,
    },
    /// This event is never taken.
    #[error("{why}")]
    Never {
        /// What went wrong.
        why: String,
    },
    /// The sink wants no more events at all.
    #[error("{why}")]
    Gone {
        /// What it said.
        why: String,
    },
}

/// A closure as a sink, for programs that are told in their own process.
pub struct SinkFn<F> {
    name: String,
    told: F,
}

impl<F: Fn(&Event) -> Result<(), DeliveryFailure> + Send + Sync> SinkFn<F> {
    /// A sink that calls this.
    pub fn new(name: impl Into<String>, told: F) -> Self {
        Self {
            name: name.into(),
            told,
        }
    }
}

#[async_trait]
impl<F: Fn(&Event) -> Result<(), DeliveryFailure> + Send + Sync> EventSink for SinkFn<F> {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, event: &Event) -> Result<(), DeliveryFailure> {
        (self.told)(event)
    }
}
