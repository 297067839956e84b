//! Settling what is not known: intents without an outcome, and outcomes that were unknown.

#[cfg(test)]
mod tests;

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::{DocumentKind, Evidence, OpenWrite, OutcomeKind, Patch, RequestError, Settlement, settle};
use ports::{Author, Clock, DocumentStore, Entry, EntryId, IntentRecord, Ledger, LedgerError, OutcomeRecord, Recorded};

/// Settles entries of one target and kind.
pub struct Reconciler<K: DocumentKind> {
    /// The store of the documents.
    pub store: Arc<dyn DocumentStore<K>>,
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// The target whose entries are settled.
    pub target: String,
    /// The author of the settlements, as they are recorded.
    pub author: Author,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// An entry, and what is known of it now.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconciled {
    /// The entry.
    pub entry: Entry,
    /// The settlement.
    pub settlement: Settlement,
    /// The place of that in the ledger, if it settled the entry.
    pub recorded: Option<Recorded>,
    /// The evidence, if it settled the entry.
    pub evidence: Option<Evidence>,
}

impl<K: DocumentKind> Reconciler<K> {
    /// Looks at every entry whose outcome is not known, and settles those that can be. Once the platform cannot be
    /// reached, the rest is not tried.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read or written.
    pub async fn reconcile(&self) -> Result<Vec<Reconciled>, LedgerError> {
        let mut all = Vec::new();
        let mut unreachable: Option<RequestError> = None;
        for entry in self.ledger.unsettled(&self.target, K::NAME.as_str()).await? {
            let Some(intent) = entry.intent.as_ref() else { continue };
            let Ok(id) = K::Id::from_str(&intent.document.id) else {
                continue;
            };
            let settlement = match &unreachable {
                Some(failure) => Settlement::Unreadable(failure.clone()),
                None => self.look(&entry, intent, &id).await?,
            };
            if let Settlement::Unreadable(failure) = &settlement
                && failure.is_retryable()
            {
                unreachable = Some(failure.clone());
            }
            let settled = settlement.outcome();
            let recorded = match settled {
                Some((kind, evidence)) => match self.settle(&entry, intent, kind, evidence).await {
                    // Another run has, by now.
                    Err(LedgerError::Settled(_)) => continue,
                    recorded => Some(recorded?),
                },
                None => None,
            };
            all.push(Reconciled {
                entry,
                settlement,
                recorded,
                evidence: settled.map(|(_, evidence)| evidence),
            });
        }
        Ok(all)
    }

    /// Closes an entry by a person's word.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoEntry`] if no such entry is open; otherwise if the ledger cannot be read or written.
    pub async fn close(&self, id: EntryId, word: PersonsWord) -> Result<Reconciled, LedgerError> {
        let open = self.ledger.unsettled(&self.target, K::NAME.as_str()).await?;
        let entry = open.into_iter().find(|entry| entry.id == id);
        let Some((entry, intent)) = entry.and_then(|entry| {
            let intent = entry.intent.clone()?;
            Some((entry, intent))
        }) else {
            return Err(LedgerError::NoEntry(id));
        };
        let (kind, settlement) = match word {
            PersonsWord::Applied => (OutcomeKind::Applied, Settlement::Applied),
            PersonsWord::NotApplied => (OutcomeKind::NotApplied, Settlement::NotApplied),
        };
        let recorded = self.settle(&entry, &intent, kind, Evidence::Person).await?;
        Ok(Reconciled {
            entry,
            settlement,
            recorded: Some(recorded),
            evidence: Some(Evidence::Person),
        })
    }

    async fn settle(
        &self,
        entry: &Entry,
        intent: &IntentRecord,
        kind: OutcomeKind,
        evidence: Evidence,
    ) -> Result<Recorded, LedgerError> {
        let outcome = OutcomeRecord {
            document: intent.document.clone(),
            author: self.author.clone(),
            intent: Some(entry.id),
            kind,
            evidence: Some(evidence),
            version_before: intent.version.clone(),
            version_after: None,
            after: None,
            attempts: 0,
            requests: 0,
            retries: 0,
            merges: 0,
            waited: Duration::ZERO,
            latency: None,
            correlation_id: None,
            error: None,
            at: self.clock.now(),
        };
        self.ledger.conclude(outcome).await
    }

    async fn look(&self, entry: &Entry, intent: &IntentRecord, id: &K::Id) -> Result<Settlement, LedgerError> {
        let now = self.clock.now();
        // Why: without an outcome, the last try may have been sent long after the intent was recorded.
        let last_send = entry.outcome.as_ref().map_or(intent.leased_until, |outcome| outcome.at);
        let is_leased = entry.outcome.is_none() && intent.lease().holds_at(now);
        if is_leased && !self.ledger.is_abandoned(entry.id, &self.author).await? {
            return Ok(Settlement::Leased);
        }
        let read = self.store.get(id).await;
        let theirs = match &read {
            Ok(answer) => answer.metadata.date,
            Err(failure) => failure.metadata.date,
        };
        let read = read.map(|answer| answer.content);
        let write = OpenWrite {
            base: K::from_document(intent.base.clone()).ok(),
            version: intent.version.clone(),
            patch: Patch::from_document(&intent.change),
            written: K::from_document(intent.ours.clone()).ok(),
        };
        // Why both clocks: one that was set forward since makes a write of this moment look old.
        let since = |now: SystemTime| now.duration_since(last_send).unwrap_or_default();
        let since_last_send = theirs.map_or(since(now), |theirs| since(now).min(since(theirs)));
        Ok(settle(&write, read.as_ref().map_err(Clone::clone), since_last_send))
    }
}

/// A person's word about an entry whose outcome is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonsWord {
    /// The update was applied.
    Applied,
    /// The update was not applied.
    NotApplied,
}
