//! Times in documents, and jitter.

use std::time::SystemTime;

/// A random number from 0 to 1.
pub(crate) fn jitter() -> f64 {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    let bits = u32::try_from(high >> 32).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}

/// A time as documents have it: UTC, to the second. Nothing for one that no calendar has.
pub(crate) fn to_the_second(at: SystemTime) -> Option<String> {
    let at = jiff::Timestamp::try_from(at).ok()?;
    Some(at.round(jiff::Unit::Second).unwrap_or(at).to_string())
}
