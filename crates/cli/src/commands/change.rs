//! `update`, and `diff`, which is `update` up to the send.

use std::sync::Arc;
use std::time::Duration;

use app::{Progress, ReadOnly, Report};
use domain::check::Form;
use domain::protocol::{Mode, Outcome, Terms, Verdict};
use domain::{Code, Draft, EngineLimits, Finding, Findings, RuleChange, RuleId, TriggerRule, Version};

use crate::args::{ChangeArgs, Format};
use crate::commands::{Context, rule};
use crate::config::Settings;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::findings::{File, FindingDocument};
use crate::render::report::{self, Asked};
use crate::render::result::{self, TargetDocument};
use crate::render::snippet;
use crate::session::Session;
use crate::source::{self, Source};

/// What a person wrote, as far as it could be read.
enum Written {
    /// A draft, and the file that it comes from if there is one.
    Draft(Draft, Option<Source>),
    /// A text that is no draft.
    Broken(File),
}

pub(super) async fn run(context: &Context<'_>, args: &ChangeArgs, asked: Asked) -> Result<Exit, Problem> {
    rule::only_formats(context, &rule::DATA)?;
    let id = rule::required(context, &args.rule)?;
    let written = written(args)?;
    let settings = context.settings()?;
    let terms = terms(settings, args, asked)?;
    let no_target = TargetDocument {
        api: None,
        sandbox: false,
    };
    let (draft, source) = match written {
        Written::Draft(draft, source) => (draft, source),
        Written::Broken(file) => {
            let findings = file.findings.iter().map(|(finding, _)| finding.clone()).collect();
            let end = End {
                report: unsent(id, findings),
                file: Some(file),
                elsewhere: Vec::new(),
                target: no_target,
                asked,
                args,
            };
            return end.print(context);
        }
    };
    let certain = draft.certain_faults(&EngineLimits::TRIGGER_RULES);
    if !certain.is_empty() {
        let (file, elsewhere) = placed(source, certain.clone());
        let end = End {
            report: unsent(id, certain),
            file,
            elsewhere,
            target: no_target,
            asked,
            args,
        };
        return end.print(context);
    }
    let session = context.open(settings).await?;
    let target = session.target.clone();
    let report = carry_out(context, &session, &id, draft, terms).await;
    session.close().await?;
    if target.sandbox {
        context
            .output
            .note("This was the sandbox, the Genesys Cloud that is built in: no organisation was changed.\n");
    }
    let (file, elsewhere) = placed(source, report.verdict.findings.clone());
    End {
        report,
        file,
        elsewhere,
        target,
        asked,
        args,
    }
    .print(context)
}

/// Findings in what the person wrote, and those about the rest of the stored rule.
fn placed(source: Option<Source>, findings: Vec<Finding>) -> (Option<File>, Vec<Finding>) {
    let Some(source) = source else {
        return (None, findings);
    };
    let root = source.document.root();
    let is_rule = Draft::new(source.document.clone()).is_ok_and(|draft| draft.form() == Form::Rule);
    let is_written = |finding: &Finding| match finding.pointer.tokens().next() {
        Some(member) => is_rule || root.get(&member).is_some(),
        None => true,
    };
    let (written, elsewhere) = findings.into_iter().partition(is_written);
    (Some(File::of_source(source, written)), elsewhere)
}

fn terms(settings: &Settings, args: &ChangeArgs, asked: Asked) -> Result<Terms, Problem> {
    let expected: Option<Version> = match &args.if_version {
        None => None,
        Some(text) => Some(text.parse().map_err(|error: domain::BadVersion| {
            Problem::new(Code::Usage, format!("`--if-version {text}`: {error}"))
        })?),
    };
    let mode = match asked {
        Asked::Update => Mode::Write,
        Asked::DryRun => Mode::DryRun,
    };
    Ok(Terms {
        deadline: settings.deadline,
        expected,
        mode,
        fail_on: args.fail_on.severity(),
    })
}

/// What the file and the flags name together.
fn written(args: &ChangeArgs) -> Result<Written, Problem> {
    let flags = flags(args).map_err(|error| Problem::new(Code::Usage, crate::problem::chain(&error)))?;
    let (draft, source) = match &args.from {
        None => (Draft::from(&flags), None),
        Some(path) => {
            let source = match source::read(path)? {
                Ok(source) => source,
                Err(unparsed) => return Ok(Written::Broken(File::of_unparsed(unparsed))),
            };
            let draft = match Draft::new(source.document.clone()) {
                Ok(draft) => draft,
                Err(finding) => return Ok(Written::Broken(File::of_source(source, vec![finding]))),
            };
            let draft = draft
                .with(&flags)
                .map_err(|error| Problem::new(Code::Usage, error.to_string()))?;
            (draft, Some(source))
        }
    };
    if draft.names_nothing() {
        let help = "name something with --from FILE, --name, --description, --enable or --disable";
        return Err(Problem::new(Code::NothingNamed, "nothing to change is named").with_help(help));
    }
    Ok(Written::Draft(draft, source))
}

fn flags(args: &ChangeArgs) -> Result<RuleChange, domain::json::NotADocument> {
    let mut change = RuleChange::default();
    if let Some(name) = &args.name {
        change = change.name(name)?;
    }
    if let Some(description) = &args.description {
        change = change.description(description)?;
    }
    if args.enable || args.disable {
        change = change.enabled(args.enable)?;
    }
    Ok(change)
}

async fn carry_out(
    context: &Context<'_>,
    session: &Session,
    id: &RuleId,
    draft: Draft,
    terms: Terms,
) -> Report<TriggerRule> {
    let mut updater = session.updater();
    if terms.mode == Mode::DryRun {
        updater.repository = Arc::new(ReadOnly(updater.repository));
    }
    let output = context.output;
    let watch = move |progress: Progress| {
        if let Progress::Waiting { time, because } = progress
            && time >= Duration::from_millis(500)
        {
            let because = crate::output::visible(&because);
            output.note(&format!("waiting {:.1} s: {because}", time.as_secs_f64()));
        }
    };
    updater.update(id, draft, terms, &watch).await
}

/// The report of an update that ended before anything was sent.
fn unsent(id: RuleId, findings: Vec<Finding>) -> Report<TriggerRule> {
    let mut found = Findings::default();
    found.extend(findings);
    Report {
        id,
        verdict: Verdict::rejected(found),
        requests: 0,
        latency: Duration::ZERO,
        last: domain::Facts::default(),
    }
}

/// What is to be told at the end.
struct End<'a> {
    report: Report<TriggerRule>,
    /// What the person wrote, with the findings in it.
    file: Option<File>,
    /// Findings about what they did not write.
    elsewhere: Vec<Finding>,
    target: TargetDocument,
    asked: Asked,
    args: &'a ChangeArgs,
}

impl End<'_> {
    fn print(self, context: &Context<'_>) -> Result<Exit, Problem> {
        let exit = self.exit();
        let problem = self.problem();
        let output = context.output;
        if output.format == Format::Human {
            output.document(&report::report(&self.report, problem.as_ref(), self.asked))?;
            let in_file = self.file.iter().map(snippet::of_file);
            let elsewhere = self.elsewhere.iter().map(snippet::without_place);
            for text in in_file.chain(elsewhere).filter(|text| !text.is_empty()) {
                output.complain(&(text + "\n"));
            }
            if let Some(problem) = &problem {
                output.complain(&crate::output::words(problem));
            }
            return Ok(exit);
        }
        let in_file = self.file.iter().flat_map(File::documents);
        let elsewhere = self.elsewhere.iter().cloned().map(FindingDocument::without_place);
        let findings = in_file.chain(elsewhere).collect();
        let document = result::document(
            &self.report,
            problem.as_ref(),
            findings,
            self.target.clone(),
            self.retry_at(),
            self.asked == Asked::DryRun,
            exit,
        );
        output.data(&document)?;
        Ok(exit)
    }

    fn exit(&self) -> Exit {
        let exit = Exit::of(&self.report.verdict);
        let has_changes = self.report.verdict.outcome == Outcome::Planned;
        if exit == Exit::Done && has_changes && self.args.detailed_exitcode {
            Exit::Changes
        } else {
            exit
        }
    }

    /// Why it was not done, if it was not.
    fn problem(&self) -> Option<Problem> {
        let verdict = &self.report.verdict;
        let id = &self.report.id;
        if let Some(failure) = &verdict.failure {
            let mut problem = Problem::of_failure(&format!("update `{id}`"), failure);
            if let Some(code) = verdict.code {
                problem.code = code;
            }
            return Some(problem);
        }
        match &verdict.outcome {
            Outcome::Conflict(conflict) => {
                let message = match &conflict.expected {
                    Some(expected) => format!("cannot update `{id}`: it is not at version {expected}"),
                    None => {
                        format!("cannot update `{id}`: somebody else changed it meanwhile; nothing was overwritten")
                    }
                };
                let help = if conflict.expected.is_some() || !conflict.collisions.is_empty() {
                    "look at both sides, then run the command again: it starts from the rule as it is now"
                } else {
                    "their change and yours touch different fields: run the command again, and it starts from theirs"
                };
                Some(Problem {
                    facts: Box::new(self.report.last.clone()),
                    ..Problem::new(Code::Conflict, message).with_help(help)
                })
            }
            Outcome::Rejected => {
                let codes = verdict
                    .findings
                    .iter()
                    .filter(|found| self.args.fail_on.fails(found.severity));
                let first = codes.map(|found| found.code).next().unwrap_or(Code::Refused);
                let message = format!("cannot update `{id}`: the rule would not be sound; nothing was sent");
                Some(Problem::new(first, message).with_help("the findings say what to mend"))
            }
            Outcome::Applied
            | Outcome::Unchanged
            | Outcome::Planned
            | Outcome::Denied
            | Outcome::Failed
            | Outcome::Deferred { .. }
            | Outcome::Unknown => None,
        }
    }

    fn retry_at(&self) -> Option<String> {
        let Outcome::Deferred { wait } = self.report.verdict.outcome else {
            return None;
        };
        let wait = jiff::SignedDuration::try_from(wait).ok()?;
        let at = jiff::Timestamp::now().checked_add(wait).ok()?;
        Some(at.round(jiff::Unit::Second).unwrap_or(at).to_string())
    }
}
