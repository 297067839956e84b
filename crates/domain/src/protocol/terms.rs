//! What the user decides about an update.

use std::time::Duration;

use crate::finding::Severity;
use crate::merge::CrossFieldMerge;
use crate::version::Version;

/// What the user decides about an update.
#[derive(Clone, Debug)]
pub struct Terms {
    /// When to stop, from the start of the operation.
    pub deadline: Duration,
    /// The version that the document must have, if one was named.
    pub expected: Option<Version>,
    /// Whether anything is sent.
    pub mode: Mode,
    /// From which severity on a finding keeps the document from being sent.
    pub fail_on: Severity,
    /// What becomes of a change when the document moved.
    pub on_conflict: OnConflict,
    /// Whether both sides may touch different members of what belongs together.
    pub group: CrossFieldMerge,
}

/// What becomes of a change when somebody else was faster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// It is a conflict.
    #[default]
    Fail,
    /// What merges by itself is merged; the rest is a conflict.
    Merge,
    /// Ours counts where both collide. The user's own words: what was overwritten is told and recorded.
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

impl Default for Terms {
    fn default() -> Self {
        Self {
            deadline: Duration::from_mins(2),
            expected: None,
            mode: Mode::Write,
            fail_on: Severity::Error,
            on_conflict: OnConflict::default(),
            group: CrossFieldMerge::default(),
        }
    }
}
