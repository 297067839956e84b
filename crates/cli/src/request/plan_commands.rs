//! Requests about rules in files: plan, show and apply.

use std::path::PathBuf;
use std::time::Duration;

use app::OnDrift;
use clap::ValueEnum;
use domain::ContentHash;
use domain::plan::SafetyKind;
use domain::protocol::OnConflict;

use crate::selection::Selection;

/// A plan of files, or of the way back from what was done.
#[derive(Clone, Debug)]
pub(crate) struct PlanCommand {
    pub(crate) of: PlanOf,
    /// The file that the plan is saved to.
    pub(crate) out: Option<PathBuf>,
    pub(crate) options: PlanOptions,
    /// True if changes have an exit code of their own.
    pub(crate) detailed_exitcode: bool,
}

/// The content of a plan.
#[derive(Clone, Debug)]
pub(crate) enum PlanOf {
    /// Files and folders.
    Files(Vec<PathBuf>),
    /// The way back of a run or a plan: its id, or a plan's file.
    Undo(String),
}

/// The part of a plan that its maker chooses.
#[derive(Clone, Debug)]
pub(crate) struct PlanOptions {
    pub(crate) selection: Selection,
    /// True if unchanged documents are listed too.
    pub(crate) all: bool,
    /// True if it is looked whether what the documents refer to exists.
    pub(crate) checks_references: bool,
    /// The documents that are read, or written, at a time.
    pub(crate) parallelism: usize,
    /// The policy where others changed what a file names.
    pub(crate) on_drift: OnDrift,
    /// A folder of the files as they were last applied.
    pub(crate) base: Option<PathBuf>,
    /// The files of values that are given by names; the last wins.
    pub(crate) values: Vec<PathBuf>,
}

/// Documents, written into a folder.
#[derive(Clone, Debug)]
pub(crate) struct PullCommand {
    pub(crate) folder: PathBuf,
    /// The documents that are named; all if none is.
    pub(crate) documents: Vec<String>,
    pub(crate) format: FileFormat,
    /// True if edited files are written over.
    pub(crate) overwrite: bool,
    /// True if files have names in place of ids.
    pub(crate) portable: bool,
    pub(crate) options: PlanOptions,
}

/// The formats of files of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// YAML
    Yaml,
    /// JSON
    Json,
}

impl FileFormat {
    /// The extension of its files.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
        }
    }
}

/// Files beside the organization.
#[derive(Clone, Debug)]
pub(crate) struct StatusCommand {
    /// Files and folders.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) options: PlanOptions,
    /// True if what is not in sync has an exit code of its own.
    pub(crate) detailed_exitcode: bool,
}

/// A plan, shown.
#[derive(Clone, Debug)]
pub(crate) struct ShowCommand {
    pub(crate) plan: PathBuf,
}

/// A plan or files, applied.
#[derive(Clone, Debug)]
pub(crate) struct ApplyCommand {
    /// A plan alone, or files and folders.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) options: PlanOptions,
    pub(crate) dry_run: bool,
    pub(crate) reason: Option<String>,
    pub(crate) stop_on_first: bool,
    /// The age from which on a plan is refused.
    pub(crate) max_age: Option<Duration>,
    /// The hash of the plan, or of its changes, that alone is applied.
    pub(crate) expect: Option<ContentHash>,
    /// The limits by a person's word.
    pub(crate) allow: Vec<(SafetyKind, usize)>,
    pub(crate) on_conflict: OnConflict,
    pub(crate) detailed_exitcode: bool,
}
