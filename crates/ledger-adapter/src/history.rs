//! The ledger, for readers.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::json::Document;
use domain::{OutcomeKind, Version};
use ports::{
    After, BaseHash, DocumentRef, Entry, EntryId, History, HistoryQuery, KnownReference, LedgerError, NewestBase,
    Replacement, Tally, TallyQuery,
};
use sqlx::any::AnyRow;

use crate::entry_body::{Body, Documents, micros_of};
use crate::ledger::SqlLedger;
use crate::row::{self, corrupt, signed, unsigned};
use crate::store::{Store, Value, number};
use crate::targets::{self, Joins, names_of};

// Why a sum in the limit: for a number alone SQLite would read the statement anew each time.
macro_rules! updates {
    ($($which:expr),+) => {
        concat!(
            "SELECT id, outcome, measured FROM updates WHERE id < $1 AND at >= $2 AND ($3 = '' OR outcome_kind = $3) AND ($4 = '' OR kind = $4) ",
            $($which,)+
            " ORDER BY id DESC LIMIT $5 + 0"
        )
    };
}

/// The updates that rows are about, whole. Their columns are the numbers of the update, of its last outcome, and of
/// the outcome that has its figures; 0 where there is none.
pub(crate) async fn entries(store: &Store, rows: &[AnyRow]) -> Result<Vec<Entry>, LedgerError> {
    let mut entries = Vec::new();
    if rows.is_empty() {
        return Ok(entries);
    }
    let joins = Joins::read(store).await?;
    for some in rows.chunks(row::BATCH) {
        let mut numbers = Vec::new();
        for found in some {
            let columns = [number(found, 0), number(found, 1), number(found, 2)];
            let [Ok(id), Ok(outcome), Ok(measured)] = columns else {
                return Err(corrupt(&"the state of an update"));
            };
            numbers.push([id, outcome, measured]);
        }
        let all: BTreeSet<i64> = numbers.iter().flatten().copied().filter(|seq| *seq != 0).collect();
        let bodies = row::bodies(store, &all.into_iter().collect::<Vec<_>>()).await?;
        let documents = row::documents_of(store, &bodies.values().collect::<Vec<_>>()).await?;
        for numbers in numbers {
            entries.push(entry(numbers, &bodies, &documents, &joins)?);
        }
    }
    Ok(entries)
}

fn entry(
    [id, outcome, measured]: [i64; 3],
    bodies: &BTreeMap<i64, Body>,
    documents: &Documents,
    joins: &Joins,
) -> Result<Entry, LedgerError> {
    let mut intent = match bodies.get(&id) {
        Some(body) => body.intent_record(documents).map_err(|error| corrupt(&error))?,
        None => None,
    };
    let outcome_in = |seq: i64| match bodies.get(&seq) {
        Some(body) => body.outcome_record(documents).map_err(|error| corrupt(&error)),
        None => Ok(None),
    };
    let figures = if measured == outcome {
        None
    } else {
        outcome_in(measured)?
    };
    let mut outcome = match (outcome_in(outcome)?, figures) {
        (Some(last), Some(figures)) => Some(last.with_the_figures_of(&figures)),
        (last, _) => last,
    };
    if let Some(intent) = &mut intent {
        joins.apply(&mut intent.document, &mut intent.author);
    }
    if let Some(outcome) = &mut outcome {
        joins.apply(&mut outcome.document, &mut outcome.author);
    }
    let id = EntryId(unsigned(id));
    Ok(Entry { id, intent, outcome })
}

async fn body(store: &Store, seq: i64) -> Result<Option<Body>, LedgerError> {
    Ok(row::bodies(store, &[seq]).await?.remove(&seq))
}

#[async_trait]
impl History for SqlLedger {
    async fn organization_of(&self, target: &str) -> Result<Option<String>, LedgerError> {
        let found = targets::names(&self.store, target).await?.canonical;
        Ok((found != target).then_some(found))
    }

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
        let (target, document) = (query.target.as_deref(), query.document.as_deref());
        let sql = match (target, document) {
            (None, None) => updates!(""),
            (None, Some(_)) => updates!("AND document = $6"),
            (Some(target), None) => return self.newest_of_target(target, &values, query.limit).await,
            (Some(_), Some(_)) if query.kind.is_none() => updates!("AND document = $7 AND target IN ", names_of!("$6")),
            (Some(_), Some(_)) => updates!("AND document = $7 AND kind = $4 AND target IN ", names_of!("$6")),
        };
        values.extend(target.into_iter().chain(document).map(Value::from));
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
        // Why the condition that each index was made with: SQLite takes it for no other.
        let statements = [
            "SELECT id, outcome, measured FROM updates WHERE target = $1 AND kind = $2 AND document = $3 \
             AND version_before = $4 AND version_before <> '' ORDER BY id DESC LIMIT 8",
            "SELECT id, outcome, measured FROM updates WHERE target = $1 AND kind = $2 AND document = $3 \
             AND version_after = $4 AND version_after <> '' ORDER BY id DESC LIMIT 8",
        ];
        let mut rows = Vec::new();
        for name in targets::names(&self.store, &document.target).await?.all {
            let values = [
                name.as_str().into(),
                document.kind.as_str().into(),
                document.id.as_str().into(),
                version.as_str().into(),
            ];
            for sql in statements {
                rows.extend(self.store.read(sql, &values).await?);
            }
        }
        newest_first(&mut rows, usize::MAX)?;
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

    async fn newest_bases(&self, document: &DocumentRef) -> Result<Vec<NewestBase>, LedgerError> {
        self.bases_by_member(document).await
    }

    async fn base_hashes(&self, target: &str, kind: &str) -> Result<Vec<BaseHash>, LedgerError> {
        self.hashes_of_bases(target, kind).await
    }

    async fn base_content(&self, hash: &str) -> Result<Option<Document>, LedgerError> {
        self.content_with_hash(hash).await
    }

    async fn known_references(&self, target: &str) -> Result<BTreeSet<KnownReference>, LedgerError> {
        self.references_of_bases(target).await
    }

    async fn applied_after(&self, document: &DocumentRef, after: After) -> Result<Vec<Entry>, LedgerError> {
        let mut found = self.newest_applied(document, after).await?;
        found.sort_by_key(|entry: &Entry| std::cmp::Reverse(entry.id));
        Ok(found)
    }

    async fn replacements(&self, document: &DocumentRef, limit: usize) -> Result<Vec<Replacement>, LedgerError> {
        self.replaced(document, limit).await
    }
}

/// Sorts rows by their first column, the newest first, each once, and keeps so many.
fn newest_first(rows: &mut Vec<AnyRow>, limit: usize) -> Result<(), LedgerError> {
    let mut numbered = Vec::new();
    for row in std::mem::take(rows) {
        numbered.push((number(&row, 0).map_err(|error| corrupt(&error))?, row));
    }
    numbered.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    numbered.dedup_by_key(|(id, _)| *id);
    rows.extend(numbered.into_iter().map(|(_, row)| row).take(limit));
    Ok(())
}

impl SqlLedger {
    /// The newest updates of all documents of a target: under each of its names they lie in their order.
    async fn newest_of_target(
        &self,
        target: &str,
        values: &[Value<'_>],
        limit: usize,
    ) -> Result<Vec<Entry>, LedgerError> {
        let names = targets::names(&self.store, target).await?.all;
        let mut rows = Vec::new();
        for name in &names {
            let mut values = values.to_vec();
            values.push(name.as_str().into());
            rows.extend(self.store.read(updates!("AND target = $6"), &values).await?);
        }
        if names.len() > 1 {
            newest_first(&mut rows, limit)?;
        }
        entries(&self.store, &rows).await
    }

    /// The updates of a document, by their outcomes: the newest come first, and times follow the order of entries but for
    /// clocks that differ.
    async fn newest_applied(&self, document: &DocumentRef, after: After) -> Result<Vec<Entry>, LedgerError> {
        let sql = concat!(
            "SELECT id, outcome, measured FROM updates WHERE kind = $2 AND document = $3 AND outcome > $4 AND outcome < $5 \
             AND outcome_kind IN ('applied', 'overwritten') AND target IN ",
            names_of!("$1"),
            " ORDER BY outcome DESC LIMIT 64"
        );
        let from = match after {
            After::Entry(id) => signed(id.0),
            After::Time(_) => 0,
        };
        let (mut before, mut found) = (i64::MAX, Vec::new());
        loop {
            let values = [
                document.target.as_str().into(),
                document.kind.as_str().into(),
                document.id.as_str().into(),
                from.into(),
                before.into(),
            ];
            let rows = self.store.read(sql, &values).await?;
            let Some(last) = rows.last() else { return Ok(found) };
            before = number(last, 1).map_err(|error| corrupt(&error))?;
            let mut is_done = true;
            for (entry, row) in entries(&self.store, &rows).await?.into_iter().zip(&rows) {
                let outcome = number(row, 1).map_err(|error| corrupt(&error))?;
                let at = entry.outcome.as_ref().map(|outcome| outcome.at);
                if at.is_some_and(|at| after.includes(EntryId(unsigned(outcome)), at)) {
                    found.push(entry);
                    is_done = false;
                }
            }
            if is_done {
                return Ok(found);
            }
        }
    }

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
