//! Failures between here and the server, by what the caller can do about them.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::pacing::RateWindow;

/// A request that did not do what was asked.
///
/// Two failures are equal if class, message and metadata are: the cause is for people.
#[derive(Clone, Debug)]
pub struct RequestError {
    /// The class: what the caller can do.
    pub class: FailureClass,
    /// The message; the server's own words where it gave some.
    pub message: String,
    /// The metadata of the answer.
    pub metadata: Box<ResponseMetadata>,
    /// The error below, where there is one.
    pub source: Option<Arc<dyn Error + Send + Sync>>,
}

/// Failures by what the caller can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// Nothing is stored under that id.
    NotFound,
    /// The precondition of a write does not hold (412): the server says that another version is stored. This request wrote
    /// nothing.
    PreconditionFailed,
    /// The write is in conflict with what is stored (409): the document moved, or something else stands against it, such
    /// as a name that is taken. This request wrote nothing.
    Conflict,
    /// The server cancelled its own transaction (409 `RULE_PERSISTENCE_CONFLICT`): the same write may pass a moment later.
    /// This request wrote nothing.
    TransactionCancelled,
    /// The credentials are valid and lack a permission.
    Denied,
    /// The credentials are not valid.
    Unauthenticated,
    /// The server understood and refused: the request is wrong and stays wrong.
    Rejected,
    /// Too many requests; this one was not carried out.
    Throttled {
        /// The pause that the server asked for.
        wait: Option<Duration>,
    },
    /// Nothing was sent, since no connection was made, or the server says that it did not carry the request out.
    NotSent,
    /// No connection will be made, however often it is tried: the certificate is not trusted, say, or a proxy refuses it.
    /// Nothing was sent.
    Untrusted,
    /// The request was sent, and its outcome is not known. A write may have been applied, and may still be.
    Indeterminate {
        /// The pause that the server asked for.
        wait: Option<Duration>,
        /// Why nothing is known.
        cause: IndeterminateCause,
    },
    /// The answer is none that the platform gives.
    Malformed,
    /// The answer is about another document.
    IdMismatch,
    /// The new token belongs to another organization than the one before it. Nothing was sent.
    OtherOrganization,
    /// The server points elsewhere, and the token does not follow.
    Redirected,
}

/// Why the outcome of a request is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndeterminateCause {
    /// The answer was lost, late, or said nothing.
    NoAnswer,
    /// The server answered with an error of its own.
    ServerError,
}

/// The metadata of an answer: what it says beside its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseMetadata {
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The platform's own code for the failure.
    pub platform_code: Option<String>,
    /// The parts of the failure that the platform names, at most 20.
    pub details: Vec<ErrorDetail>,
    /// The number of further details.
    pub more_details: usize,
    /// The limit that the request is over.
    pub limit: Option<ExceededLimit>,
    /// The permissions that the platform says are missing, such as `agentassist:trigger-rule:update`.
    pub missing_permissions: Vec<String>,
    /// The platform's id for what it did.
    pub context_id: Option<String>,
    /// The platform's id for the exchange.
    pub correlation_id: Option<String>,
    /// The server's wall-clock time.
    pub date: Option<SystemTime>,
    /// The window of the rate limit, if the answer reports all of it.
    pub rate: Option<RateWindow>,
    /// The number of requests to the API that it took; requests for tokens do not count.
    pub requests: u32,
}

/// A part of a failure in the platform's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorDetail {
    /// The member of the document that it is about.
    pub field: Option<String>,
    /// The platform's code.
    pub code: Option<String>,
    /// The message, or the thing that it is about.
    pub message: Option<String>,
}

/// A limit of the platform that a request is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExceededLimit {
    /// The name of the limit.
    pub key: Option<String>,
    /// The part of the platform that has it.
    pub namespace: Option<String>,
    /// The limit, as the platform writes it.
    pub value: Option<String>,
}

impl RequestError {
    /// A failure without an answer.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            metadata: Box::default(),
            source: None,
        }
    }

    /// A failure whose outcome is not known, since no answer came.
    pub fn no_answer(message: impl Into<String>) -> Self {
        let class = FailureClass::Indeterminate {
            wait: None,
            cause: IndeterminateCause::NoAnswer,
        };
        Self::new(class, message)
    }

    /// The same failure with the error below it.
    #[must_use]
    pub fn with_source(self, source: impl Error + Send + Sync + 'static) -> Self {
        Self {
            source: Some(Arc::new(source)),
            ..self
        }
    }

    /// True if the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self.class {
            FailureClass::Throttled { .. }
            | FailureClass::NotSent
            | FailureClass::Indeterminate { .. }
            | FailureClass::TransactionCancelled
            // Why: a replica may lag behind the version that was read.
            | FailureClass::PreconditionFailed => true,
            FailureClass::NotFound
            | FailureClass::Conflict
            | FailureClass::Denied
            | FailureClass::Unauthenticated
            | FailureClass::Rejected
            | FailureClass::Untrusted
            | FailureClass::Malformed
            | FailureClass::IdMismatch
            | FailureClass::OtherOrganization
            | FailureClass::Redirected => false,
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for RequestError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl PartialEq for RequestError {
    fn eq(&self, other: &Self) -> bool {
        (&self.class, &self.message, &self.metadata) == (&other.class, &other.message, &other.metadata)
    }
}

impl Eq for RequestError {}
