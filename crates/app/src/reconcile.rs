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
    /// How it is known, if it settled it.
    pub proof: Option<Proof>,
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
    /// Looks at every entry whose outcome is not known, and settles those that can be. Once the platform cannot be
    /// reached, the rest is not tried.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read or written.
    pub async fn reconcile(&self, id: impl Fn(&str) -> Option<K::Id>) -> Result<Vec<Reconciled>, LedgerFailure> {
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
                Some(failure) => Finding::Unreadable(failure.clone()),
                None => self.look(&entry, intent, &id).await?,
            };
            if let Finding::Unreadable(failure) = &finding
                && failure.is_retryable()
            {
                unreachable = Some(failure.clone());
            }
            let settled = match &finding {
                Finding::Applied => Some((Ending::Applied, Proof::Read)),
                Finding::NotApplied => Some((Ending::NotApplied, Proof::Age)),
                Finding::TooYoung | Finding::Leased | Finding::Moved | Finding::Unreadable(_) => None,
            };
            let recorded = match settled {
                Some((ending, proof)) => match self.settle(&entry, intent, ending, proof).await {
                    // Somebody else has, by now.
                    Err(LedgerFailure::Settled(_)) => continue,
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
            proof: Some(Proof::Person),
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

    async fn look(&self, entry: &Entry, intent: &IntentRecord, id: &K::Id) -> Result<Finding, LedgerFailure> {
        let now = self.clock.now();
        // Why: without an outcome, the last try may have been sent long after the intent was recorded.
        let no_try_after = entry.outcome.as_ref().map_or(intent.leased_until, |outcome| outcome.at);
        if now < no_try_after && !self.ledger.is_abandoned(entry.id, &self.author).await? {
            return Ok(Finding::Leased);
        }
        let stored = match self.repository.get(id).await {
            Ok(answer) => answer.content,
            Err(failure) => return Ok(Finding::Unreadable(failure)),
        };
        if is_in::<K>(intent, &stored.value) {
            return Ok(Finding::Applied);
        }
        if stored.version.as_ref() != Some(&intent.version) {
            return Ok(Finding::Moved);
        }
        let age_of_last_try = now.duration_since(no_try_after).unwrap_or_default();
        Ok(if age_of_last_try > NO_WRITE_IS_OLDER {
            Finding::NotApplied
        } else {
            Finding::TooYoung
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

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{RuleChange, RuleId, TriggerRule};
    use ports::testing::{InMemoryRepository, VirtualTime};
    use ports::{InMemoryLedger, IntentRecord};

    const RULE: &str = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"old",
        "actions":[{"type":"webhook","x":{"a":1,"b":2}}]}"#;

    /// A rule, and an intent for it that was recorded at its start and leased for three minutes.
    struct Desk {
        id: RuleId,
        repository: Arc<InMemoryRepository>,
        ledger: Arc<InMemoryLedger>,
        time: VirtualTime,
        intent: IntentRecord,
    }

    impl Desk {
        async fn of(change: &RuleChange) -> Self {
            let id: RuleId = "r1".parse().unwrap();
            let repository = InMemoryRepository::default();
            repository.put(&id, RULE.parse().unwrap());
            let time = VirtualTime::default();
            let base: TriggerRule = RULE.parse().unwrap();
            let intent = IntentRecord {
                target: "t".to_owned(),
                document: "r1".to_owned(),
                author: Author::default(),
                follows: None,
                guard: "etag".to_owned(),
                version: "1".parse().unwrap(),
                base: base.document().clone(),
                ours: change.apply(&base).unwrap().document().clone(),
                change: TriggerRule::write_down(change),
                overwrites: Vec::new(),
                merges: 0,
                at: time.now(),
                leased_until: time.now() + Duration::from_mins(3),
            };
            let ledger = InMemoryLedger::default();
            ledger.intend(intent.clone()).await.unwrap();
            Self {
                id,
                repository: Arc::new(repository),
                ledger: Arc::new(ledger),
                time,
                intent,
            }
        }

        fn put(&self, texts: &[&str]) {
            for text in texts {
                self.repository.put(&self.id, text.parse().unwrap());
            }
        }

        /// What is found now, and what the ledger says of it.
        async fn found(&self) -> (Finding, Option<(Ending, Option<Proof>)>) {
            let reconciler = self.reconciler();
            let mut all = reconciler.reconcile(|id| id.parse().ok()).await.unwrap();
            let outcome = self.ledger.all().pop().unwrap().outcome;
            (
                all.pop().unwrap().finding,
                outcome.map(|outcome| (outcome.ending, outcome.proof)),
            )
        }

        fn reconciler(&self) -> Reconciler<TriggerRule> {
            Reconciler {
                repository: self.repository.clone(),
                ledger: self.ledger.clone(),
                target: "t".to_owned(),
                author: Author::default(),
                clock: Arc::new(self.time.clone()),
            }
        }
    }

    fn renamed() -> RuleChange {
        RuleChange::default().name("new").unwrap()
    }

    const BY_AGE: Option<(Ending, Option<Proof>)> = Some((Ending::NotApplied, Some(Proof::Age)));

    #[tokio::test]
    async fn what_can_be_known_is_settled_and_nothing_else() {
        let applied = r#"{"id":"r1","ruleType":"conversation","enabled":false,"name":"new"}"#;
        let other = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"other"}"#;
        let by_read = Some((Ending::Applied, Some(Proof::Read)));
        for (puts, minutes, finding, settlement) in [
            (&[applied][..], 5, Finding::Applied, by_read),
            (&[], 19, Finding::NotApplied, BY_AGE),
            (&[], 17, Finding::TooYoung, None),
            (&[], 5, Finding::TooYoung, None),
            (&[], 1, Finding::Leased, None),
            (&[other], 60, Finding::Moved, None),
            (&[applied, other], 60, Finding::Moved, None),
        ] {
            let desk = Desk::of(&renamed()).await;
            desk.put(puts);
            desk.time.advance(Duration::from_mins(minutes));
            assert_eq!(desk.found().await, (finding, settlement), "{puts:?} {minutes}");
        }
    }

    #[tokio::test]
    async fn nobody_is_at_work_on_what_ended_unknown_and_its_age_counts_from_there() {
        let unknown = Some((Ending::Unknown, None));
        for (minutes, finding, settlement) in [
            (1, Finding::TooYoung, unknown),
            (14, Finding::TooYoung, unknown),
            (16, Finding::NotApplied, BY_AGE),
        ] {
            let desk = Desk::of(&renamed()).await;
            let entry = desk.ledger.all().pop().unwrap();
            let reconciler = desk.reconciler();
            let settled = reconciler
                .settle(&entry, &desk.intent, Ending::Unknown, Proof::Read)
                .await;
            assert!(settled.is_ok());
            desk.time.advance(Duration::from_mins(minutes));
            let (found, known) = desk.found().await;
            assert_eq!(
                (found, known.map(|(ending, _)| ending)),
                (finding, settlement.map(|(ending, _)| ending))
            );
        }
    }

    #[tokio::test]
    async fn what_was_in_the_base_already_proves_nothing() {
        let actions = r#"[{"type":"webhook","x":{"a":1}}]"#;
        let mut change = RuleChange::default();
        change.set(domain::Field::Actions, actions.parse().unwrap());
        let desk = Desk::of(&change).await;
        desk.time.advance(Duration::from_mins(5));
        assert_eq!(desk.found().await.0, Finding::TooYoung);
        let applied =
            format!(r#"{{"id":"r1","ruleType":"conversation","enabled":true,"name":"old","actions":{actions}}}"#);
        desk.put(&[&applied]);
        assert_eq!(desk.found().await.0, Finding::Applied);
    }

    #[tokio::test]
    async fn once_the_platform_cannot_be_reached_the_rest_is_not_tried() {
        let desk = Desk::of(&renamed()).await;
        let mut second = desk.intent.clone();
        second.document = "r2".to_owned();
        desk.ledger.intend(second).await.unwrap();
        desk.time.advance(Duration::from_mins(5));
        let mut mock = ports::MockRuleRepository::<TriggerRule>::new();
        let gone = || Failure::new(domain::FailureClass::NotSent, "no route");
        mock.expect_get().times(1).returning(move |_| Err(gone()));
        let reconciler = Reconciler {
            repository: Arc::new(mock),
            ..desk.reconciler()
        };
        let all = reconciler.reconcile(|id| id.parse().ok()).await.unwrap();
        let unreadable = Finding::Unreadable(gone());
        assert!(all.len() == 2 && all.iter().all(|found| found.finding == unreadable));
    }
}
