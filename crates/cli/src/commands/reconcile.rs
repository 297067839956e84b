//! `reconcile`: settles what is not known, at a run's start and when a person asks for it.

use std::sync::Arc;

use app::{Identify, Identity, PersonsWord, Reconciled, Reconciler};
use domain::{Copilot, Settlement, TriggerRule};
use ports::LedgerError;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::workspace::unidentified;
use crate::commands::{Context, deliver_recorded, stats};
use crate::config::Settings;
use crate::confirm::{Unattended, confirm};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::identity::RunIdentity;
use crate::kind::CliKind;
use crate::output::Output;
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
    if let Some(ClosedEntry { entry, word }) = command.close {
        let outcome = match word {
            PersonsWord::Applied => "applied",
            PersonsWord::NotApplied => "not applied",
        };
        let question = format!("Entry {entry} will be recorded as {outcome}, by your word alone.");
        confirm(context.output, context.global.yes, Unattended::Proceeds, &question)?;
    }
    let record = Record::open_existing(settings).await?;
    let session = context.open(settings).await?;
    let source = session.organization.clone();
    let identity = RunIdentity::new(source, settings, &record, "reconcile", command.reason.as_deref());
    let whose = identity.identity().await.map_err(|error| unidentified(&error))?;
    let rules = reconciler::<TriggerRule>(&session, settings, &record, &whose);
    let copilots = reconciler::<Copilot>(&session, settings, &record, &whose);
    let found = match command.close {
        Some(ClosedEntry { entry, word }) => {
            let closed = match rules.close(entry, word).await {
                Err(LedgerError::NoEntry(_)) => copilots.close(entry, word).await,
                closed => closed,
            };
            closed.map(|closed| vec![closed])
        }
        None => of_all_kinds(&rules, &copilots).await,
    };
    let mut signals = Signals::take()?;
    let recorded = found.iter().flatten().filter_map(|found| found.recorded.as_ref());
    let (delivery, stopped) =
        deliver_recorded::sinks(context.output, &record, recorded, &mut signals, &Stopper::default()).await;
    let run = Run {
        id: record.run.clone(),
        target: session.target(identity.organization()),
        delivery,
    };
    stats::keep_metrics(context, &record, Some(whose.target)).await;
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
        context.output.document(&reconciled::human(&found, context.global))?;
    } else {
        context.output.data(&reconciled::document(&found, run, exit))?;
    }
    Ok(exit)
}

fn reconciler<K: CliKind>(session: &Session, settings: &Settings, record: &Record, whose: &Identity) -> Reconciler<K> {
    Reconciler {
        store: Arc::new(session.reader::<K>(settings)),
        ledger: record.ledger.clone(),
        target: whose.target.clone(),
        author: whose.author.clone(),
        clock: session.clock.clone(),
    }
}

/// Settles what can be settled of each kind.
async fn of_all_kinds(
    rules: &Reconciler<TriggerRule>,
    copilots: &Reconciler<Copilot>,
) -> Result<Vec<Reconciled>, LedgerError> {
    let mut found = rules.reconcile().await?;
    found.extend(copilots.reconcile().await?);
    Ok(found)
}

/// Settles what earlier runs left open, as far as it can be settled now, and says so.
pub(super) async fn at_start(
    output: Output,
    rules: &Reconciler<TriggerRule>,
    copilots: &Reconciler<Copilot>,
) -> Result<(), LedgerError> {
    let found = of_all_kinds(rules, copilots).await?;
    for settled in found.iter().filter(|found| found.recorded.is_some()) {
        output.info(&format!("An earlier run: {}", reconciled::line(settled)));
    }
    let open = found.iter().filter(|found| stays_unknown(found)).count();
    if open > 0 {
        let them = if open == 1 {
            "1 earlier change"
        } else {
            &format!("{open} earlier changes")
        };
        output.info(&format!(
            "The outcome of {them} is not known; `assist-rules reconcile` says more."
        ));
    }
    Ok(())
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
