//! The failure of a ledger, for people.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// A ledger that does not do what it is asked: its own part of the reason, advice, and the error below.
///
/// Two failures are equal if message and help are: the cause is for people.
#[derive(Clone, Debug)]
pub struct LedgerFailure {
    /// The reason, without that of the error below.
    pub message: String,
    /// The advice on what to do, where there is one beside another ledger.
    pub help: Option<String>,
    /// The error below, such as the database's, where there is one.
    pub source: Option<Arc<dyn Error + Send + Sync>>,
}

impl LedgerFailure {
    /// A failure without advice and without an error below.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
            source: None,
        }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// The same failure with the error below.
    #[must_use]
    pub fn with_source(self, source: impl Error + Send + Sync + 'static) -> Self {
        Self {
            source: Some(Arc::new(source)),
            ..self
        }
    }

    /// The reason with those of the errors below, in one line.
    #[must_use]
    pub fn in_full(&self) -> String {
        let mut text = self.message.clone();
        let mut below = self.source();
        while let Some(error) = below {
            text.push_str(": ");
            text.push_str(&error.to_string());
            below = error.source();
        }
        text
    }
}

impl PartialEq for LedgerFailure {
    fn eq(&self, other: &Self) -> bool {
        (&self.message, &self.help) == (&other.message, &other.help)
    }
}

impl Eq for LedgerFailure {}

impl fmt::Display for LedgerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for LedgerFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}
