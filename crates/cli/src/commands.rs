//! One file a command.

mod audit;
mod carry_out;
mod change;
mod completions;
mod deliver;
mod doctor;
mod edit;
mod ending;
mod explain;
mod get;
mod history;
mod list;
mod reconcile;
mod rollback;
mod rule;
mod sandbox;
mod schema;
mod stats;
mod tell;
mod validate;

use crate::args::{Cli, Command};
use crate::cli_error::CliError;
use crate::config::{Environment, Settings};
use crate::exit::Exit;
use crate::output::Output;
use crate::session::{SandboxStart, Session};
use carry_out::ChangeRequest;

/// What a command works with.
pub(crate) struct Context<'a> {
    pub(crate) output: Output,
    pub(crate) environment: &'a Environment,
    pub(crate) cli: &'a Cli,
    /// What the configuration says, or what is wrong with it; not every command needs it.
    pub(crate) settings: &'a Result<Settings, CliError>,
}

impl Context<'_> {
    pub(crate) fn settings(&self) -> Result<&Settings, CliError> {
        self.settings.as_ref().map_err(Clone::clone)
    }

    pub(crate) async fn open(&self, settings: &Settings) -> Result<Session, CliError> {
        let start = if self.cli.global.reset_sandbox {
            SandboxStart::Reset
        } else {
            SandboxStart::Continue
        };
        Session::open(settings, start).await
    }
}

/// Carries a command out.
pub(crate) async fn run(context: &Context<'_>) -> Result<Exit, CliError> {
    match &context.cli.command {
        Command::Get(rule) => get::run(context, rule).await,
        Command::List => list::run(context).await,
        Command::Validate(args) => validate::run(context, args),
        Command::Diff(args) => change::run(context, args, &ChangeRequest::of("update", true, None)).await,
        Command::Update(args) => {
            let errand = ChangeRequest::of("update", args.dry_run, args.reason.as_ref());
            change::run(context, &args.change, &errand).await
        }
        Command::Edit(args) => edit::run(context, args).await,
        Command::History(args) => history::run(context, args).await,
        Command::Rollback(args) => rollback::run(context, args).await,
        Command::Reconcile(args) => reconcile::run(context, args).await,
        Command::Stats(args) => stats::run(context, args).await,
        Command::Deliver(args) => deliver::run(context, args).await,
        Command::Audit(command) => audit::run(context, command).await,
        Command::Sandbox(args) => sandbox::run(context, args).await,
        Command::Doctor(rule) => doctor::run(context, rule).await,
        Command::Explain { code } => explain::run(context, code.as_deref()),
        Command::Schema { kind } => schema::run(context, *kind),
        Command::Completions { shell } => completions::run(context, *shell),
        Command::Man => completions::man(context),
    }
}
