//! Deliveries to sinks, and the backlog of each sink.

use std::fmt::Write;

use app::DeliveryReport;
use ports::Backlog;
use serde::Serialize;

use crate::exit::Exit;
use crate::output::{BOLD, ERROR, FORMAT_VERSION, SUCCESS, visible};
use crate::time::not_before;

#[derive(Serialize)]
pub(crate) struct DeliveryDocument {
    format_version: &'static str,
    kind: &'static str,
    exit_code: u8,
    sinks: Vec<SinkDocument>,
}

#[derive(Serialize)]
struct SinkDocument {
    name: String,
    /// Events that were delivered now.
    delivered: u64,
    /// Events that could not be delivered now.
    failed: u64,
    /// Events that are still to be delivered.
    pending: u64,
    /// Events that were given up.
    dead: u64,
    last_failure: Option<String>,
    next_at: Option<String>,
    /// The end of the pause that the sink asked for.
    paused_until: Option<String>,
    disabled: Option<String>,
}

/// The document of a round and what it left.
pub(crate) fn document(rounds: &[DeliveryReport], backlog: &[Backlog], exit: Exit) -> DeliveryDocument {
    DeliveryDocument {
        format_version: FORMAT_VERSION,
        kind: "delivery",
        exit_code: exit.code(),
        sinks: sinks(rounds, backlog),
    }
}

/// The sinks with a delivery in these rounds, and those with a backlog.
fn sinks(rounds: &[DeliveryReport], backlog: &[Backlog]) -> Vec<SinkDocument> {
    let delivered = rounds.iter().map(|round| &round.sink);
    let left = backlog.iter().map(|left| &left.sink);
    let left = left.filter(|sink| !rounds.iter().any(|round| round.sink == **sink));
    let of = |sink: &String| {
        let round = rounds.iter().find(|round| round.sink == *sink);
        let left = backlog.iter().find(|left| left.sink == *sink);
        let paused_until = round.and_then(|round| round.paused_until);
        SinkDocument {
            name: sink.clone(),
            delivered: round.map_or(0, |round| round.delivered),
            failed: round.map_or(0, |round| round.failed),
            pending: left.map_or(0, |left| left.pending),
            dead: left.map_or(0, |left| left.dead),
            last_failure: left
                .and_then(|left| left.last_failure.clone())
                .or_else(|| round.and_then(|round| round.last_failure.clone())),
            next_at: left
                .and_then(|left| left.next_at)
                .max(paused_until)
                .and_then(not_before),
            paused_until: paused_until.and_then(not_before),
            disabled: left.and_then(|left| left.disabled.clone()),
        }
    };
    delivered.chain(left).map(of).collect()
}

/// A line for each, and what is wrong with it.
pub(crate) fn human(rounds: &[DeliveryReport], backlog: &[Backlog]) -> String {
    let sinks = sinks(rounds, backlog);
    if sinks.is_empty() {
        return "There is no sink, and nothing to deliver.\n".to_owned();
    }
    let mut text = String::new();
    for sink in &sinks {
        let is_done = sink.pending == 0 && sink.dead == 0;
        let style = if is_done { SUCCESS } else { ERROR };
        let _ = writeln!(
            text,
            "{BOLD}{}{BOLD:#}  {style}{}{style:#}",
            visible(&sink.name),
            state(sink)
        );
        if let Some(error) = sink.last_failure.as_ref().filter(|_| !is_done) {
            let _ = writeln!(text, "  the last try failed: {}", visible(error));
        }
        if !rounds.iter().any(|round| round.sink == sink.name) {
            let _ = writeln!(
                text,
                "  it is not told: not configured, without its secret, or left out"
            );
        }
        if let Some(until) = &sink.paused_until {
            let _ = writeln!(text, "  it asked for a pause: nothing is sent to it before {until}");
        }
        if let Some(error) = &sink.disabled {
            let _ = writeln!(
                text,
                "  it wants no more events: {}; `deliver --enable {}` takes it up again",
                visible(error),
                visible(&sink.name)
            );
        }
    }
    text
}

/// The counts of events by state.
fn state(sink: &SinkDocument) -> String {
    let mut text = format!("{} delivered", sink.delivered);
    for (count, what) in [(sink.pending, "pending"), (sink.dead, "given up")] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    if let Some(next) = &sink.next_at {
        let _ = write!(text, "; next try at {next}");
    }
    text
}
