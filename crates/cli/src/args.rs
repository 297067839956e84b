//! The command line: names and flags that users and scripts rely on.
#![expect(clippy::doc_markdown, reason = "these comments are the help text that is printed")]

mod change;
mod examples;
mod format;
mod global;
mod ledger_args;
mod overview;
mod plan_args;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::exit::Exit;
pub(crate) use change::{
    ChangeArgs, DiffArgs, EditArgs, OnConflictArg, RollbackArgs, SwitchArgs, TermsArgs, UpdateArgs, WriteArgs,
};
pub(crate) use format::Format;
pub(crate) use global::{Color, Global, LogFormat};
pub(crate) use ledger_args::{AuditArgs, Closing, DeliverArgs, HistoryArgs, ReconcileArgs, StatsArgs};
pub(crate) use plan_args::{
    ApplyArgs, CommentArgs, CompareOptionsArgs, OnDriftArg, OnMoveArg, PlanArgs, PlanOptionsArgs, PullArgs, ShowArgs,
    StatusArgs,
};

const CREDENTIALS: &str = "\
Credentials come from GENESYSCLOUD_OAUTHCLIENT_ID and GENESYSCLOUD_OAUTHCLIENT_SECRET, from
GENESYSCLOUD_ACCESS_TOKEN, or from a profile of the gc CLI. --sandbox needs none.";

/// The safe way to change the rules that tell Genesys Cloud what to show an agent during a conversation.
#[derive(Debug, Parser)]
#[command(name = "assist-rules", version, propagate_version = true)]
#[command(after_long_help = format!("{}\n\n{CREDENTIALS}", Exit::help()))]
#[command(disable_help_subcommand = false, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The command line as clap has it, with the formats and the options of each command.
pub(crate) fn command() -> clap::Command {
    global::hide_without_effect(format::restrict(examples::add(Cli::command())))
}

/// Reads a command line, the name of the program before it.
///
/// # Errors
///
/// If it is wrong, or asks for help or the version.
pub(crate) fn parse_from(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Cli, clap::Error> {
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    answer_version(&args)?;
    let mut command = command();
    let matches = command.try_get_matches_from_mut(&args);
    let mut matches = matches.map_err(|error| overview::in_place_of_list(error, &mut command, &args))?;
    format::check(&command, &matches)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// Answers a command line that asks for the version and nothing else.
///
/// # Errors
///
/// The answer, as clap gives it.
fn answer_version(args: &[OsString]) -> Result<(), clap::Error> {
    match args {
        // Why: all commands with their flags take as long to build as the program to start.
        [_, flag] if flag == "--version" || flag == "-V" => clap::Command::new("assist-rules")
            .version(env!("CARGO_PKG_VERSION"))
            .try_get_matches_from(args)
            .map(drop),
        _ => Ok(()),
    }
}

/// From which severity on findings end a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Errors only
    Error,
    /// Warnings too
    Warning,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a rule
    ///
    /// -o json prints the document as the server holds it, ready to be edited and given to `update --from`.
    Get(RuleArg),
    /// List the rules of the organization, or its Copilots
    List(ListArgs),
    /// Check files without a network
    ///
    /// Needs no credentials and opens no socket. `-` is stdin; folders are walked for .json, .yaml and .yml.
    Validate(ValidateArgs),
    /// Write the rules of the organization into files
    ///
    /// A rule that a file of the folder holds is changed there, in its place: comments, order and quotes stay. A file that was
    /// edited since it was pulled or applied is kept. Nothing else in the folder is touched.
    Pull(PullArgs),
    /// Show what files of rules would change, and save it
    ///
    /// Reads the organization, and writes nothing. The saved plan is bound to the versions that were read: `show` prints
    /// it for review, and `apply` carries out exactly that.
    Plan(PlanArgs),
    /// Show a saved plan, without a network
    Show(ShowArgs),
    /// Carry out a saved plan, exactly; or plan files, ask, and apply
    ///
    /// Each rule is written under the version that was reviewed. One that others changed since is a conflict, and the
    /// others go on. Applying the same plan again is harmless: what is done stays done, and the rest is tried again.
    Apply(ApplyArgs),
    /// Show how files and the organization stand to each other
    ///
    /// Tells apart what a file changed and what others changed since it was last applied or pulled. Writes nothing.
    Status(StatusArgs),
    /// Show what `update` would change
    Diff(DiffArgs),
    /// Change a rule: read, check, write under the version read
    ///
    /// Members that are not named are not touched. A document with neither `etag` nor `ruleType` is a change, and may name its
    /// rule by `id`; one with either is a whole rule, whose `etag` acts as --if-version.
    Update(UpdateArgs),
    /// Switch a rule on: short for `update RULE --enable`
    Enable(SwitchArgs),
    /// Switch a rule off: short for `update RULE --disable`
    Disable(SwitchArgs),
    /// Open a rule in your editor, and update it from what you save
    ///
    /// Changes that others make while the editor is open are merged with what you saved, as far as they merge. A
    /// member or an element that you delete is deleted. On findings or a conflict your text is kept, and the way back is
    /// printed.
    Edit(EditArgs),
    /// Show what was changed, by whom, when, and what came of it
    History(HistoryArgs),
    /// Undo what was changed, in the rule as it is now
    ///
    /// Without --to it undoes the last change that was applied; with it, all that was applied after that entry. What
    /// others changed since stays, and where it collides with what is undone nothing is written. It is checked,
    /// written and recorded like any other change, so it can be undone too.
    Rollback(RollbackArgs),
    /// Find out what became of changes whose outcome is not known
    ///
    /// A change is applied if it is in the rule, and not applied if the rule has not moved and no write can be under
    /// way any more. Where neither can be said, a person closes the entry with --close.
    Reconcile(ReconcileArgs),
    /// Count updates: how many took effect, how long they took
    Stats(StatsArgs),
    /// Deliver pending events to their sinks
    Deliver(DeliverArgs),
    /// Prove the record, or print it
    #[command(subcommand)]
    Audit(AuditArgs),
    /// Run the built-in Genesys Cloud in the foreground
    Sandbox(SandboxArgs),
    /// Show which organization is changed, by whom and by which way
    #[command(subcommand)]
    Auth(AuthArgs),
    /// Show the configuration
    #[command(subcommand)]
    Config(ConfigArgs),
    /// Say what works, what does not, and what to do
    Doctor(RuleArg),
    /// Explain the code of a finding or an error
    Explain {
        /// A code such as AR0101; without one, all are listed
        code: Option<String>,
    },
    /// Print the JSON Schema of a document that is read or printed
    Schema {
        /// The document
        #[arg(value_enum)]
        kind: SchemaKind,
    },
    /// Print completions for a shell
    ///
    /// Load them at the start of the shell: `source <(assist-rules completions bash)` in ~/.bashrc, the same with zsh after
    /// compinit in ~/.zshrc, and `assist-rules completions fish | source` in config.fish. They know the ids and names of
    /// the listing that was seen last (`list` shows one), the profiles of gc and the codes, and send nothing.
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page, or write those of all commands
    Man {
        /// A folder for the man pages of the program and of each command
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

impl Command {
    /// True for a command that is about one rule, and cannot be about all of them.
    pub(crate) fn needs_rule(&self) -> bool {
        match self {
            Self::Get(_)
            | Self::Diff(_)
            | Self::Update(_)
            | Self::Enable(_)
            | Self::Disable(_)
            | Self::Edit(_)
            | Self::Rollback(_) => true,
            Self::Doctor(_)
            | Self::History(_)
            | Self::Stats(_)
            | Self::List(_)
            | Self::Validate(_)
            | Self::Plan(_)
            | Self::Show(_)
            | Self::Apply(_)
            | Self::Status(_)
            | Self::Pull(_)
            | Self::Reconcile(_)
            | Self::Deliver(_)
            | Self::Audit(_)
            | Self::Sandbox(_)
            | Self::Auth(_)
            | Self::Config(_)
            | Self::Explain { .. }
            | Self::Schema { .. }
            | Self::Completions { .. }
            | Self::Man { .. } => false,
        }
    }

    /// The file that a change is read from, if there is one: stdin can be read once only.
    pub(crate) fn file_of_change(&self) -> Option<&Path> {
        let (Self::Diff(DiffArgs { change, .. }) | Self::Update(UpdateArgs { change, .. })) = self else {
            return None;
        };
        change.from.as_deref().filter(|file| *file != Path::new("-"))
    }

    /// The argument that names a rule, of a command that takes one.
    pub(crate) fn rule_mut(&mut self) -> Option<&mut RuleArg> {
        match self {
            Self::Get(rule) | Self::Doctor(rule) => Some(rule),
            Self::Diff(args) => Some(&mut args.change.rule),
            Self::Update(args) => Some(&mut args.change.rule),
            Self::Enable(args) | Self::Disable(args) => Some(&mut args.rule),
            Self::Edit(args) => Some(&mut args.rule),
            Self::Rollback(args) => Some(&mut args.rule),
            Self::History(args) => Some(&mut args.rule),
            Self::Stats(args) => Some(&mut args.rule),
            Self::List(_)
            | Self::Validate(_)
            | Self::Plan(_)
            | Self::Show(_)
            | Self::Apply(_)
            | Self::Status(_)
            | Self::Pull(_)
            | Self::Reconcile(_)
            | Self::Deliver(_)
            | Self::Audit(_)
            | Self::Sandbox(_)
            | Self::Auth(_)
            | Self::Config(_)
            | Self::Explain { .. }
            | Self::Schema { .. }
            | Self::Completions { .. }
            | Self::Man { .. } => None,
        }
    }
}

/// The arguments of `list`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ListArgs {
    /// copilot/ASSISTANT: list the rules in its Copilot
    #[arg(value_name = "COPILOT", requires = "rules")]
    pub(crate) copilot: Option<String>,
    /// The kind of documents
    #[arg(long, value_enum, default_value_t = ListedKind::Rule, conflicts_with = "copilot")]
    pub(crate) kind: ListedKind,
    /// List the rules in the Copilot, each with its hash
    #[arg(long, requires = "copilot")]
    pub(crate) rules: bool,
}

/// The kinds of documents that are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListedKind {
    /// Trigger rules
    Rule,
    /// Assistants and their Copilots
    Copilot,
}

/// The subcommands of `config`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigArgs {
    /// Print every key with its value, and the layer that set it
    ///
    /// Secrets are shown as `(set)`. A layer is the flags, a profile, the environment or a file; what no layer sets has its
    /// default.
    Show,
}

/// The subcommands of `auth`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum AuthArgs {
    /// Print organization, API, login, region, proxy and credentials, and where each is set
    ///
    /// No secret is shown, and nothing is sent without --check.
    Status {
        /// Sign in with a new token, and ask for the organization
        #[arg(long)]
        check: bool,
    },
}

/// Which rule.
#[derive(Args, Clone, Debug)]
pub(crate) struct RuleArg {
    /// The rule's id or exact name; GENESYS_RULE_ID stands in
    ///
    /// A text of the form of an id is an id; name:TEXT is always a name.
    #[arg(value_name = "RULE")]
    pub(crate) rule: Option<String>,
}

/// The arguments of `validate`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ValidateArgs {
    /// Files and folders; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// From which severity on findings end with exit 3
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    pub(crate) fail_on: FailOn,
    /// Look in the organization too: whether what Copilots refer to exists
    #[arg(long)]
    pub(crate) online: bool,
    /// The values of `@{value:NAME}`: a YAML map; the last one wins
    #[arg(long, value_name = "FILE", requires = "online", hide_short_help = true)]
    pub(crate) values: Vec<PathBuf>,
}

/// The arguments of `sandbox`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SandboxArgs {
    /// The address to listen on, of this machine; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: std::net::SocketAddr,
    /// A script of faults to inject, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// The rules to start with, in place of the sample rule: those in a folder of files, or so many made ones
    ///
    /// Files need not have what the server owns (`ruleType`, `etag`). A Copilot in them takes the place of the one that its
    /// assistant has; an assistant that is not there is made. Made rules are `rule-00001` and so on.
    #[arg(long, value_name = "DIR|N", value_parser = starting_rules)]
    pub(crate) rules: Option<StartingRules>,
    /// The API requests that one token may make in a minute
    ///
    /// One more is refused with 429 until the minute is over. The default is what the platform gives a new client.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) requests_per_minute: u32,
}

/// The rules that a sandbox starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StartingRules {
    /// So many made ones.
    Made(u32),
    /// Those in the files of a folder.
    Folder(PathBuf),
}

/// The made rules of a sandbox, at most.
const MOST_RULES: u32 = 100_000;

fn starting_rules(text: &str) -> Result<StartingRules, String> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(StartingRules::Folder(text.into()));
    }
    let number = text.parse().ok().filter(|number| (1..=MOST_RULES).contains(number));
    let number = number.ok_or_else(|| format!("a number of rules is 1 to {MOST_RULES}"))?;
    Ok(StartingRules::Made(number))
}

/// The documents that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaKind {
    /// A whole rule
    Rule,
    /// A change of a rule
    Change,
    /// The result that `update -o json` prints
    Result,
    /// The error that -o json prints where no rule is known yet
    Error,
    /// The findings of `validate`
    Findings,
    /// The plan of `plan` and `show`
    Plan,
    /// The status of `status`
    Status,
    /// The documents of `pull`
    Pulled,
    /// The line of a document that `apply -o ndjson` prints
    Outcome,
    /// The rules of `list`
    Rules,
    /// The assistants of `list --kind copilot`
    Copilots,
    /// The rules of `list copilot/ASSISTANT --rules`
    CopilotRules,
    /// The entries of `history`
    History,
    /// The figures of `stats`
    Stats,
    /// The checks of `doctor`
    Doctor,
    /// The access of `auth status`
    Auth,
    /// The keys of `config show`
    Settings,
    /// The deliveries of `deliver`
    Deliver,
    /// The address of `sandbox`
    Sandbox,
    /// The proof of `audit verify`
    Audit,
    /// The upgrade of `audit upgrade`
    Upgrade,
    /// The pages of `explain`
    Explanation,
    /// The event that sinks receive
    Event,
    /// The configuration file
    Config,
}

/// Reads a time as people write it: `90s`, `2m`, `1m 30s`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: Result<jiff::SignedDuration, _> = text.parse();
    let positive = parsed
        .ok()
        .and_then(|time| Duration::try_from(time).ok())
        .filter(|time| !time.is_zero());
    positive.ok_or_else(|| format!("`{text}` is no time: write 90s, 2m or 1m 30s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn the_version_is_the_one_of_the_whole_command_line() {
        for flag in ["--version", "-V"] {
            let args = ["assist-rules", flag].map(OsString::from);
            let whole = command().try_get_matches_from(&args).unwrap_err();
            let alone = answer_version(&args).unwrap_err();
            assert_eq!((alone.kind(), alone.to_string()), (whole.kind(), whole.to_string()));
        }
        for others in [&["assist-rules"][..], &["assist-rules", "update", "--version"]] {
            let others: Vec<OsString> = others.iter().map(Into::into).collect();
            assert!(answer_version(&others).is_ok(), "{others:?}");
        }
    }

    #[test]
    fn a_time_has_a_unit() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("2m", Some(120)),
            ("1m 30s", Some(90)),
            ("90", None),
            ("-1s", None),
        ] {
            assert_eq!(duration(text).ok().map(|time| time.as_secs()), seconds, "{text}");
        }
    }
}
