//! `deliver`: delivers the sinks' due events.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use app::DeliveryReport;
use ports::{Backlog, DeliveryOutcome, Include, LeasedEvent};

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::output::{Output, visible};
use crate::record::{Record, unusable};
use crate::render::delivery;
use crate::request::DeliverCommand;
use crate::signals::Signals;
use crate::stopper::{Abandoned, Stage, Stopper};

pub(super) async fn run(context: &Context<'_>, command: &DeliverCommand) -> Result<Exit, CliError> {
    let settings = context.settings()?;
    let configured = settings.sinks.clone()?;
    if context.global.no_sinks {
        let message = "`deliver` tells the sinks, and `--no-sinks` tells none in this run";
        return Err(CliError::new(ErrorCode::Usage, message).with_help("leave one of them out"));
    }
    for named in command.sink.iter().chain(&command.enable) {
        if let Some((_, error)) = configured.without_secret.iter().find(|(name, _)| name == named) {
            return Err(error.clone());
        }
        if !configured.names().any(|name| name == named) {
            let known: Vec<&str> = configured.names().collect();
            return Err(CliError::new(ErrorCode::Usage, format!("there is no sink `{named}`"))
                .with_help(format!("the sinks are: {}", known.join(", "))));
        }
    }
    let record = Record::open_existing(settings).await?;
    for (sink, error) in &record.without_secret {
        let (sink, why) = (visible(sink), visible(&error.message));
        context.output.warn(&format!("The sink `{sink}` cannot be told: {why}"));
    }
    let result = deliver_all(context, command, &record, settings.deadline).await;
    let backlog = record.outbox.backlog().await;
    record.close().await;
    let (rounds, stopped) = result?;
    let mut backlog = backlog.map_err(|failure| unusable(&failure))?;
    backlog.retain(|of_sink| command.sink.as_ref().is_none_or(|sink| *sink == of_sink.sink));
    if let Some(broken) = rounds.iter().find_map(|round| round.broken.as_ref()) {
        return Err(unusable(broken));
    }
    let is_configured = |left: &&Backlog| configured.names().any(|name| name == left.sink);
    let is_pending = backlog.iter().filter(is_configured).any(|left| left.pending > 0);
    let exit = stopped.unwrap_or(if is_pending { Exit::Pending } else { Exit::Done });
    if context.output.format == Format::Human {
        context.output.document(&delivery::human(&rounds, &backlog))?;
    } else {
        context.output.data(&delivery::document(&rounds, &backlog, exit))?;
    }
    Ok(exit)
}

/// Delivers the due events, until a signal ends it.
async fn deliver_all(
    context: &Context<'_>,
    command: &DeliverCommand,
    record: &Record,
    deadline: Duration,
) -> Result<(Vec<DeliveryReport>, Option<Exit>), CliError> {
    for sink in &command.enable {
        record.outbox.enable(sink).await.map_err(|failure| unusable(&failure))?;
    }
    if let Some(event) = &command.replay {
        let replayed = record.outbox.replay(event, command.sink.as_deref()).await;
        if replayed.map_err(|failure| unusable(&failure))? == 0 {
            let message = format!(
                "the outbox has no event `{}` that was delivered or given up",
                visible(event)
            );
            return Err(CliError::new(ErrorCode::NoEntry, message));
        }
    }
    let stopper = Stopper::default();
    let mut deliverer = record.deliverer(&stopper);
    deliverer
        .sinks
        .retain(|sink| command.sink.as_ref().is_none_or(|named| named == sink.name()));
    let progress = Progress::start(context.output);
    let watch = |_: &LeasedEvent, outcome: &DeliveryOutcome| progress.tried(outcome);
    let is_stopped = || stopper.is_asked();
    let deliver = deliverer.deliver(Include::All, Some(deadline), &watch, &is_stopped);
    let mut signals = Signals::take()?;
    let driven = stopper.drive(Stage::Delivery, deliver, &mut signals, context.output);
    driven.await.map_err(|Abandoned(exit)| {
        let message = "a second signal ended the program while events were delivered";
        let help = "what is undelivered stays in the ledger, and a delivery that was broken off is repeated";
        CliError::new(ErrorCode::DeliveryPending, message)
            .with_help(help)
            .stopped_by(exit)
    })
}

/// Says every ten seconds how far it is.
struct Progress {
    output: Output,
    state: Mutex<(Instant, u64, u64)>,
}

impl Progress {
    const EVERY: Duration = Duration::from_secs(10);

    fn start(output: Output) -> Self {
        Self {
            output,
            state: Mutex::new((Instant::now(), 0, 0)),
        }
    }

    fn tried(&self, outcome: &DeliveryOutcome) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (last_shown, delivered, failed) = &mut *state;
        match outcome {
            DeliveryOutcome::Delivered => *delivered += 1,
            DeliveryOutcome::Retry { .. } | DeliveryOutcome::DeadLettered { .. } | DeliveryOutcome::Disabled { .. } => {
                *failed += 1;
            }
        }
        if last_shown.elapsed() >= Self::EVERY {
            *last_shown = Instant::now();
            self.output
                .info(&format!("{delivered} delivered, {failed} failed so far"));
        }
    }
}
