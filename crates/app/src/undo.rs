//! The way back of all that one run or one plan changed.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use domain::{DocumentKind, OutcomeKind};
use ports::{Entry, History, HistoryQuery, LedgerError};

use crate::planner::PlanRequest;
use crate::rollback::{RollbackError, undo_all};

/// The number of entries that are read at a time.
const PAGE: usize = 500;

/// The way back of a run or a plan.
#[derive(Clone)]
pub struct Undo<K: DocumentKind> {
    /// The request for each document that it changed, in the order of their ids. What others changed since stays.
    pub requests: Vec<PlanRequest<K>>,
    /// True if the id was a plan's.
    pub is_plan: bool,
}

/// Nothing can be undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// The record has no applied change of it.
    #[error("the ledger has no applied change of a run or a plan with this id")]
    NothingApplied,
    /// A recorded document cannot be brought back.
    #[error(transparent)]
    Rollback(#[from] RollbackError),
    /// The record cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Finds the way back of all that a run or a plan applied to documents of a target.
///
/// # Errors
///
/// If it applied nothing, or the record cannot be read.
pub async fn undo<K: DocumentKind>(history: &dyn History, target: &str, id: &str) -> Result<Undo<K>, UndoError> {
    let mut of_documents: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let (mut is_plan, mut before) = (false, None);
    loop {
        let query = HistoryQuery {
            target: Some(target.to_owned()),
            kind: Some(K::NAME.to_string()),
            outcome: Some(OutcomeKind::Applied),
            before,
            limit: PAGE,
            ..HistoryQuery::default()
        };
        let entries = history.entries(&query).await?;
        before = entries.last().map(|entry| entry.id);
        let is_last = entries.len() < PAGE;
        for entry in entries {
            let Some(intent) = &entry.intent else { continue };
            let is_of_plan = intent.author.plan_id.as_deref() == Some(id);
            if is_of_plan || intent.author.run == id {
                is_plan |= is_of_plan;
                of_documents.entry(intent.document.id.clone()).or_default().push(entry);
            }
        }
        if is_last {
            break;
        }
    }
    let mut requests = Vec::new();
    for (id, undone) in of_documents {
        if let (Ok(id), Some(rollback)) = (K::Id::from_str(&id), undo_all::<K>(&undone)?) {
            let request = rollback.request;
            let request = Arc::new(move || request.clone());
            requests.push(PlanRequest { id, request });
        }
    }
    if requests.is_empty() {
        return Err(UndoError::NothingApplied);
    }
    Ok(Undo { requests, is_plan })
}
