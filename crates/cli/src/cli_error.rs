//! A failure that ends the program, in words for people and for programs.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::time::SystemTime;

use domain::{FailureClass, RequestError, ResponseMetadata};
use genesys_adapter::ConnectionFailure;
use serde::Serialize;

use crate::error_code::{AnyCode, ErrorCode, connection_failure};
use crate::exit::Exit;
use crate::time::not_before;

/// Why the program ends without having done what was asked.
#[derive(Clone, Debug)]
pub(crate) struct CliError {
    pub(crate) code: AnyCode,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) metadata: Box<ResponseMetadata>,
    pub(crate) retryable: bool,
    /// The time to retry at, if the server gave one.
    pub(crate) retry_at: Option<String>,
    /// The signal that ended the program, which says more than the code does.
    pub(crate) stopped: Option<Exit>,
}

/// The members of `error` in documents.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ErrorDocument {
    pub(crate) code: AnyCode,
    pub(crate) message: String,
    pub(crate) status: Option<u16>,
    pub(crate) context_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) retryable: bool,
    /// The platform's own code.
    platform_code: Option<String>,
    /// The parts of the failure that the platform names.
    details: Vec<DetailDocument>,
    /// The number of further ones, where there are too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    details_omitted: Option<usize>,
    /// The platform's limit that the request is over.
    limit: Option<LimitDocument>,
    /// The advice on what to do.
    help: String,
}

/// A part of a failure in the platform's words.
#[derive(Clone, Debug, Serialize)]
struct DetailDocument {
    field: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

/// A limit of the platform.
#[derive(Clone, Debug, Serialize)]
struct LimitDocument {
    key: Option<String>,
    namespace: Option<String>,
    value: Option<String>,
}

impl CliError {
    pub(crate) fn new(code: impl Into<AnyCode>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            help: None,
            metadata: Box::default(),
            retryable: false,
            retry_at: None,
            stopped: None,
        }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem as one that waiting helps.
    pub(crate) fn that_passes(self) -> Self {
        Self {
            retryable: true,
            ..self.with_help("nothing was written and nothing sent: run the command again later")
        }
    }

    pub(crate) fn stopped_by(mut self, signal: Exit) -> Self {
        self.stopped = Some(signal);
        self
    }

    /// A problem with the configuration, and all that led to it.
    pub(crate) fn configuration(what: &str, error: &(dyn Error + 'static)) -> Self {
        Self::new(ErrorCode::Configuration, format!("{what}: {}", chain(error)))
    }

    /// A request that failed before anything was written, with the message of the server or the network.
    pub(crate) fn of_failure(doing: &str, failure: &RequestError) -> Self {
        // Why not as it is: only of a write is the outcome not known.
        let mut code = ErrorCode::from(failure);
        let mut help = connection_failure(failure)
            .and_then(ConnectionFailure::help)
            .map(str::to_owned);
        if code == ErrorCode::Indeterminate {
            code = ErrorCode::Unavailable;
            help = Some("nothing was changed: run the command again".to_owned());
        }
        let missing = &failure.metadata.missing_permissions;
        if code == ErrorCode::Denied && !missing.is_empty() {
            help = Some(format!(
                "the server names what is missing: {}; an administrator adds it to a role of the OAuth client",
                missing.join(", ")
            ));
        }
        Self {
            code: code.into(),
            message: format!("cannot {doing}: {}", failure.message),
            help,
            metadata: failure.metadata.clone(),
            retryable: failure.is_retryable(),
            retry_at: retry_at(failure),
            stopped: None,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.stopped.unwrap_or_else(|| Exit::from(self.code))
    }

    /// The advice on what to do: the error's own, or that of its code.
    pub(crate) fn help(&self) -> &str {
        self.help.as_deref().unwrap_or_else(|| self.code.explanation())
    }

    pub(crate) fn document(&self) -> ErrorDocument {
        let metadata = &self.metadata;
        let details = metadata.details.iter().map(|detail| DetailDocument {
            field: detail.field.clone(),
            code: detail.code.clone(),
            message: detail.message.clone(),
        });
        ErrorDocument {
            code: self.code,
            message: self.message.clone(),
            status: self.metadata.status,
            context_id: self.metadata.context_id.clone(),
            correlation_id: self.metadata.correlation_id.clone(),
            retryable: self.retryable,
            platform_code: metadata.platform_code.clone(),
            details: details.collect(),
            details_omitted: Some(metadata.more_details).filter(|omitted| *omitted > 0),
            limit: metadata.limit.clone().map(|limit| LimitDocument {
                key: limit.key,
                namespace: limit.namespace,
                value: limit.value,
            }),
            help: self.help().to_owned(),
        }
    }
}

/// The end of the pause that the server asked for.
fn retry_at(failure: &RequestError) -> Option<String> {
    match failure.class {
        FailureClass::Throttled { wait } | FailureClass::Indeterminate { wait, .. } => {
            not_before(SystemTime::now().checked_add(wait?)?)
        }
        FailureClass::NotFound
        | FailureClass::PreconditionFailed
        | FailureClass::Conflict
        | FailureClass::TransactionCancelled
        | FailureClass::Denied
        | FailureClass::Unauthenticated
        | FailureClass::Rejected
        | FailureClass::NotSent
        | FailureClass::Untrusted
        | FailureClass::Malformed
        | FailureClass::IdMismatch
        | FailureClass::OtherOrganization
        | FailureClass::Redirected => None,
    }
}

/// An error and its causes, as one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
