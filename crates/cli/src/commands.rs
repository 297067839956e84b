//! One file a command.

mod audit;
mod change;
mod completions;
mod doctor;
mod edit;
mod explain;
mod get;
mod list;
mod rule;
mod sandbox;
mod schema;
mod validate;

use crate::args::{Cli, Command};
use crate::config::{Environment, Settings};
use crate::exit::Exit;
use crate::output::Output;
use crate::problem::Problem;
use crate::render::report::Asked;
use crate::session::{SandboxStart, Session};
use change::Errand;

/// What a command works with.
pub(crate) struct Context<'a> {
    pub(crate) output: Output,
    pub(crate) environment: &'a Environment,
    pub(crate) cli: &'a Cli,
    /// What the configuration says, or what is wrong with it; not every command needs it.
    pub(crate) settings: &'a Result<Settings, Problem>,
}

impl Context<'_> {
    pub(crate) fn settings(&self) -> Result<&Settings, Problem> {
        self.settings.as_ref().map_err(Clone::clone)
    }

    pub(crate) async fn open(&self, settings: &Settings) -> Result<Session, Problem> {
        let start = if self.cli.global.reset_sandbox {
            SandboxStart::Reset
        } else {
            SandboxStart::Continue
        };
        Session::open(settings, start).await
    }
}

/// Carries a command out.
pub(crate) async fn run(context: &Context<'_>) -> Result<Exit, Problem> {
    match &context.cli.command {
        Command::Get(rule) => get::run(context, rule).await,
        Command::List => list::run(context).await,
        Command::Validate(args) => validate::run(context, args),
        Command::Diff(args) => change::run(context, args, Errand::DRY_RUN).await,
        Command::Update(args) if args.dry_run => change::run(context, &args.change, Errand::DRY_RUN).await,
        Command::Update(args) => {
            let errand = Errand {
                asked: Asked::Update,
                command: "update",
                reason: args.reason.as_deref(),
            };
            change::run(context, &args.change, errand).await
        }
        Command::Edit(args) => edit::run(context, args).await,
        Command::Audit(command) => audit::run(context, command).await,
        Command::Sandbox(args) => sandbox::run(context, args).await,
        Command::Doctor(rule) => doctor::run(context, rule).await,
        Command::Explain { code } => explain::run(context, code.as_deref()),
        Command::Schema { kind } => schema::run(context, *kind),
        Command::Completions { shell } => completions::run(context, *shell),
        Command::Man => completions::man(context),
    }
}
