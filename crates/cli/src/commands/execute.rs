//! A change of one document, from the request to its outcome: sent, recorded, and delivered to the sinks.

use std::sync::Arc;

use app::{IdentityError, Progress, ReadOnly, Report};
use domain::protocol::{Failed, Mode, OnConflict, Outcome, UpdateOptions, UpdateRequest};
use domain::{Finding, Findings};

use crate::cli_error::CliError;
use crate::commands::absence::Absence;
use crate::commands::workspace::{self, Workspace};
use crate::commands::{Context, deliver_recorded, stats};
use crate::config::Settings;
use crate::confirm::{Unattended, confirm};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::record::{self, Record};
use crate::render::report::Asked;
use crate::render::result::{Delivery, Run, TargetDocument};
use crate::request::{ChangeRequest, ChangeTerms};
use crate::session::Session;
use crate::signals::Signals;
use crate::stopper::{Abandoned, Stage, Stopper};

/// Asks before changes of others may be overwritten.
///
/// # Errors
///
/// If the answer is no.
pub(super) fn ask_before_overwriting(context: &Context<'_>, terms: &ChangeTerms) -> Result<(), CliError> {
    if terms.on_conflict != OnConflict::Ours {
        return Ok(());
    }
    let question = "What collides with this change will be overwritten, whoever made it.";
    confirm(context.output, context.global.yes, Unattended::Proceeds, question)
}

/// The end of a change.
pub(super) struct ChangeReport<K: CliKind> {
    pub(super) report: Report<K>,
    pub(super) run: Run,
    /// The exit of the signal that stopped the program, if one did.
    pub(super) stopped: Option<Exit>,
    /// The cause of a 404, as far as it is known.
    pub(super) absence: Option<Absence>,
}

impl<K: CliKind> ChangeReport<K> {
    /// A change that was refused before anything was sent.
    pub(super) fn unsent(id: K::Id, findings: Vec<Finding>) -> Self {
        let mut found = Findings::default();
        found.extend(findings);
        Self {
            report: Report::unsent(
                id,
                Outcome::Invalid {
                    base: None,
                    findings: found,
                },
            ),
            run: Run {
                id: record::new_run(),
                target: TargetDocument::default(),
                delivery: Delivery::default(),
            },
            stopped: None,
            absence: None,
        }
    }
}

/// Executes a change of a document.
pub(super) async fn execute<K: CliKind>(
    context: &Context<'_>,
    workspace: Workspace,
    request: &ChangeRequest,
    id: &K::Id,
    update: UpdateRequest<K>,
    options: UpdateOptions,
) -> Result<ChangeReport<K>, CliError> {
    let settings = context.settings()?;
    let output = context.output;
    let Workspace {
        record,
        session,
        identity,
        ..
    } = workspace;
    let mut updater = session.updater::<K>(settings, &record, identity.clone());
    updater.undoes.clone_from(&request.undoes);
    if options.mode == Mode::DryRun {
        updater.store = Arc::new(ReadOnly(updater.store));
    }
    let mut signals = Signals::take()?;
    let stopper = Stopper::default();
    let waits = session.waits.clone();
    let watch = |progress| {
        stopper.set_writing(progress == Progress::Writing);
        if let Progress::Waiting { time, because } = &progress {
            waits.announce(*time, because);
        }
    };
    let update = updater.execute(id, update, options, &watch, stopper.asked());
    let driven = stopper.drive(Stage::Update, update, &mut signals, output).await;
    let (report, mut signal) = driven.map_err(|Abandoned(exit)| abandoned(id, &stopper).stopped_by(exit))?;
    let (delivery, later) = deliver_recorded::sinks(output, &record, &report.recorded, &mut signals, &stopper).await;
    signal = signal.or(later);
    let absence = Absence::after::<K>(
        report.completion.outcome.failure(),
        &report.id.to_string(),
        &session,
        settings,
    )
    .await;
    let run = Run {
        id: record.run.clone(),
        target: session.target(identity.run.organization()),
        delivery,
    };
    let later = close(context, record, session, identity.target(), &mut signals, &stopper).await?;
    signal = signal.or(later);
    if let Some(error) = identity.error()
        && must_be_reported(error, &report.completion.outcome)
    {
        return Err(workspace::unidentified(error));
    }
    if run.target.sandbox {
        output.info("This was the sandbox, the Genesys Cloud that is built in: no organization was changed.\n");
    }
    Ok(ChangeReport {
        report,
        run,
        stopped: signal,
        absence,
    })
}

/// Writes the figures of a run, and closes its record and its session. A signal in between is how the program ends.
///
/// # Errors
///
/// If a sandbox cannot keep its rules.
pub(super) async fn close(
    context: &Context<'_>,
    record: Record,
    session: Session,
    target: Option<String>,
    signals: &mut Signals,
    stopper: &Stopper,
) -> Result<Option<Exit>, CliError> {
    let closing = async {
        stats::keep_metrics(context, &record, target).await;
        record.close().await;
        session.close().await
    };
    match stopper.drive(Stage::Delivery, closing, signals, context.output).await {
        Ok((closed, signal)) => closed.map(|()| signal),
        Err(Abandoned(exit)) => Ok(Some(exit)),
    }
}

/// True if the outcome does not tell that the identity of the run is not known: it found nothing to write, or could not
/// record what it would write.
fn must_be_reported<K: CliKind>(error: &IdentityError, outcome: &Outcome<K>) -> bool {
    let is_unrecorded = matches!(outcome, Outcome::Failed(Failed::NotRecorded { .. }));
    matches!(outcome, Outcome::Unchanged { .. } | Outcome::Planned(_))
        || (is_unrecorded && matches!(error, IdentityError::Ledger(_)))
}

/// The end of a run that a second signal broke off. What it left open in the ledger is settled by a later run.
fn abandoned<I: std::fmt::Display>(id: &I, stopper: &Stopper) -> CliError {
    if stopper.has_written() {
        let message = format!("cannot say whether `{id}` was changed: a second signal ended the program at once");
        return CliError::new(ErrorCode::Indeterminate, message).with_help(
            "the intent stays open in the ledger: the next command that writes, or `assist-rules reconcile`, finds out \
             whether it was applied",
        );
    }
    let message = format!("`{id}` was not changed: the program was stopped before anything was written");
    CliError::new(ErrorCode::Stopped, message)
}

/// The options of a change.
pub(super) fn options(settings: &Settings, terms: &ChangeTerms, asked: Asked) -> UpdateOptions {
    UpdateOptions {
        deadline: settings.deadline,
        expected_version: terms.if_version.clone(),
        mode: match asked {
            Asked::Update => Mode::Write,
            Asked::DryRun => Mode::DryRun,
        },
        fail_on: terms.fail_on,
        on_conflict: terms.on_conflict,
        cross_field_merge: terms.cross_field_merge,
        saves_unchanged: terms.saves_unchanged,
    }
}
