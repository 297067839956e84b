//! Verifies the tables that are derived from the entries: derives them again, and compares.

use std::collections::BTreeMap;

use domain::{OutcomeKind, Version};
use ports::{DocumentRef, LedgerError, OutcomeRecord};
use sqlx::any::AnyRow;

use super::{Fault, PAGE};
use crate::digest::Digest;
use crate::entry_body::{Body, Documents, OF_APPLY, ObservationBody, micros_of, read_time};
use crate::row::{corrupt, signed};
use crate::store::{Snapshot, number, text};
use crate::tallies;

/// The state of each update and the figures of all, as the entries have them.
#[derive(Default)]
pub(super) struct Derived {
    updates: BTreeMap<i64, Update>,
    /// Figures by document, period, outcome and latency range: updates, retries, merges, microseconds waited, and the
    /// longest.
    tallies: BTreeMap<(DocumentRef, i64, &'static str, i64), [i64; 5]>,
    /// The number of updates by document and period.
    activity: BTreeMap<(DocumentRef, i64), i64>,
    /// Which target is which organization, as far as the entries have said so.
    joins: BTreeMap<String, String>,
    /// By the number of its entry: the document, the hash, and the digest of the content.
    bases: Bases,
    /// By document and member: the time at which the newest base of an apply was read, and the number of its entry.
    base_members: BaseMembers,
}

struct Update {
    outcome: i64,
    measured: i64,
    /// The figures, for as long as the outcome may still change.
    unknown: Option<Box<OutcomeRecord>>,
    outcome_kind: &'static str,
    version_after: String,
    at: i64,
    /// The figures, as a row has them.
    figures: [i64; 5],
    /// The columns that no longer change, as a row has them.
    fixed: String,
}

impl Update {
    fn new(body: &Body, document: &DocumentRef, outcome_kind: &'static str) -> Self {
        let micros = |at: &str| read_time(at).map(micros_of).unwrap_or_default();
        let (leased_until, version_before) = match (&body.intent, &body.outcome) {
            (Some(intent), _) => (micros(&intent.leased_until), intent.version.as_deref()),
            (None, Some(outcome)) => (0, outcome.version_before.as_deref()),
            (None, None) => (0, None),
        };
        let version_before = version_before.map(shown_version).unwrap_or_default();
        let (run, host) = body.holder();
        let at = micros(&body.at);
        Self {
            outcome: 0,
            measured: 0,
            unknown: None,
            outcome_kind,
            version_after: String::new(),
            at,
            figures: [0; 5],
            fixed: format!("{at} {leased_until} {document:?} {run:?} {host:?} {version_before:?}"),
        }
    }

    /// As a row shows it.
    fn shown(&self) -> String {
        let Self {
            outcome,
            measured,
            outcome_kind,
            version_after,
            figures,
            fixed,
            ..
        } = self;
        format!("{outcome} {measured} {outcome_kind:?} {version_after:?} {figures:?} {fixed}")
    }
}

fn shown_version(version: &str) -> String {
    version
        .parse()
        .map(|version: Version| version.to_string())
        .unwrap_or_default()
}

impl Derived {
    /// Takes a sound entry.
    pub(super) fn entry(&mut self, body: &Body) {
        let seq = signed(body.seq);
        if let Some(joined) = &body.joined {
            self.joins.insert(body.target.clone(), joined.id.clone());
        }
        let mut document = body.reference();
        if let Some(organization) = self.joins.get(&document.target) {
            document.target.clone_from(organization);
        }
        if let Some(intent) = &body.intent {
            if let Some(left) = intent.follows {
                self.take_back(signed(left), &document);
            }
            self.updates.insert(seq, Update::new(body, &document, "open"));
        }
        if let Some(base) = &body.observation {
            self.base(seq, &document, base);
        }
        let mut without_document = body.clone();
        if let Some(outcome) = &mut without_document.outcome {
            outcome.after = None;
        }
        let Ok(Some(record)) = without_document.outcome_record(&Documents::new()) else {
            return;
        };
        let id = record.intent.map_or(seq, |id| signed(id.0));
        let update = self
            .updates
            .entry(id)
            .or_insert_with(|| Update::new(body, &document, "open"));
        update.outcome = seq;
        update.outcome_kind = record.kind.as_str();
        let version_after = record.version_after.as_ref().map(ToString::to_string);
        update.version_after = version_after.unwrap_or_default();
        let before = update.unknown.take();
        let at = update.at;
        if before.is_none() {
            update.measured = seq;
            update.figures = tallies::figures(&record);
        }
        let figures = before.clone().unwrap_or_else(|| Box::new(record.clone()));
        if record.kind == OutcomeKind::Unknown {
            update.unknown = Some(figures.clone());
        }
        let periods = [tallies::EVER, tallies::period(at)];
        if let Some(unknown) = before {
            self.count(periods, &document, &unknown, unknown.kind, -1);
        } else {
            for period in periods {
                let key = (document.clone(), period);
                *self.activity.entry(key).or_default() += 1;
            }
        }
        self.count(periods, &document, &figures, record.kind, 1);
    }

    /// Removes an update that another update continues, and its figures if it has any.
    fn take_back(&mut self, id: i64, document: &DocumentRef) {
        let Some(Update {
            at,
            unknown: Some(unknown),
            ..
        }) = self.updates.remove(&id)
        else {
            return;
        };
        let periods = [tallies::EVER, tallies::period(at)];
        self.count(periods, document, &unknown, unknown.kind, -1);
        for period in periods {
            *self.activity.entry((document.clone(), period)).or_default() -= 1;
        }
    }

    fn base(&mut self, seq: i64, document: &DocumentRef, base: &ObservationBody) {
        let content = base.content.as_ref().map_or("", Digest::as_str);
        let row = (document.clone(), base.sha256.clone(), content.to_owned());
        self.bases.insert(seq, row);
        if base.source != OF_APPLY {
            return;
        }
        let read_at = read_time(&base.read_at).map(micros_of).unwrap_or_default();
        for member in &base.members {
            let newest = self.base_members.entry((document.clone(), member.clone()));
            let newest = newest.or_insert((read_at, seq));
            *newest = (*newest).max((read_at, seq));
        }
    }

    fn count(
        &mut self,
        periods: [i64; 2],
        document: &DocumentRef,
        outcome: &OutcomeRecord,
        outcome_kind: OutcomeKind,
        times: i64,
    ) {
        let [bucket, more_retries, more_merges, more_waited, longer] = tallies::figures(outcome);
        for period in periods {
            for id in ["", document.id.as_str()] {
                let of_all = DocumentRef {
                    id: id.to_owned(),
                    ..document.clone()
                };
                let key = (of_all, period, outcome_kind.as_str(), bucket);
                let [n, retries, merges, waited, longest] = self.tallies.entry(key).or_default();
                *n += times;
                *retries += times * more_retries;
                *merges += times * more_merges;
                *waited += times * more_waited;
                *longest = (*longest).max(longer);
            }
        }
    }

    /// Compares it with what stands in the store.
    pub(super) async fn compare(
        mut self,
        store: &mut Snapshot<'_>,
        faults: &mut Vec<Fault>,
    ) -> Result<(), LedgerError> {
        let fault = |id: i64, what: &str| Fault {
            entry: u64::try_from(id).ok(),
            what: what.to_owned(),
        };
        let sql = "SELECT id, outcome, measured, outcome_kind, version_after, at, leased_until, target, kind, \
                   document, run, host, version_before, bucket, retries, merges, waited, longest FROM updates WHERE id > $1 ORDER BY id LIMIT $2";
        let mut after = i64::MIN;
        loop {
            let rows = store.rows(sql, &[after.into(), PAGE.into()]).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                after = number(row, 0).map_err(|error| corrupt(&error))?;
                let shown = shown(row).map_err(|error| corrupt(&error))?;
                if self.updates.remove(&after).map(|update| update.shown()) != Some(shown) {
                    faults.push(fault(after, "what is shown of it is not what its entries say"));
                    return Ok(());
                }
            }
        }
        if let Some((id, _)) = self.updates.first_key_value() {
            faults.push(fault(*id, "it is not shown as an update"));
            return Ok(());
        }
        self.compare_tallies(store, faults).await
    }

    async fn compare_tallies(mut self, store: &mut Snapshot<'_>, faults: &mut Vec<Fault>) -> Result<(), LedgerError> {
        let broken = |error: sqlx::Error| corrupt(&error);
        let sql = "SELECT target, kind, document, period, outcome_kind, bucket, n, retries, merges, waited, longest FROM tallies";
        let mut kept = BTreeMap::new();
        let (bases, base_members) = (std::mem::take(&mut self.bases), std::mem::take(&mut self.base_members));
        let joins = std::mem::take(&mut self.joins);
        for row in store.rows(sql, &[]).await? {
            let figures = [6, 7, 8, 9, 10].map(|column| number(&row, column).unwrap_or(i64::MIN));
            let key = (
                document(&row, 0).map_err(broken)?,
                number(&row, 3).map_err(broken)?,
                text(&row, 4).map_err(broken)?,
                number(&row, 5).map_err(broken)?,
            );
            kept.insert(key, figures);
        }
        let derived: BTreeMap<_, _> = self
            .tallies
            .into_iter()
            .map(|((document, period, outcome_kind, bucket), figures)| {
                ((document, period, outcome_kind.to_owned(), bucket), figures)
            })
            .collect();
        let mut active = BTreeMap::new();
        for row in store
            .rows("SELECT target, kind, document, period, n FROM activity", &[])
            .await?
        {
            let key = (document(&row, 0).map_err(broken)?, number(&row, 3).map_err(broken)?);
            active.insert(key, number(&row, 4).map_err(broken)?);
        }
        if kept != derived || active != self.activity {
            faults.push(Fault {
                entry: None,
                what: "the figures are not those of the entries".to_owned(),
            });
        }
        if kept_bases(store).await? != (bases, base_members) {
            faults.push(Fault {
                entry: None,
                what: "the bases are not those of the entries".to_owned(),
            });
        }
        if kept_joins(store).await? != joins {
            faults.push(Fault {
                entry: None,
                what: "which target is which organization is not what the entries say".to_owned(),
            });
        }
        Ok(())
    }
}

/// The rows of the tables `bases` and `base_members`.
async fn kept_bases(store: &mut Snapshot<'_>) -> Result<(Bases, BaseMembers), LedgerError> {
    let broken = |error: sqlx::Error| corrupt(&error);
    let mut bases = BTreeMap::new();
    for row in store
        .rows("SELECT seq, target, kind, document, hash, content FROM bases", &[])
        .await?
    {
        let (hash, content) = (text(&row, 4).map_err(broken)?, text(&row, 5).map_err(broken)?);
        let document = document(&row, 1).map_err(broken)?;
        bases.insert(number(&row, 0).map_err(broken)?, (document, hash, content));
    }
    let mut members = BTreeMap::new();
    let sql = "SELECT target, kind, document, member, read_at, seq FROM base_members";
    for row in store.rows(sql, &[]).await? {
        let member = text(&row, 3).map_err(broken)?;
        let newest = (number(&row, 4).map_err(broken)?, number(&row, 5).map_err(broken)?);
        members.insert((document(&row, 0).map_err(broken)?, member), newest);
    }
    Ok((bases, members))
}

type Bases = BTreeMap<i64, (DocumentRef, String, String)>;
type BaseMembers = BTreeMap<(DocumentRef, String), (i64, i64)>;

async fn kept_joins(store: &mut Snapshot<'_>) -> Result<BTreeMap<String, String>, LedgerError> {
    let mut joins = BTreeMap::new();
    for row in store.rows("SELECT name, organization FROM targets", &[]).await? {
        let (name, organization) = (text(&row, 0), text(&row, 1));
        joins.insert(
            name.map_err(|error| corrupt(&error))?,
            organization.map_err(|error| corrupt(&error))?,
        );
    }
    Ok(joins)
}

/// The document in three columns: target, kind and id.
fn document(row: &AnyRow, column: usize) -> Result<DocumentRef, sqlx::Error> {
    Ok(DocumentRef {
        target: text(row, column)?,
        kind: text(row, column + 1)?,
        id: text(row, column + 2)?,
    })
}

/// As [`Update::shown`] has it.
fn shown(row: &AnyRow) -> Result<String, sqlx::Error> {
    let (outcome, measured) = (number(row, 1)?, number(row, 2)?);
    let (outcome_kind, version_after) = (text(row, 3)?, text(row, 4)?);
    let (at, leased_until) = (number(row, 5)?, number(row, 6)?);
    let document = document(row, 7)?;
    let (run, host, version_before) = (text(row, 10)?, text(row, 11)?, text(row, 12)?);
    let mut figures = [0; 5];
    for (column, figure) in (13..).zip(&mut figures) {
        *figure = number(row, column)?;
    }
    Ok(format!(
        "{outcome} {measured} {outcome_kind:?} {version_after:?} {figures:?} {at} {leased_until} {document:?} {run:?} {host:?} \
         {version_before:?}"
    ))
}
