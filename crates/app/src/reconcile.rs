//! Settling what is not known: intents without an outcome, and outcomes that were unknown.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use domain::{Failure, Kind};
use ports::{
    Author, Clock, DocumentStore, Ending, Entry, EntryId, IntentRecord, Ledger, LedgerError, OutcomeRecord, Proof,
    Recorded,
};

/// After this long no write is under way any more, on any network.
pub const MAX_WRITE_IN_FLIGHT: Duration = Duration::from_mins(15);

/// Settles entries of one target.
pub struct Reconciler<K: Kind> {
    /// Where the documents are.
    pub repository: Arc<dyn DocumentStore<K>>,
    /// Where it is recorded.
    pub ledger: Arc<dyn Ledger>,
    /// The target whose entries are settled.
    pub target: String,
    /// Who settles them, as it is recorded.
    pub author: Author,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// What became of one entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconciled {
    /// The entry.
    pub entry: Entry,
    /// What is known of it now.
    pub finding: Settlement,
    /// Where that is recorded, if it settled it.
    pub recorded: Option<Recorded>,
    /// How it is known, if it settled it.
    pub proof: Option<Proof>,
}

/// What is known of an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    /// Ours is in the document: it was applied.
    Applied,
    /// The version is the one that was written under, and the lease ended so long ago that no write of it can be
    /// under way: it was not applied.
    NotApplied,
    /// The version is the one that was written under, but the write may still arrive.
    Inconclusive,
    /// Whoever made the entry may still be at work on it.
    Leased,
    /// Somebody changed the document since, and ours is not in it: what became of it cannot be known. A person
    /// closes the entry.
    Moved,
    /// The document cannot be read.
    Unreadable(Failure),
}

impl<K: Kind> Reconciler<K> {
    /// Looks at every entry whose outcome is not known, and settles those that can be. Once the platform cannot be
    /// reached, the rest is not tried.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read or written.
    pub async fn reconcile(&self, id: impl Fn(&str) -> Option<K::Id>) -> Result<Vec<Reconciled>, LedgerError> {
        let mut all = Vec::new();
        let mut unreachable: Option<Failure> = None;
        for entry in self.ledger.unsettled(&self.target).await? {
            let Some((intent, id)) = entry
                .intent
                .as_ref()
                .and_then(|intent| Some((intent, id(&intent.document)?)))
            else {
                continue;
            };
            let finding = match &unreachable {
                Some(failure) => Settlement::Unreadable(failure.clone()),
                None => self.look(&entry, intent, &id).await?,
            };
            if let Settlement::Unreadable(failure) = &finding
                && failure.is_retryable()
            {
                unreachable = Some(failure.clone());
            }
            let settled = match &finding {
                Settlement::Applied => Some((Ending::Applied, Proof::Read)),
                Settlement::NotApplied => Some((Ending::NotApplied, Proof::Age)),
                Settlement::Inconclusive | Settlement::Leased | Settlement::Moved | Settlement::Unreadable(_) => None,
            };
            let recorded = match settled {
                Some((ending, proof)) => match self.settle(&entry, intent, ending, proof).await {
                    // Somebody else has, by now.
                    Err(LedgerError::Settled(_)) => continue,
                    recorded => Some(recorded?),
                },
                None => None,
            };
            all.push(Reconciled {
                entry,
                finding,
                recorded,
                proof: settled.map(|(_, proof)| proof),
            });
        }
        Ok(all)
    }

    /// Closes an entry by a person's word: `applied` or `not applied`.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoEntry`] if no such entry is open; otherwise if the ledger cannot be read or written.
    pub async fn close(&self, id: EntryId, ending: Ending) -> Result<Reconciled, LedgerError> {
        let open = self.ledger.unsettled(&self.target).await?;
        let entry = open.into_iter().find(|entry| entry.id == id);
        let Some((entry, intent)) = entry.and_then(|entry| {
            let intent = entry.intent.clone()?;
            Some((entry, intent))
        }) else {
            return Err(LedgerError::NoEntry(id));
        };
        let recorded = self.settle(&entry, &intent, ending, Proof::Person).await?;
        let finding = if ending == Ending::Applied {
            Settlement::Applied
        } else {
            Settlement::NotApplied
        };
        Ok(Reconciled {
            entry,
            finding,
            recorded: Some(recorded),
            proof: Some(Proof::Person),
        })
    }

    async fn settle(
        &self,
        entry: &Entry,
        intent: &IntentRecord,
        ending: Ending,
        proof: Proof,
    ) -> Result<Recorded, LedgerError> {
        let outcome = OutcomeRecord {
            target: intent.target.clone(),
            document: intent.document.clone(),
            author: self.author.clone(),
            intent: Some(entry.id),
            ending,
            proof: Some(proof),
            version_before: Some(intent.version.clone()),
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
        let no_try_after = entry.outcome.as_ref().map_or(intent.leased_until, |outcome| outcome.at);
        if now < no_try_after && !self.ledger.is_abandoned(entry.id, &self.author).await? {
            return Ok(Settlement::Leased);
        }
        let stored = match self.repository.get(id).await {
            Ok(answer) => answer.content,
            Err(failure) => return Ok(Settlement::Unreadable(failure)),
        };
        if is_in::<K>(intent, &stored.value) {
            return Ok(Settlement::Applied);
        }
        if stored.version.as_ref() != Some(&intent.version) {
            return Ok(Settlement::Moved);
        }
        let age_of_last_try = now.duration_since(no_try_after).unwrap_or_default();
        Ok(if age_of_last_try > MAX_WRITE_IN_FLIGHT {
            Settlement::NotApplied
        } else {
            Settlement::Inconclusive
        })
    }
}

/// Whether what was about to be written is in the document. What was in the base already proves nothing (a change may
/// take away what stands deep inside an element): then only the very document that was written does.
fn is_in<K: Kind>(intent: &IntentRecord, stored: &K) -> bool {
    let change = K::read_back(&intent.change);
    let base = K::of_document(intent.base.clone());
    let was_in_the_base = base.is_none_or(|base| base.lacks(&change).is_empty());
    if was_in_the_base {
        K::of_document(intent.ours.clone()).is_some_and(|ours| ours.diff(stored).is_empty())
    } else {
        stored.lacks(&change).is_empty()
    }
}
