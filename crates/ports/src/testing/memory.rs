//! A repository in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{Failure, FailureClass, ResponseMetadata, RuleId, Stored, TriggerRule, Version};

use crate::{Answer, DocumentStore, Page, PageRequest, RuleSummary};

/// Trigger rules in memory, with versions that count up from 1.
#[derive(Debug, Default)]
pub struct InMemoryStore {
    rules: Mutex<BTreeMap<String, (RuleId, u64, TriggerRule)>>,
}

impl InMemoryStore {
    /// Stores a rule, as somebody else would: it gets a new version.
    pub fn put(&self, id: &RuleId, rule: TriggerRule) {
        let mut rules = self.rules();
        let version = rules.get(id.as_str()).map_or(1, |(_, version, _)| version + 1);
        rules.insert(id.as_str().to_owned(), (id.clone(), version, rule));
    }

    /// The rule as it is stored.
    #[must_use]
    pub fn rule(&self, id: &RuleId) -> Option<TriggerRule> {
        self.rules().get(id.as_str()).map(|(_, _, rule)| rule.clone())
    }

    fn rules(&self) -> MutexGuard<'_, BTreeMap<String, (RuleId, u64, TriggerRule)>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn version(number: u64) -> Option<Version> {
    number.to_string().parse().ok()
}

fn answer<T>(status: u16, content: T) -> Answer<T> {
    Answer {
        content,
        metadata: metadata(status),
    }
}

fn metadata(status: u16) -> ResponseMetadata {
    ResponseMetadata {
        status: Some(status),
        requests: 1,
        ..ResponseMetadata::default()
    }
}

fn not_found() -> Failure {
    Failure {
        metadata: metadata(404).into(),
        ..Failure::new(FailureClass::NotFound, "no such rule")
    }
}

#[async_trait]
impl DocumentStore for InMemoryStore {
    async fn get(&self, id: &RuleId) -> Result<Answer<Stored<TriggerRule>>, Failure> {
        let rules = self.rules();
        let (id, number, rule) = rules.get(id.as_str()).ok_or_else(not_found)?;
        Ok(answer(
            200,
            Stored {
                id: id.clone(),
                version: version(*number),
                value: rule.clone(),
            },
        ))
    }

    async fn replace(
        &self,
        id: &RuleId,
        document: &TriggerRule,
        under: &Version,
    ) -> Result<Answer<Option<Stored<TriggerRule>>>, Failure> {
        let mut rules = self.rules();
        let (id, number, rule) = rules.get_mut(id.as_str()).ok_or_else(not_found)?;
        if version(*number).as_ref() != Some(under) {
            let moved = Failure::new(FailureClass::PreconditionFailed, "the rule is at another version");
            return Err(Failure {
                metadata: metadata(412).into(),
                ..moved
            });
        }
        *number += 1;
        *rule = document.clone();
        let stored = Stored {
            id: id.clone(),
            version: version(*number),
            value: rule.clone(),
        };
        Ok(answer(200, Some(stored)))
    }

    async fn list(&self, request: PageRequest) -> Result<Answer<Page>, Failure> {
        let rules = self.rules();
        let size = request.size.max(1) as usize;
        let skip = (request.number.saturating_sub(1) as usize).saturating_mul(size);
        let page = rules
            .values()
            .skip(skip)
            .take(size)
            .map(|(id, number, rule)| RuleSummary {
                id: id.to_string(),
                rule_id: Some(id.clone()),
                version: version(*number),
                rule: rule.clone(),
            });
        let content = Page {
            rules: page.collect(),
            pages: u32::try_from(rules.len().div_ceil(size)).unwrap_or(u32::MAX),
            total: Some(rules.len() as u64),
        };
        Ok(answer(200, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::conformance::{self, Stage};

    struct InMemory(InMemoryStore);

    #[async_trait]
    impl Stage for InMemory {
        fn repository(&self) -> &dyn DocumentStore {
            &self.0
        }

        async fn store(&self, rule: &TriggerRule) {
            let id: RuleId = rule.stated_id().unwrap().parse().unwrap();
            self.0.put(&id, rule.clone());
        }
    }

    #[tokio::test]
    async fn the_repository_in_memory_keeps_the_contract() {
        conformance::check(|| async { InMemory(InMemoryStore::default()) }).await;
    }
}
