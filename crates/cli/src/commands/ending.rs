//! How an update is told: to people, and to programs.

use std::time::SystemTime;

use domain::protocol::{Conflict, OnConflict, Outcome};
use domain::{Code, Finding, TriggerRule, Version};

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::carry_out::ChangeReport;
use crate::exit::Exit;
use crate::render::findings::{File, FindingDocument};
use crate::render::report::{self, Asked};
use crate::render::result::{self, ResultDocument};
use crate::render::snippet;
use crate::request::{ChangeRequest, ChangeTerms};
use crate::time::to_the_second;

/// What is to be told at the end.
pub(super) struct End<'a> {
    pub(super) ended: ChangeReport,
    /// What the person wrote, with the findings in it.
    pub(super) file: Option<File>,
    /// Findings about what they did not write.
    pub(super) elsewhere: Vec<Finding>,
    pub(super) errand: &'a ChangeRequest,
    pub(super) terms: &'a ChangeTerms,
}

/// The end of a command that changes a document, once it was told.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) exit: Exit,
    pub(super) effect: Effect,
}

/// The effect of a change on the stored document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// None: it says what it said, or what others made it say.
    Nothing,
    /// It was applied, as that version where the server told one.
    Applied(Option<Version>),
    /// One that is not known.
    Unknown,
}

impl End<'_> {
    /// Tells it, and how the program ends. What happened to the rule is not undone by a stdout that is full.
    pub(super) fn print(self, context: &Context<'_>) -> Ended {
        let exit = self.exit();
        let problem = self.problem();
        let output = context.output;
        let printed = if output.format == Format::Human {
            let report = report::report(
                &self.ended.report,
                problem.as_ref(),
                self.errand.asked,
                self.ended.run.delivery,
                self.retry_at().as_deref(),
            );
            output.document(&report)
        } else {
            output.data(&self.document(problem.as_ref(), exit))
        };
        if let Err(unprinted) = printed {
            output.warn(&crate::output::words(&unprinted));
        }
        if output.format == Format::Human {
            let in_file = self.file.iter().map(snippet::of_file);
            let elsewhere = self.elsewhere.iter().map(snippet::without_place);
            for text in in_file.chain(elsewhere).filter(|text| !text.is_empty()) {
                output.warn(&(text + "\n"));
            }
            if let Some(problem) = &problem {
                output.warn(&crate::output::words(problem));
            }
        }
        Ended {
            exit,
            effect: self.effect(),
        }
    }

    fn effect(&self) -> Effect {
        let verdict = &self.ended.report.verdict;
        match &verdict.outcome {
            Outcome::Applied => Effect::Applied(verdict.version_after.clone()),
            Outcome::Unknown => Effect::Unknown,
            Outcome::Unchanged
            | Outcome::Planned
            | Outcome::Conflict(_)
            | Outcome::Rejected
            | Outcome::Denied
            | Outcome::Failed
            | Outcome::Deferred { .. }
            | Outcome::NotAttempted => Effect::Nothing,
        }
    }

    fn document(&self, problem: Option<&CliError>, exit: Exit) -> ResultDocument {
        let in_file = self.file.iter().flat_map(File::documents);
        let elsewhere = self.elsewhere.iter().cloned().map(FindingDocument::without_place);
        result::document(
            &self.ended.report,
            problem,
            in_file.chain(elsewhere).collect(),
            self.ended.run.clone(),
            self.retry_at(),
            self.errand.asked == Asked::DryRun,
            exit,
        )
    }

    fn exit(&self) -> Exit {
        let exit = Exit::of(&self.ended.report.verdict);
        if let Some(stopped) = self.ended.stopped {
            return stopped;
        }
        if self.ended.report.unrecorded.is_some() && self.ended.report.verdict.outcome == Outcome::Applied {
            return Exit::Unrecorded;
        }
        if exit == Exit::Done && self.ended.run.delivery.failed > 0 {
            return Exit::Pending;
        }
        let has_changes = self.ended.report.verdict.outcome == Outcome::Planned;
        if exit == Exit::Done && has_changes && self.terms.detailed_exitcode {
            Exit::Changes
        } else {
            exit
        }
    }

    /// Why it was not done, if it was not.
    fn problem(&self) -> Option<CliError> {
        let verdict = &self.ended.report.verdict;
        let id = &self.ended.report.id;
        let doing = self.errand.doing();
        if let Some(failure) = &verdict.failure {
            let mut problem = CliError::of_failure(&format!("{doing} `{id}`"), failure);
            if let Some(code) = verdict.code {
                problem.code = code;
                problem.help = None;
            }
            return Some(problem);
        }
        match &verdict.outcome {
            Outcome::Conflict(conflict) => {
                let message = if let Some(expected) = &conflict.expected {
                    format!("cannot {doing} `{id}`: it is not at version {expected}")
                } else {
                    let when = self.errand.since();
                    format!("cannot {doing} `{id}`: somebody else changed it {when}; nothing was overwritten")
                };
                // The last answer was a read's, which went well.
                let metadata = domain::ResponseMetadata {
                    status: None,
                    ..self.ended.report.last.clone()
                };
                Some(CliError {
                    metadata: Box::new(metadata),
                    ..CliError::new(Code::Conflict, message).with_help(self.ways_out(conflict))
                })
            }
            Outcome::Rejected => {
                let codes = verdict
                    .findings
                    .iter()
                    .filter(|found| found.severity >= self.terms.fail_on);
                let first = codes.map(|found| found.code).next().unwrap_or(Code::Refused);
                let what = if verdict.base.is_some() || self.file.is_none() {
                    "the rule would not be sound"
                } else {
                    "what is asked for is not sound"
                };
                let message = format!("cannot {doing} `{id}`: {what}; nothing was sent");
                Some(CliError::new(first, message).with_help("the findings say what to mend"))
            }
            Outcome::Applied => self.ended.report.unrecorded.as_ref().map(|why| {
                CliError::new(
                    Code::NotRecorded,
                    format!("`{id}` was changed, and that could not be recorded: {why}"),
                )
            }),
            Outcome::NotAttempted => {
                let message = format!("`{id}` was not changed: the program was stopped before anything was written");
                Some(CliError::new(Code::Stopped, message))
            }
            Outcome::Unchanged
            | Outcome::Planned
            | Outcome::Denied
            | Outcome::Failed
            | Outcome::Deferred { .. }
            | Outcome::Unknown => None,
        }
    }

    /// What a person can do about a conflict.
    fn ways_out(&self, conflict: &Conflict<TriggerRule>) -> String {
        let again = "run the command again: it starts from the rule as it is now";
        let ours = "`--on-conflict ours` overwrites what collides, and says what it was";
        if conflict.is_base_unknown() {
            return "look at both sides, then fetch the rule anew, or name the version that it has now".to_owned();
        }
        if self.errand.command == "rollback" && !conflict.collisions.is_empty() {
            return format!("look at both sides: what was done since stands where you would undo; {ours}");
        }
        match (conflict.collisions.is_empty(), self.terms.on_conflict) {
            (true, OnConflict::Fail) => {
                format!(
                    "what they changed and what you change merge by themselves: `--on-conflict merge` does it, or {again}"
                )
            }
            (true, OnConflict::Merge | OnConflict::Ours) => format!("the rule moves too often: {again}"),
            (false, _) => format!("look at both sides; then {again}, or {ours}"),
        }
    }

    fn retry_at(&self) -> Option<String> {
        let Outcome::Deferred { wait } = self.ended.report.verdict.outcome else {
            return None;
        };
        to_the_second(SystemTime::now().checked_add(wait)?)
    }
}
