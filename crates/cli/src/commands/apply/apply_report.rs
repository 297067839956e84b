//! The end of an apply, printed.

use std::fmt::Write as _;

use app::Report;
use domain::document::ElementDifference;
use domain::json::Document;
use domain::protocol::Outcome;
use domain::{Collision, OutcomeKind, Pointer, Stored};
use serde::Serialize;

use crate::args::Format;
use crate::authored;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::execute::ChangeReport;
use crate::commands::finished_change::FinishedChange;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::next_command::NextCommand;
use crate::output::{BOLD, DIM, ERROR, FORMAT_VERSION, SUCCESS, render_error, visible};
use crate::render::counted::counted;
use crate::render::ended_update::{EndedConflict, EndedUpdate};
use crate::render::findings::FindingDocument;
use crate::render::markdown::{self, Applied};
use crate::render::result::{ChangeDocument, ResultDocument, Run, SkippedDocument, activation_of};
use crate::render::{difference, mask};
use crate::request::{ChangeRequest, ChangeTerms};
use crate::saved_plan::{self, Action, Conflicts, SavedPlan};
use crate::stopper::Stopper;

/// The end of an apply.
pub(super) struct ApplyReport<'a> {
    pub(super) updates: Vec<EndedUpdate>,
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

impl OutcomeLine {
    pub(super) fn of(ended: EndedUpdate) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            kind: "outcome",
            change: ended.result,
        }
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

/// The end of an update of a plan, whose document has this name where it does not know its own.
pub(super) fn ended<K: CliKind>(
    report: &Report<K>,
    title: Option<&str>,
    run: &Run,
    request: &ChangeRequest,
    terms: &ChangeTerms,
) -> EndedUpdate {
    let outcome = &report.completion.outcome;
    let finished = FinishedChange {
        elsewhere: outcome.findings(),
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
    };
    let problem = finished.problem();
    let findings = finished.elsewhere.iter().cloned().map(FindingDocument::without_place);
    let before = outcome.base().and_then(|base| base.version.clone());
    let document = |stored: &Option<Stored<K>>| stored.as_ref().map(|stored| stored.value.document().clone());
    let mut conflict = None;
    if let Outcome::Conflict(found) = outcome {
        conflict = Some(EndedConflict {
            sides: Conflicts {
                collisions: found.collisions.clone(),
                theirs_changed: found.theirs_changed.clone(),
            },
            base: document(&found.base),
            theirs: document(&found.theirs),
        });
    }
    let (mut own, mut merged) = (Vec::new(), None);
    if let Outcome::Applied { warnings, write, .. } = outcome {
        own.clone_from(warnings);
        merged = (write.merges > 0).then_some(write.theirs_changed.len());
    } else if let Outcome::Invalid { findings, .. } = outcome {
        own.extend_from_slice(findings.as_slice());
    }
    EndedUpdate {
        document: authored::reference::<K>(&report.id),
        id: report.id.to_string(),
        title: outcome.title().or(title).map(str::to_owned),
        kind: outcome.kind(),
        exit: Exit::from(outcome),
        versions: before.zip(outcome.after().1.cloned()),
        conflict,
        findings: own,
        merged,
        recorded: report.recorded.clone(),
        is_unrecorded: report.unrecorded.is_some() && report.recorded.is_none(),
        result: ChangeDocument::of(report, problem.as_ref(), findings.collect(), finished.retry_at()).named(title),
        problem,
    }
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
            let begun = self
                .updates
                .iter()
                .filter(|update| update.kind != OutcomeKind::NotAttempted);
            for problem in begun.filter_map(|update| update.problem.as_ref()) {
                output.warn(&render_error(problem));
            }
        }
        exit
    }

    fn as_comment(&self, exit: Exit) -> Applied<'_> {
        Applied {
            plan: self.plan,
            target: &self.run.target,
            run: &self.run.id,
            is_dry_run: self.is_dry_run(),
            summary: format!("{}{}", self.summary(), self.sandbox()),
            updates: &self.updates,
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
        let activation = activation_of(self.kinds(), self.is_dry_run());
        let recorded = self.updates.iter().filter_map(|update| update.recorded.as_ref());
        let newest = recorded.max_by_key(|recorded| recorded.entry);
        let head = newest.and_then(|recorded| recorded.head.clone());
        let skipped = self.skipped().map(|change| SkippedDocument {
            document: change.document.clone(),
            action: change.action,
        });
        let skipped = skipped.collect();
        let changes = self.updates.iter().map(|update| update.result.clone()).collect();
        let plan_id = self.plan.document.plan_id.clone();
        ResultDocument::of_plan(plan_id, self.run.clone(), exit, changes, skipped, activation, head)
    }

    fn is_dry_run(&self) -> bool {
        self.request.asked == crate::render::report::Asked::DryRun
    }

    fn kinds(&self) -> impl Iterator<Item = OutcomeKind> {
        self.updates.iter().map(|update| update.kind)
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
            .updates
            .iter()
            .map(|update| update.exit)
            .chain(self.skipped().map(saved_plan::ChangeDocument::exit))
            .collect();
        let has_applied = self.kinds().any(|kind| kind == OutcomeKind::Applied);
        let is_whole = self.kinds().all(is_good) && self.skipped().next().is_none();
        if has_applied && !is_whole {
            exits.push(Exit::Partial);
        }
        let is_lost = |update: &EndedUpdate| update.is_unrecorded && update.kind == OutcomeKind::Applied;
        if self.updates.iter().any(is_lost) {
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
        for update in self.updates.iter().filter(|_| !is_quiet) {
            let style = if update.is_good() { SUCCESS } else { ERROR };
            let name = update.title.as_ref().map_or_else(
                || update.id.clone(),
                |name| format!("{} ({})", visible(&mask::title(name)), update.id),
            );
            let versions = match &update.versions {
                Some((before, after)) => format!("  {DIM}{before} → {after}{DIM:#}"),
                None => String::new(),
            };
            let _ = writeln!(text, "{style}{:<13}{style:#} {name}{versions}", update.kind.as_str());
            if let Some(conflict) = &update.conflict {
                conflict_lines(&mut text, &conflict.sides);
            }
            if update.kind == OutcomeKind::Applied {
                for warning in &update.findings {
                    let _ = writeln!(text, "  warning[{}] {}", warning.code, visible(&warning.message));
                }
            }
            if let Some(others) = update.merged {
                let _ = writeln!(text, "  merged with {} of others", counted(others, "change"));
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
fn conflict_lines(text: &mut String, conflict: &Conflicts) {
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
    for ElementDifference {
        difference: theirs,
        from,
    } in &conflict.theirs_changed
    {
        let place = difference::place(theirs.pointer.as_str(), None);
        if let Some(from) = from {
            let from = difference::place(from.as_str(), None);
            let _ = writeln!(text, "  they moved {from} to {place}");
            continue;
        }
        let [before, after] = [&theirs.before, &theirs.after].map(|side| value(&theirs.pointer, side));
        let _ = writeln!(text, "  they changed {place}: {before} → {after}");
    }
}
