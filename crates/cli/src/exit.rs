//! Exit codes. They are a promise.

use domain::protocol::{Failed, Outcome};
use domain::{Code, DocumentKind};

use crate::error_code::{AnyCode, ErrorCode};

/// The ways in which the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Failed; nothing was changed.
    Failed,
    /// There are changes.
    Changes,
    /// Findings by our own checks; nothing was sent.
    Findings,
    /// The rule moved; nothing was overwritten.
    Conflict,
    /// Temporary; nothing was changed.
    Temporary,
    /// Not authenticated, or not allowed.
    Denied,
    /// Applied, but a delivery is pending.
    Pending,
    /// The outcome of a write is unknown.
    Unknown,
    /// Applied, but could not be recorded.
    Unrecorded,
    /// Usage or configuration.
    Usage,
    /// A bug.
    Bug,
    /// Stopped by SIGHUP.
    HungUp,
    /// Stopped by SIGINT.
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Findings => 3,
            Self::Conflict => 4,
            Self::Temporary => 7,
            Self::Denied => 8,
            Self::Pending => 10,
            Self::Unknown => 11,
            Self::Unrecorded => 12,
            Self::Usage => 64,
            Self::Bug => 70,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The end of the program after an update with this outcome.
    pub(crate) fn of<K: DocumentKind>(outcome: &Outcome<K>) -> Self {
        match outcome {
            Outcome::Applied { .. } | Outcome::Unchanged { .. } | Outcome::Planned(_) => Self::Done,
            Outcome::Conflict(_) => Self::Conflict,
            Outcome::Invalid { .. } => Self::Findings,
            Outcome::Denied { .. } => Self::Denied,
            Outcome::Deferred { .. } => Self::Temporary,
            Outcome::Failed(Failed::Request { failure, .. }) if failure.is_retryable() => Self::Temporary,
            Outcome::Rejected { .. } | Outcome::Failed(_) | Outcome::NotAttempted { .. } => Self::Failed,
            Outcome::Unknown { .. } | Outcome::Overwritten { .. } => Self::Unknown,
        }
    }

    /// The end of the program after an error outside of an update.
    pub(crate) fn of_code(code: AnyCode) -> Self {
        match code {
            AnyCode::Error(code) => Self::of_error(code),
            AnyCode::Finding(Code::NothingNamed) => Self::Usage,
            AnyCode::Finding(_) => Self::Findings,
        }
    }

    fn of_error(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Denied | ErrorCode::Unauthenticated => Self::Denied,
            ErrorCode::Throttled | ErrorCode::Unavailable | ErrorCode::ServerFailed | ErrorCode::Indeterminate => {
                Self::Temporary
            }
            ErrorCode::Conflict => Self::Conflict,
            ErrorCode::Usage
            | ErrorCode::Configuration
            | ErrorCode::NoCredentials
            | ErrorCode::UnreadableFile
            | ErrorCode::InvalidId => Self::Usage,
            ErrorCode::DeliveryPending => Self::Pending,
            ErrorCode::Bug => Self::Bug,
            ErrorCode::NotFound
            | ErrorCode::Refused
            | ErrorCode::Malformed
            | ErrorCode::NoVersion
            | ErrorCode::NotRecorded
            | ErrorCode::NothingToUndo
            | ErrorCode::NoEntry
            | ErrorCode::Stopped
            | ErrorCode::Redirected
            | ErrorCode::Untrusted
            | ErrorCode::IdMismatch => Self::Failed,
        }
    }
}
