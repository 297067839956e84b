//! A decorator of a store: it lets no write through, for dry runs.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{DocumentKind, FailureClass, RequestError, Stored, Version};
use ports::{Cursor, DocumentStore, Page, Response};

/// Reads go to the store behind it; writes are refused and sent nowhere.
pub struct ReadOnly<K: DocumentKind>(pub Arc<dyn DocumentStore<K>>);

#[async_trait]
impl<K: DocumentKind> DocumentStore<K> for ReadOnly<K> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        self.0.get(id).await
    }

    async fn replace<'v>(
        &self,
        _id: &K::Id,
        _document: &K,
        _version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<K>>>, RequestError> {
        Err(RequestError::new(
            FailureClass::Rejected,
            "this is a dry run, in which nothing is written",
        ))
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<K>>, RequestError> {
        self.0.page(cursor).await
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
        let refused = ReadOnly(Arc::new(behind)).replace(&id, &rule, Some(&version)).await;
        assert_eq!(refused.unwrap_err().class, FailureClass::Rejected);
    }
}
