//! Exit codes. They are a promise.

use domain::protocol::{Failed, Outcome, RecordError};
use domain::{Code, DocumentKind, FailureClass};

use crate::error_code::{AnyCode, ErrorCode};

/// The ways in which the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Failed; nothing was changed.
    Failed = 1,
    /// There are changes.
    Changes = 2,
    /// Findings by our own checks; nothing was sent.
    Findings = 3,
    /// The rule moved; nothing was overwritten.
    Conflict = 4,
    /// Temporary; nothing was changed.
    Temporary = 7,
    /// Not authenticated, or not allowed.
    Denied = 8,
    /// Another organization than before.
    OtherTarget = 9,
    /// Applied, but a delivery is pending.
    Pending = 10,
    /// The outcome of a write is unknown.
    Unknown = 11,
    /// Applied, but could not be recorded.
    Unrecorded = 12,
    /// Usage or configuration.
    Usage = 64,
    /// A bug.
    Bug = 70,
    /// Stopped by SIGHUP.
    HungUp = 129,
    /// Stopped by SIGINT.
    Interrupted = 130,
    /// Stopped by SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The worst of several, which the program ends with: a fault that has to be mended first outranks the rest.
    pub(crate) fn worst(several: impl IntoIterator<Item = Self>) -> Self {
        several
            .into_iter()
            .max_by_key(|exit| exit.gravity())
            .unwrap_or(Self::Done)
    }

    /// The rank among several at once, the higher the worse.
    fn gravity(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Changes => 1,
            Self::Failed => 2,
            Self::Pending => 3,
            Self::Findings => 4,
            Self::Temporary => 5,
            Self::Denied => 6,
            Self::OtherTarget => 7,
            Self::Conflict => 8,
            Self::Unrecorded => 9,
            Self::Unknown => 10,
            Self::HungUp | Self::Interrupted | Self::Terminated => 11,
            Self::Usage => 12,
            Self::Bug => 13,
        }
    }
}

/// The end of the program after an update with this outcome.
impl<K: DocumentKind> From<&Outcome<K>> for Exit {
    fn from(outcome: &Outcome<K>) -> Self {
        match outcome {
            Outcome::Applied { .. } | Outcome::Unchanged { .. } | Outcome::Planned(_) => Self::Done,
            Outcome::Conflict(_) => Self::Conflict,
            Outcome::Invalid { .. } => Self::Findings,
            Outcome::Denied { .. } => Self::Denied,
            Outcome::Deferred { .. }
            | Outcome::Failed(Failed::NotRecorded {
                error: RecordError::Busy(_),
                ..
            }) => Self::Temporary,
            Outcome::Failed(Failed::Request { failure, .. }) if failure.is_retryable() => Self::Temporary,
            Outcome::Failed(Failed::Request { failure, .. }) if failure.class == FailureClass::OtherOrganization => {
                Self::OtherTarget
            }
            Outcome::Rejected { .. } | Outcome::Failed(_) | Outcome::NotAttempted { .. } => Self::Failed,
            Outcome::Unknown { .. } | Outcome::Overwritten { .. } => Self::Unknown,
        }
    }
}

/// The end of the program after an error outside of an update.
impl From<AnyCode> for Exit {
    fn from(code: AnyCode) -> Self {
        match code {
            AnyCode::Error(code) => code.into(),
            AnyCode::Finding(Code::NothingNamed) => Self::Usage,
            AnyCode::Finding(_) => Self::Findings,
        }
    }
}

impl From<ErrorCode> for Exit {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Denied | ErrorCode::Unauthenticated | ErrorCode::ProxyLogin => Self::Denied,
            ErrorCode::Throttled | ErrorCode::Unavailable | ErrorCode::ServerFailed => Self::Temporary,
            ErrorCode::Indeterminate => Self::Unknown,
            ErrorCode::Conflict => Self::Conflict,
            ErrorCode::Usage
            | ErrorCode::Configuration
            | ErrorCode::NoCredentials
            | ErrorCode::UnreadableFile
            | ErrorCode::InvalidId => Self::Usage,
            ErrorCode::OtherOrganization => Self::OtherTarget,
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
            | ErrorCode::ProxyRefused
            | ErrorCode::Unsendable
            | ErrorCode::IdMismatch => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_worst_of_several_is_the_end() {
        for (several, worst) in [
            (&[] as &[Exit], Exit::Done),
            (&[Exit::Done, Exit::Failed], Exit::Failed),
            (&[Exit::Failed, Exit::Pending], Exit::Pending),
            (&[Exit::Pending, Exit::Temporary, Exit::Failed], Exit::Temporary),
            (&[Exit::Temporary, Exit::Denied], Exit::Denied),
            (&[Exit::Denied, Exit::Usage, Exit::Unknown], Exit::Usage),
        ] {
            assert_eq!(Exit::worst(several.iter().copied()), worst, "{several:?}");
        }
    }
}
