//! Summaries of many measurements.

use std::{fmt, time::Duration};

/// The median in milliseconds; of an even number, the mean of the two in the middle. None at all is not a number.
pub(crate) fn median_ms(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle);
    let lower = if sorted.len().is_multiple_of(2) {
        middle.checked_sub(1).and_then(|index| sorted.get(index))
    } else {
        upper
    };
    match (lower, upper) {
        (Some(lower), Some(upper)) => (lower.as_secs_f64() + upper.as_secs_f64()) * 500.0,
        _ => f64::NAN,
    }
}

/// The median; of an even number, the mean of the two in the middle. None at all is not a number.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let times: Vec<Duration> = figures
        .iter()
        .map(|seconds| Duration::from_secs_f64(*seconds))
        .collect();
    median_ms(&times) / 1_000.0
}

/// A figure's comparison with its target.
#[derive(Debug, PartialEq)]
pub(crate) enum TargetResult {
    /// The figure is at most the target.
    Met,
    /// The figure is over the target, or not a number.
    Missed,
}

impl TargetResult {
    pub(crate) fn of(figure: f64, at_most: f64) -> Self {
        if figure <= at_most { Self::Met } else { Self::Missed }
    }

    pub(crate) fn of_count(count: usize, at_most: usize) -> Self {
        if count <= at_most { Self::Met } else { Self::Missed }
    }
}

impl fmt::Display for TargetResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Met => "met",
            Self::Missed => "MISSED",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_two() {
        let ms = |times: &[u64]| times.iter().map(|&ms| Duration::from_millis(ms)).collect::<Vec<_>>();
        assert!((median_ms(&ms(&[9, 1, 2])) - 2.0).abs() < 1e-9);
        assert!((median_ms(&ms(&[9, 1, 2, 4])) - 3.0).abs() < 1e-9);
        assert!(median_ms(&[]).is_nan());
    }

    #[test]
    fn a_target_is_kept_up_to_itself_and_never_by_nothing() {
        assert_eq!(TargetResult::of(1.5, 1.5), TargetResult::Met);
        assert_eq!(TargetResult::of(1.51, 1.5), TargetResult::Missed);
        assert_eq!(TargetResult::of(f64::NAN, 1.5), TargetResult::Missed);
    }
}
