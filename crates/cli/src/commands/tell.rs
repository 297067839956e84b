//! Delivery to the sinks after a run.

use std::sync::atomic::{AtomicU64, Ordering};

use ports::{DeliveryOutcome, LeasedEvent, Recorded};

use crate::exit::Exit;
use crate::output::{Output, visible};
use crate::record::Record;
use crate::render::result::Delivery;
use crate::signals::Signals;
use crate::stopper::{Abandoned, Stage, Stopper};

/// Delivers the due events to the sinks, warns of each sink that fails, and counts this run's own events by state. A
/// signal ends it, and is how the program ends then. Once the stopper is asked, no delivery is begun.
pub(super) async fn sinks<'r>(
    output: Output,
    record: &Record,
    recorded: impl IntoIterator<Item = &'r Recorded>,
    signals: &mut Signals,
    stopper: &Stopper,
) -> (Delivery, Option<Exit>) {
    let own: Vec<&String> = recorded
        .into_iter()
        .filter_map(|recorded| recorded.event.as_ref())
        .collect();
    let told = AtomicU64::new(0);
    let watch = |claimed: &LeasedEvent, fate: &DeliveryOutcome| {
        if own.contains(&&claimed.event.id) && *fate == DeliveryOutcome::Delivered {
            told.fetch_add(1, Ordering::Relaxed);
        }
    };
    let is_stopped = || stopper.is_asked();
    let deliverer = record.deliverer(stopper);
    let tell = deliverer.drain(&watch, &is_stopped);
    let (rounds, exit) = match stopper.drive(Stage::Delivery, tell, signals, output).await {
        Ok(told) => told,
        Err(Abandoned(exit)) => (Vec::new(), Some(exit)),
    };
    for round in rounds {
        let broken = round.broken.map(|broken| broken.to_string());
        if let Some(error) = broken.or(round.last_failure) {
            let (sink, error) = (visible(&round.sink), visible(&error));
            output.warn(&format!("The sink `{sink}` could not be told: {error}"));
        }
    }
    let queued = own.len() as u64 * record.sinks.len() as u64;
    let told = told.into_inner();
    let delivery = Delivery {
        queued,
        delivered: told,
        failed: queued - told,
    };
    (delivery, exit)
}
