//! The report of an update: for people, and for programs.

use std::time::SystemTime;

use domain::document::{ChangedBy, CrossFieldMerge};
use domain::protocol::{Conflict, Failed, OnConflict, Outcome};
use domain::{Collision, Finding, OutcomeKind, Stored, Version};

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::execute::ChangeReport;
use crate::error_code::{AnyCode, ErrorCode};
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::next_command::NextCommand;
use crate::output::visible;
use crate::render::findings::{File, FindingDocument};
use crate::render::report::{self, Asked};
use crate::render::result::{self, ResultDocument};
use crate::render::snippet;
use crate::request::{ChangeRequest, ChangeTerms};
use crate::time::not_before;

/// The end of a command that changes a document, before it is printed.
pub(super) struct FinishedChange<'a, K: CliKind> {
    pub(super) change: ChangeReport<K>,
    /// The user's file, with the findings in it.
    pub(super) file: Option<File>,
    /// Findings about parts of the document that the user did not write.
    pub(super) elsewhere: Vec<Finding>,
    pub(super) request: &'a ChangeRequest,
    pub(super) terms: &'a ChangeTerms,
    /// The command that asks for it again, without its terms.
    pub(super) again: NextCommand,
}

/// The end of a command that changes a document, after it was printed.
#[derive(Clone, Debug)]
pub(super) struct ChangeResult {
    pub(super) exit: Exit,
    pub(super) effect: Effect,
}

/// The effect of a change on the stored document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// None: the document is as it was, or as others made it.
    Nothing,
    /// The change was applied, as that version if the server reported one.
    Applied(Option<Version>),
    /// One that is not known.
    Unknown,
}

impl<K: CliKind> FinishedChange<'_, K> {
    /// Prints the report, and returns the exit and the effect. A stdout that is full does not undo what happened to the
    /// rule.
    pub(super) fn print(self, context: &Context<'_>) -> ChangeResult {
        let exit = self.exit();
        let problem = self.problem();
        let output = context.output;
        let printed = if output.format == Format::Human {
            let report = report::report(
                &self.change.report,
                problem.as_ref(),
                self.request.asked,
                self.change.run.delivery,
                self.retry_at().as_deref(),
            );
            output.document(&report)
        } else {
            output.data(&self.document(problem.as_ref(), exit))
        };
        if let Err(unprinted) = printed {
            output.warn(&crate::output::render_error(&unprinted));
        }
        if output.format == Format::Human {
            let in_file = snippet::of_files(self.file.as_slice());
            let elsewhere = self.elsewhere.iter().map(snippet::without_place);
            for text in std::iter::once(in_file)
                .chain(elsewhere)
                .filter(|text| !text.is_empty())
            {
                output.warn(&(text + "\n"));
            }
            if let Some(problem) = &problem {
                output.warn(&crate::output::render_error(problem));
            }
            if let Some(next) = self.next(context) {
                output.warn(&visible(&format!("next: {next}")));
            }
        }
        ChangeResult {
            exit,
            effect: self.effect(),
        }
    }

    fn effect(&self) -> Effect {
        match self.outcome() {
            Outcome::Applied { version_after, .. } => Effect::Applied(version_after.clone()),
            Outcome::Unknown { .. } | Outcome::Overwritten { .. } => Effect::Unknown,
            Outcome::Unchanged { .. }
            | Outcome::Planned(_)
            | Outcome::Conflict(_)
            | Outcome::Invalid { .. }
            | Outcome::Rejected { .. }
            | Outcome::Denied { .. }
            | Outcome::Failed(_)
            | Outcome::Deferred { .. }
            | Outcome::NotAttempted { .. } => Effect::Nothing,
        }
    }

    fn outcome(&self) -> &Outcome<K> {
        &self.change.report.completion.outcome
    }

    fn document(&self, problem: Option<&CliError>, exit: Exit) -> ResultDocument {
        let in_file = self.file.iter().flat_map(File::documents);
        let elsewhere = self.elsewhere.iter().cloned().map(FindingDocument::without_place);
        result::document(
            &self.change.report,
            problem,
            in_file.chain(elsewhere).collect(),
            self.change.run.clone(),
            self.retry_at(),
            self.request.asked == Asked::DryRun,
            exit,
        )
    }

    fn exit(&self) -> Exit {
        let exit = Exit::from(self.outcome());
        if let Some(stopped) = self.change.stopped {
            return stopped;
        }
        if self.change.report.unrecorded.is_some() && self.outcome().kind() == OutcomeKind::Applied {
            return Exit::Unrecorded;
        }
        if exit == Exit::Done && self.change.run.delivery.failed > 0 {
            return Exit::Pending;
        }
        let has_changes = self.outcome().kind() == OutcomeKind::Planned;
        if exit == Exit::Done && has_changes && self.terms.detailed_exitcode {
            Exit::Changes
        } else {
            exit
        }
    }

    /// Why it was not done, if it was not.
    pub(super) fn problem(&self) -> Option<CliError> {
        let id = &self.change.report.id;
        let doing = self.request.doing();
        match self.outcome() {
            Outcome::Rejected { failure, .. }
            | Outcome::Denied { failure, .. }
            | Outcome::Deferred { failure, .. }
            | Outcome::Failed(Failed::Request { failure, .. }) => {
                // The report has the time to retry at, by the wait that was not begun.
                let error = CliError {
                    retry_at: None,
                    ..CliError::of_failure(&format!("{doing} `{id}`"), failure)
                };
                let absence = self.change.absence;
                Some(absence.map_or(error.clone(), |absence| absence.explain::<K>(error)))
            }
            Outcome::Unknown { failure, .. } => Some(CliError {
                code: ErrorCode::Indeterminate.into(),
                help: None,
                retry_at: None,
                ..CliError::of_failure(&format!("{doing} `{id}`"), failure)
            }),
            Outcome::Failed(Failed::NoVersion { .. } | Failed::NotRecorded { .. }) => {
                let (code, message) = ErrorCode::of_outcome(self.outcome())?;
                let problem = CliError::new(code, format!("cannot {doing} `{id}`: {message}"));
                let passes = Exit::from(self.outcome()) == Exit::Temporary;
                Some(if passes { problem.that_passes() } else { problem })
            }
            Outcome::Overwritten { .. } => {
                let message = format!("`{id}` was changed, and others wrote over it in the same moment");
                let help = match self.request.command {
                    "apply" => "look at what they wrote, and plan again: the same plan would be a conflict",
                    _ => "look at what they wrote, and run the command again",
                };
                Some(CliError::new(ErrorCode::Indeterminate, message).with_help(help))
            }
            Outcome::Conflict(conflict) => {
                let message = if let Some(expected) = &conflict.expected {
                    format!("cannot {doing} `{id}`: it is not at version {expected}")
                } else if conflict.theirs.is_none() {
                    format!("cannot {doing} `{id}`: it was there when it was read, and 404 is the answer to it now")
                } else {
                    let when = self.request.since();
                    format!("cannot {doing} `{id}`: somebody else changed it {when}; nothing was overwritten")
                };
                // The last answer was a read's, which went well.
                let metadata = domain::ResponseMetadata {
                    status: None,
                    ..self.change.report.last.clone()
                };
                Some(CliError {
                    metadata: Box::new(metadata),
                    ..CliError::new(ErrorCode::Conflict, message).with_help(self.ways_out(conflict))
                })
            }
            Outcome::Invalid { base, findings } => {
                let mut severe = findings
                    .as_slice()
                    .iter()
                    .filter(|found| found.severity >= self.terms.fail_on);
                let code = severe
                    .next()
                    .map_or(ErrorCode::Refused.into(), |found| AnyCode::from(found.code));
                let what = if base.is_some() || self.file.is_none() {
                    "the rule would not be sound"
                } else {
                    "what is asked for is not sound"
                };
                let message = format!("cannot {doing} `{id}`: {what}; nothing was sent");
                Some(CliError::new(code, message).with_help("the findings say what to fix"))
            }
            Outcome::Applied { .. } => self.change.report.unrecorded.as_ref().map(|why| {
                CliError::new(
                    ErrorCode::NotRecorded,
                    format!("`{id}` was changed, and that could not be recorded: {why}"),
                )
            }),
            Outcome::NotAttempted { .. } => {
                let message = if self.request.command == "apply" {
                    format!("`{id}` was not changed: the run ended before its turn")
                } else {
                    format!("`{id}` was not changed: the program was stopped before anything was written")
                };
                Some(CliError::new(ErrorCode::Stopped, message))
            }
            Outcome::Unchanged { .. } | Outcome::Planned(_) => None,
        }
    }

    /// The stored document with which the change collides, in a conflict.
    pub(super) fn theirs_in_a_collision(&self) -> Option<&Stored<K>> {
        let Outcome::Conflict(conflict) = self.outcome() else {
            return None;
        };
        let collides = ConflictCause::of(conflict) == ConflictCause::Collision;
        conflict.theirs.as_ref().filter(|_| collides)
    }

    /// True for a conflict of members that belong together.
    pub(super) fn is_group_conflict(&self) -> bool {
        matches!(self.outcome(), Outcome::Conflict(conflict) if ConflictCause::of(conflict) == ConflictCause::Group)
    }

    /// The command that goes on after a conflict, or where it is not known what was written. None of them overwrites
    /// anything: what would is shown first. A text that was edited has a way back of its own.
    fn next(&self, context: &Context<'_>) -> Option<NextCommand> {
        if self.request.command == "edit" {
            return None;
        }
        let rule = || NextCommand::new("get").word(self.change.report.id.to_string());
        let again = |terms: &ChangeTerms| {
            self.again
                .clone()
                .with_terms(terms)
                .option("--reason", self.request.reason.as_deref())
        };
        let next = match self.outcome() {
            Outcome::Conflict(conflict) if conflict.is_base_unknown() || conflict.theirs.is_none() => rule(),
            Outcome::Conflict(conflict) => match ConflictCause::of(conflict) {
                ConflictCause::Collision => again(&ChangeTerms {
                    on_conflict: OnConflict::Ours,
                    ..self.terms.clone()
                })
                .word("--dry-run"),
                ConflictCause::Group => again(&ChangeTerms {
                    cross_field_merge: CrossFieldMerge::Accept,
                    ..self.terms.clone()
                }),
                ConflictCause::Policy => again(&ChangeTerms {
                    on_conflict: OnConflict::Merge,
                    ..self.terms.clone()
                }),
            },
            Outcome::Unknown { .. } => NextCommand::new("reconcile"),
            Outcome::Overwritten { .. } => rule(),
            Outcome::Applied { .. }
            | Outcome::Unchanged { .. }
            | Outcome::Planned(_)
            | Outcome::Invalid { .. }
            | Outcome::Rejected { .. }
            | Outcome::Denied { .. }
            | Outcome::Failed(_)
            | Outcome::Deferred { .. }
            | Outcome::NotAttempted { .. } => return None,
        };
        Some(next.with_global(context.global))
    }

    /// Advice for the user about a conflict.
    fn ways_out(&self, conflict: &Conflict<K>) -> String {
        let again = "run the command again: it starts from the rule as it is now";
        let ours = "`--on-conflict ours` overwrites what collides, and says what it was";
        if conflict.is_base_unknown() {
            return "fetch the rule anew, or name the version that it has now".to_owned();
        }
        if conflict.theirs.is_none() {
            return "somebody deleted it, or something on the way answers in the platform's place: if `get` shows it, \
                    run the command again"
                .to_owned();
        }
        let cause = ConflictCause::of(conflict);
        if cause == ConflictCause::Group {
            let members: Vec<String> = conflict.collisions.iter().map(who_changed).collect();
            return format!(
                "these belong together: {}; look at both sides, and if the rule is right with both, \
                 `--accept-group-merge` merges them",
                members.join(", ")
            );
        }
        match (self.request.command, cause, self.terms.on_conflict) {
            ("apply", _, OnConflict::Fail) if cause != ConflictCause::Collision => {
                "plan again, and review what is there now; `--on-conflict merge` merges what merges by itself"
                    .to_owned()
            }
            ("apply", _, _) => "plan again, and review what is there now".to_owned(),
            ("edit", ConflictCause::Collision, _) => {
                "look at both sides, and go on with the text that is kept".to_owned()
            }
            ("rollback", ConflictCause::Collision, _) => {
                format!("look at both sides: what was done since stands where you would undo; {ours}")
            }
            (_, ConflictCause::Collision, _) => format!("look at both sides; then {again}, or {ours}"),
            (_, _, OnConflict::Fail) => {
                format!(
                    "what they changed and what you change merge by themselves: `--on-conflict merge` does it, or {again}"
                )
            }
            (_, _, OnConflict::Merge | OnConflict::Ours) => format!("the rule moves too often: {again}"),
        }
    }

    pub(super) fn retry_at(&self) -> Option<String> {
        let Outcome::Deferred { wait, .. } = self.outcome() else {
            return None;
        };
        not_before(SystemTime::now().checked_add(*wait)?)
    }
}

/// The cause of a conflict, whose base is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConflictCause {
    /// Both sides changed the same thing.
    Collision,
    /// Both sides changed different members of one group.
    Group,
    /// Nothing collides: the policy forbids the merge, or the document moves too often.
    Policy,
}

impl ConflictCause {
    fn of<K: CliKind>(conflict: &Conflict<K>) -> Self {
        let mut sides = conflict.collisions.iter().map(Collision::changed_by);
        if conflict.collisions.is_empty() {
            Self::Policy
        } else if sides.any(|side| side == ChangedBy::Both) {
            Self::Collision
        } else {
            Self::Group
        }
    }
}

/// A member of a group, with the side that changed it.
fn who_changed(collision: &Collision) -> String {
    let member = collision.pointer.tokens().next().unwrap_or_default();
    let who = match collision.changed_by() {
        ChangedBy::Us => "you changed it",
        ChangedBy::Them => "they changed it",
        ChangedBy::BothAlike | ChangedBy::Both => "both changed it",
    };
    format!("`{member}` ({who})")
}
