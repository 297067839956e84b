//! The conformance suite of [`EventSink`]s: checks that each sink runs against its own system.
//!
//! A check panics with what went wrong. A sink has to end by itself: run the suite under a time limit.

use async_trait::async_trait;
use domain::OutcomeKind;

use super::ledger_conformance::{intent, outcome};
use crate::{DeliveryError, EntryId, Event, EventSink};

/// A sink, and a way to look at its system from behind.
#[async_trait]
pub trait SinkStage: Send + Sync {
    /// The sink under test.
    fn sink(&self) -> &dyn EventSink;

    /// True if the system has the event, where a crash of this program cannot take it.
    async fn is_kept(&self, event: &Event) -> bool;

    /// Takes away what the sink cannot make anew (its server, its folder, its schema), so that nothing can be kept for the
    /// rest of the check.
    async fn take_away(&self);
}

/// Runs every check, each on a stage of its own.
///
/// # Panics
///
/// With what the sink does wrong.
pub async fn check_sink<S: SinkStage, F: Future<Output = S>>(stage: impl Fn() -> F) {
    the_name_stays(&stage().await);
    an_event_that_is_delivered_is_kept(&stage().await).await;
    an_event_may_come_again(&stage().await).await;
    an_earlier_event_may_come_again_after_a_later_one(&stage().await).await;
    an_event_that_is_not_kept_is_tried_again(&stage().await).await;
}

/// An event about the change of one document from this version to the next.
fn event(entry: u64) -> Event {
    let intent = intent("r1", entry, entry);
    let id = EntryId(entry);
    let outcome = outcome(&intent, Some(id), OutcomeKind::Applied, entry);
    Event::of(format!("e{entry}"), id, None, &intent, &outcome)
}

async fn deliver(stage: &dyn SinkStage, event: &Event) {
    assert_eq!(stage.sink().deliver(event).await, Ok(()), "{}", event.id);
    assert!(
        stage.is_kept(event).await,
        "{} was delivered, and is not kept",
        event.id
    );
}

fn the_name_stays(stage: &dyn SinkStage) {
    let name = stage.sink().name();
    assert!(!name.is_empty(), "the sink has no name");
    assert_eq!(stage.sink().name(), name, "the name changed");
}

async fn an_event_that_is_delivered_is_kept(stage: &dyn SinkStage) {
    for entry in 1..4 {
        deliver(stage, &event(entry)).await;
    }
}

async fn an_event_may_come_again(stage: &dyn SinkStage) {
    for _ in 0..3 {
        deliver(stage, &event(1)).await;
    }
}

/// Another worker may deliver what this one did not finish. A sink that holds only the newest state keeps that one.
async fn an_earlier_event_may_come_again_after_a_later_one(stage: &dyn SinkStage) {
    let (earlier, later) = (event(1), event(2));
    deliver(stage, &earlier).await;
    deliver(stage, &later).await;
    assert_eq!(stage.sink().deliver(&earlier).await, Ok(()), "{}", earlier.id);
    assert!(stage.is_kept(&later).await, "an earlier event took a later one away");
}

async fn an_event_that_is_not_kept_is_tried_again(stage: &dyn SinkStage) {
    deliver(stage, &event(1)).await;
    stage.take_away().await;
    let ended = stage.sink().deliver(&event(2)).await;
    assert!(
        matches!(ended, Err(DeliveryError::Retry { .. })),
        "nothing can be kept, and the delivery ends with {ended:?}"
    );
}
