//! A ledger that lives as long as the process does.

mod bases;
mod outbox;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::json::Document;
use domain::{OutcomeKind, Version};

use super::{
    BaseRecord, DocumentRef, Entry, EntryId, IntentRecord, JoinRecord, KnownReference, Ledger, LedgerError, NewestBase,
    OutcomeRecord, Recorded, Replacement,
};
use crate::history::{After, BaseHash, History, HistoryQuery, TallyOf, TallyQuery};
use crate::tally::Tally;
use outbox::Undelivered;

/// A ledger that lives as long as the process does: for programs that keep their own record, and for tests.
#[derive(Debug, Default)]
pub struct InMemoryLedger {
    sinks: Vec<String>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// In order: the number of a record is its place, counted from 1.
    records: Vec<Record>,
    undelivered: Vec<Undelivered>,
    /// Sinks that want no more, and why.
    disabled: Vec<(String, String)>,
    claims: u64,
}

#[derive(Debug)]
enum Record {
    Intent(Box<IntentRecord>),
    Outcome(Box<OutcomeRecord>),
    Base(Box<BaseRecord>),
    Join(Box<JoinRecord>),
}

impl InMemoryLedger {
    /// An empty ledger that has an event for each of these sinks when a change was applied.
    pub fn for_sinks(sinks: impl IntoIterator<Item = String>) -> Self {
        Self {
            sinks: sinks.into_iter().collect(),
            kept: Mutex::default(),
        }
    }

    /// Every update, in order.
    pub fn all(&self) -> Vec<Entry> {
        self.kept().entries()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, record: Record) -> EntryId {
        self.records.push(record);
        EntryId(self.records.len() as u64)
    }

    fn intent(&self, id: EntryId) -> Option<&IntentRecord> {
        let place = usize::try_from(id.0).ok()?.checked_sub(1)?;
        match self.records.get(place)? {
            Record::Intent(intent) => Some(intent),
            Record::Outcome(_) | Record::Base(_) | Record::Join(_) => None,
        }
    }

    /// The last word about an intent, with the figures of the first.
    fn outcome_of(&self, id: EntryId) -> Option<OutcomeRecord> {
        let mut outcomes = self.records.iter().filter_map(|record| match record {
            Record::Outcome(outcome) if outcome.intent == Some(id) => Some(outcome.as_ref()),
            Record::Intent(_) | Record::Outcome(_) | Record::Base(_) | Record::Join(_) => None,
        });
        let first = outcomes.next()?.clone();
        Some(match outcomes.next_back() {
            Some(last) => last.clone().with_the_figures_of(&first),
            None => first,
        })
    }

    fn is_followed(&self, id: EntryId) -> bool {
        self.records
            .iter()
            .any(|record| matches!(record, Record::Intent(intent) if intent.follows == Some(id)))
    }

    fn entries(&self) -> Vec<Entry> {
        let numbered = (1..).map(EntryId).zip(&self.records);
        let entry = |(id, record): (EntryId, &Record)| match record {
            Record::Intent(_) if self.is_followed(id) => None,
            Record::Intent(intent) => Some(Entry {
                id,
                intent: Some(intent.as_ref().clone()),
                outcome: self.outcome_of(id),
            }),
            Record::Outcome(outcome) if outcome.intent.is_none() => Some(Entry {
                id,
                intent: None,
                outcome: Some(outcome.as_ref().clone()),
            }),
            Record::Outcome(_) | Record::Base(_) | Record::Join(_) => None,
        };
        let mut entries: Vec<Entry> = numbered.filter_map(entry).collect();
        for entry in &mut entries {
            self.join_up(entry);
        }
        entries
    }
}

fn is_open(entry: &Entry) -> bool {
    matches!(entry.outcome_kind(), None | Some(OutcomeKind::Unknown))
}

#[async_trait]
impl Ledger for InMemoryLedger {
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerError> {
        let mut kept = self.kept();
        let target = kept.canonical(&intent.document.target);
        let wanted = DocumentRef {
            target: target.clone(),
            ..intent.document.clone()
        };
        let holder = kept.entries().into_iter().find(|entry| {
            let is_gone_on_from =
                |held: &IntentRecord| Some(entry.id) == intent.follows && held.author.run == intent.author.run;
            entry.outcome.is_none()
                && entry.intent.as_ref().is_some_and(|held| {
                    held.document == wanted && held.lease().holds_at(intent.at) && !is_gone_on_from(held)
                })
        });
        if let Some(held) = holder.and_then(|entry| entry.intent) {
            return Err(LedgerError::Leased {
                until: held.leased_until,
                by: held.author.run,
            });
        }
        if let Some(refused) = intent.follows {
            let is_of_it = |held: &IntentRecord| {
                let document = &held.document;
                let canonical = kept.canonical(&document.target);
                (canonical, &document.kind, &document.id) == (target.clone(), &wanted.kind, &wanted.id)
            };
            if !kept.intent(refused).is_some_and(is_of_it) {
                return Err(LedgerError::NoEntry(refused));
            }
            let is_settled = |outcome: OutcomeRecord| outcome.kind != OutcomeKind::Unknown;
            if kept.is_followed(refused) || kept.outcome_of(refused).is_some_and(is_settled) {
                return Err(LedgerError::Settled(refused));
            }
        }
        Ok(kept.add(Record::Intent(Box::new(intent))))
    }

    async fn conclude(&self, outcome: OutcomeRecord) -> Result<Recorded, LedgerError> {
        let mut kept = self.kept();
        if let Some(id) = outcome.intent {
            let is_settled = kept.is_followed(id)
                || kept
                    .outcome_of(id)
                    .is_some_and(|settled| settled.kind != OutcomeKind::Unknown);
            let is_of_it = |intent: &IntentRecord| {
                let (of_intent, of_outcome) = (&intent.document, &outcome.document);
                (&of_intent.kind, &of_intent.id) == (&of_outcome.kind, &of_outcome.id)
                    && kept.canonical(&of_intent.target) == kept.canonical(&of_outcome.target)
            };
            if !kept.intent(id).is_some_and(is_of_it) {
                return Err(LedgerError::NoEntry(id));
            }
            if is_settled {
                return Err(LedgerError::Settled(id));
            }
        }
        let id = kept.add(Record::Outcome(Box::new(outcome.clone())));
        let event = kept.enqueue(id, &outcome, &self.sinks);
        Ok(Recorded {
            entry: outcome.intent.unwrap_or(id),
            head: None,
            event,
        })
    }

    async fn unsettled(&self, target: &str, kind: &str) -> Result<Vec<Entry>, LedgerError> {
        let target = self.kept().canonical(target);
        let open = self.all().into_iter().filter(|entry| {
            let document = entry.intent.as_ref().map(|intent| &intent.document);
            let is_asked_for = document.is_some_and(|document| document.target == target && document.kind == kind);
            is_asked_for && is_open(entry)
        });
        Ok(open.collect())
    }

    async fn observe(&self, base: BaseRecord) -> Result<EntryId, LedgerError> {
        Ok(self.kept().add(Record::Base(Box::new(base))))
    }

    async fn join(&self, join: JoinRecord) -> Result<Option<EntryId>, LedgerError> {
        let mut kept = self.kept();
        let known = kept.canonical(&join.target);
        if known == join.organization {
            return Ok(None);
        }
        super::refuse_join(&join, &known)?;
        kept.join_undelivered(&join);
        Ok(Some(kept.add(Record::Join(Box::new(join)))))
    }
}

#[async_trait]
impl History for InMemoryLedger {
    async fn organization_of(&self, target: &str) -> Result<Option<String>, LedgerError> {
        let found = self.kept().canonical(target);
        Ok((found != target).then_some(found))
    }

    async fn entries(&self, query: &HistoryQuery) -> Result<Vec<Entry>, LedgerError> {
        let target = query.target.as_deref().map(|target| self.kept().canonical(target));
        let wanted = |entry: &Entry| {
            let is = |asked: &Option<String>, of: fn(&DocumentRef) -> &str| {
                let asked = asked.as_deref();
                asked.is_none_or(|asked| entry.document().map(of) == Some(asked))
            };
            is(&target, |document| &document.target)
                && is(&query.kind, |document| &document.kind)
                && is(&query.document, |document| &document.id)
                && query.since.is_none_or(|since| entry.at() >= Some(since))
                && query.before.is_none_or(|before| entry.id < before)
                && query
                    .outcome
                    .is_none_or(|outcome| entry.outcome_kind() == Some(outcome))
        };
        Ok(self.all().into_iter().rev().filter(wanted).take(query.limit).collect())
    }

    async fn entry(&self, id: EntryId) -> Result<Option<Entry>, LedgerError> {
        let mut id = id;
        {
            let kept = self.kept();
            let place = usize::try_from(id.0).unwrap_or(usize::MAX).wrapping_sub(1);
            if let Some(Record::Outcome(outcome)) = kept.records.get(place) {
                id = outcome.intent.unwrap_or(id);
            }
            let follower = |id: EntryId| {
                let numbered = (1..).map(EntryId).zip(&kept.records);
                let mut followers = numbered
                    .filter(|(_, record)| matches!(record, Record::Intent(intent) if intent.follows == Some(id)));
                followers.next().map(|(id, _)| id)
            };
            while let Some(next) = follower(id) {
                id = next;
            }
        }
        Ok(self.all().into_iter().find(|entry| entry.id == id))
    }

    async fn document_at(&self, document: &DocumentRef, version: &Version) -> Result<Option<Document>, LedgerError> {
        let document = self.kept().canonical_document(document);
        let found = self.all().into_iter().rev().find_map(|entry| {
            if entry.document() != Some(&document) {
                return None;
            }
            let intent = entry.intent.as_ref()?;
            let outcome = entry.outcome.as_ref();
            let is_after = outcome.and_then(|outcome| outcome.version_after.as_ref()) == Some(version);
            match outcome.and_then(|outcome| outcome.after.clone()) {
                Some(after) if is_after => Some(after),
                _ if intent.version.as_ref() == Some(version) => Some(intent.base.clone()),
                _ => None,
            }
        });
        Ok(found)
    }

    async fn tally(&self, query: &TallyQuery) -> Result<Vec<(Option<String>, Tally)>, LedgerError> {
        let mut tallies: Vec<(Option<String>, Tally)> = Vec::new();
        let asked = query.target.as_deref().map(|target| self.kept().canonical(target));
        for entry in self.all() {
            let Some(outcome) = &entry.outcome else { continue };
            let DocumentRef {
                target,
                kind,
                id: document,
            } = outcome.document.clone();
            let of_target = asked.as_ref().is_none_or(|asked| *asked == target)
                && query.kind.as_ref().is_none_or(|asked| *asked == kind);
            let is_wanted = of_target
                && query.since.is_none_or(|since| entry.at() >= Some(since))
                && !matches!(&query.of, TallyOf::One(one) if *one != document);
            if !is_wanted {
                continue;
            }
            let name = (query.of != TallyOf::All).then_some(document);
            if let Some((_, tally)) = tallies.iter_mut().find(|(known, _)| *known == name) {
                tally.add(outcome);
            } else {
                let mut tally = Tally::default();
                tally.add(outcome);
                tallies.push((name, tally));
            }
        }
        if let TallyOf::Each(most) = query.of {
            tallies.sort_by_key(|(_, tally)| -tally.updates());
            tallies.truncate(most);
        }
        Ok(tallies)
    }

    async fn newest_bases(&self, document: &DocumentRef) -> Result<Vec<NewestBase>, LedgerError> {
        Ok(self.kept().newest_bases(document))
    }

    async fn base_hashes(&self, target: &str, kind: &str) -> Result<Vec<BaseHash>, LedgerError> {
        Ok(self.kept().base_hashes(target, kind))
    }

    async fn base_content(&self, hash: &str) -> Result<Option<Document>, LedgerError> {
        Ok(self.kept().base_content(hash))
    }

    async fn known_references(&self, target: &str) -> Result<BTreeSet<KnownReference>, LedgerError> {
        Ok(self.kept().known_references(target))
    }

    async fn applied_after(&self, document: &DocumentRef, after: After) -> Result<Vec<Entry>, LedgerError> {
        Ok(self.kept().applied_after(document, after))
    }

    async fn replacements(&self, document: &DocumentRef, limit: usize) -> Result<Vec<Replacement>, LedgerError> {
        Ok(self.kept().replacements(document, limit))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::ledger_conformance::{self, Books, SINKS};

    #[tokio::test]
    async fn the_ledger_in_memory_keeps_the_contract() {
        ledger_conformance::check(|| async {
            let ledger = InMemoryLedger::for_sinks(SINKS.map(str::to_owned));
            Books::of(Arc::new(ledger), "run-1".to_owned())
        })
        .await;
    }
}
