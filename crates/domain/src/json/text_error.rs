//! The faults that keep a text from being a document, and their places in it.

use std::fmt;

use super::{MAX_BYTES, MAX_DEPTH, Span};
use crate::pointer::Pointer;

/// Why a text is no document: at least one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    pub(super) first: JsonError,
    pub(super) rest: Vec<JsonError>,
}

/// One fault of a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text is longer than [`MAX_BYTES`].
    #[error("the text has {bytes} bytes, and {MAX_BYTES} are allowed")]
    TooLarge {
        /// The length of the text.
        bytes: usize,
    },
    /// More than [`MAX_DEPTH`] lists and objects stand inside each other.
    #[error("more than {MAX_DEPTH} lists and objects stand inside each other")]
    TooDeep {
        /// The opening of the list or object that is one too many.
        span: Span,
    },
    /// The text stops being JSON.
    #[error("{expected}")]
    Syntax {
        /// The place of the fault.
        span: Span,
        /// The expectation that failed there, as a clause: "expected a value".
        expected: &'static str,
    },
    /// A member stands twice in one object, so that readers would disagree on its value.
    #[error("the member `{name}` stands twice in one object")]
    Duplicate {
        /// The member.
        pointer: Pointer,
        /// Its name.
        name: String,
        /// The second name, with its quotes.
        span: Span,
    },
}

impl JsonError {
    /// The bytes that are at fault.
    pub fn span(&self) -> Span {
        match self {
            Self::TooLarge { .. } => Span { start: 0, end: 0 },
            Self::TooDeep { span } | Self::Syntax { span, .. } | Self::Duplicate { span, .. } => *span,
        }
    }
}

impl TextError {
    /// The faults, in the order of the text.
    pub fn faults(&self) -> impl Iterator<Item = &JsonError> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

impl From<JsonError> for TextError {
    fn from(first: JsonError) -> Self {
        Self {
            first,
            rest: Vec::new(),
        }
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)
    }
}

impl std::error::Error for TextError {}
