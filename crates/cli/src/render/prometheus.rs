//! The figures of updates as Prometheus reads them.

use std::fmt::Error;

use domain::OutcomeKind;
use ports::Tally;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::render::status::StatusSummary;

/// The upper ends of the ranges of the histogram, in seconds; one more has what is longer.
const RANGES: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// The figures of each rule, as text.
pub(crate) fn text(rules: &[(String, Tally)]) -> Result<String, CliError> {
    encoded(Figures(rules.to_vec()))
}

/// The figures of a status, as text.
pub(crate) fn status(summary: &StatusSummary) -> Result<String, CliError> {
    encoded(StatusFigures(*summary))
}

fn encoded(figures: impl Collector + 'static) -> Result<String, CliError> {
    let mut registry = Registry::with_prefix("assist_rules");
    registry.register_collector(Box::new(figures));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)
        .map_err(|error| CliError::new(ErrorCode::Bug, format!("cannot print the figures: {error}")))?;
    Ok(text)
}

/// Reads one figure of many updates.
type Count = fn(&Tally) -> i64;

#[derive(Debug)]
struct StatusFigures(StatusSummary);

impl Collector for StatusFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut documents = encoder.encode_descriptor(
            "status_documents",
            "Documents of the files, by their state beside the organization.",
            None,
            MetricType::Gauge,
        )?;
        for (state, count) in self.0.counts() {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            documents
                .encode_family(&[("state", state.name())])?
                .encode_gauge(&count)?;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Figures(Vec<(String, Tally)>);

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut updates =
            encoder.encode_descriptor("updates", "Updates of a rule, by outcome.", None, MetricType::Counter)?;
        for (rule, tally) in &self.0 {
            for outcome_kind in OutcomeKind::ALL {
                updates
                    .encode_family(&[("rule", rule.as_str()), ("outcome", outcome_kind.as_str())])?
                    .encode_counter::<NoLabelSet, _, u64>(&unsigned(tally.of(outcome_kind)), None)?;
            }
        }
        let counters: [(&str, &str, Count); 2] = [
            ("retries", "Requests that repeated one that had failed.", |tally| {
                tally.retries
            }),
            ("merges", "Merges with what others changed meanwhile.", |tally| {
                tally.merges
            }),
        ];
        for (name, help, count) in counters {
            let mut counter = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (rule, tally) in &self.0 {
                counter
                    .encode_family(&[("rule", rule.as_str())])?
                    .encode_counter::<NoLabelSet, _, u64>(&unsigned(count(tally)), None)?;
            }
        }
        let mut waited = encoder.encode_descriptor(
            "waited_seconds",
            "Time that updates waited on purpose.",
            None,
            MetricType::Counter,
        )?;
        for (rule, tally) in &self.0 {
            waited
                .encode_family(&[("rule", rule.as_str())])?
                .encode_counter::<NoLabelSet, _, u64>(&tally.waited.as_secs_f64(), None)?;
        }
        let mut latency = encoder.encode_descriptor(
            "update_duration_seconds",
            "Time from the first request of an update to its outcome, kept to 1 part in 32.",
            None,
            MetricType::Histogram,
        )?;
        for (rule, tally) in &self.0 {
            let histogram = Histogram::of(tally);
            latency
                .encode_family(&[("rule", rule.as_str())])?
                .encode_histogram::<NoLabelSet>(histogram.sum, histogram.count, &histogram.ranges, None)?;
        }
        Ok(())
    }
}

struct Histogram {
    sum: f64,
    count: u64,
    /// The upper end of each range, and how many are in it and in none before it.
    ranges: Vec<(f64, u64)>,
}

impl Histogram {
    #[expect(clippy::cast_precision_loss, reason = "times are kept to 1 part in 32")]
    fn of(tally: &Tally) -> Self {
        let mut ranges: Vec<(f64, u64)> = RANGES.map(|end| (end, 0)).into();
        let mut sum = 0.0;
        for (micros, count) in tally.latencies.ranges() {
            let seconds = micros as f64 / 1_000_000.0;
            let count = unsigned(count);
            sum += seconds * count as f64;
            if let Some((_, counted)) = ranges.iter_mut().find(|(end, _)| seconds <= *end) {
                *counted += count;
            }
        }
        Self {
            sum,
            count: unsigned(tally.latencies.count()),
            ranges,
        }
    }
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::expect;
    use ports::Latencies;

    use super::*;

    #[test]
    fn figures_are_told_by_rule_and_a_label_is_escaped() {
        let mut tally = Tally {
            retries: 3,
            waited: Duration::from_millis(1_500),
            ..Tally::default()
        };
        tally.outcomes.insert(OutcomeKind::Applied, 2);
        for milliseconds in [40, 400] {
            let latency = Duration::from_millis(milliseconds);
            tally.latencies.add(Latencies::bucket(latency), 1, latency);
        }
        let text = text(&[("a\"b".to_owned(), tally)]).unwrap();
        let shown: Vec<&str> = text.lines().filter(|line| !line.ends_with(" 0")).collect();
        expect![[r#"
            # HELP assist_rules_updates_total Updates of a rule, by outcome.
            # TYPE assist_rules_updates_total counter
            assist_rules_updates_total{rule="a\"b",outcome="applied"} 2
            # HELP assist_rules_retries_total Requests that repeated one that had failed.
            # TYPE assist_rules_retries_total counter
            assist_rules_retries_total{rule="a\"b"} 3
            # HELP assist_rules_merges_total Merges with what others changed meanwhile.
            # TYPE assist_rules_merges_total counter
            # HELP assist_rules_waited_seconds_total Time that updates waited on purpose.
            # TYPE assist_rules_waited_seconds_total counter
            assist_rules_waited_seconds_total{rule="a\"b"} 1.5
            # HELP assist_rules_update_duration_seconds Time from the first request of an update to its outcome, kept to 1 part in 32.
            # TYPE assist_rules_update_duration_seconds histogram
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="0.05"} 1
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="0.1"} 1
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="0.25"} 1
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="0.5"} 2
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="1"} 2
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="2.5"} 2
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="5"} 2
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="10"} 2
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="30"} 2
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="60"} 2
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="120"} 2
            assist_rules_update_duration_seconds_bucket{rule="a\"b",le="+Inf"} 2
            assist_rules_update_duration_seconds_sum{rule="a\"b"} 0.433152
            assist_rules_update_duration_seconds_count{rule="a\"b"} 2"#]].assert_eq(&shown.join("\n"));
    }
}
