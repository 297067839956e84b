//! Delivery to the sinks after a run.

use std::sync::atomic::{AtomicU64, Ordering};

use ports::{DeliveryOutcome, LeasedEvent, Recorded};

use crate::exit::Exit;
use crate::output::{Output, visible};
use crate::record::Record;
use crate::render::result::Delivery;
use crate::signals::Signals;
use crate::stopper::{Abandoned, Stage, Stopper};
use crate::time::not_before;
use crate::waits::Waits;

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
    let done = AtomicU64::new(0);
    let watch = |leased: &LeasedEvent, outcome: &DeliveryOutcome| {
        if own.contains(&&leased.event.id) && *outcome == DeliveryOutcome::Delivered {
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    let is_stopped = || stopper.is_asked();
    let deliverer = record.deliverer(stopper);
    let waits = Waits::new(output);
    let drain = waits.on("the sinks", deliverer.drain(&watch, &is_stopped));
    let (rounds, exit) = match stopper.drive(Stage::Delivery, drain, signals, output).await {
        Ok(drained) => drained,
        Err(Abandoned(exit)) => (Vec::new(), Some(exit)),
    };
    for round in rounds {
        let sink = visible(&round.sink);
        let broken = round.broken.map(|broken| broken.in_full());
        if let Some(error) = broken.or(round.last_failure) {
            output.warn(&format!("Delivery to the sink `{sink}` failed: {}", visible(&error)));
        }
        if let Some(until) = round.paused_until.and_then(not_before) {
            output.warn(&format!(
                "The sink `{sink}` asked for a pause: nothing is sent to it before {until}."
            ));
        }
    }
    for (sink, error) in &record.without_secret {
        let (sink, why) = (visible(sink), visible(&error.message));
        output.warn(&format!(
            "The sink `{sink}` is told later, by `assist-rules deliver`: {why}"
        ));
    }
    let events = own.len() as u64;
    let tried = events * (record.sinks.len() + record.without_secret.len()) as u64;
    let done = done.into_inner();
    let delivery = Delivery {
        queued: tried + events * record.held_back as u64,
        delivered: done,
        failed: tried - done,
    };
    (delivery, exit)
}
