//! Requests: the commands as the program carries them out. They know nothing of flags, so that one command can ask for
//! another.

mod change;
mod command_line;
mod ledger_commands;
mod plan_commands;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap_complete::Shell;
use domain::{CopilotId, Severity};

use crate::args::{SchemaKind, StartingRules};
use crate::document_argument::DocumentArgument;

pub(crate) use change::{ChangeRequest, ChangeTerms, EditCommand, RollbackCommand, UpdateCommand};
pub(crate) use command_line::VARIABLE;
pub(crate) use ledger_commands::{
    AuditCommand, ClosedEntry, DeliverCommand, HistoryCommand, ReconcileCommand, StatsCommand,
};

pub(crate) use plan_commands::{
    ApplyCommand, FileFormat, PlanCommand, PlanOf, PlanOptions, PullCommand, ShowCommand, StatusCommand,
};

/// A command with all that it needs to know.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// A command on one document, whatever its kind.
    Document(DocumentArgument, DocumentCommand),
    /// The trigger rules of the organization.
    List,
    /// The assistants of the organization and their Copilots.
    ListCopilots,
    /// The rules in a Copilot.
    ListRulesOf(CopilotId),
    Validate(ValidateCommand),
    Plan(PlanCommand),
    Show(ShowCommand),
    Apply(ApplyCommand),
    Status(StatusCommand),
    Pull(PullCommand),
    History(HistoryCommand),
    Reconcile(ReconcileCommand),
    Stats(StatsCommand),
    Deliver(DeliverCommand),
    Audit(AuditCommand),
    Sandbox(SandboxCommand),
    /// The organization and the credentials that count.
    AuthStatus(SignIn),
    /// The configuration as it counts.
    ConfigShow,
    /// Diagnosis, with a read of that document if one is named.
    Doctor(Option<DocumentArgument>),
    /// The explanation of a code, or of all.
    Explain(Option<String>),
    Schema(SchemaKind),
    Completions(Shell),
    /// The man page, or all of them in a folder.
    Man(Option<PathBuf>),
}

/// The use of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// None: what is kept of earlier runs is shown.
    Kept,
    /// A new token is asked for.
    Anew,
}

/// A command on one document.
#[derive(Clone, Debug)]
pub(crate) enum DocumentCommand {
    Get,
    Update(UpdateCommand),
    Edit(EditCommand),
    Rollback(RollbackCommand),
}

/// A check of files.
#[derive(Clone, Debug)]
pub(crate) struct ValidateCommand {
    /// Files and folders; `-` is stdin.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) fail_on: Severity,
    /// The files of values that are given by names, where the organization is asked too; the last wins.
    pub(crate) online: Option<Vec<PathBuf>>,
}

/// A sandbox in the foreground.
#[derive(Clone, Debug)]
pub(crate) struct SandboxCommand {
    pub(crate) listen: SocketAddr,
    /// A script of faults.
    pub(crate) faults: Option<PathBuf>,
    /// The rules to start with, in place of the sample rule.
    pub(crate) rules: Option<StartingRules>,
    /// The API requests that one token may make in a minute.
    pub(crate) requests_per_minute: u32,
}
