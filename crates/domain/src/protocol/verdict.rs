//! How an update ended, and what is known about it.

use std::time::Duration;

use crate::code::Code;
use crate::diff::Difference;
use crate::failure::Failure;
use crate::finding::{Finding, Findings};
use crate::kind::{Collision, Kind};
use crate::stored::Stored;
use crate::version::Version;

/// The end of an update.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict<K: Kind> {
    /// How it ended.
    pub outcome: Outcome<K>,
    /// The document as it was read, if it was.
    pub base: Option<Stored<K>>,
    /// The document as it was to be written, if it came to that.
    pub ours: Option<K>,
    /// The version of what was applied, where the server told it.
    pub version_after: Option<Version>,
    /// The document as the server showed it once it was applied, where it did: what was written, and what the server
    /// made of it.
    pub after: Option<K>,
    /// How it is known that it was applied.
    pub confirmed_by: Option<Confirmation>,
    /// What of theirs was overwritten, by the user's own words.
    pub overwrites: Vec<Collision>,
    /// What was found in the document.
    pub findings: Vec<Finding>,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// Under which code that is explained, where the failure itself does not tell.
    pub code: Option<Code>,
    /// How many times it was merged with what others did.
    pub merges: u32,
    /// How many writes were sent.
    pub attempts: u32,
    /// How long it waited, on purpose.
    pub waited: Duration,
}

/// How an update ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<K: Kind> {
    /// The server has it.
    Applied,
    /// The document said so already; nothing was sent.
    Unchanged,
    /// It would be sent. This was a dry run.
    Planned,
    /// Somebody else changed the document. Nothing was overwritten.
    Conflict(Conflict<K>),
    /// Refused, by our own checks (there are findings) or by the server (there is a failure).
    Rejected,
    /// The credentials do not suffice.
    Denied,
    /// It cannot be done; nothing was changed.
    Failed,
    /// It could be done later; nothing was changed.
    Deferred {
        /// When to come back, from now.
        wait: Duration,
    },
    /// A write was sent, and what became of it is not known.
    Unknown,
    /// It was stopped before anything was written.
    NotAttempted,
}

/// What a change ran into.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict<K: Kind> {
    /// The document as it is now, if it can be read.
    pub theirs: Option<Stored<K>>,
    /// The version that the change was made from, where it is not the one that was read.
    pub expected: Option<Version>,
    /// Where both sides want different things.
    pub collisions: Vec<Collision>,
    /// What others did since the document was read.
    pub theirs_changed: Vec<Difference>,
}

impl<K: Kind> Conflict<K> {
    /// Whether the change was made from a version whose content nobody here knows.
    #[must_use]
    pub fn is_base_unknown(&self) -> bool {
        self.expected.is_some() && self.theirs_changed.is_empty()
    }
}

/// How it is known that an update was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// The write's own answer.
    Answer,
    /// A read after it.
    Read,
}

impl<K: Kind> Verdict<K> {
    /// An end of which nothing else is known.
    pub(super) fn of(outcome: Outcome<K>) -> Self {
        Self {
            outcome,
            base: None,
            ours: None,
            version_after: None,
            after: None,
            confirmed_by: None,
            overwrites: Vec::new(),
            merges: 0,
            findings: Vec::new(),
            failure: None,
            code: None,
            attempts: 0,
            waited: Duration::ZERO,
        }
    }

    /// An update that was refused before anything was read.
    #[must_use]
    pub fn rejected(findings: Findings) -> Self {
        Self {
            findings: findings.into_vec(),
            ..Self::of(Outcome::Rejected)
        }
    }

    /// What the update changed, would have changed, or would change.
    #[must_use]
    pub fn diff(&self) -> Vec<Difference> {
        match (&self.base, &self.ours) {
            (Some(base), Some(ours)) => base.value.diff(ours),
            _ => Vec::new(),
        }
    }
}
