//! Settling what is not known: intents without an outcome, and outcomes that were unknown.

use std::sync::Arc;
use std::time::Duration;

use domain::protocol::Confirmation;
use domain::{Failure, Kind};
use ports::{Clock, Entry, Ledger, LedgerFailure, RuleRepository, Settlement};

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
            let Some(id) = id(&entry.intent.document) else {
                continue;
            };
            let finding = self.look(&entry, &id).await;
            let settlement = match &finding {
                Finding::Applied => Some(Settlement::Applied {
                    version: None,
                    by: Confirmation::Read,
                }),
                Finding::NotApplied => Some(Settlement::NotApplied),
                Finding::TooYoung | Finding::Leased | Finding::Moved | Finding::Unreadable(_) => None,
            };
            if let Some(settlement) = settlement {
                self.ledger.settle(entry.id, settlement).await?;
            }
            all.push(Reconciled { entry, finding });
        }
        Ok(all)
    }

    async fn look(&self, entry: &Entry, id: &K::Id) -> Finding {
        let now = self.clock.now();
        if now < entry.intent.leased_until {
            return Finding::Leased;
        }
        let stored = match self.repository.get(id).await {
            Ok(answer) => answer.content,
            Err(failure) => return Finding::Unreadable(failure),
        };
        if stored.value.lacks(&K::read_back(&entry.intent.change)).is_empty() {
            return Finding::Applied;
        }
        if stored.version.as_ref() != Some(&entry.intent.version) {
            return Finding::Moved;
        }
        // Why: the lease, because the last try may have been sent long after the intent was recorded.
        let age_of_last_try = now.duration_since(entry.intent.leased_until).unwrap_or_default();
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
    async fn found(puts: &[&str], minutes: u64) -> (Finding, Vec<Option<Settlement>>) {
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
            version: "1".parse().unwrap(),
            base: base.document().clone(),
            ours: change.apply(&base).unwrap().document().clone(),
            change: Draft::from(&change).document().clone(),
            overwrites: Vec::new(),
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
            clock: Arc::new(time),
        };
        let mut all = reconciler.reconcile(|id| id.parse().ok()).await.unwrap();
        (all.pop().unwrap().finding, ledger.settlements())
    }

    #[tokio::test]
    async fn what_can_be_known_is_settled_and_nothing_else() {
        let applied = r#"{"id":"r1","ruleType":"conversation","enabled":false,"name":"new"}"#;
        let other = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"other"}"#;
        let by_read = Some(Settlement::Applied {
            version: None,
            by: Confirmation::Read,
        });
        for (puts, minutes, finding, settlement) in [
            (&[applied][..], 5, Finding::Applied, by_read),
            (&[], 19, Finding::NotApplied, Some(Settlement::NotApplied)),
            (&[], 17, Finding::TooYoung, None),
            (&[], 5, Finding::TooYoung, None),
            (&[], 1, Finding::Leased, None),
            (&[other], 60, Finding::Moved, None),
            (&[applied, other], 60, Finding::Moved, None),
        ] {
            assert_eq!(
                found(puts, minutes).await,
                (finding, vec![settlement]),
                "{puts:?} {minutes}"
            );
        }
    }
}
