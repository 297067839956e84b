//! The user's decisions about an update.

use std::time::Duration;

use crate::document::CrossFieldMerge;
use crate::severity::Severity;
use crate::version::Version;

/// The user's decisions about an update.
#[derive(Clone, Debug)]
pub struct UpdateOptions {
    /// The deadline, from the start of the operation.
    pub deadline: Duration,
    /// The version that the document must have, if one was named.
    pub expected_version: Option<Version>,
    /// The mode: in a dry run nothing is written.
    pub mode: Mode,
    /// The severity from which on a finding keeps the document from being sent.
    pub fail_on: Severity,
    /// The policy for a document that moved.
    pub on_conflict: OnConflict,
    /// The policy for a merge whose two sides touch different members of one group.
    pub cross_field_merge: CrossFieldMerge,
    /// True if a document is written also where nothing of it changes: a platform may act on the write itself.
    pub saves_unchanged: bool,
}

/// The policy for an update of a document that others changed first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// A change by others is a conflict.
    #[default]
    Fail,
    /// The update goes on if the changes merge without a collision; otherwise it is a conflict.
    Merge,
    /// Ours counts where both collide, by the user's own words. What was overwritten is reported and recorded.
    Ours,
}

/// The extent to which an update is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Up to the send, and no further.
    DryRun,
    /// All the way.
    Write,
}

impl Default for UpdateOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_mins(2),
            expected_version: None,
            mode: Mode::Write,
            fail_on: Severity::Error,
            on_conflict: OnConflict::default(),
            cross_field_merge: CrossFieldMerge::default(),
            saves_unchanged: false,
        }
    }
}
