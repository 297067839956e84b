//! The figures that a query asks for: from the periods that are whole and, of the one in which it begins, from the
//! updates themselves.

use std::collections::BTreeMap;

use ports::{LedgerError, Tally, TallyOf, TallyQuery};
use sqlx::any::AnyRow;

use super::{EVER, end_of, period, read};
use crate::entry_body::micros_of;
use crate::ledger::SqlLedger;
use crate::row::corrupt;
use crate::store::{Value, number, text};

type Tallies = Vec<(Option<String>, Tally)>;

/// The figures of the periods from one to another, by outcome and range.
macro_rules! of_periods {
    ($which:literal) => {
        concat!(
            "SELECT document, outcome_kind, bucket, CAST(sum(n) AS BIGINT), CAST(sum(retries) AS BIGINT), ",
            "CAST(sum(merges) AS BIGINT), CAST(sum(waited) AS BIGINT), max(longest) FROM tallies ",
            "WHERE document = $1 AND period >= $2 AND period <= $3 ",
            $which,
            " GROUP BY document, outcome_kind, bucket"
        )
    };
}

/// The same of the updates that were made from one time on and before another. Where `target || ''` stands, SQLite would
/// go by the target, which most updates have, and not by the time.
macro_rules! of_updates {
    ($which:literal) => {
        concat!(
            "SELECT $1, outcome_kind, bucket, count(*), CAST(sum(retries) AS BIGINT), CAST(sum(merges) AS BIGINT), ",
            "CAST(sum(waited) AS BIGINT), max(longest) FROM updates ",
            "WHERE at >= $2 AND at < $3 AND measured > 0 ",
            $which,
            " GROUP BY outcome_kind, bucket"
        )
    };
}

/// How many updates there were of each document.
macro_rules! counts {
    ($n:literal, $from:literal, $which:literal) => {
        concat!(
            "SELECT document, CAST(",
            $n,
            " AS BIGINT) FROM ",
            $from,
            " ",
            $which,
            " GROUP BY document"
        )
    };
}

/// What is asked for, in numbers: whole periods, and the time before the first of them.
struct Span {
    periods: (i64, i64),
    before: Option<(i64, i64)>,
}

impl Span {
    fn of(query: &TallyQuery) -> Self {
        let Some(since) = query.since.map(micros_of) else {
            return Self {
                periods: (EVER, EVER),
                before: None,
            };
        };
        let begun = period(since);
        Self {
            periods: (begun + 1, i64::MAX),
            before: Some((since, end_of(begun))),
        }
    }
}

impl SqlLedger {
    pub(crate) async fn asked(&self, query: &TallyQuery) -> Result<Tallies, LedgerError> {
        let span = Span::of(query);
        let target = query.target.as_deref();
        let documents = match &query.of {
            TallyOf::All => vec![String::new()],
            TallyOf::One(document) => vec![document.clone()],
            TallyOf::Each(most) => self.busiest(target, &span, *most).await?,
        };
        let mut tallies = Vec::new();
        for document in documents {
            let rows = self.figures_of(target, &document, &span).await?;
            if rows.is_empty() {
                continue;
            }
            let mut tally = Tally::default();
            for row in &rows {
                read(row, &mut tally).map_err(|error| corrupt(&error))?;
            }
            tallies.push((Some(document).filter(|document| !document.is_empty()), tally));
        }
        Ok(tallies)
    }

    /// Of one document, or of all under no name.
    async fn figures_of(&self, target: Option<&str>, document: &str, span: &Span) -> Result<Vec<AnyRow>, LedgerError> {
        let (first, last) = span.periods;
        let mut values: Vec<Value<'_>> = vec![document.into(), first.into(), last.into()];
        values.extend(target.map(Value::from));
        let sql = match target {
            Some(_) => of_periods!("AND target = $4"),
            None => of_periods!(""),
        };
        let mut rows = self.store.read(sql, &values).await?;
        if let Some((from, to)) = span.before {
            let mut values: Vec<Value<'_>> = vec![document.into(), from.into(), to.into()];
            values.extend(target.map(Value::from));
            let sql = match (target, document) {
                (Some(_), "") => of_updates!("AND target || '' = $4"),
                (None, "") => of_updates!(""),
                (Some(_), _) => of_updates!("AND target = $4 AND document = $1"),
                (None, _) => of_updates!("AND document = $1"),
            };
            rows.extend(self.store.read(sql, &values).await?);
        }
        Ok(rows)
    }

    /// The documents with the most updates, the busiest first.
    async fn busiest(&self, target: Option<&str>, span: &Span, most: usize) -> Result<Vec<String>, LedgerError> {
        let (first, last) = span.periods;
        let mut values: Vec<Value<'_>> = vec![first.into(), last.into()];
        values.extend(target.map(Value::from));
        let sql = match target {
            Some(_) => counts!(
                "sum(n)",
                "activity",
                "WHERE period >= $1 AND period <= $2 AND target = $3"
            ),
            None => counts!("sum(n)", "activity", "WHERE period >= $1 AND period <= $2"),
        };
        let mut rows = self.store.read(sql, &values).await?;
        if let Some((from, to)) = span.before {
            let mut values: Vec<Value<'_>> = vec![from.into(), to.into()];
            values.extend(target.map(Value::from));
            let sql = match target {
                Some(_) => counts!(
                    "count(*)",
                    "updates",
                    "WHERE at >= $1 AND at < $2 AND measured > 0 AND target || '' = $3"
                ),
                None => counts!("count(*)", "updates", "WHERE at >= $1 AND at < $2 AND measured > 0"),
            };
            rows.extend(self.store.read(sql, &values).await?);
        }
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for row in &rows {
            let document = text(row, 0).map_err(|error| corrupt(&error))?;
            *counts.entry(document).or_default() += number(row, 1).map_err(|error| corrupt(&error))?;
        }
        let mut counts: Vec<(String, i64)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.truncate(most);
        Ok(counts.into_iter().map(|(document, _)| document).collect())
    }
}
