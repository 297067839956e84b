//! Findings: what is wrong, or looks wrong, with a document.

use serde::Serialize;

use crate::code::Code;
use crate::json::TextError;
use crate::pointer::Pointer;
use crate::severity::Severity;

/// One thing that is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The kind of fault, for scripts and `explain`.
    pub code: Code,
    /// The severity.
    pub severity: Severity,
    /// The fault: a clause, the user's words in backticks.
    pub message: String,
    /// The advice on what to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The place of the fault. A member that is missing is named all the same; its parent is there.
    pub pointer: Pointer,
}

impl Finding {
    /// A finding of that kind, as severe as its kind is.
    pub fn new(code: Code, pointer: Pointer, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            help: None,
            pointer,
        }
    }

    /// The warning of a change that a read confirmed: it is in the document, and no answer says by whom.
    pub fn confirmed_by_read() -> Self {
        let message = "a read confirms it: applied by this run, or identically by another";
        Self::new(Code::ConfirmedByRead, Pointer::root(), message)
    }

    /// The warning of a change that is sent once more after an earlier run left its outcome open: the document is as it was
    /// before, and nothing says that it was never otherwise.
    pub fn sent_again() -> Self {
        let message = "an earlier run may have written this, and no read shows it: sent again";
        Self::new(Code::SentAgain, Pointer::root(), message)
            .with_help("if others put back what was there before, that is undone now")
    }

    /// The same finding with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Proof that a fault was put among the findings: only [`Findings::report`] makes one, so a reader that
/// returns it cannot have swallowed what it saw.
#[derive(Clone, Copy, Debug)]
pub struct Reported(());

/// The findings of one document, in the order in which they were seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// The finding of a document that would be too large.
    pub(crate) fn too_large(error: &TextError) -> Self {
        Self(vec![Finding::new(Code::TooLarge, Pointer::root(), error.to_string())])
    }

    /// Adds one that does not keep the reader from going on.
    pub fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Adds one that leaves the reader without a value.
    pub fn report(&mut self, finding: Finding) -> Reported {
        self.0.push(finding);
        Reported(())
    }

    /// True if one of the findings is an error, which keeps the document from being sent.
    pub fn has_errors(&self) -> bool {
        self.reaches(Severity::Error)
    }

    /// True if one of the findings is at least this severe.
    pub fn reaches(&self, severity: Severity) -> bool {
        self.0.iter().any(|finding| finding.severity >= severity)
    }

    /// The findings.
    pub fn as_slice(&self) -> &[Finding] {
        &self.0
    }

    /// The findings, to keep.
    pub fn into_vec(self) -> Vec<Finding> {
        self.0
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        self.0.iter_mut()
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, more: T) {
        self.0.extend(more);
    }
}
