//! A decorator of a store: its reads are repeated while it is worth it.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{DocumentKind, RequestError, Stored, Version};
use ports::{Cursor, DocumentStore, Page, Response};

use crate::retry::Retry;

/// Repeats reads as [`Retry`] has it. Writes go through as they are: what to do about one is the protocol's business.
pub struct RetryReads<K: DocumentKind> {
    /// The store behind it.
    pub store: Arc<dyn DocumentStore<K>>,
    /// The repetition.
    pub retry: Retry,
}

#[async_trait]
impl<K: DocumentKind> DocumentStore<K> for RetryReads<K> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        self.retry.read(|| self.store.get(id)).await
    }

    async fn replace<'v>(
        &self,
        id: &K::Id,
        document: &K,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<K>>>, RequestError> {
        self.store.replace(id, document, version).await
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<K>>, RequestError> {
        self.retry.read(|| self.store.page(cursor.clone())).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::{FailureClass, RuleId, TriggerRule};
    use ports::{Clock, MockDocumentStore};

    use super::*;
    use ports::testing::VirtualTime;

    fn retrying(behind: MockDocumentStore<TriggerRule>) -> (RetryReads<TriggerRule>, VirtualTime) {
        let time = VirtualTime::default();
        let retrying = RetryReads {
            store: Arc::new(behind),
            retry: Retry {
                clock: Arc::new(time.clone()),
                sleeper: Arc::new(time.clone()),
                jitter: Arc::new(|| 1.0),
                deadline: Duration::from_secs(10),
                watch: Arc::new(|_, _| ()),
            },
        };
        (retrying, time)
    }

    fn id() -> RuleId {
        "r1".parse().unwrap()
    }

    #[tokio::test]
    async fn a_read_that_may_succeed_later_is_repeated_until_the_deadline() {
        let mut behind = MockDocumentStore::<TriggerRule>::new();
        let wait = Some(Duration::from_secs(4));
        behind
            .expect_get()
            .times(3)
            .returning(move |_| Err(RequestError::new(FailureClass::Throttled { wait }, "slow down")));
        let (retrying, time) = retrying(behind);
        assert!(retrying.get(&id()).await.is_err());
        assert_eq!(time.elapsed(), Duration::from_secs(8));
    }

    #[tokio::test]
    async fn a_read_that_fails_in_passing_is_tried_a_few_times() {
        let mut behind = MockDocumentStore::<TriggerRule>::new();
        let failed = RequestError::new(FailureClass::NotSent, "connection refused");
        behind.expect_get().times(4).returning(move |_| Err(failed.clone()));
        let (retrying, time) = retrying(behind);
        assert!(retrying.get(&id()).await.is_err());
        assert_eq!(time.elapsed(), Duration::from_millis(200 + 400 + 800));
    }

    #[tokio::test]
    async fn what_will_not_change_is_asked_for_once() {
        let mut behind = MockDocumentStore::<TriggerRule>::new();
        behind
            .expect_get()
            .once()
            .returning(|_| Err(RequestError::new(FailureClass::NotFound, "no such rule")));
        let (retrying, _) = retrying(behind);
        assert_eq!(retrying.get(&id()).await.unwrap_err().class, FailureClass::NotFound);
    }

    #[tokio::test]
    async fn a_write_is_never_repeated() {
        let mut behind = MockDocumentStore::<TriggerRule>::new();
        let failed = RequestError::new(FailureClass::NotSent, "connection refused");
        behind
            .expect_replace()
            .once()
            .returning(move |_, _, _| Err(failed.clone()));
        let (retrying, _) = retrying(behind);
        let rule: TriggerRule = r#"{"id":"r1"}"#.parse().unwrap();
        assert!(
            retrying
                .replace(&id(), &rule, Some(&"7".parse().unwrap()))
                .await
                .is_err()
        );
    }
}
