//! Settling what is not known: intents without an outcome, and outcomes that were unknown.

use std::sync::Arc;
use std::time::Duration;

use domain::{Failure, Kind};
use ports::{
    Author, Clock, Ending, Entry, EntryId, IntentRecord, Ledger, LedgerFailure, OutcomeRecord, Proof, Recorded,
    RuleRepository,
};

/// After this long no write is under way any more, on any network.
pub const NO_WRITE_IS_OLDER: Duration = Duration::from_mins(15);

/// Settles entries of one target.
pub struct Reconciler<K: Kind> {
    /// Where the documents are.
    pub repository: Arc<dyn RuleRepository<K>>,
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
    pub finding: Finding,
    /// Where that is recorded, if it settled it.
    pub recorded: Option<Recorded>,
}

/// What is known of an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Ours is in the document: it was applied.
    Applied,
    /// The version is the one that was written under, and the lease ended so long ago that no write of it can be
    /// under way: it was not applied.
    NotApplied,
    /// The version is the one that was written under, but the write may still arrive.
    TooYoung,
    /// Whoever made the entry may still be at work on it.
    Leased,
    /// Somebody changed the document since, and ours is not in it: what became of it cannot be known. A person
    /// closes the entry.
    Moved,
    /// The document cannot be read.
    Unreadable(Failure),
}

impl<K: Kind> Reconciler<K> {
    /// Looks at every entry whose outcome is not known, and settles those that can be.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read or written.
    pub async fn reconcile(&self, id: impl Fn(&str) -> Option<K::Id>) -> Result<Vec<Reconciled>, LedgerFailure> {
        let mut all = Vec::new();
        for entry in self.ledger.unsettled(&self.target).await? {
            let Some((intent, id)) = entry
                .intent
                .as_ref()
                .and_then(|intent| Some((intent, id(&intent.document)?)))
            else {
                continue;
            };
            let finding = self.look(intent, &id).await;
            let settled = match &finding {
                Finding::Applied => Some((Ending::Applied, Proof::Read)),
                Finding::NotApplied => Some((Ending::NotApplied, Proof::Age)),
                Finding::TooYoung | Finding::Leased | Finding::Moved | Finding::Unreadable(_) => None,
            };
            let recorded = match settled {
                Some((ending, proof)) => Some(self.settle(&entry, intent, ending, proof).await?),
                None => None,
            };
            all.push(Reconciled {
                entry,
                finding,
                recorded,
            });
        }
        Ok(all)
    }

    /// Closes an entry by a person's word: `applied` or `not applied`.
    ///
    /// # Errors
    ///
    /// [`LedgerFailure::NoEntry`] if no such entry is open; otherwise if the ledger cannot be read or written.
    pub async fn close(&self, id: EntryId, ending: Ending) -> Result<Reconciled, LedgerFailure> {
        let open = self.ledger.unsettled(&self.target).await?;
        let entry = open.into_iter().find(|entry| entry.id == id);
        let Some((entry, intent)) = entry.and_then(|entry| {
            let intent = entry.intent.clone()?;
            Some((entry, intent))
        }) else {
            return Err(LedgerFailure::NoEntry(id));
        };
        let recorded = self.settle(&entry, &intent, ending, Proof::Person).await?;
        let finding = if ending == Ending::Applied {
            Finding::Applied
        } else {
            Finding::NotApplied
        };
        Ok(Reconciled {
            entry,
            finding,
            recorded: Some(recorded),
        })
    }

    async fn settle(
        &self,
        entry: &Entry,
        intent: &IntentRecord,
        ending: Ending,
        proof: Proof,
    ) -> Result<Recorded, LedgerFailure> {
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

    async fn look(&self, intent: &IntentRecord, id: &K::Id) -> Finding {
        let now = self.clock.now();
        if now < intent.leased_until {
            return Finding::Leased;
        }
        let stored = match self.repository.get(id).await {
            Ok(answer) => answer.content,
            Err(failure) => return Finding::Unreadable(failure),
        };
        if stored.value.lacks(&K::read_back(&intent.change)).is_empty() {
            return Finding::Applied;
        }
        if stored.version.as_ref() != Some(&intent.version) {
            return Finding::Moved;
        }
        // Why: the lease, because the last try may have been sent long after the intent was recorded.
        let age_of_last_try = now.duration_since(intent.leased_until).unwrap_or_default();
        if age_of_last_try > NO_WRITE_IS_OLDER {
            Finding::NotApplied
        } else {
            Finding::TooYoung
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Draft, RuleChange, RuleId, TriggerRule};
    use ports::testing::{InMemoryRepository, VirtualTime};
    use ports::{InMemoryLedger, IntentRecord};

    const RULE: &str = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"old"}"#;

    /// What is found of an intent to rename the rule, when the rule is now like this and so much time has passed.
    async fn found(puts: &[&str], minutes: u64) -> (Finding, Option<(Ending, Option<Proof>)>) {
        let id: RuleId = "r1".parse().unwrap();
        let repository = InMemoryRepository::default();
        repository.put(&id, RULE.parse().unwrap());
        let time = VirtualTime::default();
        let ledger = InMemoryLedger::default();
        let base: TriggerRule = RULE.parse().unwrap();
        let change = RuleChange::default().name("new").unwrap();
        let intent = IntentRecord {
            target: "t".to_owned(),
            document: "r1".to_owned(),
            author: Author::default(),
            follows: None,
            guard: "etag".to_owned(),
            version: "1".parse().unwrap(),
            base: base.document().clone(),
            ours: change.apply(&base).unwrap().document().clone(),
            change: Draft::from(&change).document().clone(),
            overwrites: Vec::new(),
            merges: 0,
            at: time.now(),
            leased_until: time.now() + Duration::from_mins(3),
        };
        ledger.intend(intent).await.unwrap();
        for text in puts {
            repository.put(&id, text.parse().unwrap());
        }
        time.advance(Duration::from_mins(minutes));
        let ledger = Arc::new(ledger);
        let reconciler = Reconciler::<TriggerRule> {
            repository: Arc::new(repository),
            ledger: ledger.clone(),
            target: "t".to_owned(),
            author: Author::default(),
            clock: Arc::new(time),
        };
        let mut all = reconciler.reconcile(|id| id.parse().ok()).await.unwrap();
        let outcome = ledger.all().pop().unwrap().outcome;
        (
            all.pop().unwrap().finding,
            outcome.map(|outcome| (outcome.ending, outcome.proof)),
        )
    }

    #[tokio::test]
    async fn what_can_be_known_is_settled_and_nothing_else() {
        let applied = r#"{"id":"r1","ruleType":"conversation","enabled":false,"name":"new"}"#;
        let other = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"other"}"#;
        let by_read = Some((Ending::Applied, Some(Proof::Read)));
        let by_age = Some((Ending::NotApplied, Some(Proof::Age)));
        for (puts, minutes, finding, settlement) in [
            (&[applied][..], 5, Finding::Applied, by_read),
            (&[], 19, Finding::NotApplied, by_age),
            (&[], 17, Finding::TooYoung, None),
            (&[], 5, Finding::TooYoung, None),
            (&[], 1, Finding::Leased, None),
            (&[other], 60, Finding::Moved, None),
            (&[applied, other], 60, Finding::Moved, None),
        ] {
            assert_eq!(found(puts, minutes).await, (finding, settlement), "{puts:?} {minutes}");
        }
    }
}
