//! Requests made from a command line: the one place that knows both flags and requests.

use app::{OnDrift, PersonsWord};
use domain::document::CrossFieldMerge;
use domain::protocol::OnConflict;
use domain::{Severity, Version};
use ports::EntryId;

use super::{
    ApplyCommand, AuditCommand, ChangeRequest, ChangeTerms, ClosedEntry, DeliverCommand, DocumentCommand, EditCommand,
    HistoryCommand, PlanCommand, PlanOf, PlanOptions, PullCommand, ReconcileCommand, Request, RollbackCommand,
    SandboxCommand, ShowCommand, SignIn, StatsCommand, StatusCommand, UpdateCommand, ValidateCommand,
};
use crate::args::{
    self, AuthArgs, Closing, Command, ConfigArgs, FailOn, ListedKind, OnConflictArg, OnDriftArg, OnMoveArg, RuleArg,
};
use crate::cli_error::CliError;
use crate::config::Environment;
use crate::document_argument::DocumentArgument;
use crate::error_code::ErrorCode;
use crate::render::report::Asked;
use crate::selection::Selection;

/// The variable that names a rule where the command line does not.
pub(crate) const VARIABLE: &str = "GENESYS_RULE_ID";

impl Request {
    /// The request of a command line. The environment names a rule where the command line names none.
    ///
    /// # Errors
    ///
    /// If a document or a version is not of its form, or a document is needed and none is named.
    pub(crate) fn of_command_line(command: Command, environment: &Environment) -> Result<Self, CliError> {
        let named = |arg: &RuleArg| named(arg, environment);
        let on = |arg: &RuleArg, command| Ok(Self::Document(required(arg, environment)?, command));
        match command {
            Command::Get(rule) => on(&rule, DocumentCommand::Get),
            Command::List(args) => list(args),
            Command::Validate(args) => Ok(Self::Validate(ValidateCommand {
                files: args.files,
                fail_on: args.fail_on.into(),
                online: args.online.then_some(args.values),
            })),
            Command::Plan(args) => Ok(Self::Plan(PlanCommand {
                of: args.undo.map_or(PlanOf::Files(args.files), PlanOf::Undo),
                out: args.out,
                options: plan_options(args.options),
                detailed_exitcode: args.detailed_exitcode,
            })),
            Command::Show(args) => Ok(Self::Show(ShowCommand { plan: args.plan })),
            Command::Apply(args) => Ok(Self::Apply(apply_command(args))),
            Command::Pull(args) => Ok(Self::Pull(PullCommand {
                folder: args.folder,
                documents: args.documents,
                format: args.format,
                overwrite: args.overwrite,
                portable: args.portable,
                options: compare_options(args.compare),
            })),
            Command::Status(args) => Ok(Self::Status(StatusCommand {
                files: args.files,
                options: compare_options(args.compare),
                detailed_exitcode: args.detailed_exitcode,
            })),
            Command::Diff(args) => {
                let rule = args.change.rule.clone();
                let request = change("update", Asked::DryRun, None);
                on(&rule, update(args.change, args.terms, request)?)
            }
            Command::Update(args) => {
                let rule = args.change.rule.clone();
                let (terms, request) = write("update", args.write);
                on(&rule, update(args.change, terms, request)?)
            }
            Command::Enable(args) => Self::of_command_line(Command::Update(args.into_update(true)), environment),
            Command::Disable(args) => Self::of_command_line(Command::Update(args.into_update(false)), environment),
            Command::Edit(args) => {
                let (terms_args, request) = write("edit", args.write);
                let terms = terms(terms_args)?;
                on(&args.rule, DocumentCommand::Edit(EditCommand { terms, request }))
            }
            Command::Rollback(args) => {
                let (terms_args, request) = write("rollback", args.write);
                let (to, terms) = (args.to, terms(terms_args)?);
                on(
                    &args.rule,
                    DocumentCommand::Rollback(RollbackCommand { to, terms, request }),
                )
            }
            Command::History(args) => Ok(Self::History(HistoryCommand {
                document: named(&args.rule)?,
                limit: args.limit,
                since: args.since.map(|since| since.0),
                outcome: args.outcome,
                entry: args.entry.map(EntryId),
            })),
            Command::Reconcile(args) => Ok(Self::Reconcile(ReconcileCommand {
                close: args.close.zip(args.closing).map(closed_entry),
                reason: args.reason,
            })),
            Command::Stats(args) => Ok(Self::Stats(StatsCommand {
                document: named(&args.rule)?,
                since: args.since.map(|since| since.0),
            })),
            Command::Deliver(args) => Ok(Self::Deliver(DeliverCommand {
                replay: args.replay,
                sink: args.sink,
                enable: args.enable,
            })),
            Command::Audit(args::AuditArgs::Verify(args)) => Ok(Self::Audit(AuditCommand::Verify {
                head: args.head,
                export: args.export,
            })),
            Command::Audit(args::AuditArgs::Export) => Ok(Self::Audit(AuditCommand::Export)),
            Command::Audit(args::AuditArgs::Upgrade) => Ok(Self::Audit(AuditCommand::Upgrade)),
            Command::Sandbox(args) => Ok(Self::Sandbox(SandboxCommand {
                listen: args.listen,
                faults: args.faults,
                rules: args.rules,
                requests_per_minute: args.requests_per_minute,
            })),
            Command::Auth(AuthArgs::Status { check }) => {
                Ok(Self::AuthStatus(if check { SignIn::Anew } else { SignIn::Kept }))
            }
            Command::Config(ConfigArgs::Show) => Ok(Self::ConfigShow),
            Command::Doctor(rule) => Ok(Self::Doctor(named(&rule)?)),
            Command::Explain { code } => Ok(Self::Explain(code)),
            Command::Schema { kind } => Ok(Self::Schema(kind)),
            Command::Completions { shell } => Ok(Self::Completions(shell)),
            Command::Man { folder } => Ok(Self::Man(folder)),
        }
    }
}

fn named(arg: &RuleArg, environment: &Environment) -> Result<Option<DocumentArgument>, CliError> {
    let text = arg.rule.as_deref().or_else(|| environment.get(VARIABLE));
    text.map(str::parse).transpose()
}

fn required(arg: &RuleArg, environment: &Environment) -> Result<DocumentArgument, CliError> {
    named(arg, environment)?.ok_or_else(|| {
        CliError::new(ErrorCode::Usage, "no rule is named")
            .with_help(format!("give its id or its name, or set {VARIABLE}"))
    })
}

fn list(args: args::ListArgs) -> Result<Request, CliError> {
    let Some(copilot) = args.copilot else {
        return Ok(match args.kind {
            ListedKind::Rule => Request::List,
            ListedKind::Copilot => Request::ListCopilots,
        });
    };
    match copilot.parse()? {
        DocumentArgument::Copilot(id) => Ok(Request::ListRulesOf(id)),
        DocumentArgument::Rule(_) => {
            let message = format!("`{copilot}` is no Copilot: `list` takes copilot/ASSISTANT");
            Err(CliError::new(ErrorCode::Usage, message))
        }
    }
}

/// The terms and the request of a command that writes.
fn write(command: &'static str, args: args::WriteArgs) -> (args::TermsArgs, ChangeRequest) {
    let asked = if args.dry_run { Asked::DryRun } else { Asked::Update };
    (args.terms, change(command, asked, args.reason))
}

fn change(command: &'static str, asked: Asked, reason: Option<String>) -> ChangeRequest {
    ChangeRequest {
        asked,
        command,
        reason,
        undoes: Vec::new(),
    }
}

fn update(
    args: args::ChangeArgs,
    terms_args: args::TermsArgs,
    request: ChangeRequest,
) -> Result<DocumentCommand, CliError> {
    if args.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
        let help = "a variable of a script that is not set gives an empty text; leave `--name` out to keep the name";
        return Err(CliError::new(ErrorCode::Usage, "`--name` is empty").with_help(help));
    }
    Ok(DocumentCommand::Update(UpdateCommand {
        from: args.from,
        values: args.values,
        is_sample: args.is_sample,
        name: args.name,
        description: args.description,
        enabled: (args.enable || args.disable).then_some(args.enable),
        rule: args.inner_rule,
        terms: ChangeTerms {
            saves_unchanged: args.resave,
            ..terms(terms_args)?
        },
        request,
    }))
}

fn terms(args: args::TermsArgs) -> Result<ChangeTerms, CliError> {
    let version = |text: String| -> Result<Version, CliError> {
        text.parse().map_err(|error: domain::ParseVersionError| {
            CliError::new(ErrorCode::Usage, format!("`--if-version {text}`: {error}"))
        })
    };
    Ok(ChangeTerms {
        if_version: args.if_version.map(version).transpose()?,
        detailed_exitcode: args.detailed_exitcode,
        fail_on: args.fail_on.into(),
        on_conflict: args.on_conflict.into(),
        cross_field_merge: if args.accept_group_merge {
            CrossFieldMerge::Accept
        } else {
            CrossFieldMerge::Refuse
        },
        saves_unchanged: false,
    })
}

fn apply_command(args: args::ApplyArgs) -> ApplyCommand {
    ApplyCommand {
        files: args.files,
        options: plan_options(args.options),
        dry_run: args.dry_run,
        reason: args.reason,
        stop_on_first: args.stop_on_first,
        max_age: args.max_age,
        expect: args.expect,
        allow: args.allow,
        on_conflict: match args.on_conflict {
            OnMoveArg::Fail => OnConflict::Fail,
            OnMoveArg::Merge => OnConflict::Merge,
        },
        detailed_exitcode: args.detailed_exitcode,
    }
}

fn plan_options(args: args::PlanOptionsArgs) -> PlanOptions {
    PlanOptions {
        all: args.all,
        checks_references: !args.no_references,
        on_drift: match args.on_drift {
            OnDriftArg::Fail => OnDrift::Fail,
            OnDriftArg::Keep => OnDrift::Keep,
            OnDriftArg::Revert => OnDrift::Revert,
        },
        ..compare_options(args.compare)
    }
}

/// The options of a comparison: the whole difference counts, whoever made it.
fn compare_options(args: args::CompareOptionsArgs) -> PlanOptions {
    PlanOptions {
        selection: Selection {
            select: args.select,
            exclude: args.exclude,
        },
        all: true,
        checks_references: false,
        parallelism: args.parallelism.into(),
        on_drift: OnDrift::Revert,
        base: args.base,
        values: args.values,
    }
}

fn closed_entry((entry, closing): (u64, Closing)) -> ClosedEntry {
    ClosedEntry {
        entry: EntryId(entry),
        word: match closing {
            Closing::Applied => PersonsWord::Applied,
            Closing::NotApplied => PersonsWord::NotApplied,
        },
    }
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Error => Self::Error,
            FailOn::Warning => Self::Warning,
        }
    }
}

impl From<OnConflictArg> for OnConflict {
    fn from(on_conflict: OnConflictArg) -> Self {
        match on_conflict {
            OnConflictArg::Fail => Self::Fail,
            OnConflictArg::Merge => Self::Merge,
            OnConflictArg::Ours => Self::Ours,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Cli;
    use crate::error_code::AnyCode;

    /// The request of a command line in an environment, or the code of the error.
    fn request(args: &[&str], rule: Option<&str>) -> Result<Request, AnyCode> {
        let cli = Cli::parse_from(["assist-rules"].iter().chain(args));
        let variables = rule.map(|rule| (VARIABLE.to_owned(), rule.to_owned()));
        let request = Request::of_command_line(cli.command, &variables.into_iter().collect());
        request.map_err(|error| error.code)
    }

    fn document(request: Request) -> Option<DocumentArgument> {
        if let Request::Document(document, _) = request {
            Some(document)
        } else if let Request::History(HistoryCommand { document, .. })
        | Request::Stats(StatsCommand { document, .. })
        | Request::Doctor(document) = request
        {
            document
        } else {
            panic!("no document is named in {request:?}")
        }
    }

    #[test]
    fn the_command_line_names_the_document_or_the_environment_does() {
        for (args, variable, id) in [
            (&["get", "a"][..], Some("b"), Ok(Some("a"))),
            (&["get"], Some("rule/b"), Ok(Some("b"))),
            (&["get"], None, Err(ErrorCode::Usage.into())),
            (&["edit", "copilot/x"], None, Ok(Some("x"))),
            (&["edit", "queue/x"], None, Err(ErrorCode::Usage.into())),
            (&["rollback", "a b"], None, Err(ErrorCode::InvalidId.into())),
            (&["stats"], None, Ok(None)),
            (&["history", "rule/a"], None, Ok(Some("a"))),
            (&["doctor"], Some("b"), Ok(Some("b"))),
            // FIELD F7: the variable of a script was empty.
            (&["update", "a", "--name", ""], None, Err(ErrorCode::Usage.into())),
        ] {
            let document = request(args, variable).map(document);
            let named = document.map(|it| it.as_ref().map(DocumentArgument::id));
            assert_eq!(named, id.map(|id| id.map(str::to_owned)), "{args:?}");
        }
    }

    #[test]
    fn diff_and_update_differ_in_what_is_asked() {
        for (args, asked, enabled) in [
            (&["diff", "a", "--enable"][..], Asked::DryRun, Some(true)),
            (&["update", "a", "--disable", "--dry-run"], Asked::DryRun, Some(false)),
            (&["update", "a", "--name", "x"], Asked::Update, None),
            (&["enable", "a"], Asked::Update, Some(true)),
            (&["disable", "a", "--dry-run"], Asked::DryRun, Some(false)),
        ] {
            let Ok(Request::Document(_, DocumentCommand::Update(update))) = request(args, None) else {
                panic!("{args:?} is no update");
            };
            assert_eq!(
                (update.request.asked, update.request.command, update.enabled),
                (asked, "update", enabled),
                "{args:?}"
            );
        }
    }
}
