//! `update`, and `diff`, which is `update` up to the send.

mod ending;

use std::sync::Arc;
use std::time::Duration;

use app::{Progress, ReadOnly, Report, Updater};
use domain::check::Form;
use domain::merge::GroupMerge;
use domain::protocol::{Mode, OnConflict, Terms, Verdict};
use domain::{Code, Draft, EngineLimits, Finding, Findings, RuleChange, RuleId, TriggerRule, Version};
use ending::End;

use crate::args::{ChangeArgs, OnConflictArg};
use crate::commands::{Context, rule};
use crate::config::Settings;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::record::Record;
use crate::render::findings::File;
use crate::render::report::Asked;
use crate::render::result::{Run, TargetDocument};
use crate::signals::Signals;
use crate::source::{self, Source};

/// What a person wrote, as far as it could be read.
enum Written {
    /// A draft, and the file that it comes from if there is one.
    Draft(Draft, Option<Source>),
    /// A text that is no draft.
    Broken(File),
}

/// What the change is for, as it is recorded.
#[derive(Clone, Copy)]
pub(super) struct Errand<'a> {
    /// Whether it is carried out.
    pub(super) asked: Asked,
    /// The command.
    pub(super) command: &'static str,
    /// Why, if a reason was given.
    pub(super) reason: Option<&'a str>,
}

impl Errand<'_> {
    /// Up to the send, and no further; nothing is recorded.
    pub(super) const DRY_RUN: Self = Self {
        asked: Asked::DryRun,
        command: "update",
        reason: None,
    };
}

pub(super) async fn run(context: &Context<'_>, args: &ChangeArgs, errand: Errand<'_>) -> Result<Exit, Problem> {
    let asked = errand.asked;
    rule::only_formats(context, &rule::DATA)?;
    let id = rule::required(context, &args.rule)?;
    let written = written(args)?;
    let settings = context.settings()?;
    let terms = terms(settings, args, asked)?;
    let refused = |findings: Vec<Finding>, file, elsewhere| End {
        report: unsent(id.clone(), findings),
        file,
        elsewhere,
        run: Run {
            id: uuid::Uuid::now_v7().to_string(),
            target: TargetDocument {
                api: None,
                sandbox: false,
            },
        },
        asked,
        args,
        stopped: None,
    };
    let (draft, source) = match written {
        Written::Draft(draft, source) => (draft, source),
        Written::Broken(file) => {
            let findings = file.findings.iter().map(|(finding, _)| finding.clone()).collect();
            return Ok(refused(findings, Some(file), Vec::new()).print(context));
        }
    };
    if !draft.certain_faults(&EngineLimits::TRIGGER_RULES).is_empty() {
        // It is refused whatever is stored: what else is wrong is told in the same go.
        let all = draft.check(&EngineLimits::TRIGGER_RULES).into_vec();
        let (file, elsewhere) = placed(source, all.clone());
        return Ok(refused(all, file, elsewhere).print(context));
    }
    let record = match asked {
        Asked::Update => Record::open(settings).await?,
        Asked::DryRun => Record::of_nothing(),
    };
    let session = context.open(settings).await?;
    let run = Run {
        id: record.run.clone(),
        target: session.target.clone(),
    };
    let author = record.author(settings, errand.command, errand.reason);
    let updater = session.updater(&record, author);
    let carried_out = carry_out(context, updater, &id, draft, terms).await;
    record.close().await;
    session.close().await?;
    let (report, stopped) = carried_out?;
    if run.target.sandbox {
        context
            .output
            .note("This was the sandbox, the Genesys Cloud that is built in: no organisation was changed.\n");
    }
    let (file, elsewhere) = placed(source, report.verdict.findings.clone());
    let end = End {
        report,
        file,
        elsewhere,
        run,
        asked,
        args,
        stopped,
    };
    Ok(end.print(context))
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
        on_conflict: match args.on_conflict {
            OnConflictArg::Fail => OnConflict::Fail,
            OnConflictArg::Merge => OnConflict::Merge,
            OnConflictArg::Ours => OnConflict::Ours,
        },
        group: if args.accept_group_merge {
            GroupMerge::Accept
        } else {
            GroupMerge::Refuse
        },
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
    mut updater: Updater<TriggerRule>,
    id: &RuleId,
    draft: Draft,
    terms: Terms,
) -> Result<(Report<TriggerRule>, Option<Exit>), Problem> {
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
    let mut signals = Signals::take()?;
    let mut stopped = None;
    let stop = async {
        stopped = Some(signals.received().await);
        output.note("stopping; a write that is under way is finished first");
    };
    let report = updater.update_until(id, draft, terms, &watch, stop).await;
    Ok((report, stopped))
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
        recorded: None,
        unrecorded: None,
    }
}
