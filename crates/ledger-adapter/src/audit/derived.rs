//! What readers are shown is derived from the entries: it is derived again, and compared.

use std::collections::BTreeMap;

use ports::{Ending, LedgerFailure, OutcomeRecord};

use super::{Fault, PAGE};
use crate::body::{Body, Documents, micros_of, read_time};
use crate::row::{corrupt, signed};
use crate::store::{Store, number, text};
use crate::tallies;

/// The state of each update and the figures of all, as the entries have them.
#[derive(Default)]
pub(super) struct Derived {
    updates: BTreeMap<i64, Update>,
    /// Of target, document, ending and range: how many, retries, merges, microseconds waited.
    tallies: BTreeMap<(String, String, &'static str, i64), [i64; 4]>,
}

struct Update {
    outcome: i64,
    figures: Option<(i64, OutcomeRecord)>,
    ending: &'static str,
    target: String,
    document: String,
    at: i64,
}

impl Update {
    /// As a row shows it.
    fn shown(&self) -> String {
        let measured = self.figures.as_ref().map_or(0, |(seq, _)| *seq);
        let Self {
            outcome,
            ending,
            target,
            document,
            at,
            ..
        } = self;
        format!("{outcome} {measured} {ending} {at} {target:?} {document:?}")
    }
}

impl Derived {
    /// Takes a sound entry.
    pub(super) fn entry(&mut self, body: &Body) {
        let seq = signed(body.seq);
        let new = |outcome, ending| Update {
            outcome,
            figures: None,
            ending,
            target: body.target.clone(),
            document: body.document.clone(),
            at: read_time(&body.at).map(micros_of).unwrap_or_default(),
        };
        if let Some(intent) = &body.intent {
            if let Some(refused) = intent.follows {
                self.updates.remove(&signed(refused));
            }
            self.updates.insert(seq, new(0, "open"));
        }
        let mut without_document = body.clone();
        if let Some(outcome) = &mut without_document.outcome {
            outcome.after = None;
        }
        let Ok(Some(record)) = without_document.outcome_record(&Documents::new()) else {
            return;
        };
        let id = record.intent.map_or(seq, |id| signed(id.0));
        let update = self.updates.entry(id).or_insert_with(|| new(seq, "open"));
        update.outcome = seq;
        update.ending = record.ending.word();
        let before = update.figures.clone();
        let (_, figures) = update.figures.get_or_insert_with(|| (seq, record.clone())).clone();
        if let Some((_, unknown)) = before {
            self.count(&unknown, unknown.ending, -1);
        }
        self.count(&figures, record.ending, 1);
    }

    fn count(&mut self, figures: &OutcomeRecord, ending: Ending, times: i64) {
        for document in ["", figures.document.as_str()] {
            let key = (
                figures.target.clone(),
                document.to_owned(),
                ending.word(),
                tallies::bucket(figures),
            );
            let [n, retries, merges, waited] = self.tallies.entry(key).or_default();
            *n += times;
            *retries += times * i64::from(figures.retries);
            *merges += times * i64::from(figures.merges);
            *waited += times * tallies::micros(figures.waited);
        }
    }

    /// Compares it with what stands in the store.
    pub(super) async fn compare(mut self, store: &Store, faults: &mut Vec<Fault>) -> Result<(), LedgerFailure> {
        let broken = |error: sqlx::Error| corrupt(&error);
        let sql = "SELECT id, outcome, measured, ending, at, target, document FROM updates \
                   WHERE id > $1 ORDER BY id LIMIT $2";
        let mut after = i64::MIN;
        loop {
            let rows = store.read(sql, &[after.into(), PAGE.into()]).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                after = number(row, 0).map_err(broken)?;
                let numbers = [1, 2, 4].map(|column| number(row, column));
                let texts = [3, 5, 6].map(|column| text(row, column));
                let ([Ok(outcome), Ok(measured), Ok(at)], [Ok(ending), Ok(target), Ok(document)]) = (numbers, texts)
                else {
                    return Err(corrupt(&"the state of an update"));
                };
                let shown = format!("{outcome} {measured} {ending} {at} {target:?} {document:?}");
                let derived = self.updates.remove(&after).map(|update| update.shown());
                if derived != Some(shown) {
                    let what = "what is shown of it is not what its entries say".to_owned();
                    faults.push(Fault {
                        entry: u64::try_from(after).ok(),
                        what,
                    });
                    return Ok(());
                }
            }
        }
        if let Some((id, _)) = self.updates.first_key_value() {
            let what = "it is not shown as an update".to_owned();
            faults.push(Fault {
                entry: u64::try_from(*id).ok(),
                what,
            });
            return Ok(());
        }
        self.compare_tallies(store, faults).await
    }

    async fn compare_tallies(self, store: &Store, faults: &mut Vec<Fault>) -> Result<(), LedgerFailure> {
        let broken = |error: sqlx::Error| corrupt(&error);
        let sql = "SELECT target, document, ending, bucket, n, retries, merges, waited FROM tallies";
        let mut kept = BTreeMap::new();
        for row in store.read(sql, &[]).await? {
            let figures = [4, 5, 6, 7].map(|column| number(&row, column).unwrap_or(i64::MIN));
            let key = (
                text(&row, 0).map_err(broken)?,
                text(&row, 1).map_err(broken)?,
                text(&row, 2).map_err(broken)?,
                number(&row, 3).map_err(broken)?,
            );
            kept.insert(key, figures);
        }
        let derived: BTreeMap<_, _> = self
            .tallies
            .into_iter()
            .map(|((target, document, ending, bucket), figures)| {
                ((target, document, ending.to_owned(), bucket), figures)
            })
            .collect();
        if kept != derived {
            faults.push(Fault {
                entry: None,
                what: "the figures are not those of the entries".to_owned(),
            });
        }
        Ok(())
    }
}
