//! A change of one document, from the request to its outcome: sent, recorded, and delivered to the sinks.

use std::sync::Arc;
use std::time::Duration;

use app::{IdentityError, Progress, ReadOnly, Report};
use domain::protocol::{Completion, Failed, Mode, Outcome, UpdateOptions, UpdateRequest};
use domain::{Finding, Findings, ResponseMetadata};

use crate::cli_error::CliError;
use crate::commands::workspace::{self, Workspace};
use crate::commands::{Context, stats, tell};
use crate::config::Settings;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::output::{Output, visible};
use crate::record;
use crate::render::report::Asked;
use crate::render::result::{Delivery, Run, TargetDocument};
use crate::request::{ChangeRequest, ChangeTerms};
use crate::signals::Signals;
use crate::stopper::{Abandoned, Stage, Stopper};

/// The end of a change.
pub(super) struct ChangeReport<K: CliKind> {
    pub(super) report: Report<K>,
    pub(super) run: Run,
    /// The exit of the signal that stopped the program, if one did.
    pub(super) stopped: Option<Exit>,
}

impl<K: CliKind> ChangeReport<K> {
    /// A change that was refused before anything was sent.
    pub(super) fn unsent(id: K::Id, findings: Vec<Finding>) -> Self {
        let mut found = Findings::default();
        found.extend(findings);
        Self {
            report: Report {
                id,
                completion: Completion {
                    outcome: Outcome::Invalid {
                        base: None,
                        findings: found,
                    },
                    merges: 0,
                    attempts: 0,
                    waited: Duration::ZERO,
                },
                requests: 0,
                latency: Duration::ZERO,
                last: ResponseMetadata::default(),
                recorded: None,
                unrecorded: None,
            },
            run: Run {
                id: record::new_run(),
                target: TargetDocument::default(),
                delivery: Delivery::default(),
            },
            stopped: None,
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
    } = workspace;
    let mut updater = session.updater::<K>(settings, &record, identity.clone());
    updater.undoes.clone_from(&request.undoes);
    if options.mode == Mode::DryRun {
        updater.store = Arc::new(ReadOnly(updater.store));
    }
    let mut signals = Signals::take()?;
    let stopper = Stopper::default();
    let watch = |progress| {
        stopper.set_writing(progress == Progress::Writing);
        tell_of(output, &progress);
    };
    let update = updater.execute(id, update, options, &watch, stopper.asked());
    let driven = stopper.drive(Stage::Update, update, &mut signals, output).await;
    let (report, mut signal) = driven.map_err(|Abandoned(exit)| abandoned(id, &stopper).stopped_by(exit))?;
    let (delivery, later) = tell::sinks(output, &record, &report.recorded, &mut signals, &stopper).await;
    signal = signal.or(later);
    let run = Run {
        id: record.run.clone(),
        target: session.target(identity.run.organization()),
        delivery,
    };
    let closing = async {
        stats::keep_metrics(context, &record, identity.target()).await;
        record.close().await;
        session.close().await
    };
    match stopper.drive(Stage::Delivery, closing, &mut signals, output).await {
        Ok((closed, later)) => {
            closed?;
            signal = signal.or(later);
        }
        Err(Abandoned(exit)) => signal = signal.or(Some(exit)),
    }
    if let Some(error) = identity.error()
        && must_be_told(error, &report.completion.outcome)
    {
        return Err(workspace::unidentified(error));
    }
    if run.target.sandbox {
        output.note("This was the sandbox, the Genesys Cloud that is built in: no organisation was changed.\n");
    }
    Ok(ChangeReport {
        report,
        run,
        stopped: signal,
    })
}

/// True if the outcome does not tell that the identity of the run is not known: it found nothing to write, or could not
/// record what it would write.
fn must_be_told<K: CliKind>(error: &IdentityError, outcome: &Outcome<K>) -> bool {
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

/// Reports waits that a person would notice.
fn tell_of(output: Output, progress: &Progress) {
    if let Progress::Waiting { time, because } = progress
        && *time >= Duration::from_millis(500)
    {
        let because = visible(because);
        output.note(&format!("waiting {:.1} s: {because}", time.as_secs_f64()));
    }
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
    }
}
