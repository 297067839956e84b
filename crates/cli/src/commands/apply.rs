//! `apply`: carries a reviewed plan out, exactly; or plans files, asks, and applies.

mod apply_report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use app::{AppliedPlan, Applier, IdentityError, InSync, OnDrift, Progress, ReadOnly, Report, ReviewedUpdate};
use domain::document::CrossFieldMerge;
use domain::plan::{Safety, SafetyKind, SafetyLimits};
use domain::protocol::UpdateOptions;
use domain::{Copilot, Severity, TriggerRule};

use crate::args::Format;
use crate::authored;
use crate::cli_error::CliError;
use crate::commands::plan::{authored, print};
use crate::commands::planning::{self, Wanted};
use crate::commands::workspace::{Needs, Workspace, unidentified};
use crate::commands::{Context, apply_command, deliver_recorded, execute};
use crate::confirm::{Unattended, confirm};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::output::Output;
use crate::progress;
use crate::render::counted::counted;
use crate::render::ended_update::EndedUpdate;
use crate::render::report::Asked;
use crate::render::result::{Delivery, Run};
use crate::request::{ApplyCommand, ChangeRequest, ChangeTerms, PlanOptions};
use crate::saved_plan::{Contents, SavedPlan, WholePlan, damaged, identity, reread};
use crate::signals::{Signals, unless_stopped};
use crate::stopper::{Abandoned, Stage, Stopper};
use crate::time;
use crate::waits::Waits;
use apply_report::{ApplyReport, OutcomeLine};

pub(super) async fn run(context: &Context<'_>, command: &ApplyCommand) -> Result<Exit, CliError> {
    let request = ChangeRequest {
        asked: if command.dry_run { Asked::DryRun } else { Asked::Update },
        command: "apply",
        reason: command.reason.clone(),
        undoes: Vec::new(),
    };
    if let Some(saved) = plan_alone(&command.files)? {
        refuse_a_choice(command)?;
        context.comment.set_target(&saved.document.target);
        let plan = reviewed(saved)?;
        refuse_another(&plan.saved, command)?;
        refuse_too_old(&plan.saved, command)?;
        let workspace = Workspace::open(context, &request, Needs::NoRecord).await?;
        if let Err(other) = refuse_other_target(&workspace, &plan.saved).await {
            workspace.close().await?;
            return Err(other);
        }
        return apply(context, workspace, &request, command, plan).await;
    }
    let documents = match authored(context, &command.files)? {
        Ok(documents) => documents,
        Err(exit) => return Ok(exit),
    };
    let workspace = Workspace::open(context, &request, Needs::NoRecord).await?;
    let making = planning::make(context, &workspace, Wanted::Files(documents), &command.options);
    let made = unless_stopped(making).await;
    workspace.inform(context.comment);
    let made = match made {
        Ok(made) => made,
        Err(problem) => {
            workspace.close().await?;
            return Err(problem);
        }
    };
    if let Err(refused) = agree(context, command, &made).await {
        workspace.close().await?;
        return Err(refused);
    }
    apply(context, workspace, &request, command, made).await
}

/// The plan, if the files are one.
fn plan_alone(files: &[PathBuf]) -> Result<Option<SavedPlan>, CliError> {
    let is_folder = |file: &PathBuf| file.is_dir();
    match files {
        [file] if !is_folder(file) => {
            let saved = SavedPlan::read(file)?;
            if saved.is_none() && file == Path::new("-") {
                let message = "stdin holds no plan";
                return Err(CliError::new(ErrorCode::Usage, message).with_help("rules to apply stand in files"));
            }
            Ok(saved)
        }
        several => match several.iter().find(|file| SavedPlan::is_at(file)) {
            Some(plan) => {
                let message = format!("`{}` is a plan, and a plan stands alone", plan.display());
                Err(CliError::new(ErrorCode::Usage, message).with_help("apply each plan by a command of its own"))
            }
            None => Ok(None),
        },
    }
}

/// Refuses to choose among what was reviewed: a plan is applied as it is.
fn refuse_a_choice(command: &ApplyCommand) -> Result<(), CliError> {
    let PlanOptions {
        selection,
        all,
        checks_references,
        on_drift,
        base,
        values,
        parallelism: _,
    } = &command.options;
    let is_of_all = selection.is_everything() && !all && values.is_empty();
    if is_of_all && *checks_references && *on_drift == OnDrift::default() && base.is_none() {
        return Ok(());
    }
    let message = "`--select`, `--exclude`, `--on-drift`, `--base`, `--values`, `--all` and `--no-references` choose what is planned, and \
                   this plan was reviewed as it is";
    Err(CliError::new(ErrorCode::Usage, message).with_help("plan with these flags, and review that plan"))
}

/// A saved plan with its contents, derived anew.
fn reviewed(saved: SavedPlan) -> Result<WholePlan, CliError> {
    let contents = reread(&saved.document)?;
    Ok(WholePlan { saved, contents })
}

/// Refuses a plan that is not the one that was approved: by its hash, or by the hash of what it changes.
fn refuse_another(saved: &SavedPlan, command: &ApplyCommand) -> Result<(), CliError> {
    let Some(expected) = &command.expect else { return Ok(()) };
    let is_expected = saved.hash == *expected || saved.document.changes_hash == expected.to_string();
    if is_expected {
        return Ok(());
    }
    let message = format!(
        "this is not the plan that was approved: {expected} was expected; the changes are {}, the plan is {}",
        saved.document.changes_hash, saved.hash
    );
    Err(damaged(&message))
}

fn refuse_too_old(saved: &SavedPlan, command: &ApplyCommand) -> Result<(), CliError> {
    let Some(max_age) = command.max_age else { return Ok(()) };
    let created_at = time::parse(&saved.document.created_at);
    let age = created_at.and_then(|created_at| SystemTime::now().duration_since(created_at).ok());
    // Why: a time to come says nothing about the age.
    if age.is_none_or(|age| age > max_age) {
        let message = format!(
            "the plan was made at {}, and `--max-age` is {} s",
            saved.document.created_at,
            max_age.as_secs()
        );
        return Err(damaged(&message));
    }
    Ok(())
}

/// Refuses a plan of another organization or, where none is known, of another API or client.
async fn refuse_other_target(workspace: &Workspace, saved: &SavedPlan) -> Result<(), CliError> {
    workspace.identity().await?;
    let here = workspace.session.target(workspace.identity.run.organization());
    let planned = &saved.document.target;
    if identity(&here) == identity(planned) {
        return Ok(());
    }
    let message = format!(
        "the plan was made for {}, and this is {}",
        planned.shown(),
        here.shown()
    );
    Err(CliError::new(ErrorCode::UnfitPlan, message)
        .with_help("nothing was sent: look at which profile and which credentials are used (`auth status`)"))
}

/// Shows a plan that was made just now, and asks whether to apply it.
async fn agree(context: &Context<'_>, command: &ApplyCommand, plan: &WholePlan) -> Result<(), CliError> {
    let saved = &plan.saved;
    let has_updates = plan.contents.updates() > 0;
    let is_expected = command.expect.is_some();
    if context.output.format == Format::Human && !context.output.is_quiet() {
        print(context, saved, None)?;
    }
    refuse_another(saved, command)?;
    if is_expected || !has_updates || command.dry_run {
        return Ok(());
    }
    let question = format!(
        "{} of {} will be changed as shown.",
        documents(&plan.contents),
        saved.document.target.shown()
    );
    let (output, yes) = (context.output, context.global.yes);
    // Why in a thread: a signal ends the question, which waits for a line.
    let asked = tokio::task::spawn_blocking(move || confirm(output, yes, Unattended::Refuses, &question));
    unless_stopped(async {
        let bug = |error: tokio::task::JoinError| CliError::new(ErrorCode::Bug, error.to_string());
        asked.await.map_err(bug)?
    })
    .await
}

/// The documents that are updated: `2 rules and 1 Copilot`.
fn documents(contents: &Contents) -> String {
    let (rules, copilots) = (contents.rules.updates.len(), contents.copilots.updates.len());
    let rules = (rules > 0).then(|| counted(rules, TriggerRule::LISTED.document));
    let copilots = (copilots > 0).then(|| counted(copilots, Copilot::LISTED.document));
    rules.into_iter().chain(copilots).collect::<Vec<_>>().join(" and ")
}

/// Refuses a plan that goes beyond what a run may change.
fn refuse_too_much(context: &Context<'_>, command: &ApplyCommand, plan: &WholePlan) -> Result<(), CliError> {
    let documents = plan.saved.document.summary.documents;
    let limits = context.settings()?.safety.limits(documents);
    let allow = |limits: SafetyLimits, (kind, number): &(SafetyKind, usize)| limits.with(*kind, *number);
    let limits = command.allow.iter().fold(limits, allow);
    let safety = Safety::of(&plan.contents.effects, limits);
    let exceeded: Vec<_> = safety.exceeded().collect();
    if exceeded.is_empty() {
        return Ok(());
    }
    let sentences = exceeded.iter().map(|count| {
        let (number, limit) = (count.count, count.limit);
        format!("{number} would be {}, and {limit} of {documents} may", done(count.kind))
    });
    let flags = exceeded
        .iter()
        .map(|count| format!("--allow {}={}", count.kind.name(), count.count));
    let message = format!("safety stop: {}", sentences.collect::<Vec<_>>().join("; "));
    let help = format!(
        "nothing was sent; if the plan is right: {}",
        flags.collect::<Vec<_>>().join(" ")
    );
    Err(CliError::new(ErrorCode::TooMuch, message).with_help(help))
}

fn done(kind: SafetyKind) -> &'static str {
    match kind {
        SafetyKind::Changed => "changed",
        SafetyKind::Disabled => "switched off",
        SafetyKind::Removed => "taken away",
        SafetyKind::Emptied => "emptied of conditions or actions",
    }
}

/// Applies a plan that nothing speaks against.
async fn apply(
    context: &Context<'_>,
    workspace: Workspace,
    request: &ChangeRequest,
    command: &ApplyCommand,
    plan: WholePlan,
) -> Result<Exit, CliError> {
    if let Err(stopped) = refuse_too_much(context, command, &plan) {
        workspace.close().await?;
        return Err(stopped);
    }
    let output = context.output;
    let WholePlan { saved, contents } = plan;
    let terms = terms(command);
    let rules = applier::<TriggerRule>(context, &workspace, command, &saved)?;
    let copilots = applier::<Copilot>(context, &workspace, command, &saved)?;
    let Workspace {
        record,
        session,
        identity,
        ..
    } = workspace;
    let run = Run {
        id: record.run.clone(),
        target: session.target(identity.run.organization()),
        delivery: Delivery::default(),
    };
    let mut signals = Signals::take()?;
    let stopper = Stopper::default();
    let watched = Watched {
        stopper: &stopper,
        waits: session.waits.clone(),
        output,
        updates: contents.updates(),
        bar: OnceLock::new(),
        state: Mutex::default(),
    };
    let applying = Applying {
        plan: &saved,
        run: &run,
        request,
        terms: &terms,
        watched: &watched,
        output,
        options: execute::options(context.settings()?, &terms, request.asked),
    };
    let work = async {
        applying.record(&rules, &contents.rules.in_sync).await?;
        applying.record(&copilots, &contents.copilots.in_sync).await?;
        let mut ended = applying.apply(&rules, contents.rules.updates, 0, false).await?;
        let is_over = command.stop_on_first && !ended.iter().all(EndedUpdate::is_good);
        let first = ended.len();
        let copilots = applying.apply(&copilots, contents.copilots.updates, first, is_over);
        ended.extend(copilots.await?);
        Ok(ended)
    };
    let driven = stopper.drive(Stage::Update, Box::pin(work), &mut signals, output).await;
    if let Some(bar) = watched.bar.get() {
        bar.finish();
    }
    let (mut updates, mut signal) = match driven {
        Ok((ended, signal)) => (ended.map_err(|error: IdentityError| unidentified(&error))?, signal),
        Err(Abandoned(exit)) => return Err(apply_report::abandoned(&stopper).stopped_by(exit)),
    };
    let places = places(&saved);
    updates.sort_by_key(|update| places.get(update.document.as_str()).copied());
    let recorded = updates.iter().filter_map(|update| update.recorded.as_ref());
    let (delivery, later) = deliver_recorded::sinks(output, &record, recorded, &mut signals, &stopper).await;
    signal = signal.or(later);
    let later = execute::close(context, record, session, identity.target(), &mut signals, &stopper).await?;
    signal = signal.or(later);
    if run.target.sandbox {
        output.info("This was the sandbox, the Genesys Cloud that is built in: no organization was changed.\n");
    }
    let report = ApplyReport {
        updates,
        plan: &saved,
        run: Run { delivery, ..run },
        request,
        terms: &terms,
        signal,
        next: match command.files.as_slice() {
            [file] if SavedPlan::is_at(file) => apply_command::of_plan(context, &saved, file),
            _ => None,
        },
    };
    Ok(report.print(context))
}

/// The number of each document in a plan.
fn places(plan: &SavedPlan) -> BTreeMap<&str, usize> {
    let changes = plan.document.changes.iter().enumerate();
    changes
        .map(|(place, change)| (change.document.as_str(), place))
        .collect()
}

/// The carrying out of a plan, one kind after the other.
struct Applying<'a> {
    plan: &'a SavedPlan,
    run: &'a Run,
    request: &'a ChangeRequest,
    terms: &'a ChangeTerms,
    watched: &'a Watched<'a>,
    output: Output,
    options: UpdateOptions,
}

impl Applying<'_> {
    /// Records the documents of one kind that are as their files say.
    async fn record<K: CliKind>(&self, applier: &Applier<K>, in_sync: &[InSync<K>]) -> Result<(), IdentityError> {
        if self.request.asked != Asked::Update || in_sync.is_empty() {
            return Ok(());
        }
        let bar = progress::Progress::start(self.output, &self.watched.waits, "recorded", in_sync.len());
        let stop = || self.watched.stopper.asked();
        let recorded = applier.record_in_sync(in_sync, &|done| bar.set(done), &stop).await;
        bar.finish();
        recorded
    }

    /// Applies what is about one kind, of which `first` updates of other kinds were before. Where it `is_over`, none of them is
    /// begun.
    async fn apply<K: CliKind>(
        &self,
        applier: &Applier<K>,
        updates: Vec<ReviewedUpdate<K>>,
        first: usize,
        is_over: bool,
    ) -> Result<Vec<EndedUpdate>, IdentityError> {
        let watch = |index: usize, progress| self.watched.progress(first + index, &progress);
        let stop = || async move {
            if !is_over {
                self.watched.stopper.asked().await;
            }
        };
        let ended = |index: usize, report: &Report<K>| {
            self.watched.ended(first + index);
            if self.output.format == Format::Ndjson {
                // Why ignored: a reader who went away ends nothing.
                let _ = self.output.line(&OutcomeLine::of(self.ended(report)));
            }
        };
        if updates.is_empty() {
            return Ok(Vec::new());
        }
        self.watched.bar();
        let reports = applier.apply(updates, &self.options, &watch, &ended, &stop).await?;
        Ok(reports.iter().map(|report| self.ended(report)).collect())
    }

    fn ended<K: CliKind>(&self, report: &Report<K>) -> EndedUpdate {
        let reference = authored::reference::<K>(&report.id);
        let title = || {
            let mut changes = self.plan.document.changes.iter();
            changes.find(|change| change.document == reference)?.name.as_deref()
        };
        let title = if K::TITLE.is_none() { title() } else { None };
        apply_report::ended(report, title, self.run, self.request, self.terms)
    }
}

fn terms(command: &ApplyCommand) -> ChangeTerms {
    ChangeTerms {
        if_version: None,
        detailed_exitcode: command.detailed_exitcode,
        fail_on: Severity::Error,
        on_conflict: command.on_conflict,
        cross_field_merge: CrossFieldMerge::Refuse,
        saves_unchanged: false,
    }
}

fn applier<K: CliKind>(
    context: &Context<'_>,
    workspace: &Workspace,
    command: &ApplyCommand,
    saved: &SavedPlan,
) -> Result<Applier<K>, CliError> {
    let (record, session) = (&workspace.record, &workspace.session);
    let mut updater = session.updater::<K>(context.settings()?, record, workspace.identity.clone());
    if command.dry_run {
        updater.store = Arc::new(ReadOnly(updater.store));
    }
    Ok(Applier {
        updater,
        history: record.history.clone(),
        plan: AppliedPlan {
            id: saved.document.plan_id.clone(),
            created_at: time::parse(&saved.document.created_at).unwrap_or_else(SystemTime::now),
        },
        parallelism: command.options.parallelism,
        stops_on_first: command.stop_on_first,
    })
}

/// The updates of an apply, as the terminal and the stopper see them.
struct Watched<'a> {
    stopper: &'a Stopper,
    waits: Waits,
    output: Output,
    updates: usize,
    /// The bar, once the first of them is begun.
    bar: OnceLock<progress::Progress>,
    state: Mutex<Underway>,
}

/// The updates that write, and the number of those that ended.
#[derive(Default)]
struct Underway {
    writing: BTreeSet<usize>,
    ended: usize,
}

impl Watched<'_> {
    fn progress(&self, index: usize, progress: &Progress) {
        self.set_writing(index, *progress == Progress::Writing);
        if let Progress::Waiting { time, because } = progress {
            self.waits.announce(*time, because);
        }
    }

    fn ended(&self, index: usize) {
        self.set_writing(index, false);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ended += 1;
        self.bar().set(state.ended);
    }

    fn bar(&self) -> &progress::Progress {
        let start = || progress::Progress::start(self.output, &self.waits, "applied", self.updates);
        self.bar.get_or_init(start)
    }

    fn set_writing(&self, index: usize, is_writing: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if is_writing {
            state.writing.insert(index);
        } else {
            state.writing.remove(&index);
        }
        self.stopper.set_writing(!state.writing.is_empty());
    }
}
