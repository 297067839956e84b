//! Exit codes. They are a promise.

use domain::Code;
use domain::Kind;
use domain::protocol::{Outcome, Verdict};

/// How the program ends.
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

    /// How an update's end ends the program.
    pub(crate) fn of<K: Kind>(verdict: &Verdict<K>) -> Self {
        match verdict.outcome {
            Outcome::Applied | Outcome::Unchanged | Outcome::Planned => Self::Done,
            Outcome::Conflict(_) => Self::Conflict,
            Outcome::Rejected if verdict.failure.is_none() => Self::Findings,
            Outcome::Denied => Self::Denied,
            Outcome::Deferred { .. } => Self::Temporary,
            Outcome::Failed if verdict.failure.as_ref().is_some_and(domain::Failure::is_retryable) => Self::Temporary,
            Outcome::Rejected | Outcome::Failed | Outcome::NotAttempted => Self::Failed,
            Outcome::Unknown => Self::Unknown,
        }
    }

    /// How a failure outside of an update ends the program.
    pub(crate) fn of_code(code: Code) -> Self {
        match code {
            Code::Denied | Code::Unauthenticated => Self::Denied,
            Code::Throttled | Code::Unavailable | Code::ServerFailed | Code::Unclear => Self::Temporary,
            Code::Conflict => Self::Conflict,
            Code::Usage
            | Code::Configuration
            | Code::NoCredentials
            | Code::UnreadableFile
            | Code::BadRuleId
            | Code::NothingNamed => Self::Usage,
            Code::DeliveryPending => Self::Pending,
            Code::Bug => Self::Bug,
            Code::NotFound
            | Code::Refused
            | Code::Malformed
            | Code::NoVersion
            | Code::NotRecorded
            | Code::NothingToUndo
            | Code::NoEntry
            | Code::Stopped
            | Code::Redirected
            | Code::Untrusted
            | Code::WrongServer => Self::Failed,
            Code::NotJson
            | Code::NotYaml
            | Code::DuplicateMember
            | Code::TooLarge
            | Code::TooDeep
            | Code::InexactNumber
            | Code::UnknownOperator
            | Code::OperatorMisfit
            | Code::TooManyConditions
            | Code::UnknownActionType
            | Code::MissingMember
            | Code::OtherRuleType
            | Code::OtherId
            | Code::WrongType
            | Code::UnknownMember
            | Code::BadPattern
            | Code::DuplicateCondition
            | Code::Contradiction
            | Code::EmptyText
            | Code::PatternMatchesEmpty
            | Code::SentimentBound
            | Code::DisplayWithoutTemplate
            | Code::WebhookUrl
            | Code::NoConditions
            | Code::NoActions
            | Code::UnknownConditionType
            | Code::UnknownRuleType
            | Code::PatternNotChecked
            | Code::StoredOtherwise => Self::Findings,
        }
    }
}
