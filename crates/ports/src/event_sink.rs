//! A system that receives changes.

use std::time::Duration;

use async_trait::async_trait;

use crate::event::Event;

/// A system that receives changes, each at least once.
///
/// An implementation
/// - MUST return `Ok` only when the event is where a crash of this program cannot take it;
/// - MUST tolerate an event that it has received before, at once or after later ones: its id is the same;
/// - MUST ask for another try, with `DeliveryError::Retry`, where its system is away;
/// - MUST end by itself in bounded time;
/// - MAY keep the newest state of a document only, and MAY take events of one document out of order.
///
/// `ports::testing::sink_conformance` has the checks that every sink runs.
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
    Retry {
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
    deliver: F,
}

impl<F: Fn(&Event) -> Result<(), DeliveryError> + Send + Sync> SinkFn<F> {
    /// A sink that calls this.
    pub fn new(name: impl Into<String>, deliver: F) -> Self {
        Self {
            name: name.into(),
            deliver,
        }
    }
}

#[async_trait]
impl<F: Fn(&Event) -> Result<(), DeliveryError> + Send + Sync> EventSink for SinkFn<F> {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, event: &Event) -> Result<(), DeliveryError> {
        (self.deliver)(event)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::testing::sink_conformance::{SinkStage, check_sink};

    /// A closure that keeps ids, until it is taken away.
    struct ClosureStage {
        sink: Box<dyn EventSink>,
        ids: Arc<Mutex<Vec<String>>>,
        is_away: Arc<AtomicBool>,
    }

    impl ClosureStage {
        fn new() -> Self {
            let (ids, is_away) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
            let keep = {
                let (ids, is_away) = (ids.clone(), is_away.clone());
                move |event: &Event| {
                    if is_away.load(Ordering::Relaxed) {
                        let error = "it is away".to_owned();
                        return Err(DeliveryError::Retry { error, wait: None });
                    }
                    ids.lock().unwrap().push(event.id.clone());
                    Ok(())
                }
            };
            Self {
                sink: Box::new(SinkFn::new("closure", keep)),
                ids,
                is_away,
            }
        }
    }

    #[async_trait]
    impl SinkStage for ClosureStage {
        fn sink(&self) -> &dyn EventSink {
            &*self.sink
        }

        async fn is_kept(&self, event: &Event) -> bool {
            self.ids.lock().unwrap().contains(&event.id)
        }

        async fn take_away(&self) {
            self.is_away.store(true, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn a_closure_keeps_the_contract() {
        check_sink(|| async { ClosureStage::new() }).await;
    }
}
