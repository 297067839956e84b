//! The figures of many updates.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::OutcomeKind;

use crate::ledger::OutcomeRecord;

/// The figures of many updates. Adding one and taking it back leaves all as it was, but for the longest latency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The number of updates by outcome.
    pub outcomes: BTreeMap<OutcomeKind, i64>,
    /// The number of requests that repeated one that had failed.
    pub retries: i64,
    /// The number of times an update was merged with what others did.
    pub merges: i64,
    /// The time that they waited, on purpose, in all.
    pub waited: Duration,
    /// The latencies of those whose latency is known.
    pub latencies: Latencies,
}

/// The latencies of updates. Times are kept to 1 part in 32: that is how exact a quantile is; the longest is exact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    counts: BTreeMap<u64, i64>,
    longest: Duration,
}

impl Tally {
    /// Counts an update.
    pub fn add(&mut self, outcome: &OutcomeRecord) {
        *self.outcomes.entry(outcome.kind).or_default() += 1;
        self.retries += i64::from(outcome.retries);
        self.merges += i64::from(outcome.merges);
        self.waited += outcome.waited;
        if let Some(latency) = outcome.latency {
            self.latencies.add(Latencies::bucket(latency), 1, latency);
        }
    }

    /// The number of updates.
    pub fn updates(&self) -> i64 {
        self.outcomes.values().sum()
    }

    /// The number of updates with this outcome.
    pub fn of(&self, outcome_kind: OutcomeKind) -> i64 {
        self.outcomes.get(&outcome_kind).copied().unwrap_or_default()
    }

    /// The number of updates that ended with the document as they asked for, applied or already so.
    pub fn activated(&self) -> i64 {
        let is_effective = |(outcome_kind, _): &(&OutcomeKind, &i64)| outcome_kind.is_effective();
        self.outcomes.iter().filter(is_effective).map(|(_, count)| count).sum()
    }
}

impl Latencies {
    /// The lower end of the range that a time is counted in, in microseconds: its six highest bits.
    pub fn bucket(latency: Duration) -> u64 {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let dropped = (u64::BITS - micros.leading_zeros()).saturating_sub(6);
        (micros >> dropped) << dropped
    }

    /// Counts so many in a range, of which the longest took this long.
    pub fn add(&mut self, bucket: u64, count: i64, longest: Duration) {
        *self.counts.entry(bucket).or_default() += count;
        self.longest = self.longest.max(longest);
    }

    /// The number of latencies.
    pub fn count(&self) -> i64 {
        self.counts.values().sum()
    }

    /// The longest of all.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// The ranges and how many are in each, by the lower end in microseconds.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, i64)> {
        self.counts.iter().map(|(bucket, count)| (*bucket, *count))
    }

    /// The time that so many of a hundred did not exceed; nothing if there was none.
    pub fn percentile(&self, percent: u8) -> Option<Duration> {
        let count = self.count();
        let rank = (count * i64::from(percent) + 99) / 100;
        // Why: the longest is kept exactly.
        if rank >= count {
            return (count > 0).then_some(self.longest);
        }
        let mut seen = 0;
        for (bucket, count) in self.ranges() {
            seen += count;
            if seen >= rank.max(1) {
                return Some(Duration::from_micros(bucket).min(self.longest));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_counted_to_one_part_in_thirty_two() {
        for micros in [0, 1, 31, 32, 63, 64, 65, 1_000, 41_700, 123_456_789, u64::MAX] {
            let bucket = Latencies::bucket(Duration::from_micros(micros));
            assert!(bucket <= micros && micros - bucket <= micros / 32, "{micros} {bucket}");
        }
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_times() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(50), None);
        for milliseconds in 1..=100 {
            let latency = Duration::from_millis(milliseconds);
            latencies.add(Latencies::bucket(latency), 1, latency);
        }
        for percent in [1, 50, 95, 99, 100] {
            let exact = f64::from(percent);
            let found = latencies.percentile(percent).unwrap().as_secs_f64() * 1_000.0;
            assert!(
                (exact - found) / exact <= 1.0 / 32.0 && found <= exact,
                "p{percent}: {found}"
            );
        }
        assert_eq!(latencies.longest(), Duration::from_millis(100));
        let mut one = Latencies::default();
        let latency = Duration::from_micros(16_790);
        one.add(Latencies::bucket(latency), 1, latency);
        assert_eq!([50, 99].map(|percent| one.percentile(percent)), [Some(latency); 2]);
    }
}
