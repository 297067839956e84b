//! The ledger, for readers.

use async_trait::async_trait;
use domain::json::Document;
use domain::{OutcomeKind, Version};
use ports::{DocumentRef, Entry, EntryId, History, HistoryQuery, LedgerError, Tally, TallyQuery};
use sqlx::any::AnyRow;

use crate::entry_body::{Body, micros_of};
use crate::ledger::SqlLedger;
use crate::row::{self, corrupt, signed, unsigned};
use crate::store::{Store, number};

macro_rules! updates {
    ($which:literal) => {
        concat!(
            "SELECT id, outcome, measured FROM updates WHERE id < $1 AND at >= $2 AND ($3 = '' OR outcome_kind = $3) AND ($4 = '' OR kind = $4) ",
            $which,
            " ORDER BY id DESC LIMIT $5"
        )
    };
}

/// The updates that rows are about, whole. Their columns are the numbers of the update, of its last outcome, and of
/// the outcome that has its figures; 0 where there is none.
pub(crate) async fn entries(store: &Store, rows: &[AnyRow]) -> Result<Vec<Entry>, LedgerError> {
    let mut entries = Vec::new();
    for found in rows {
        let numbers = [number(found, 0), number(found, 1), number(found, 2)];
        let [Ok(id), Ok(outcome), Ok(measured)] = numbers else {
            return Err(corrupt(&"the state of an update"));
        };
        let first = body(store, id).await?;
        let last = if outcome == 0 {
            None
        } else {
            body(store, outcome).await?
        };
        let figures = if measured == outcome {
            None
        } else {
            body(store, measured).await?
        };
        let bodies: Vec<&Body> = [&first, &last, &figures].into_iter().flatten().collect();
        let documents = row::documents_of(store, &bodies).await?;
        let intent = match &first {
            Some(body) => body.intent_record(&documents).map_err(|error| corrupt(&error))?,
            None => None,
        };
        let outcome_in = |body: &Option<Body>| match body {
            Some(body) => body.outcome_record(&documents).map_err(|error| corrupt(&error)),
            None => Ok(None),
        };
        let outcome = match (outcome_in(&last)?, outcome_in(&figures)?) {
            (Some(last), Some(figures)) => Some(last.with_the_figures_of(&figures)),
            (last, _) => last,
        };
        entries.push(Entry {
            id: EntryId(unsigned(id)),
            intent,
            outcome,
        });
    }
    Ok(entries)
}

async fn body(store: &Store, seq: i64) -> Result<Option<Body>, LedgerError> {
    let rows = store
        .read("SELECT body FROM entries WHERE seq = $1", &[seq.into()])
        .await?;
    rows.first()
        .map(|found| row::read(found, 0).map_err(|error| corrupt(&error)))
        .transpose()
}

#[async_trait]
impl History for SqlLedger {
    async fn entries(&self, query: &HistoryQuery) -> Result<Vec<Entry>, LedgerError> {
        let before = query.before.map_or(i64::MAX, |id| signed(id.0));
        let since = query.since.map_or(0, micros_of);
        let outcome_kind = query.outcome.map_or("", OutcomeKind::as_str);
        let kind = query.kind.as_deref().unwrap_or_default();
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
        let mut values = vec![
            before.into(),
            since.into(),
            outcome_kind.into(),
            kind.into(),
            limit.into(),
        ];
        let sql = match (query.target.as_deref(), query.document.as_deref()) {
            (Some(target), Some(document)) => {
                values.extend([target.into(), document.into()]);
                updates!("AND target = $6 AND document = $7")
            }
            (Some(target), None) => {
                values.push(target.into());
                updates!("AND target = $6")
            }
            (None, Some(document)) => {
                values.push(document.into());
                updates!("AND document = $6")
            }
            (None, None) => updates!(""),
        };
        let rows = self.store.read(sql, &values).await?;
        entries(&self.store, &rows).await
    }

    async fn entry(&self, id: EntryId) -> Result<Option<Entry>, LedgerError> {
        let mut seq = signed(id.0);
        let Some(found) = body(&self.store, seq).await? else {
            return Ok(None);
        };
        if let Some(intent) = found.outcome.as_ref().and_then(|outcome| outcome.intent) {
            seq = signed(intent);
        }
        let sql = "SELECT id, outcome, measured FROM updates WHERE id = $1";
        loop {
            let rows = self.store.read(sql, &[seq.into()]).await?;
            if !rows.is_empty() {
                return Ok(entries(&self.store, &rows).await?.pop());
            }
            // It was refused, and followed by a later one.
            match self.follower(seq).await? {
                Some(next) => seq = next,
                None => return Ok(None),
            }
        }
    }

    async fn document_at(&self, document: &DocumentRef, version: &Version) -> Result<Option<Document>, LedgerError> {
        let version = version.to_string();
        let sql = "SELECT id, outcome, measured FROM updates WHERE target = $1 AND kind = $2 AND document = $3 \
                   AND (version_before = $4 OR version_after = $4) ORDER BY id DESC LIMIT 8";
        let values = [
            document.target.as_str().into(),
            document.kind.as_str().into(),
            document.id.as_str().into(),
            version.as_str().into(),
        ];
        let rows = self.store.read(sql, &values).await?;
        for entry in entries(&self.store, &rows).await? {
            let outcome = entry.outcome.as_ref();
            let is_it = |found: Option<&Version>| found.is_some_and(|found| found.to_string() == version);
            let is_after = is_it(outcome.and_then(|outcome| outcome.version_after.as_ref()));
            let shown = outcome.and_then(|outcome| outcome.after.clone());
            if is_after && shown.is_some() {
                return Ok(shown);
            }
            if let Some(intent) = entry.intent.filter(|intent| is_it(intent.version.as_ref())) {
                return Ok(Some(intent.base));
            }
        }
        Ok(None)
    }

    async fn tally(&self, query: &TallyQuery) -> Result<Vec<(Option<String>, Tally)>, LedgerError> {
        self.asked(query).await
    }
}

impl SqlLedger {
    async fn follower(&self, refused: i64) -> Result<Option<i64>, LedgerError> {
        let sql = "SELECT seq, body FROM entries WHERE seq > $1 ORDER BY seq LIMIT 1000";
        let mut after = refused;
        loop {
            let rows = self.store.read(sql, &[after.into()]).await?;
            if rows.is_empty() {
                return Ok(None);
            }
            for found in &rows {
                after = number(found, 0).map_err(|error| corrupt(&error))?;
                let body = row::read(found, 1).map_err(|error| corrupt(&error))?;
                let follows = body.intent.as_ref().and_then(|intent| intent.follows);
                if follows == Some(unsigned(refused)) {
                    return Ok(Some(after));
                }
            }
        }
    }
}
