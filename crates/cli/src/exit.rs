//! Exit codes. They are a promise.

use domain::protocol::{Failed, Outcome, RecordError};
use domain::{Code, DocumentKind, FailureClass};

use crate::error_code::{AnyCode, ErrorCode};

/// Makes `Exit` from one table: the number and the meaning of each end.
macro_rules! exits {
    ($($variant:ident = $number:literal, $meaning:literal;)*) => {
        /// The ways in which the program ends.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Exit {
            $(#[doc = $meaning] $variant = $number,)*
        }

        impl Exit {
            /// All of them, the mildest first.
            const BY_GRAVITY: &[Self] = &[$(Self::$variant),*];

            /// The meaning, as help and pages have it.
            fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }
        }
    };
}

// The mildest first: of several, the program ends with the worst, and a fault that has to be mended first is worse than the
// rest.
exits! {
    Done = 0, "done, or nothing to do";
    Changes = 2, "there are changes";
    Failed = 1, "failed; nothing was changed";
    Pending = 10, "applied, but a delivery is pending";
    Findings = 3, "findings by our own checks; nothing was sent";
    Temporary = 7, "temporary; nothing was changed";
    Denied = 8, "not authenticated, or not allowed";
    OtherTarget = 9, "a plan that is not fit, or another organization";
    Safety = 6, "safety stop; nothing was written";
    Conflict = 4, "conflict: the rule moved; nothing was overwritten";
    Partial = 5, "partial: at least one was applied, and at least one was not";
    Unrecorded = 12, "applied, but could not be recorded";
    Unknown = 11, "a write was sent, and its outcome is not known";
    Terminated = 143, "stopped by SIGTERM";
    Interrupted = 130, "stopped by SIGINT";
    HungUp = 129, "stopped by SIGHUP";
    Usage = 64, "usage or configuration";
    Bug = 70, "a bug in this program";
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The end with that number; a bug for one that is none.
    pub(crate) fn of_code(code: u8) -> Self {
        let mut all = Self::BY_GRAVITY.iter().copied();
        all.find(|exit| exit.code() == code).unwrap_or(Self::Bug)
    }

    /// The worst of several, which the program ends with.
    pub(crate) fn worst(several: impl IntoIterator<Item = Self>) -> Self {
        let gravity = |exit: &Self| Self::BY_GRAVITY.iter().position(|other| other == exit);
        several.into_iter().max_by_key(gravity).unwrap_or(Self::Done)
    }

    /// The numbers and their meanings, as the help of the program lists them.
    pub(crate) fn help() -> String {
        let mut exits = Self::BY_GRAVITY.to_vec();
        exits.sort_by_key(|exit| exit.code());
        let lines = exits
            .iter()
            .map(|exit| format!("  {:>3}  {}", exit.code(), exit.meaning()));
        format!("Exit codes:\n{}", lines.collect::<Vec<_>>().join("\n"))
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
            ErrorCode::OtherOrganization | ErrorCode::UnfitPlan => Self::OtherTarget,
            ErrorCode::TooMuch => Self::Safety,
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
