//! The flags of commands that change a rule.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{FailOn, RuleArg};

/// The arguments that describe a change.
#[expect(clippy::struct_excessive_bools, reason = "each of them is a flag")]
#[derive(Args, Clone, Debug)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) rule: RuleArg,
    /// A change or a whole rule, JSON or YAML; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// The new name
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// The new description
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Switch the rule on
    #[arg(long, conflicts_with = "disable")]
    pub(crate) enable: bool,
    /// Switch the rule off
    #[arg(long)]
    pub(crate) disable: bool,
    /// Switch this rule of a Copilot: its id or its hash
    #[arg(id = "inner_rule", long = "rule", value_name = "ID|HASH", hide_short_help = true)]
    pub(crate) inner_rule: Option<String>,
    /// Save a Copilot once more as it is: its rules find new intents after that
    #[arg(long, conflicts_with_all = ["from", "name", "description", "enable", "disable", "inner_rule"], hide_short_help = true)]
    pub(crate) resave: bool,
    /// The values of `@{value:NAME}`: a YAML map; the last one wins
    #[arg(long, value_name = "FILE", requires = "from", hide_short_help = true)]
    pub(crate) values: Vec<PathBuf>,
    /// True for the sample change of the sandbox.
    #[arg(skip)]
    pub(crate) is_sample: bool,
}

impl ChangeArgs {
    /// True if it says nothing to change.
    pub(crate) fn names_nothing(&self) -> bool {
        let texts = [&self.name, &self.description];
        self.from.is_none()
            && self.inner_rule.is_none()
            && !self.resave
            && !self.enable
            && !self.disable
            && texts.iter().all(|text| text.is_none())
    }
}

/// The arguments of `diff`.
#[derive(Args, Clone, Debug)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    #[command(flatten)]
    pub(crate) terms: TermsArgs,
}

/// The flags of every command that writes a rule.
#[derive(Args, Clone, Debug)]
pub(crate) struct WriteArgs {
    #[command(flatten)]
    pub(crate) terms: TermsArgs,
    /// Do everything but the write
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// On which terms a rule is changed.
#[derive(Args, Clone, Debug)]
pub(crate) struct TermsArgs {
    /// Refuse (exit 4) unless the rule is at this version
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    pub(crate) if_version: Option<String>,
    /// Exit with 2 if there are changes that were not made
    #[arg(long, hide_short_help = true)]
    pub(crate) detailed_exitcode: bool,
    /// From which severity on findings end the run
    #[arg(long, value_enum, default_value_t = FailOn::Error, hide_short_help = true)]
    pub(crate) fail_on: FailOn,
    /// The response to a rule that others changed meanwhile
    #[arg(long, value_enum, default_value_t = OnConflictArg::Merge, hide_short_help = true)]
    pub(crate) on_conflict: OnConflictArg,
    /// Merge even if they changed other parts of what belongs together: enabled, conditions, actions
    #[arg(long, hide_short_help = true)]
    pub(crate) accept_group_merge: bool,
}

/// The policies for a rule that another client changes meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnConflictArg {
    /// Report it, and change nothing
    Fail,
    /// Merge what merges by itself, and report the rest
    Merge,
    /// Overwrite what collides, and say what it was
    Ours,
}

/// The arguments of `update`.
#[derive(Args, Clone, Debug)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// The arguments of `enable` and `disable`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SwitchArgs {
    #[command(flatten)]
    pub(crate) rule: RuleArg,
    /// Switch this rule of a Copilot: its id or its hash
    #[arg(id = "inner_rule", long = "rule", value_name = "ID|HASH")]
    pub(crate) inner_rule: Option<String>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

impl SwitchArgs {
    /// The same as arguments of `update`.
    pub(crate) fn into_update(self, enabled: bool) -> UpdateArgs {
        UpdateArgs {
            change: ChangeArgs {
                rule: self.rule,
                from: None,
                name: None,
                description: None,
                enable: enabled,
                disable: !enabled,
                inner_rule: self.inner_rule,
                resave: false,
                values: Vec::new(),
                is_sample: false,
            },
            write: self.write,
        }
    }
}

/// The arguments of `rollback`.
#[derive(Args, Clone, Debug)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    pub(crate) rule: RuleArg,
    /// Go back to how the rule was after this entry of its history
    #[arg(long, value_name = "ENTRY")]
    pub(crate) to: Option<u64>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// The arguments of `edit`.
#[derive(Args, Clone, Debug)]
pub(crate) struct EditArgs {
    #[command(flatten)]
    pub(crate) rule: RuleArg,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
