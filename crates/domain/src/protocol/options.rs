//! The user's decisions about an update.

use std::time::Duration;

use crate::document::CrossFieldMerge;
use crate::severity::Severity;
use crate::version::Version;

/// The user's decisions about an update.
#[derive(Clone, Debug)]
pub struct UpdateOptions {
    /// When to stop, from the start of the operation.
    pub deadline: Duration,
    /// The version that the document must have, if one was named.
    pub expected_version: Option<Version>,
    /// Whether anything is written.
    pub mode: Mode,
    /// The severity from which on a finding keeps the document from being sent.
    pub fail_on: Severity,
    /// What becomes of an update when the document moved.
    pub on_conflict: OnConflict,
    /// Whether both sides of a merge may touch different members of one group.
    pub cross_field_merge: CrossFieldMerge,
}

/// What becomes of an update when others were faster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// It is a conflict.
    #[default]
    Fail,
    /// What merges by itself is merged; the rest is a conflict.
    Merge,
    /// Ours counts where both collide, by the user's own words. What was overwritten is reported and recorded.
    Ours,
}

/// Whether an update is carried out.
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
        }
    }
}
