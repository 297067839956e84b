//! One file a command.

mod audit;
mod change;
mod completions;
mod deliver;
mod doctor;
mod edit;
mod ending;
mod execute;
mod explain;
mod get;
mod history;
mod list;
mod reconcile;
mod rollback;
mod sandbox;
mod schema;
mod stats;
mod tell;
mod validate;
mod workspace;

use domain::TriggerRule;

use crate::args::{Command, Global};
use crate::cli_error::CliError;
use crate::config::{Environment, Settings};
use crate::document_argument::DocumentArgument;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::output::Output;
use crate::request::{DocumentCommand, Request};
use crate::sandbox::SandboxStart;
use crate::session::Session;

/// The inputs that every command shares.
pub(crate) struct Context<'a> {
    pub(crate) output: Output,
    pub(crate) environment: &'a Environment,
    pub(crate) global: &'a Global,
    /// The settings, or the error in the configuration; not every command needs them.
    pub(crate) settings: &'a Result<Settings, CliError>,
}

impl Context<'_> {
    pub(crate) fn settings(&self) -> Result<&Settings, CliError> {
        self.settings.as_ref().map_err(Clone::clone)
    }

    pub(crate) async fn open(&self, settings: &Settings) -> Result<Session, CliError> {
        let start = if self.global.reset_sandbox {
            SandboxStart::Reset
        } else {
            SandboxStart::Continue
        };
        Session::open(settings, start).await
    }
}

/// Carries a command out.
pub(crate) async fn run(context: &Context<'_>, command: Command) -> Result<Exit, CliError> {
    match Request::of_command_line(command, context.environment)? {
        Request::Document(DocumentArgument::Rule(id), command) => {
            on_document::<TriggerRule>(context, &id, &command).await
        }
        Request::List => list::run(context).await,
        Request::Validate(command) => validate::run(context, &command),
        Request::History(command) => history::run(context, &command).await,
        Request::Reconcile(command) => reconcile::run(context, &command).await,
        Request::Stats(command) => stats::run(context, &command).await,
        Request::Deliver(command) => deliver::run(context, &command).await,
        Request::Audit(command) => audit::run(context, &command).await,
        Request::Sandbox(command) => sandbox::run(context, &command).await,
        Request::Doctor(document) => doctor::run(context, document.as_ref()).await,
        Request::Explain(code) => explain::run(context, code.as_deref()),
        Request::Schema(kind) => schema::run(context, kind),
        Request::Completions(shell) => completions::run(context, shell),
        Request::Man => completions::man(context),
    }
}

/// A command on one document of a kind.
async fn on_document<K: CliKind>(
    context: &Context<'_>,
    id: &K::Id,
    command: &DocumentCommand,
) -> Result<Exit, CliError> {
    match command {
        DocumentCommand::Get => get::run::<K>(context, id).await,
        DocumentCommand::Update(command) => Ok(change::run::<K>(context, id, command).await?.exit),
        DocumentCommand::Edit(command) => edit::run::<K>(context, id, command).await,
        DocumentCommand::Rollback(command) => rollback::run::<K>(context, id, command).await,
    }
}
