//! A failure that ends the program, in words for people and for programs.

use std::error::Error;

use domain::{Code, Failure, ResponseMetadata};
use serde::Serialize;

use crate::exit::Exit;

/// Why the program ends without having done what was asked.
#[derive(Clone, Debug)]
pub(crate) struct CliError {
    pub(crate) code: Code,
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
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) status: Option<u16>,
    pub(crate) context_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) retryable: bool,
}

impl CliError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
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
        Self::new(Code::Configuration, format!("{what}: {}", chain(error)))
    }

    /// What failed before anything was written, in the words of who was asked.
    pub(crate) fn of_failure(doing: &str, failure: &Failure) -> Self {
        // Why: only of a write is the outcome not known.
        let (code, help) = if failure.code() == Code::Unclear {
            let help = "nothing was changed: run the command again";
            (Code::Unavailable, Some(help.to_owned()))
        } else {
            (failure.code(), None)
        };
        Self {
            code,
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
