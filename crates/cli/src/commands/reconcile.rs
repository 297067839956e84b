//! `reconcile`: settles what is not known, at a run's start and when a person asks for it.

use std::sync::Arc;

use app::{Reconciled, Reconciler};
use domain::{Settlement, TriggerRule};
use ports::{DocumentStore, LedgerError};

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::{Context, stats, tell};
use crate::config::Settings;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::record::{Record, unusable};
use crate::render::result::{Run, reconciled};
use crate::request::{ClosedEntry, ReconcileCommand};
use crate::session::Session;
use crate::signals::Signals;
use crate::stopper::Stopper;

pub(super) async fn run(context: &Context<'_>, command: &ReconcileCommand) -> Result<Exit, CliError> {
    let settings = context.settings()?;
    settings.target.clone()?;
    settings.refuse_a_secret(command.reason.as_deref())?;
    let record = Record::open(settings).await?;
    let session = context.open(settings).await?;
    let reader = Arc::new(session.reader::<TriggerRule>(settings));
    let reconciler = reconciler(&session, &record, settings, reader, command.reason.as_deref());
    let found = match command.close {
        Some(ClosedEntry { entry, word }) => {
            let closed = reconciler.close(entry, word).await;
            closed.map(|closed| vec![closed])
        }
        None => reconciler.reconcile().await,
    };
    let mut signals = Signals::take()?;
    let recorded = found.iter().flatten().filter_map(|found| found.recorded.as_ref());
    let (delivery, stopped) = tell::sinks(context.output, &record, recorded, &mut signals, &Stopper::default()).await;
    let run = Run {
        id: record.run.clone(),
        target: session.target.clone(),
        delivery,
    };
    stats::keep_metrics(context, &record, settings).await;
    record.close().await;
    session.close().await?;
    let found = found.map_err(|failure| problem(&failure))?;
    let exit = match stopped {
        Some(stopped) => stopped,
        None if found.iter().any(stays_unknown) => Exit::Unknown,
        None if run.delivery.failed > 0 => Exit::Pending,
        None => Exit::Done,
    };
    if context.output.format == Format::Human {
        context.output.document(&reconciled::human(&found))?;
    } else {
        context.output.data(&reconciled::document(&found, run, exit))?;
    }
    Ok(exit)
}

/// Settles what earlier runs left open, as far as it can be settled now, and says so.
pub(super) async fn at_start(
    context: &Context<'_>,
    session: &Session,
    record: &Record,
    settings: &Settings,
) -> Result<(), CliError> {
    let reconciler = reconciler(session, record, settings, session.store(settings), None);
    let found = reconciler.reconcile().await.map_err(|failure| unusable(&failure))?;
    for settled in found.iter().filter(|found| found.recorded.is_some()) {
        context
            .output
            .note(&format!("An earlier run: {}", reconciled::line(settled)));
    }
    let open = found.iter().filter(|found| stays_unknown(found)).count();
    if open > 0 {
        let them = if open == 1 {
            "1 earlier change"
        } else {
            &format!("{open} earlier changes")
        };
        context.output.note(&format!(
            "The outcome of {them} is not known; `assist-rules reconcile` says more."
        ));
    }
    Ok(())
}

fn reconciler(
    session: &Session,
    record: &Record,
    settings: &Settings,
    store: Arc<dyn DocumentStore<TriggerRule>>,
    reason: Option<&str>,
) -> Reconciler<TriggerRule> {
    Reconciler {
        store,
        ledger: record.ledger.clone(),
        target: settings.ledger_target().unwrap_or_default(),
        author: record.author(settings, "reconcile", reason),
        clock: session.clock.clone(),
    }
}

/// True if the outcome is not known, and no run is at work on the entry.
fn stays_unknown(found: &Reconciled) -> bool {
    found.recorded.is_none() && found.settlement != Settlement::Leased
}

fn problem(failure: &LedgerError) -> CliError {
    match failure {
        LedgerError::NoEntry(entry) => {
            let message = format!(
                "cannot close the entry {entry}: the ledger has none of that number whose outcome is not known"
            );
            CliError::new(ErrorCode::NoEntry, message)
        }
        LedgerError::Leased { .. }
        | LedgerError::Settled(_)
        | LedgerError::OtherOrganization { .. }
        | LedgerError::Busy(_)
        | LedgerError::Unusable(_) => unusable(failure),
    }
}
