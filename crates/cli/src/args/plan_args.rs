//! The flags of commands about rules in files.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use domain::ContentHash;
use domain::plan::SafetyKind;

use super::duration;
use crate::render::markdown::{MAX_CHARS, comment_key};
use crate::request::FileFormat;
use crate::selection::Term;

/// The arguments of `plan`.
#[derive(Args, Clone, Debug)]
pub(crate) struct PlanArgs {
    /// Files and folders of rules; `-` is stdin
    #[arg(required_unless_present = "undo", conflicts_with = "undo", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Save the plan there; it holds the rules in clear
    #[arg(long, value_name = "PLAN")]
    pub(crate) out: Option<PathBuf>,
    /// Plan the way back of a run or a plan (or its file)
    #[arg(long, value_name = "RUN|PLAN")]
    pub(crate) undo: Option<String>,
    #[command(flatten)]
    pub(crate) options: PlanOptionsArgs,
    #[command(flatten)]
    pub(crate) comment: CommentArgs,
    /// Exit with 2 if there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

/// The flags of every command that plans.
#[derive(Args, Clone, Debug)]
pub(crate) struct PlanOptionsArgs {
    #[command(flatten)]
    pub(crate) compare: CompareOptionsArgs,
    /// The drift of a rule: fail, keep or revert
    #[arg(long, value_enum, value_name = "POLICY", default_value_t = OnDriftArg::Fail, hide_possible_values = true, hide_default_value = true)]
    pub(crate) on_drift: OnDriftArg,
    /// List unchanged rules too
    #[arg(long, hide_short_help = true)]
    pub(crate) all: bool,
    /// Do not look whether what Copilots refer to exists
    #[arg(long, hide_short_help = true)]
    pub(crate) no_references: bool,
}

/// The flags of every command that compares files with the organization.
#[derive(Args, Clone, Debug)]
pub(crate) struct CompareOptionsArgs {
    /// Only these: name=GLOB, id=ID, file=GLOB, ...
    ///
    /// KEY=VALUE with the keys kind, id, name, type, enabled (true or false) and file. `*`, `**` and `?` are special in name
    /// and file. Several of one key are alternatives, keys are conditions.
    #[arg(long, value_name = "EXPR")]
    pub(crate) select: Vec<Term>,
    /// All but these; it wins over --select
    #[arg(long, value_name = "EXPR")]
    pub(crate) exclude: Vec<Term>,
    /// The files as they were last applied, to tell who changed what
    ///
    /// A folder, such as a checkout of the main branch. It wins over the ledger and what was pulled.
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub(crate) base: Option<PathBuf>,
    /// The values of `@{value:NAME}`: a YAML map; the last one wins
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) values: Vec<PathBuf>,
    /// The rules that are read or written at a time
    #[arg(long, value_name = "N", default_value_t = 4, hide_short_help = true, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) parallelism: u8,
}

/// The arguments of `status`.
#[derive(Args, Clone, Debug)]
pub(crate) struct StatusArgs {
    /// Files and folders of rules; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) compare: CompareOptionsArgs,
    /// Exit with 2 if a rule is not in sync
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    #[command(flatten)]
    pub(crate) comment: CommentArgs,
}

/// The arguments of `pull`.
#[derive(Args, Clone, Debug)]
pub(crate) struct PullArgs {
    /// The folder of the files; it is made if it is not there
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Only these rules, by id or name
    #[arg(value_name = "RULE")]
    pub(crate) documents: Vec<String>,
    /// The format of new files
    #[arg(long, value_enum, default_value_t = FileFormat::Yaml, hide_possible_values = true, value_name = "yaml|json")]
    pub(crate) format: FileFormat,
    /// Take the organization's, also where a file was edited
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Write names in place of ids
    ///
    /// Such files count in every organization that has things of these names. What has no listing stays, and is named.
    #[arg(long)]
    pub(crate) portable: bool,
    #[command(flatten)]
    pub(crate) compare: CompareOptionsArgs,
}

/// The flags of a report that becomes a comment of a pull request.
#[derive(Args, Clone, Debug)]
pub(crate) struct CommentArgs {
    /// With -o markdown: the name by which a bot finds its comment
    ///
    /// The key stands in the first line, in place of the organization: two comments of one pull request need two keys.
    #[arg(long, value_name = "KEY", value_parser = comment_key, hide_short_help = true)]
    pub(crate) comment_key: Option<String>,
    /// With -o markdown: the most characters
    #[arg(long, value_name = "N", default_value_t = MAX_CHARS, hide_short_help = true, value_parser = clap::value_parser!(u32).range(1_000..))]
    pub(crate) max_chars: u32,
}

/// The arguments of `show`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ShowArgs {
    /// A saved plan; `-` is stdin
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    #[command(flatten)]
    pub(crate) comment: CommentArgs,
}

/// The arguments of `apply`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ApplyArgs {
    /// A saved plan, or files and folders of rules; `-` is stdin
    #[arg(required = true, value_name = "PLAN|FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) options: PlanOptionsArgs,
    #[command(flatten)]
    pub(crate) comment: CommentArgs,
    /// Do everything but the writes
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Apply this plan, or these changes, and no other
    #[arg(long, value_name = "sha256:...")]
    pub(crate) expect: Option<ContentHash>,
    /// Refuse a plan that is older
    #[arg(long, value_name = "TIME", value_parser = duration, hide_short_help = true)]
    pub(crate) max_age: Option<Duration>,
    /// Let more through the safety stop
    ///
    /// change=N, disable=N, remove=N or empty=N: so many may be changed, switched off, taken away, emptied.
    #[arg(long, value_name = "KIND=N", value_delimiter = ',', value_parser = allowed)]
    pub(crate) allow: Vec<(SafetyKind, usize)>,
    /// The response to a rule that others changed since the plan
    #[arg(long, value_enum, default_value_t = OnMoveArg::Fail, hide_short_help = true)]
    pub(crate) on_conflict: OnMoveArg,
    /// Begin no further rule after one that was not applied
    #[arg(long, hide_short_help = true)]
    pub(crate) stop_on_first: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// With --dry-run: exit with 2 if there are changes
    #[arg(long, hide_short_help = true)]
    pub(crate) detailed_exitcode: bool,
}

/// The policies for a rule that moved since it was planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnMoveArg {
    /// Report it, and change nothing
    Fail,
    /// Merge what merges by itself, and report the rest
    Merge,
}

/// The policies for what others changed since the base of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnDriftArg {
    /// The rule is a conflict; the others go on
    Fail,
    /// Merge: theirs stays, unless both changed the same
    Keep,
    /// The file wins, and what it takes back is shown
    Revert,
}

/// Reads `KIND=N`.
fn allowed(text: &str) -> Result<(SafetyKind, usize), String> {
    let kinds = SafetyKind::ALL.map(SafetyKind::name).join(", ");
    let wrong = || format!("`{text}` is no KIND=N; KIND is one of: {kinds}");
    let (kind, number) = text.split_once('=').ok_or_else(wrong)?;
    let kind = SafetyKind::ALL.into_iter().find(|known| known.name() == kind);
    Ok((kind.ok_or_else(wrong)?, number.parse().map_err(|_| wrong())?))
}
