//! Violations: the limits that a document breaks, and the refusal that names them all.

use crate::api_error::ApiError;

/// One broken limit, at the field that breaks it.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Violation {
    pub(crate) code: &'static str,
    /// In the platform's notation: `conditions[3].operator`.
    pub(crate) field: String,
    message: String,
}

impl Violation {
    pub(crate) fn new(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            field: field.into(),
            message: message.into(),
        }
    }

    pub(crate) fn missing(field: impl Into<String>) -> Self {
        let field = field.into();
        let message = format!("{field} is required.");
        Self::new("missing.field", field, message)
    }

    /// A value of the wrong type; `expected` reads after "must be".
    pub(crate) fn invalid(field: impl Into<String>, expected: &str) -> Self {
        let field = field.into();
        let message = format!("{field} must be {expected}.");
        Self::new("invalid.value", field, message)
    }
}

/// The 400 for a document: the message states the first violation, the details state each.
///
/// # Errors
///
/// If there is a violation.
pub(crate) fn require_none(violations: &[Violation]) -> Result<(), ApiError> {
    let Some(first) = violations.first() else {
        return Ok(());
    };
    let refusal = ApiError::new(400, first.code, first.message.as_str()).param("fieldName", first.field.as_str());
    Err(violations.iter().fold(refusal, |refusal, violation| {
        refusal.detail(violation.code, &violation.field)
    }))
}
