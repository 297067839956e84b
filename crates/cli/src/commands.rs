//! One file a command.

mod absence;
mod apply;
mod apply_command;
mod audit;
mod auth_status;
mod bases;
mod by_name;
mod change;
mod completions;
mod config_show;
mod deliver;
mod deliver_recorded;
mod doctor;
mod edit;
mod execute;
mod explain;
mod finished_change;
mod get;
mod history;
mod kept_text;
mod lazy_names;
mod list;
mod list_copilots;
mod plan;
mod planning;
mod pull;
mod reconcile;
mod references;
mod resolve_files;
mod rollback;
mod sandbox;
mod schema;
mod show;
mod stats;
mod status;
mod undo;
mod validate;
mod workspace;

use domain::{Copilot, TriggerRule};

use crate::args::{Command, Global};
use crate::cli_error::CliError;
use crate::config::{Environment, Settings};
use crate::document_argument::DocumentArgument;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::output::Output;
use crate::render::markdown::Comment;
use crate::request::{DocumentCommand, Request};
use crate::sandbox::SandboxStart;
use crate::session::Session;
use crate::signals::unless_stopped;
use doctor::DocumentToTry;

/// The inputs that every command shares.
pub(crate) struct Context<'a> {
    pub(crate) output: Output,
    pub(crate) environment: &'a Environment,
    pub(crate) global: &'a Global,
    /// The settings, or the error in the configuration; not every command needs them.
    pub(crate) settings: &'a Result<Settings, CliError>,
    /// The comment that a report in Markdown becomes.
    pub(crate) comment: &'a Comment,
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
        Session::open(settings, (start, self.global.org.as_deref()), self.output).await
    }
}

/// Carries a command out.
pub(crate) async fn run(context: &Context<'_>, command: Command) -> Result<Exit, CliError> {
    let is_doctor = matches!(command, Command::Doctor(_));
    let command = match by_name::with_id(context, command).await {
        // Why: what keeps a name from being looked up is what it is asked for.
        Err(problem) if is_doctor => {
            return doctor::run::<TriggerRule>(context, DocumentToTry::Unresolved(&problem)).await;
        }
        command => command?,
    };
    match Request::of_command_line(command, context.environment)? {
        Request::Document(DocumentArgument::Rule(id), command) => {
            on_document::<TriggerRule>(context, &id, &command).await
        }
        Request::Document(DocumentArgument::Copilot(id), command) => {
            Box::pin(on_document::<Copilot>(context, &id, &command)).await
        }
        Request::List => unless_stopped(list::run(context)).await,
        Request::ListCopilots => unless_stopped(list_copilots::run(context)).await,
        Request::ListRulesOf(id) => unless_stopped(list_copilots::rules_of(context, &id)).await,
        Request::Validate(command) => unless_stopped(validate::run(context, &command)).await,
        Request::Plan(command) => unless_stopped(Box::pin(plan::run(context, &command))).await,
        Request::Show(command) => show::run(context, &command),
        Request::Apply(command) => Box::pin(apply::run(context, &command)).await,
        Request::Pull(command) => unless_stopped(Box::pin(pull::run(context, &command))).await,
        Request::Status(command) => unless_stopped(Box::pin(status::run(context, &command))).await,
        Request::History(command) => history::run(context, &command).await,
        Request::Reconcile(command) => reconcile::run(context, &command).await,
        Request::Stats(command) => stats::run(context, &command).await,
        Request::Deliver(command) => deliver::run(context, &command).await,
        Request::Audit(command) => audit::run(context, &command).await,
        Request::Sandbox(command) => sandbox::run(context, &command).await,
        Request::AuthStatus(sign_in) => unless_stopped(auth_status::run(context, sign_in)).await,
        Request::ConfigShow => config_show::run(context),
        Request::Doctor(None) => doctor::run::<TriggerRule>(context, DocumentToTry::None).await,
        Request::Doctor(Some(DocumentArgument::Rule(id))) => {
            doctor::run::<TriggerRule>(context, DocumentToTry::Id(&id)).await
        }
        Request::Doctor(Some(DocumentArgument::Copilot(id))) => {
            doctor::run::<Copilot>(context, DocumentToTry::Id(&id)).await
        }
        Request::Explain(code) => explain::run(context, code.as_deref()),
        Request::Schema(kind) => schema::run(context, kind),
        Request::Completions(shell) => completions::run(context, shell),
        Request::Man(folder) => completions::man(context, folder.as_deref()),
    }
}

/// A command on one document of a kind.
async fn on_document<K: CliKind>(
    context: &Context<'_>,
    id: &K::Id,
    command: &DocumentCommand,
) -> Result<Exit, CliError> {
    match command {
        DocumentCommand::Get => unless_stopped(get::run::<K>(context, id)).await,
        DocumentCommand::Update(command) => change::run::<K>(context, id, command).await,
        DocumentCommand::Edit(command) => edit::run::<K>(context, id, command).await,
        DocumentCommand::Rollback(command) => rollback::run::<K>(context, id, command).await,
    }
}
