//! A failure that ends the program, in words for people and for programs.

use std::error::Error;

use domain::{RequestError, ResponseMetadata};
use serde::Serialize;

use crate::error_code::{AnyCode, ErrorCode};
use crate::exit::Exit;

/// Why the program ends without having done what was asked.
#[derive(Clone, Debug)]
pub(crate) struct CliError {
    pub(crate) code: AnyCode,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) metadata: Box<ResponseMetadata>,
    pub(crate) retryable: bool,
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
}

impl CliError {
    pub(crate) fn new(code: impl Into<AnyCode>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            help: None,
            metadata: Box::default(),
            retryable: false,
            stopped: None,
        }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
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
        let mut code = ErrorCode::of_failure(failure);
        let mut help = None;
        if code == ErrorCode::Indeterminate {
            code = ErrorCode::Unavailable;
            help = Some("nothing was changed: run the command again".to_owned());
        }
        Self {
            code: code.into(),
            message: format!("cannot {doing}: {}", failure.message),
            help,
            metadata: failure.metadata.clone(),
            retryable: failure.is_retryable(),
            stopped: None,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.stopped.unwrap_or_else(|| Exit::of_code(self.code))
    }

    pub(crate) fn document(&self) -> ErrorDocument {
        ErrorDocument {
            code: self.code,
            message: self.message.clone(),
            status: self.metadata.status,
            context_id: self.metadata.context_id.clone(),
            correlation_id: self.metadata.correlation_id.clone(),
            retryable: self.retryable,
        }
    }
}

/// An error and its causes, as one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}
