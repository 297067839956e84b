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
use crate::targets;

type Tallies = Vec<(Option<String>, Tally)>;

/// The figures of the periods from one to another, by outcome and range.
macro_rules! of_periods {
    ($which:literal) => {
        concat!(
            "SELECT document, outcome_kind, bucket, CAST(sum(n) AS BIGINT), CAST(sum(retries) AS BIGINT), ",
            "CAST(sum(merges) AS BIGINT), CAST(sum(waited) AS BIGINT), max(longest) FROM tallies ",
            "WHERE document = $1 AND period >= $2 AND period <= $3 AND ($4 = '' OR kind = $4) ",
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
            "WHERE at >= $2 AND at < $3 AND measured > 0 AND ($4 = '' OR kind = $4) ",
            $which,
            " GROUP BY outcome_kind, bucket"
        )
    };
}

/// The number of updates of each document.
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

/// The time span of a query, in numbers: whole periods, and the time before the first of them.
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

/// Which updates: of a target under one of its names, and of a kind; all where nothing is said.
#[derive(Clone, Copy)]
struct Which<'q> {
    target: Option<&'q str>,
    kind: &'q str,
}

impl SqlLedger {
    pub(crate) async fn asked(&self, query: &TallyQuery) -> Result<Tallies, LedgerError> {
        let span = Span::of(query);
        let names = match &query.target {
            Some(target) => targets::names(&self.store, target)
                .await?
                .all
                .into_iter()
                .map(Some)
                .collect(),
            None => vec![None],
        };
        let kind = query.kind.as_deref().unwrap_or_default();
        let which: Vec<Which<'_>> = names
            .iter()
            .map(|target| Which {
                target: target.as_deref(),
                kind,
            })
            .collect();
        let documents = match &query.of {
            TallyOf::All => vec![String::new()],
            TallyOf::One(document) => vec![document.clone()],
            TallyOf::Each(most) => self.busiest(&which, &span, *most).await?,
        };
        let mut tallies = Vec::new();
        for document in documents {
            let mut tally = Tally::default();
            for which in &which {
                for row in self.figures_of(*which, &document, &span).await? {
                    read(&row, &mut tally).map_err(|error| corrupt(&error))?;
                }
            }
            // What moved to how it really ended, or under another name, adds up to nothing where it was.
            tally.outcomes.retain(|_, count| *count != 0);
            if tally.updates() > 0 {
                tallies.push((Some(document).filter(|document| !document.is_empty()), tally));
            }
        }
        Ok(tallies)
    }

    /// The figures of one document, or of all if the name is empty.
    async fn figures_of(&self, which: Which<'_>, document: &str, span: &Span) -> Result<Vec<AnyRow>, LedgerError> {
        let (first, last) = span.periods;
        let mut values: Vec<Value<'_>> = vec![document.into(), first.into(), last.into(), which.kind.into()];
        values.extend(which.target.map(Value::from));
        let sql = match which.target {
            Some(_) => of_periods!("AND target = $5"),
            None => of_periods!(""),
        };
        let mut rows = self.store.read(sql, &values).await?;
        if let Some((from, to)) = span.before {
            let mut values: Vec<Value<'_>> = vec![document.into(), from.into(), to.into(), which.kind.into()];
            values.extend(which.target.map(Value::from));
            let sql = match (which.target, document) {
                (Some(_), "") => of_updates!("AND target || '' = $5"),
                (None, "") => of_updates!(""),
                (Some(_), _) => of_updates!("AND target = $5 AND document = $1"),
                (None, _) => of_updates!("AND document = $1"),
            };
            rows.extend(self.store.read(sql, &values).await?);
        }
        Ok(rows)
    }

    /// The documents with the most updates, the busiest first.
    async fn busiest(&self, which: &[Which<'_>], span: &Span, most: usize) -> Result<Vec<String>, LedgerError> {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for which in which {
            for row in self.counts(*which, span).await? {
                let document = text(&row, 0).map_err(|error| corrupt(&error))?;
                *counts.entry(document).or_default() += number(&row, 1).map_err(|error| corrupt(&error))?;
            }
        }
        let mut counts: Vec<(String, i64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.truncate(most);
        Ok(counts.into_iter().map(|(document, _)| document).collect())
    }

    async fn counts(&self, which: Which<'_>, span: &Span) -> Result<Vec<AnyRow>, LedgerError> {
        let (first, last) = span.periods;
        let mut values: Vec<Value<'_>> = vec![first.into(), last.into(), which.kind.into()];
        values.extend(which.target.map(Value::from));
        let sql = match which.target {
            Some(_) => counts!(
                "sum(n)",
                "activity",
                "WHERE period >= $1 AND period <= $2 AND ($3 = '' OR kind = $3) AND target = $4"
            ),
            None => counts!(
                "sum(n)",
                "activity",
                "WHERE period >= $1 AND period <= $2 AND ($3 = '' OR kind = $3)"
            ),
        };
        let mut rows = self.store.read(sql, &values).await?;
        if let Some((from, to)) = span.before {
            let mut values: Vec<Value<'_>> = vec![from.into(), to.into(), which.kind.into()];
            values.extend(which.target.map(Value::from));
            let sql = match which.target {
                Some(_) => counts!(
                    "count(*)",
                    "updates",
                    "WHERE at >= $1 AND at < $2 AND measured > 0 AND ($3 = '' OR kind = $3) AND target || '' = $4"
                ),
                None => counts!(
                    "count(*)",
                    "updates",
                    "WHERE at >= $1 AND at < $2 AND measured > 0 AND ($3 = '' OR kind = $3)"
                ),
            };
            rows.extend(self.store.read(sql, &values).await?);
        }
        Ok(rows)
    }
}
