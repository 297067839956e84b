//! Lists in parts: pages that are numbered, and pages that lead to the next by a cursor.

use std::ops::Range;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::{
    api_error::ApiError,
    call::Call,
    parameters::{self, Parameters},
};

const DEFAULT_PAGE_SIZE: usize = 25;

/// The page that `pageSize` and `pageNumber` ask for, with the total. Only the elements of the page are served.
///
/// # Errors
///
/// 400 for a page that cannot be.
pub(crate) fn numbered<T>(
    parameters: Parameters<'_>,
    largest: usize,
    elements: impl ExactSizeIterator<Item = T>,
    served: impl FnMut(T) -> Value,
) -> Result<Value, ApiError> {
    let size = parameters.number("pageSize", DEFAULT_PAGE_SIZE, largest)?;
    let number = parameters.number("pageNumber", 1, usize::MAX)?;
    let total = elements.len();
    let skipped = size.saturating_mul(number - 1);
    let entities: Vec<Value> = elements.skip(skipped).take(size).map(served).collect();
    Ok(json!({
        "entities": entities,
        "pageSize": size,
        "pageNumber": number,
        "total": total,
        "pageCount": total.div_ceil(size),
    }))
}

/// A page of a list that is read by a cursor: there is no total and no number.
#[derive(Clone, Debug)]
pub(crate) struct CursorPage {
    range: Range<usize>,
    next: Option<String>,
}

impl CursorPage {
    /// The page that `pageSize` and `after` ask for, of a list of so many.
    ///
    /// # Errors
    ///
    /// 400 for a size that cannot be, or a cursor that was never given out.
    pub(crate) fn new(parameters: Parameters<'_>, largest: usize, count: usize) -> Result<Self, ApiError> {
        let size = parameters.number("pageSize", DEFAULT_PAGE_SIZE, largest)?;
        let start = match parameters.text("after") {
            Some(cursor) => position(&cursor).ok_or_else(|| parameters::invalid("after", "a cursor of this list"))?,
            None => 0,
        };
        let end = start.saturating_add(size).min(count);
        Ok(Self {
            range: start.min(end)..end,
            next: (end < count).then(|| URL_SAFE_NO_PAD.encode(format!("after {end}"))),
        })
    }

    /// The elements of this page.
    pub(crate) fn of<T>(&self, elements: Vec<T>) -> Vec<T> {
        elements
            .into_iter()
            .skip(self.range.start)
            .take(self.range.len())
            .collect()
    }

    /// The URI of the next page, if there is one: that of `call` with another cursor, after `base`.
    pub(crate) fn next_uri(&self, base: &str, call: &Call) -> Option<String> {
        let cursor = self.next.as_ref()?;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(call.parameters().iter().filter(|(name, _)| name != "after"))
            .append_pair("after", cursor)
            .finish();
        Some(format!("{base}{}?{query}", call.path))
    }
}

/// The body of a page, with the URI of the next.
pub(crate) fn with_next_uri(entities: Vec<Value>, next_uri: Option<String>) -> Value {
    let mut page = Map::from_iter([("entities".to_owned(), Value::Array(entities))]);
    if let Some(next_uri) = next_uri {
        page.insert("nextUri".to_owned(), Value::String(next_uri));
    }
    Value::Object(page)
}

/// The elements that a cursor has behind it.
fn position(cursor: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    text.strip_prefix("after ")?.parse().ok()
}
