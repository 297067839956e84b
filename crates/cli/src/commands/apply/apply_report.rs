//! The end of an apply, printed.

use std::fmt::Write as _;

use app::Report;
use domain::document::Difference;
use domain::json::Document;
use domain::protocol::{Conflict, Outcome};
use domain::{Collision, OutcomeKind, Pointer, TriggerRule};
use serde::Serialize;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::execute::ChangeReport;
use crate::commands::finished_change::FinishedChange;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::next_command::NextCommand;
use crate::output::{BOLD, DIM, ERROR, FORMAT_VERSION, SUCCESS, render_error, visible};
use crate::render::counted::counted;
use crate::render::findings::FindingDocument;
use crate::render::markdown::{self, Applied};
use crate::render::result::{ChangeDocument, ResultDocument, Run, SkippedDocument, activation_of};
use crate::render::{difference, mask};
use crate::request::{ChangeRequest, ChangeTerms};
use crate::saved_plan::{self, Action, SavedPlan};
use crate::stopper::Stopper;

/// The end of an apply.
pub(super) struct ApplyReport<'a> {
    pub(super) reports: Vec<Report<TriggerRule>>,
    pub(super) plan: &'a SavedPlan,
    pub(super) run: Run,
    pub(super) request: &'a ChangeRequest,
    pub(super) terms: &'a ChangeTerms,
    /// The exit of the signal that stopped the program, if one did.
    pub(super) signal: Option<Exit>,
    /// The command that applies the same plan again.
    pub(super) next: Option<NextCommand>,
}

/// The line that is printed as a document ends.
#[derive(Serialize)]
pub(super) struct OutcomeLine {
    format_version: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    change: ChangeDocument,
}

/// The line of a document that ended.
pub(super) fn outcome(
    report: &Report<TriggerRule>,
    run: &Run,
    request: &ChangeRequest,
    terms: &ChangeTerms,
) -> OutcomeLine {
    OutcomeLine {
        format_version: FORMAT_VERSION,
        kind: "outcome",
        change: change(&finished(report, run, request, terms)),
    }
}

/// The end of an apply that a second signal broke off.
pub(super) fn abandoned(stopper: &Stopper) -> CliError {
    if stopper.has_written() {
        let message = "cannot say of each rule whether it was changed: a second signal ended the program at once";
        return CliError::new(ErrorCode::Indeterminate, message)
            .with_help("apply the same plan again: it finds out what was applied, and goes on");
    }
    let message = "nothing was changed: the program was stopped before anything was written";
    CliError::new(ErrorCode::Stopped, message)
}

fn finished<'a>(
    report: &Report<TriggerRule>,
    run: &Run,
    request: &'a ChangeRequest,
    terms: &'a ChangeTerms,
) -> FinishedChange<'a, TriggerRule> {
    FinishedChange {
        elsewhere: report.completion.outcome.findings(),
        change: ChangeReport {
            report: report.clone(),
            run: run.clone(),
            stopped: None,
            absence: None,
        },
        file: None,
        request,
        terms,
        again: NextCommand::new("apply"),
    }
}

fn change(finished: &FinishedChange<'_, TriggerRule>) -> ChangeDocument {
    let findings = finished.elsewhere.iter().cloned().map(FindingDocument::without_place);
    ChangeDocument::of(
        &finished.change.report,
        finished.problem().as_ref(),
        findings.collect(),
        finished.retry_at(),
    )
}

impl ApplyReport<'_> {
    /// Prints the result, and says how the program ends. A stdout that is full does not undo what happened to the rules.
    pub(super) fn print(self, context: &Context<'_>) -> Exit {
        let exit = self.exit();
        let output = context.output;
        let printed = match output.format {
            Format::Human => output.document(&self.human(output.is_quiet())),
            Format::Ndjson => output.line(&self.document(exit)),
            Format::Markdown => context
                .comment
                .print(output, &markdown::result(&self.as_comment(exit), context.comment)),
            Format::Json
            | Format::Yaml
            | Format::Sarif
            | Format::Github
            | Format::Junit
            | Format::Prometheus
            | Format::Html => output.data(&self.document(exit)),
        };
        if let Err(unprinted) = printed {
            output.warn(&render_error(&unprinted));
        }
        if matches!(output.format, Format::Human | Format::Markdown) {
            let is_begun =
                |report: &&Report<TriggerRule>| report.completion.outcome.kind() != OutcomeKind::NotAttempted;
            for report in self.reports.iter().filter(is_begun) {
                if let Some(problem) = finished(report, &self.run, self.request, self.terms).problem() {
                    output.warn(&render_error(&problem));
                }
            }
        }
        exit
    }

    fn as_comment(&self, exit: Exit) -> Applied<'_> {
        let problem = |report: &Report<TriggerRule>| finished(report, &self.run, self.request, self.terms).problem();
        Applied {
            plan: self.plan,
            target: &self.run.target,
            run: &self.run.id,
            is_dry_run: self.is_dry_run(),
            summary: format!("{}{}", self.summary(), self.sandbox()),
            updates: self.reports.iter().map(|report| (report, problem(report))).collect(),
            skipped: self.skipped().collect(),
            exit,
            next: self.next.clone(),
        }
    }

    fn skipped(&self) -> impl Iterator<Item = &saved_plan::ChangeDocument> {
        let changes = self.plan.document.changes.iter();
        changes.filter(|change| !matches!(change.action, Action::Update | Action::Unchanged))
    }

    fn document(&self, exit: Exit) -> ResultDocument {
        let changes = self
            .reports
            .iter()
            .map(|report| change(&finished(report, &self.run, self.request, self.terms)));
        let newest = self.reports.iter().filter_map(|report| report.recorded.as_ref());
        let newest = newest.max_by_key(|recorded| recorded.entry);
        let skipped = self.skipped().map(|change| SkippedDocument {
            document: change.document.clone(),
            action: change.action,
        });
        ResultDocument::of_plan(
            self.plan.document.plan_id.clone(),
            self.run.clone(),
            exit,
            changes.collect(),
            skipped.collect(),
            activation_of(self.kinds(), self.is_dry_run()),
            newest.and_then(|recorded| recorded.head.clone()),
        )
    }

    fn is_dry_run(&self) -> bool {
        self.request.asked == crate::render::report::Asked::DryRun
    }

    fn kinds(&self) -> impl Iterator<Item = OutcomeKind> {
        self.reports.iter().map(|report| report.completion.outcome.kind())
    }

    fn exit(&self) -> Exit {
        if let Some(signal) = self.signal {
            return signal;
        }
        let is_good = |kind: OutcomeKind| {
            matches!(
                kind,
                OutcomeKind::Applied | OutcomeKind::Unchanged | OutcomeKind::Planned
            )
        };
        let mut exits: Vec<Exit> = self
            .reports
            .iter()
            .map(|report| Exit::from(&report.completion.outcome))
            .chain(self.skipped().map(saved_plan::ChangeDocument::exit))
            .collect();
        let has_applied = self.kinds().any(|kind| kind == OutcomeKind::Applied);
        let is_whole = self.kinds().all(is_good) && self.skipped().next().is_none();
        if has_applied && !is_whole {
            exits.push(Exit::Partial);
        }
        if self
            .reports
            .iter()
            .any(|report| report.unrecorded.is_some() && report.recorded.is_none() && is_effective(report))
        {
            exits.push(Exit::Unrecorded);
        }
        if self.run.delivery.failed > 0 {
            exits.push(Exit::Pending);
        }
        let has_changes = self.kinds().any(|kind| kind == OutcomeKind::Planned);
        if has_changes && self.terms.detailed_exitcode {
            exits.push(Exit::Changes);
        }
        Exit::worst(exits)
    }

    fn human(&self, is_quiet: bool) -> String {
        let mut text = String::new();
        for report in self.reports.iter().filter(|_| !is_quiet) {
            let outcome = &report.completion.outcome;
            let kind = outcome.kind();
            let style = if kind.is_effective() || kind == OutcomeKind::Planned {
                SUCCESS
            } else {
                ERROR
            };
            let name = outcome.title().map_or_else(
                || report.id.to_string(),
                |name| format!("{} ({})", visible(&mask::title(name)), report.id),
            );
            let before = outcome.base().and_then(|base| base.version.as_ref());
            let versions = match (before, outcome.after().1) {
                (Some(before), Some(after)) => format!("  {DIM}{before} → {after}{DIM:#}"),
                (Some(_) | None, _) => String::new(),
            };
            let _ = writeln!(text, "{style}{:<13}{style:#} {name}{versions}", kind.as_str());
            if let Outcome::Conflict(conflict) = outcome {
                conflict_lines(&mut text, conflict);
            }
            if let Outcome::Applied { warnings, .. } = outcome {
                for warning in warnings {
                    let _ = writeln!(text, "  warning[{}] {}", warning.code, visible(&warning.message));
                }
            }
            if let Outcome::Applied { write, .. } = outcome
                && write.merges > 0
            {
                let _ = writeln!(
                    text,
                    "  merged with {} of others",
                    counted(write.theirs_changed.len(), "change")
                );
            }
        }
        for skipped in self.skipped().filter(|_| !is_quiet) {
            let _ = writeln!(
                text,
                "{ERROR}{:<13}{ERROR:#} {}  {DIM}not applied{DIM:#}",
                skipped.action.to_string(),
                visible(&skipped.document)
            );
        }
        let _ = writeln!(text, "{BOLD}{}{BOLD:#}{}", self.summary(), self.sandbox());
        text
    }

    /// The counts in a sentence.
    fn summary(&self) -> String {
        let counts: Vec<String> = OutcomeKind::ALL
            .iter()
            .map(|kind| (kind, self.kinds().filter(|other| other == kind).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| format!("{count} {}", kind.as_str().replace('_', " ")))
            .collect();
        let skipped = self.skipped().count();
        let skipped = if skipped > 0 {
            format!("; {skipped} of the plan not applied")
        } else {
            String::new()
        };
        let counts = if counts.is_empty() {
            "nothing to do".to_owned()
        } else {
            counts.join(", ")
        };
        format!("{counts}{skipped}")
    }

    fn sandbox(&self) -> &'static str {
        if self.run.target.sandbox { " (sandbox)" } else { "" }
    }
}

/// The two sides of a conflict, a line for each place.
fn conflict_lines(text: &mut String, conflict: &Conflict<TriggerRule>) {
    let value = |pointer: &Pointer, side: &Option<Document>| {
        let side = side.as_ref();
        side.map_or("nothing".to_owned(), |side| {
            difference::value(pointer.as_str(), None, side)
        })
    };
    for Collision {
        pointer,
        base,
        ours,
        theirs,
    } in &conflict.collisions
    {
        let [base, ours, theirs] = [base, ours, theirs].map(|side| value(pointer, side));
        let place = difference::place(pointer.as_str(), None);
        let _ = writeln!(
            text,
            "  both changed {place}: base {base}, ours {ours}, theirs {theirs}"
        );
    }
    for Difference { pointer, before, after } in &conflict.theirs_changed {
        let [before, after] = [before, after].map(|side| value(pointer, side));
        let place = difference::place(pointer.as_str(), None);
        let _ = writeln!(text, "  they changed {place}: {before} → {after}");
    }
}

fn is_effective(report: &Report<TriggerRule>) -> bool {
    report.completion.outcome.kind() == OutcomeKind::Applied
}
