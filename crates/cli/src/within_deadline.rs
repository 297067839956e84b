//! Reads that end by the deadline, in whichever phase it finds them: connecting, or waiting for an answer's head or body.

use std::time::Duration;

use async_trait::async_trait;
use domain::{DocumentKind, RequestError, Stored, Version};
use ports::{Cursor, DocumentStore, Page, Response};

/// A store whose reads end by a deadline, each. Writes go through as they are: one that was sent is never given up.
pub(crate) struct WithinDeadline<S> {
    pub(crate) store: S,
    pub(crate) deadline: Duration,
}

/// The result of work that changes nothing, or the failure that the deadline makes of it.
pub(crate) async fn within<T>(
    deadline: Duration,
    work: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, RequestError> {
    let late = || RequestError::no_answer(format!("no answer came within the deadline of {deadline:?}"));
    let ended = tokio::time::timeout(deadline, work).await;
    ended.unwrap_or_else(|_| Err(late()))
}

#[async_trait]
impl<K: DocumentKind, S: DocumentStore<K>> DocumentStore<K> for WithinDeadline<S> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        within(self.deadline, self.store.get(id)).await
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
        within(self.deadline, self.store.page(cursor)).await
    }
}
