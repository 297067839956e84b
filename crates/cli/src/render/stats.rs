//! The figures of many updates, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use domain::OutcomeKind;
use ports::{Latencies, Tally};
use serde::Serialize;

use crate::output::{BOLD, DIM, FORMAT_VERSION, SUCCESS, visible};
use crate::render::result::{milliseconds, whole_milliseconds};

/// The length in characters of the histogram's longest bar.
const BAR: i64 = 40;

/// The figures of all updates that were asked for, and of each rule.
pub(crate) struct Figures {
    pub(crate) since: Option<SystemTime>,
    pub(crate) all: Tally,
    pub(crate) rules: Vec<(String, Tally)>,
}

#[derive(Serialize)]
pub(crate) struct StatsDocument {
    format_version: &'static str,
    kind: &'static str,
    since: Option<String>,
    all: TallyDocument,
    rules: Vec<RuleDocument>,
}

#[derive(Serialize)]
struct RuleDocument {
    id: String,
    #[serde(flatten)]
    figures: TallyDocument,
}

#[derive(Serialize)]
struct TallyDocument {
    updates: i64,
    outcomes: BTreeMap<&'static str, i64>,
    activation: ActivationDocument,
    conflicts: i64,
    retries: i64,
    merges: i64,
    waited_ms: u64,
    latency_ms: LatencyDocument,
}

#[derive(Serialize)]
struct ActivationDocument {
    attempted: i64,
    activated: i64,
    rate: f64,
}

/// Nothing where no update was timed.
#[derive(Serialize)]
struct LatencyDocument {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

/// The figures as a document.
pub(crate) fn document(figures: &Figures) -> StatsDocument {
    let since = figures.since.and_then(|since| jiff::Timestamp::try_from(since).ok());
    let rules = figures.rules.iter().map(|(id, tally)| RuleDocument {
        id: id.clone(),
        figures: TallyDocument::of(tally),
    });
    StatsDocument {
        format_version: FORMAT_VERSION,
        kind: "stats",
        since: since.map(|since| since.to_string()),
        all: TallyDocument::of(&figures.all),
        rules: rules.collect(),
    }
}

impl TallyDocument {
    fn of(tally: &Tally) -> Self {
        let latencies = &tally.latencies;
        let percentile = |percent| latencies.percentile(percent).map(milliseconds);
        let longest = (latencies.count() > 0).then(|| milliseconds(latencies.longest()));
        Self {
            updates: tally.updates(),
            outcomes: OutcomeKind::ALL
                .map(|outcome_kind| (outcome_kind.as_str(), tally.of(outcome_kind)))
                .into(),
            activation: ActivationDocument {
                attempted: tally.updates(),
                activated: tally.activated(),
                rate: rate(tally),
            },
            conflicts: tally.of(OutcomeKind::Conflict),
            retries: tally.retries,
            merges: tally.merges,
            waited_ms: whole_milliseconds(tally.waited),
            latency_ms: LatencyDocument {
                p50: percentile(50),
                p95: percentile(95),
                p99: percentile(99),
                max: longest,
            },
        }
    }
}

/// The share of the updates after which the rule is as they wanted it; 0 without updates.
#[expect(
    clippy::cast_precision_loss,
    reason = "a rate of more than 2^52 updates is not told more exactly"
)]
fn rate(tally: &Tally) -> f64 {
    match tally.updates() {
        0 => 0.0,
        updates => tally.activated() as f64 / updates as f64,
    }
}

/// The figures, a histogram of the times, and a row for each rule.
pub(crate) fn human(figures: &Figures) -> String {
    let all = &figures.all;
    if all.updates() == 0 {
        return "The ledger has no update to count.\n".to_owned();
    }
    let mut text = String::new();
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(text, "{DIM}{name:<12}{DIM:#} {value}");
    };
    fact("updates", &format!("{BOLD}{}{BOLD:#}", all.updates()));
    fact(
        "activation",
        &format!(
            "{SUCCESS}{:.1} %{SUCCESS:#}, {} of {}",
            rate(all) * 100.0,
            all.activated(),
            all.updates()
        ),
    );
    let outcomes = OutcomeKind::ALL
        .into_iter()
        .filter(|outcome_kind| all.of(*outcome_kind) > 0);
    let outcomes: Vec<String> = outcomes
        .map(|outcome_kind| format!("{} {}", all.of(outcome_kind), outcome_kind.as_str().replace('_', " ")))
        .collect();
    fact("outcomes", &outcomes.join(", "));
    fact("retries", &all.retries.to_string());
    fact("merges", &all.merges.to_string());
    fact("waited", &short(all.waited));
    let percentile = |percent| all.latencies.percentile(percent).map_or("-".to_owned(), short);
    fact(
        "latency",
        &format!(
            "p50 {}, p95 {}, p99 {}, max {}",
            percentile(50),
            percentile(95),
            percentile(99),
            short(all.latencies.longest())
        ),
    );
    text.push_str(&histogram(&all.latencies));
    if figures.rules.len() > 1 {
        text.push('\n');
        text.push_str(&table(&figures.rules));
    }
    text
}

/// A row for each doubling of the time, from the shortest to the longest, with a bar as long as there are updates in it.
fn histogram(latencies: &Latencies) -> String {
    let mut rows: BTreeMap<u32, i64> = BTreeMap::new();
    for (micros, count) in latencies.ranges() {
        *rows.entry(micros.max(1).ilog2()).or_default() += count;
    }
    let most = rows.values().copied().max().unwrap_or_default();
    let (Some(first), Some(last)) = (rows.keys().next().copied(), rows.keys().last().copied()) else {
        return String::new();
    };
    let mut text = "\n".to_owned();
    for power in first..=last {
        let count = rows.get(&power).copied().unwrap_or_default();
        let (from, to) = (Duration::from_micros(1 << power), Duration::from_micros(2 << power));
        // What is there is seen, however little it is.
        let length = (count * BAR / most.max(1)).max(i64::from(count > 0));
        let bar = "█".repeat(usize::try_from(length).unwrap_or_default());
        let line = format!("  {:>8} to {:>8}  {count:>6}  {bar}", short(from), short(to));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn table(rules: &[(String, Tally)]) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header([
        "RULE",
        "UPDATES",
        "ACTIVATED",
        "CONFLICTS",
        "RETRIES",
        "WAITED",
        "P50",
        "P95",
        "P99",
        "MAX",
    ]);
    for (id, tally) in rules {
        let percentile = |percent| tally.latencies.percentile(percent).map_or("-".to_owned(), short);
        table.add_row([
            visible(id),
            tally.updates().to_string(),
            format!("{:.1} %", rate(tally) * 100.0),
            tally.of(OutcomeKind::Conflict).to_string(),
            tally.retries.to_string(),
            short(tally.waited),
            percentile(50),
            percentile(95),
            percentile(99),
            short(tally.latencies.longest()),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines: Vec<String> = table.to_string().lines().map(|line| line.trim().to_owned()).collect();
    lines.join("\n") + "\n"
}

/// A time to three digits, in the unit that fits.
fn short(time: Duration) -> String {
    let micros = time.as_micros();
    let seconds = time.as_secs_f64();
    match micros {
        0 => "0".to_owned(),
        1..1_000 => format!("{micros} µs"),
        1_000..100_000 => format!("{:.1} ms", seconds * 1_000.0),
        100_000..1_000_000 => format!("{:.0} ms", seconds * 1_000.0),
        1_000_000..100_000_000 => format!("{seconds:.1} s"),
        _ => format!("{:.1} min", seconds / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(times: &[u64]) -> Tally {
        let mut tally = Tally::default();
        for micros in times {
            let latency = Duration::from_micros(*micros);
            tally.latencies.add(Latencies::bucket(latency), 1, latency);
            *tally.outcomes.entry(OutcomeKind::Applied).or_default() += 1;
        }
        tally
    }

    #[test]
    fn a_histogram_has_a_row_for_each_doubling_and_a_bar_for_each_that_is_not_empty() {
        let mut times = vec![1_000; 80];
        times.extend([5_000, 5_500]);
        let drawn = histogram(&tally(&times).latencies);
        let bars: Vec<(usize, &str)> = drawn
            .lines()
            .skip(1)
            .map(|line| (line.matches('█').count(), line.split_whitespace().nth(5).unwrap()))
            .collect();
        assert_eq!(bars, [(40, "80"), (0, "0"), (0, "0"), (1, "2")], "{drawn}");
    }

    #[test]
    fn a_time_is_told_in_the_unit_that_fits() {
        for (micros, expected) in [
            (0, "0"),
            (999, "999 µs"),
            (41_730, "41.7 ms"),
            (417_300, "417 ms"),
            (4_173_000, "4.2 s"),
            (417_300_000, "7.0 min"),
        ] {
            assert_eq!(short(Duration::from_micros(micros)), expected);
        }
    }
}
