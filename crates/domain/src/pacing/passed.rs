//! The requests that started in the last minute and were not refused.

use std::collections::VecDeque;
use std::time::Duration;

/// A window of the platform's: less says nothing about what passes.
const MINUTE: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    first: Option<Duration>,
    /// In order.
    starts: VecDeque<Duration>,
}

impl Passed {
    pub(super) fn add(&mut self, start: Duration) {
        let _ = self.first.get_or_insert(start);
        while let Some(oldest) = self.starts.front()
            && start.saturating_sub(*oldest) > MINUTE
        {
            self.starts.pop_front();
        }
        self.starts.push_back(start);
    }

    /// Takes out one that was refused.
    pub(super) fn remove(&mut self, start: Duration) {
        if let Some(place) = self.starts.iter().rposition(|one| *one == start) {
            self.starts.remove(place);
        }
    }

    /// In the last minute, in requests a second.
    pub(super) fn rate(&self, now: Duration) -> f64 {
        let from = now.saturating_sub(MINUTE);
        let count = self.starts.iter().rev().take_while(|start| **start >= from).count();
        f64::from(super::number(count)) / MINUTE.as_secs_f64()
    }

    /// In the minute that ends with the pause, in requests a second: a pause lasts to the end of a window, so that is
    /// what passed in the window. Nothing if there has not been a minute yet. A pause of more than a minute is about
    /// something else, and then the last minute counts.
    pub(super) fn rate_until(&self, now: Duration, pause_ends: Duration) -> Option<f64> {
        let until = if pause_ends.saturating_sub(now) < MINUTE {
            pause_ends
        } else {
            now
        };
        let has_been_a_minute = self.first? <= until.checked_sub(MINUTE)?;
        has_been_a_minute.then(|| self.rate(until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(time: u64) -> Duration {
        Duration::from_secs(time)
    }

    /// One a second, from the tenth second on, for two minutes.
    fn passed() -> Passed {
        let mut passed = Passed::default();
        for time in 10..130 {
            passed.add(secs(time));
        }
        passed
    }

    #[test]
    fn a_refusal_speaks_of_the_minute_that_ends_with_its_pause() {
        let passed = passed();
        for (now, pause_ends, count) in [
            (130, 130, Some(60)),
            (130, 131, Some(59)),
            (130, 160, Some(30)),
            (130, 189, Some(1)),
            // Longer than a window: the last minute.
            (130, 190, Some(60)),
            (130, 3_730, Some(60)),
        ] {
            let rate = passed.rate_until(secs(now), secs(pause_ends));
            let expected = count.map(|count| f64::from(count) / 60.0);
            assert_eq!(rate, expected, "{now} {pause_ends}");
        }
    }

    #[test]
    fn less_than_a_minute_says_nothing() {
        let mut passed = Passed::default();
        assert_eq!(passed.rate_until(secs(100), secs(100)), None);
        passed.add(secs(10));
        assert_eq!(passed.rate_until(secs(30), secs(69)), None);
        assert_eq!(passed.rate_until(secs(30), secs(70)), Some(1.0 / 60.0));
        assert_eq!(passed.rate_until(secs(30), secs(3_600)), None);
    }

    #[test]
    fn what_was_refused_has_not_passed() {
        let mut passed = passed();
        passed.remove(secs(100));
        passed.remove(secs(1_000));
        assert!((passed.rate(secs(130)) - 59.0 / 60.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_older_than_a_minute_is_forgotten() {
        assert_eq!(passed().starts.len(), 61);
    }
}
