//! Times in documents.

use std::time::SystemTime;

/// A time as documents have it: UTC, to the second. Nothing for one that no calendar has.
pub(crate) fn to_the_second(at: SystemTime) -> Option<String> {
    let at = jiff::Timestamp::try_from(at).ok()?;
    Some(at.round(jiff::Unit::Second).unwrap_or(at).to_string())
}
