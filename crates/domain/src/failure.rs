//! What can go wrong between here and the server, by what the caller can do about it.

use std::time::{Duration, SystemTime};

use crate::code::Code;
use crate::pacing::RateWindow;

/// Why a request did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What the caller can do.
    pub class: FailureClass,
    /// What happened, in words; the server's own where it gave some.
    pub message: String,
    /// What support asks for.
    pub metadata: Box<ResponseMetadata>,
}

/// What the caller can do about a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// Nothing is stored under that id.
    NotFound,
    /// The version written under is no longer the stored one. Nothing was written.
    PreconditionFailed,
    /// The credentials are valid and not allowed to do this.
    Denied,
    /// The credentials are not valid.
    Unauthenticated,
    /// The server understood and refused: the request is wrong and stays wrong.
    Rejected,
    /// Too many requests; this one was not carried out.
    Throttled {
        /// How long the server said to wait.
        wait: Option<Duration>,
    },
    /// No connection was made, so nothing was sent.
    NotSent,
    /// No connection will be made: the certificate is not trusted. Nothing was sent.
    Untrusted,
    /// It was sent, and what became of it is not known: the answer was lost, late, or an error of the server's own.
    /// A write may have been applied, and may still be.
    Indeterminate {
        /// How long the server said to wait.
        wait: Option<Duration>,
    },
    /// The answer is none that the platform gives.
    Malformed,
    /// The answer is about another rule.
    IdMismatch,
    /// The server points elsewhere, and the token does not follow.
    Redirected,
}

/// What an answer says beside its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseMetadata {
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The platform's own code for the failure.
    pub platform_code: Option<String>,
    /// The platform's id for what it did.
    pub context_id: Option<String>,
    /// The platform's id for the exchange.
    pub correlation_id: Option<String>,
    /// The time on the server's wall.
    pub date: Option<SystemTime>,
    /// The window of the rate limit, if the answer tells all of it.
    pub rate: Option<RateWindow>,
    /// How many requests to the API it took; requests for tokens do not count.
    pub requests: u32,
}

impl Failure {
    /// A failure that was seen here, without an answer.
    #[must_use]
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            metadata: Box::default(),
        }
    }

    /// The code under which it is explained.
    #[must_use]
    pub fn code(&self) -> Code {
        let is_server_error = self.metadata.status.is_some_and(|status| status >= 500);
        match &self.class {
            FailureClass::NotFound => Code::NotFound,
            FailureClass::PreconditionFailed => Code::Conflict,
            FailureClass::Denied => Code::Denied,
            FailureClass::Unauthenticated => Code::Unauthenticated,
            FailureClass::Rejected => Code::Refused,
            FailureClass::Throttled { .. } => Code::Throttled,
            FailureClass::NotSent => Code::Unavailable,
            FailureClass::Untrusted => Code::Untrusted,
            FailureClass::Indeterminate { .. } if is_server_error => Code::ServerFailed,
            FailureClass::Indeterminate { .. } => Code::Unclear,
            FailureClass::Malformed => Code::Malformed,
            FailureClass::IdMismatch => Code::WrongServer,
            FailureClass::Redirected => Code::Redirected,
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.class {
            FailureClass::Throttled { .. } | FailureClass::NotSent | FailureClass::Indeterminate { .. } => true,
            FailureClass::NotFound
            | FailureClass::PreconditionFailed
            | FailureClass::Denied
            | FailureClass::Unauthenticated
            | FailureClass::Rejected
            | FailureClass::Untrusted
            | FailureClass::Malformed
            | FailureClass::IdMismatch
            | FailureClass::Redirected => false,
        }
    }
}
