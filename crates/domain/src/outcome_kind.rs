//! The outcome of an update in a word.

/// The outcome of an update in a word, as it is recorded and printed. [`protocol::Outcome`](crate::protocol::Outcome) is
/// the outcome with all that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeKind {
    /// The server has it.
    Applied,
    /// The document said so already.
    Unchanged,
    /// The document would be written: this was a dry run.
    Planned,
    /// Others changed the document. Nothing was overwritten.
    Conflict,
    /// Refused, by our own checks or by the server.
    Rejected,
    /// The credentials do not suffice.
    Denied,
    /// The update could not be done; nothing was changed.
    Failed,
    /// The update could be done later; nothing was changed.
    Deferred,
    /// A write was sent, and its outcome is not known.
    Unknown,
    /// The document was written, and others wrote over it in the same moment.
    Overwritten,
    /// The update was stopped before anything was written.
    NotAttempted,
    /// The document was not written, as was found out later.
    NotApplied,
}

impl OutcomeKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Applied,
        Self::Unchanged,
        Self::Planned,
        Self::Conflict,
        Self::Rejected,
        Self::Denied,
        Self::Failed,
        Self::Deferred,
        Self::Unknown,
        Self::Overwritten,
        Self::NotAttempted,
        Self::NotApplied,
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Conflict => "conflict",
            Self::Rejected => "rejected",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::Deferred => "deferred",
            Self::Unknown => "unknown",
            Self::Overwritten => "overwritten",
            Self::NotAttempted => "not_attempted",
            Self::NotApplied => "not_applied",
        }
    }

    /// The outcome that a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// True if the document was as the update asked for when it ended.
    pub fn is_effective(self) -> bool {
        matches!(self, Self::Applied | Self::Unchanged)
    }
}
