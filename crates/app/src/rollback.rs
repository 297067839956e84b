//! Rollback: finds in the record the patch that undoes what was applied, for the document as it is now.

use domain::document::{AppliedChange, Revert, revert};
use domain::json::{Document, TextError};
use domain::protocol::UpdateRequest;
use domain::{DocumentKind, Evidence, OutcomeKind};
use ports::{DocumentRef, Entry, EntryId, History, HistoryQuery, LedgerError};

/// The number of entries that are read at a time.
const PAGE: usize = 100;

/// To what a document is brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollbackTo {
    /// To how it was before the last applied entry.
    PreviousEntry,
    /// To how it was after this entry.
    Entry(EntryId),
}

/// A rollback: the request that undoes entries.
#[derive(Clone, Debug)]
pub struct Rollback<K: DocumentKind> {
    /// The request for an update.
    pub request: UpdateRequest<K>,
    /// The entries that it undoes, newest first.
    pub undoes: Vec<EntryId>,
    /// Those of them that only a read confirmed, newest first: another person may have made the identical change.
    pub confirmed_by_read: Vec<EntryId>,
}

/// Nothing can be undone.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// The record has no applied change of the document.
    #[error("the ledger has no applied change of it")]
    NothingApplied,
    /// The entry is none, or another document's, or was not applied.
    #[error("the entry {0} is no applied change of it")]
    NoSuchEntry(EntryId),
    /// The entry is the last one: nothing was done since.
    #[error("the ledger has no applied change of it after the entry {0}")]
    NothingSince(EntryId),
    /// The recorded content is not a document of this kind, or the document would be too large.
    #[error("what the entry {entry} recorded cannot be brought back")]
    Unfit {
        /// The entry.
        entry: EntryId,
        /// Why, where the text is at fault.
        source: Option<TextError>,
    },
    /// The record cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Finds what brings a document of a target back. It touches only what the undone entries touched.
///
/// # Errors
///
/// If there is nothing to undo, or the record cannot be read.
pub async fn rollback<K: DocumentKind>(
    history: &dyn History,
    document: &DocumentRef,
    back: RollbackTo,
) -> Result<Rollback<K>, RollbackError> {
    let book = DocumentHistory { history, document };
    let (goal, undone) = match back {
        RollbackTo::PreviousEntry => {
            let last = book.applied(None, 1).await?.pop();
            let last = last.ok_or(RollbackError::NothingApplied)?;
            (before(&last)?, vec![last])
        }
        RollbackTo::Entry(entry) => {
            let kept = book.applied_entry(entry).await?;
            let since = book.applied_since(kept.id).await?;
            (after(&kept)?, since)
        }
    };
    match (way_back(&goal, &undone)?, back) {
        (Some(rollback), _) => Ok(rollback),
        (None, RollbackTo::Entry(entry)) => Err(RollbackError::NothingSince(entry)),
        (None, RollbackTo::PreviousEntry) => Err(RollbackError::NothingApplied),
    }
}

/// The request that undoes entries of one document, newest first, and brings what they touched back to a goal. None
/// without an entry.
fn way_back<K: DocumentKind>(goal: &K, undone: &[Entry]) -> Result<Option<Rollback<K>>, RollbackError> {
    let steps: Result<Vec<AppliedChange<K>>, RollbackError> = undone
        .iter()
        .rev()
        .map(|entry| {
            Ok(AppliedChange {
                before: before(entry)?,
                after: after(entry)?,
            })
        })
        .collect();
    let newest = undone.first().map_or(EntryId(0), |entry| entry.id);
    let unfit = |source| RollbackError::Unfit {
        entry: newest,
        source: Some(source),
    };
    let reverted = revert(goal, &steps?).map_err(unfit)?;
    Ok(reverted.map(|Revert { patch, base }| Rollback {
        request: UpdateRequest::Patch { patch, base },
        undoes: undone.iter().map(|entry| entry.id).collect(),
        confirmed_by_read: undone
            .iter()
            .filter(|entry| is_confirmed_by_read(entry))
            .map(|entry| entry.id)
            .collect(),
    }))
}

/// The request that undoes entries of one document, newest first: what they touched is as it was before the oldest.
pub(crate) fn undo_all<K: DocumentKind>(undone: &[Entry]) -> Result<Option<Rollback<K>>, RollbackError> {
    match undone.last() {
        Some(oldest) => way_back(&before(oldest)?, undone),
        None => Ok(None),
    }
}

/// The record of one document.
struct DocumentHistory<'a> {
    history: &'a dyn History,
    document: &'a DocumentRef,
}

impl DocumentHistory<'_> {
    /// Applied entries, newest first.
    async fn applied(&self, earlier_than: Option<EntryId>, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        let query = HistoryQuery {
            target: Some(self.document.target.clone()),
            kind: Some(self.document.kind.clone()),
            document: Some(self.document.id.clone()),
            outcome: Some(OutcomeKind::Applied),
            before: earlier_than,
            since: None,
            limit,
        };
        self.history.entries(&query).await
    }

    /// An entry that must be an applied one of this document.
    async fn applied_entry(&self, id: EntryId) -> Result<Entry, RollbackError> {
        let found = self.history.entry(id).await?.filter(|entry| {
            let is_applied = entry.outcome_kind() == Some(OutcomeKind::Applied);
            is_applied && entry.intent.is_some() && entry.document() == Some(self.document)
        });
        found.ok_or(RollbackError::NoSuchEntry(id))
    }

    /// The applied entries after this one, newest first.
    async fn applied_since(&self, id: EntryId) -> Result<Vec<Entry>, LedgerError> {
        let mut since: Vec<Entry> = Vec::new();
        loop {
            let page = self.applied(since.last().map(|entry| entry.id), PAGE).await?;
            let newer: Vec<Entry> = page.into_iter().take_while(|entry| entry.id > id).collect();
            let is_whole = newer.len() == PAGE;
            since.extend(newer);
            if !is_whole {
                return Ok(since);
            }
        }
    }
}

fn is_confirmed_by_read(entry: &Entry) -> bool {
    let outcome = entry.outcome.as_ref();
    outcome.is_some_and(|outcome| outcome.evidence == Some(Evidence::Read))
}

fn before<K: DocumentKind>(entry: &Entry) -> Result<K, RollbackError> {
    document(entry, entry.intent.as_ref().map(|intent| &intent.base))
}

fn after<K: DocumentKind>(entry: &Entry) -> Result<K, RollbackError> {
    document(entry, entry.after())
}

fn document<K: DocumentKind>(entry: &Entry, document: Option<&Document>) -> Result<K, RollbackError> {
    let unfit = || RollbackError::Unfit {
        entry: entry.id,
        source: None,
    };
    document
        .and_then(|document| K::from_document(document.clone()).ok())
        .ok_or_else(unfit)
}

#[cfg(test)]
mod tests;
