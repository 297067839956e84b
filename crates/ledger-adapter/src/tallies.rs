//! The figures of updates, kept up to date with each outcome: of each document, and of all under no name; of all time,
//! and of each six hours, so that those since some time are a sum of few rows.

mod asked;

use std::time::Duration;

use domain::OutcomeKind;
use ports::{DocumentRef, Latencies, OutcomeRecord, Tally};
use sqlx::any::AnyRow;

use crate::row::{signed, unsigned};
use crate::store::{Transaction, TxError, number, text};

/// The range of those that nobody timed.
const UNTIMED: i64 = -1;

/// The period of all time.
pub(crate) const EVER: i64 = 0;

/// The length of a period, in microseconds.
const PERIOD: i64 = 6 * 3_600 * 1_000_000;

/// The period that a time is in, by microseconds since 1970.
pub(crate) fn period(at: i64) -> i64 {
    at / PERIOD + 1
}

/// The end of a period.
fn end_of(period: i64) -> i64 {
    period.saturating_mul(PERIOD)
}

/// Counts an update that was made at some time. One that was unknown until now is moved, with its figures, to how it
/// really ended.
pub(crate) async fn count(
    transaction: &mut Transaction<'_>,
    at: i64,
    document: &DocumentRef,
    outcome: &OutcomeRecord,
    unknown: Option<&OutcomeRecord>,
) -> Result<(), TxError> {
    if let Some(unknown) = unknown {
        add(transaction, at, document, (unknown, unknown.kind), -1).await?;
        return add(transaction, at, document, (unknown, outcome.kind), 1).await;
    }
    add(transaction, at, document, (outcome, outcome.kind), 1).await?;
    act(transaction, at, document, 1).await
}

/// Takes an unknown update back that another goes on from.
pub(crate) async fn take_back(
    transaction: &mut Transaction<'_>,
    at: i64,
    document: &DocumentRef,
    unknown: &OutcomeRecord,
) -> Result<(), TxError> {
    add(transaction, at, document, (unknown, unknown.kind), -1).await?;
    act(transaction, at, document, -1).await
}

async fn act(transaction: &mut Transaction<'_>, at: i64, document: &DocumentRef, times: i64) -> Result<(), TxError> {
    let sql = "INSERT INTO activity (target, period, kind, document, n) SELECT $1, k.period, $2, $3, $5 FROM \
               (SELECT CAST(0 AS BIGINT) AS period UNION ALL SELECT CAST($4 AS BIGINT)) AS k WHERE true \
               ON CONFLICT (target, period, kind, document) DO UPDATE SET n = activity.n + excluded.n";
    let values = [
        document.target.as_str().into(),
        document.kind.as_str().into(),
        document.id.as_str().into(),
        period(at).into(),
        times.into(),
    ];
    transaction.execute(sql, &values).await?;
    Ok(())
}

/// The range that an update's time is counted in.
pub(crate) fn bucket(figures: &OutcomeRecord) -> i64 {
    let latency = figures.latency.map(Latencies::bucket);
    latency.map_or(UNTIMED, signed)
}

/// The figures of one update: its range, retries, merges, microseconds waited, and its time.
pub(crate) fn figures(outcome: &OutcomeRecord) -> [i64; 5] {
    [
        bucket(outcome),
        outcome.retries.into(),
        outcome.merges.into(),
        micros(outcome.waited),
        outcome.latency.map_or(0, micros),
    ]
}

async fn add(
    transaction: &mut Transaction<'_>,
    at: i64,
    document: &DocumentRef,
    (outcome, outcome_kind): (&OutcomeRecord, OutcomeKind),
    times: i64,
) -> Result<(), TxError> {
    let [bucket, retries, merges, waited, longest] = figures(outcome);
    let sql = "INSERT INTO tallies (target, kind, document, period, outcome_kind, bucket, n, retries, merges, waited, \
               longest) SELECT $1, $2, k.document, k.period, $5, $6, $7, $8, $9, $10, $11 FROM \
               (SELECT '' AS document, CAST(0 AS BIGINT) AS period UNION ALL SELECT $3, CAST(0 AS BIGINT) \
               UNION ALL SELECT '', CAST($4 AS BIGINT) UNION ALL SELECT $3, CAST($4 AS BIGINT)) AS k WHERE true \
               ON CONFLICT (target, document, kind, period, outcome_kind, bucket) DO UPDATE SET n = tallies.n + excluded.n, \
               retries = tallies.retries + excluded.retries, merges = tallies.merges + excluded.merges, \
               waited = tallies.waited + excluded.waited, \
               longest = CASE WHEN excluded.longest > tallies.longest THEN excluded.longest ELSE tallies.longest END";
    let values = [
        document.target.as_str().into(),
        document.kind.as_str().into(),
        document.id.as_str().into(),
        period(at).into(),
        outcome_kind.as_str().into(),
        bucket.into(),
        times.into(),
        (times * retries).into(),
        (times * merges).into(),
        (times * waited).into(),
        longest.into(),
    ];
    transaction.execute(sql, &values).await?;
    Ok(())
}

/// Adds a row to the tally of its document, which is its first column.
fn read(row: &AnyRow, tally: &mut Tally) -> Result<(), sqlx::Error> {
    let Some(outcome_kind) = OutcomeKind::from_word(&text(row, 1)?) else {
        return Ok(());
    };
    let (bucket, count) = (number(row, 2)?, number(row, 3)?);
    if count == 0 {
        return Ok(());
    }
    *tally.outcomes.entry(outcome_kind).or_default() += count;
    tally.retries += number(row, 4)?;
    tally.merges += number(row, 5)?;
    tally.waited += Duration::from_micros(unsigned(number(row, 6)?));
    if bucket != UNTIMED {
        let longest = Duration::from_micros(unsigned(number(row, 7)?));
        tally.latencies.add(unsigned(bucket), count, longest);
    }
    Ok(())
}

pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
