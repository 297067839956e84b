//! A store whose listing shows less than its documents have, and breaks off now and then.

use std::time::Duration;

use async_trait::async_trait;
use domain::testing::Specimen;
use domain::{RequestError, ResponseMetadata, Stored, Version};
use ports::{Cursor, DocumentStore, Listed, Page, Response, Sleeper};

use crate::client::Client;
use crate::vocabulary::{Vocabulary, has_versions, id_of};
use crate::world::version;

/// The store as one process reaches it.
pub(super) struct Listing<K: Specimen>(pub(super) Client<K>);

impl<K: Specimen> Listing<K> {
    /// The documents, without the member that the kind does not know.
    pub(super) fn documents(&self) -> Vec<Stored<K>> {
        let world = self.0.shared.world();
        let newest = world.history.logs.iter().enumerate().map(|(document, log)| {
            let state = log.len() - 1;
            Stored {
                id: id_of::<K>(document),
                version: version(state).filter(|_| has_versions::<K>()),
                value: Vocabulary::as_listed(&log[state].value),
            }
        });
        newest.collect()
    }
}

#[async_trait]
impl<K: Specimen> DocumentStore<K> for Listing<K> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        self.0.get(id).await
    }

    async fn replace<'v>(
        &self,
        id: &K::Id,
        document: &K,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<K>>>, RequestError> {
        self.0.replace(id, document, version).await
    }

    async fn page(&self, _cursor: Option<Cursor>) -> Result<Response<Page<K>>, RequestError> {
        self.0.sleep(Duration::from_millis(200)).await;
        if self.0.shared.world().rng.in_thousand(200) {
            return Err(RequestError::no_answer("the listing broke off"));
        }
        let listed = |stored: Stored<K>| Listed {
            stated_id: stored.id.to_string(),
            title: None,
            id: Some(stored.id),
            version: stored.version,
            value: stored.value,
        };
        Ok(Response {
            content: Page {
                documents: self.documents().into_iter().map(listed).collect(),
                next: None,
                total: None,
            },
            metadata: ResponseMetadata::default(),
        })
    }
}
