//! Times in documents.

use std::time::SystemTime;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

/// A time as documents have it: UTC, to the second. Nothing for one that no calendar has.
pub(crate) fn to_the_second(at: SystemTime) -> Option<String> {
    rounded(at, RoundMode::HalfExpand)
}

/// A time before which nothing is to be tried, rounded up: to the second, it would be a moment too early.
pub(crate) fn not_before(at: SystemTime) -> Option<String> {
    rounded(at, RoundMode::Ceil)
}

/// A time as documents have it that are read again: UTC, as exactly as it is known.
pub(crate) fn exact(at: SystemTime) -> String {
    Timestamp::try_from(at).map_or_else(|_| String::new(), |at| at.to_string())
}

/// The time that [`exact`] wrote.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let at: Timestamp = text.parse().ok()?;
    SystemTime::try_from(at).ok()
}

fn rounded(at: SystemTime, mode: RoundMode) -> Option<String> {
    let at = Timestamp::try_from(at).ok()?;
    let to_the_second = TimestampRound::new().smallest(Unit::Second).mode(mode);
    Some(at.round(to_the_second).unwrap_or(at).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// FIELD D1: a time to retry at is never before the one that was asked for.
    #[test]
    fn a_time_is_rounded_to_the_nearest_second_and_one_to_come_back_at_up() {
        let at = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        for (millis, nearest, up) in [(1000, 1, 1), (1001, 1, 2), (1499, 1, 2), (1500, 2, 2)] {
            let expected = |second| Some(format!("1970-01-01T00:00:0{second}Z"));
            assert_eq!(
                (to_the_second(at(millis)), not_before(at(millis))),
                (expected(nearest), expected(up)),
                "{millis}"
            );
        }
    }
}
