//! The lease on a document.

use std::time::SystemTime;

/// The time for which a document is leased to an update, by the clock of the machine that the update runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The start.
    pub from: SystemTime,
    /// The end.
    pub until: SystemTime,
}

impl Lease {
    /// True if it holds at a time, by the clock of the machine that asks.
    ///
    /// A lease of which more than twice its length is left was made by a clock that was wrong, and is over: else a clock
    /// that was a month ahead would leave a document leased for a month.
    #[must_use]
    pub fn holds_at(self, now: SystemTime) -> bool {
        let length = self.until.duration_since(self.from).unwrap_or_default();
        let left = self.until.duration_since(now).unwrap_or_default();
        !left.is_zero() && left <= length.saturating_mul(2)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_lease_holds_until_its_end_unless_its_clock_was_wrong() {
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let lease = Lease {
            from: at(1_000),
            until: at(1_100),
        };
        for (now, holds) in [
            (1_000, true),
            (1_099, true),
            (1_100, false),
            (2_000, false),
            // The clock that made it was ahead of this one, as clocks of several machines are.
            (999, true),
            (900, true),
            (899, false),
            (0, false),
        ] {
            assert_eq!(lease.holds_at(at(now)), holds, "{now}");
        }
    }
}
