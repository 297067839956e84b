//! Times as entries have them.

use std::time::{Duration, SystemTime};

use super::{EntryBodyError, unreadable};

/// A time as RFC 3339 writes it, in UTC, to the microsecond. Times outside of the years that it can write are cut.
pub(crate) fn written(time: SystemTime) -> String {
    let micros = micros_of(time);
    let timestamp = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
    format!("{timestamp:.6}")
}

pub(crate) fn read_time(text: &str) -> Result<SystemTime, EntryBodyError> {
    let timestamp: jiff::Timestamp = text.parse().map_err(|error| unreadable("a time", &error))?;
    Ok(time_of(timestamp.as_microsecond()))
}

/// Microseconds since 1970.
pub(crate) fn micros_of(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The time so many microseconds after 1970.
pub(crate) fn time_of(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}
