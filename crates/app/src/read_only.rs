//! A repository that lets no write through: what a dry run works on.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Failure, FailureClass, Kind, Stored, Version};
use ports::{Answer, DocumentStore, Page, PageRequest};

/// Reads go to the repository behind it; writes are refused and sent nowhere.
pub struct ReadOnly<K: Kind>(pub Arc<dyn DocumentStore<K>>);

#[async_trait]
impl<K: Kind> DocumentStore<K> for ReadOnly<K> {
    async fn get(&self, id: &K::Id) -> Result<Answer<Stored<K>>, Failure> {
        self.0.get(id).await
    }

    async fn replace(
        &self,
        _id: &K::Id,
        _document: &K,
        _version: &Version,
    ) -> Result<Answer<Option<Stored<K>>>, Failure> {
        Err(Failure::new(
            FailureClass::Rejected,
            "this is a dry run, in which nothing is written",
        ))
    }

    async fn list(&self, request: PageRequest) -> Result<Answer<Page>, Failure> {
        self.0.list(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::TriggerRule;
    use ports::MockDocumentStore;

    #[tokio::test]
    async fn no_write_leaves() {
        let mut behind = MockDocumentStore::<TriggerRule>::new();
        behind.expect_replace().never();
        let rule: TriggerRule = r#"{"id":"r1"}"#.parse().unwrap();
        let (id, version) = ("r1".parse().unwrap(), "7".parse().unwrap());
        let refused = ReadOnly(Arc::new(behind)).replace(&id, &rule, &version).await;
        assert_eq!(refused.unwrap_err().class, FailureClass::Rejected);
    }
}
