//! The schedule of deliveries to sinks.

use std::time::{Duration, SystemTime};

/// The backoff after each failed attempt to deliver an event, as Standard Webhooks proposes. One more failure after the
/// last makes it a dead letter.
pub const DELIVERY_SCHEDULE: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// The next attempt to deliver an event after one that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextAttempt {
    /// Not before this time.
    At {
        /// The time.
        at: SystemTime,
        /// True if the failed attempt counts towards giving up: one before its time, by a person's wish, does not.
        counts: bool,
    },
    /// Never: the event is a dead letter.
    GiveUp,
}

/// The next attempt after one at `now`, of an event that failed `failures` times before and was due at `due_at` (at once
/// if none), where the sink asked for a pause of `retry_after`. No event is given up over an answer that asks for a pause.
#[must_use]
pub fn next_attempt(failures: u32, due_at: Option<SystemTime>, now: SystemTime, retry_after: Duration) -> NextAttempt {
    if let Some(due_at) = due_at.filter(|due_at| *due_at > now) {
        let asked_for = now.checked_add(retry_after).unwrap_or(due_at);
        return NextAttempt::At {
            at: due_at.max(asked_for),
            counts: false,
        };
    }
    let scheduled = usize::try_from(failures)
        .ok()
        .and_then(|failures| DELIVERY_SCHEDULE.get(failures));
    let (wait, counts) = match scheduled {
        Some(backoff) => (retry_after.max(*backoff), true),
        None if retry_after.is_zero() => return NextAttempt::GiveUp,
        None => (retry_after, false),
    };
    NextAttempt::At {
        at: now.checked_add(wait).unwrap_or(now),
        counts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn an_attempt_follows_the_schedule_the_sink_and_the_time_that_it_was_due() {
        let next = |at, counts| NextAttempt::At { at, counts };
        for (failures, due_at, retry_after, expected) in [
            (0, None, 0, next(at(105), true)),
            (1, Some(at(90)), 0, next(at(400), true)),
            (0, None, 60, next(at(160), true)),
            (8, Some(at(100)), 0, next(at(100 + 24 * 3600), true)),
            (9, Some(at(100)), 0, NextAttempt::GiveUp),
            (9, Some(at(100)), 60, next(at(160), false)),
            // Before its time: the schedule goes on as it was.
            (0, Some(at(200)), 0, next(at(200), false)),
            (9, Some(at(200)), 0, next(at(200), false)),
            (0, Some(at(200)), 150, next(at(250), false)),
        ] {
            let found = next_attempt(failures, due_at, at(100), Duration::from_secs(retry_after));
            assert_eq!(found, expected, "{failures} {due_at:?} {retry_after}");
        }
    }
}
