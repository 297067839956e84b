//! A system that receives changes.

use std::time::Duration;

use async_trait::async_trait;

use crate::event::Event;

/// A system that receives changes, each at least once.
///
/// An implementation
/// - MUST return `Ok` only when the event is where a crash of this program cannot take it;
/// - MUST tolerate an event that it has received before: its id is the same;
/// - MUST end by itself in bounded time.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Its name: what is undelivered is kept under it.
    fn name(&self) -> &str;

    /// Delivers an event.
    ///
    /// # Errors
    ///
    /// If the event could not be delivered; the error says what that means for the next attempt.
    async fn deliver(&self, event: &Event) -> Result<(), DeliveryError>;
}

/// An event could not be delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The event may be delivered later, and is tried again.
    #[error("{error}")]
    Again {
        /// The error.
        error: String,
        /// Not before that.
        wait: Option<Duration>,
    },
    /// This event is never taken.
    #[error("{error}")]
    Never {
        /// The error.
        error: String,
    },
    /// The sink wants no more events at all.
    #[error("{error}")]
    Gone {
        /// The sink's words.
        error: String,
    },
}

/// A closure as a sink, for programs that receive events in their own process.
pub struct SinkFn<F> {
    name: String,
    told: F,
}

impl<F: Fn(&Event) -> Result<(), DeliveryError> + Send + Sync> SinkFn<F> {
    /// A sink that calls this.
    pub fn new(name: impl Into<String>, told: F) -> Self {
        Self {
            name: name.into(),
            told,
        }
    }
}

#[async_trait]
impl<F: Fn(&Event) -> Result<(), DeliveryError> + Send + Sync> EventSink for SinkFn<F> {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, event: &Event) -> Result<(), DeliveryError> {
        (self.told)(event)
    }
}
