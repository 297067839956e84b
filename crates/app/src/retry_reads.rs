//! A store whose reads are repeated while it is worth it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::protocol::Backoff;
use domain::{DocumentKind, FailureClass, RequestError, Stored, Version};
use ports::{Clock, Cursor, DocumentStore, Page, Response, Sleeper};

/// The most failed attempts of a read, throttled ones not counted: few, since a user is waiting for it.
const TRIES: u32 = 4;

/// Repeats a read that may succeed later: a throttled one until a wait would end after the deadline, one with a
/// transient failure a few times. Writes go through as they are: what to do about one is the protocol's business.
pub struct RetryReads<K: DocumentKind> {
    /// The store behind it.
    pub store: Arc<dyn DocumentStore<K>>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The sleeper.
    pub sleeper: Arc<dyn Sleeper>,
    /// A number between 0 and 1, another each time.
    pub jitter: Arc<dyn Fn() -> f64 + Send + Sync>,
    /// The time from the first attempt of a read after which it is not repeated.
    pub deadline: Duration,
}

impl<K: DocumentKind> RetryReads<K> {
    async fn repeated<T, F>(&self, read: impl Fn() -> F + Send + Sync) -> Result<Response<T>, RequestError>
    where
        T: Send,
        F: Future<Output = Result<Response<T>, RequestError>> + Send,
    {
        let started = self.clock.elapsed();
        let mut backoff = Backoff::default();
        let mut failed = 0;
        loop {
            let failure = match read().await {
                Err(failure) if failure.is_retryable() => failure,
                answer => return answer,
            };
            failed += u32::from(!matches!(failure.class, FailureClass::Throttled { .. }));
            if failed == TRIES {
                return Err(failure);
            }
            let wait = backoff.wait_for(&failure, (self.jitter)());
            if self.clock.elapsed().saturating_sub(started).saturating_add(wait) >= self.deadline {
                return Err(failure);
            }
            tracing::info!(?wait, %failure, "waiting to read again");
            self.sleeper.sleep(wait).await;
        }
    }
}

#[async_trait]
impl<K: DocumentKind> DocumentStore<K> for RetryReads<K> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        self.repeated(|| self.store.get(id)).await
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
        self.repeated(|| self.store.page(cursor.clone())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{RuleId, TriggerRule};
    use ports::MockDocumentStore;
    use ports::testing::VirtualTime;

    fn retrying(behind: MockDocumentStore<TriggerRule>) -> (RetryReads<TriggerRule>, VirtualTime) {
        let time = VirtualTime::default();
        let retrying = RetryReads {
            store: Arc::new(behind),
            clock: Arc::new(time.clone()),
            sleeper: Arc::new(time.clone()),
            jitter: Arc::new(|| 1.0),
            deadline: Duration::from_secs(10),
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
