//! The figures of updates, kept up to date with each outcome: of each document, and of all under no name.

use std::time::Duration;

use ports::{Ending, Latencies, OutcomeRecord, Tally};
use sqlx::any::AnyRow;

use crate::row::{signed, unsigned};
use crate::store::{Broken, Transaction, number, text};

/// The range of those that nobody timed.
const UNTIMED: i64 = -1;

/// Counts an update. One that was unknown until now is moved, with its figures, to how it really ended.
pub(crate) async fn count(
    transaction: &mut Transaction<'_>,
    outcome: &OutcomeRecord,
    unknown: Option<&OutcomeRecord>,
) -> Result<(), Broken> {
    if let Some(unknown) = unknown {
        add(transaction, unknown, unknown.ending, -1).await?;
        return add(transaction, unknown, outcome.ending, 1).await;
    }
    add(transaction, outcome, outcome.ending, 1).await
}

/// The range that an update's time is counted in.
pub(crate) fn bucket(figures: &OutcomeRecord) -> i64 {
    let latency = figures.latency.map(Latencies::bucket);
    latency.map_or(UNTIMED, signed)
}

async fn add(
    transaction: &mut Transaction<'_>,
    figures: &OutcomeRecord,
    ending: Ending,
    times: i64,
) -> Result<(), Broken> {
    let longest = figures.latency.map_or(0, micros);
    let bucket = bucket(figures);
    let sql = "INSERT INTO tallies (target, document, ending, bucket, n, retries, merges, waited, longest) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
               ON CONFLICT (target, document, ending, bucket) DO UPDATE SET n = tallies.n + excluded.n, \
               retries = tallies.retries + excluded.retries, merges = tallies.merges + excluded.merges, \
               waited = tallies.waited + excluded.waited, \
               longest = CASE WHEN excluded.longest > tallies.longest THEN excluded.longest ELSE tallies.longest END";
    for document in ["", figures.document.as_str()] {
        let values = [
            figures.target.as_str().into(),
            document.into(),
            ending.word().into(),
            bucket.into(),
            times.into(),
            (times * i64::from(figures.retries)).into(),
            (times * i64::from(figures.merges)).into(),
            (times * micros(figures.waited)).into(),
            longest.into(),
        ];
        transaction.execute(sql, &values).await?;
    }
    Ok(())
}

/// Adds a row to the tally of its document, which is its first column.
pub(crate) fn read(row: &AnyRow, tally: &mut Tally) -> Result<(), sqlx::Error> {
    let Some(ending) = Ending::of_word(&text(row, 1)?) else {
        return Ok(());
    };
    let (bucket, count) = (number(row, 2)?, number(row, 3)?);
    *tally.endings.entry(ending).or_default() += count;
    tally.retries += number(row, 4)?;
    tally.merges += number(row, 5)?;
    tally.waited += Duration::from_micros(unsigned(number(row, 6)?));
    if bucket != UNTIMED && count != 0 {
        let longest = Duration::from_micros(unsigned(number(row, 7)?));
        tally.latencies.add(unsigned(bucket), count, longest);
    }
    Ok(())
}

pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
