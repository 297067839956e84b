//! The end of the update of one document of a plan, whatever its kind.

use domain::json::Document;
use domain::{Finding, OutcomeKind, Version};
use ports::Recorded;

use crate::cli_error::CliError;
use crate::exit::Exit;
use crate::render::result::ChangeDocument;
use crate::saved_plan::Conflicts;

/// The end of the update of one document.
#[derive(Debug)]
pub(crate) struct EndedUpdate {
    /// The reference of the document.
    pub(crate) document: String,
    /// The id, without the kind.
    pub(crate) id: String,
    /// The name that people know it by.
    pub(crate) title: Option<String>,
    pub(crate) kind: OutcomeKind,
    pub(crate) exit: Exit,
    /// The versions before and after, where both are known.
    pub(crate) versions: Option<(Version, Version)>,
    /// The sides of a conflict.
    pub(crate) conflict: Option<EndedConflict>,
    /// Warnings about what was stored, or the findings that kept it from being sent.
    pub(crate) findings: Vec<Finding>,
    /// The changes of others that it was merged with, if it was merged.
    pub(crate) merged: Option<usize>,
    /// The place in the ledger; a dry run has none.
    pub(crate) recorded: Option<Recorded>,
    /// True if its outcome should be in the ledger and is not.
    pub(crate) is_unrecorded: bool,
    /// The cause that kept it from being applied.
    pub(crate) problem: Option<CliError>,
    /// The result for programs.
    pub(crate) result: ChangeDocument,
}

/// A conflict, with the two documents that collide.
#[derive(Debug)]
pub(crate) struct EndedConflict {
    pub(crate) sides: Conflicts,
    pub(crate) base: Option<Document>,
    pub(crate) theirs: Option<Document>,
}

impl EndedUpdate {
    /// True if the document is as it was to be, or would be.
    pub(crate) fn is_good(&self) -> bool {
        self.kind.is_effective() || self.kind == OutcomeKind::Planned
    }
}
