//! The parameters of a query.

use std::borrow::Cow;

use crate::api_error::ApiError;

/// A query that can be asked for its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<'call>(&'call str);

impl<'call> Parameters<'call> {
    pub(crate) fn new(query: &'call str) -> Self {
        Self(query)
    }

    /// All of them, decoded, in their order.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Cow<'call, str>, Cow<'call, str>)> {
        url::form_urlencoded::parse(self.0.as_bytes())
    }

    /// The first of this name, unless it is empty.
    pub(crate) fn text(self, name: &str) -> Option<Cow<'call, str>> {
        let (_, text) = self.iter().find(|(key, _)| key == name)?;
        (!text.is_empty()).then_some(text)
    }

    /// A number from 1 to `largest`.
    ///
    /// # Errors
    ///
    /// 400 for anything else.
    pub(crate) fn number(self, name: &str, default: usize, largest: usize) -> Result<usize, ApiError> {
        let Some((_, text)) = self.iter().find(|(key, _)| key == name) else {
            return Ok(default);
        };
        match text.parse::<usize>() {
            Ok(number) if (1..=largest).contains(&number) => Ok(number),
            Ok(_) | Err(_) => Err(invalid(name, &format!("a number from 1 to {largest}"))),
        }
    }
}

/// The 400 for a parameter; `expected` reads after "must be".
pub(crate) fn invalid(name: &str, expected: &str) -> ApiError {
    ApiError::new(400, "invalid.value", format!("{name} must be {expected}."))
        .param("fieldName", name)
        .detail("invalid.value", name)
}
