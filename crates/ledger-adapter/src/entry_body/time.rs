//! Times as entries have them.

use std::time::{Duration, SystemTime};

use super::{EntryBodyError, unreadable};

/// A time as RFC 3339 writes it, in UTC, to the microsecond. Times outside of the years that it can write are cut.
pub(crate) fn time_text(time: SystemTime) -> String {
    let timestamp = jiff::Timestamp::from_microsecond(micros_of(time)).unwrap_or(jiff::Timestamp::MAX);
    format!("{timestamp:.6}")
}

pub(crate) fn read_time(text: &str) -> Result<SystemTime, EntryBodyError> {
    let timestamp: jiff::Timestamp = text.parse().map_err(|error| unreadable("a time", &error))?;
    Ok(time_of(timestamp.as_microsecond()))
}

/// Microseconds since 1970, of the times that [`time_text`] can write: what a table shows of an entry is what it says.
pub(crate) fn micros_of(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let last = jiff::Timestamp::MAX.as_second() * 1_000_000;
    i64::try_from(since.as_micros()).unwrap_or(last).min(last)
}

/// The time so many microseconds after 1970.
pub(crate) fn time_of(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_written_and_read_back_as_the_tables_have_it() {
        let day = Duration::from_hours(24);
        for (time, text) in [
            (SystemTime::UNIX_EPOCH - day * 3_653, "1970-01-01T00:00:00.000000Z"),
            (SystemTime::UNIX_EPOCH, "1970-01-01T00:00:00.000000Z"),
            (SystemTime::UNIX_EPOCH + day * 20_000, "2024-10-04T00:00:00.000000Z"),
            (time_of(253_402_207_199_999_999), "9999-12-30T21:59:59.999999Z"),
            (time_of(253_402_207_200_500_000), "9999-12-30T22:00:00.000000Z"),
            (time_of(253_402_300_799_000_000), "9999-12-30T22:00:00.000000Z"),
            (time_of(i64::MAX), "9999-12-30T22:00:00.000000Z"),
        ] {
            assert_eq!(time_text(time), text);
            assert_eq!(micros_of(read_time(text).unwrap()), micros_of(time), "{text}");
        }
    }
}
