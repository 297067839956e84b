//! Lists in parts: pages that are numbered.

use serde_json::{Value, json};

use crate::{api_error::ApiError, parameters::Parameters};

const DEFAULT_PAGE_SIZE: usize = 25;

/// The page that `pageSize` and `pageNumber` ask for, with the total.
///
/// # Errors
///
/// 400 for a page that cannot be.
pub(crate) fn numbered(parameters: Parameters<'_>, largest: usize, entities: Vec<Value>) -> Result<Value, ApiError> {
    let size = parameters.number("pageSize", DEFAULT_PAGE_SIZE, largest)?;
    let number = parameters.number("pageNumber", 1, usize::MAX)?;
    let total = entities.len();
    let skipped = size.saturating_mul(number - 1);
    let entities: Vec<Value> = entities.into_iter().skip(skipped).take(size).collect();
    Ok(json!({
        "entities": entities,
        "pageSize": size,
        "pageNumber": number,
        "total": total,
        "pageCount": total.div_ceil(size),
    }))
}
