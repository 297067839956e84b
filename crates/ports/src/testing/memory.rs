//! A store in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::document::Guard;
use domain::{DocumentKind, FailureClass, RequestError, ResponseMetadata, Stored, Version};

use crate::{Cursor, DocumentStore, Listed, Page, Response};

/// Documents a page.
const PAGE: usize = 100;

/// Documents in memory, with versions that count up from 1 where the kind has versions.
#[derive(Debug)]
pub struct InMemoryStore<K: DocumentKind> {
    documents: Mutex<BTreeMap<K::Id, (u64, K)>>,
    page: usize,
}

impl<K: DocumentKind> Default for InMemoryStore<K> {
    fn default() -> Self {
        Self::with_pages_of(PAGE)
    }
}

impl<K: DocumentKind> InMemoryStore<K> {
    /// An empty store whose pages have so many documents.
    pub fn with_pages_of(page: usize) -> Self {
        Self {
            documents: Mutex::default(),
            page: page.max(1),
        }
    }

    /// Stores a document as another writer would: it gets a new version.
    pub fn put(&self, id: &K::Id, document: K) {
        let mut documents = self.documents();
        let version = documents.get(id).map_or(1, |(version, _)| version + 1);
        documents.insert(id.clone(), (version, document));
    }

    /// The document as it is stored.
    pub fn document(&self, id: &K::Id) -> Option<K> {
        self.documents().get(id).map(|(_, document)| document.clone())
    }

    fn documents(&self) -> MutexGuard<'_, BTreeMap<K::Id, (u64, K)>> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn version<K: DocumentKind>(number: u64) -> Option<Version> {
    match K::GUARD {
        Guard::Version => number.to_string().parse().ok(),
        Guard::Content => None,
    }
}

fn stored<K: DocumentKind>(id: &K::Id, number: u64, value: &K) -> Stored<K> {
    Stored {
        id: id.clone(),
        version: version::<K>(number),
        value: value.clone(),
    }
}

fn response<T>(content: T) -> Response<T> {
    Response {
        content,
        metadata: metadata(200),
    }
}

fn metadata(status: u16) -> ResponseMetadata {
    ResponseMetadata {
        status: Some(status),
        requests: 1,
        ..ResponseMetadata::default()
    }
}

fn not_found<K: DocumentKind>() -> RequestError {
    RequestError {
        metadata: metadata(404).into(),
        ..RequestError::new(FailureClass::NotFound, format!("no such {}", K::NAME))
    }
}

#[async_trait]
impl<K: DocumentKind> DocumentStore<K> for InMemoryStore<K> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        let documents = self.documents();
        let (number, document) = documents.get(id).ok_or_else(not_found::<K>)?;
        Ok(response(stored(id, *number, document)))
    }

    async fn replace<'v>(
        &self,
        id: &K::Id,
        document: &K,
        under: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<K>>>, RequestError> {
        let mut documents = self.documents();
        let (number, held) = documents.get_mut(id).ok_or_else(not_found::<K>)?;
        if under.is_some() && version::<K>(*number).as_ref() != under {
            let moved = format!("the {} is at another version", K::NAME);
            return Err(RequestError {
                metadata: metadata(412).into(),
                ..RequestError::new(FailureClass::PreconditionFailed, moved)
            });
        }
        *number += 1;
        *held = document.clone();
        Ok(response(Some(stored(id, *number, held))))
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<K>>, RequestError> {
        let documents = self.documents();
        let first: usize = cursor.and_then(|cursor| cursor.0.parse().ok()).unwrap_or_default();
        let page = documents.iter().skip(first).take(self.page);
        let listed = page.map(|(id, (number, document))| Listed {
            stated_id: id.to_string(),
            title: document.title().map(str::to_owned),
            id: Some(id.clone()),
            version: version::<K>(*number),
            value: document.clone(),
        });
        let end = first + self.page;
        Ok(response(Page {
            documents: listed.collect(),
            next: (end < documents.len()).then(|| Cursor(end.to_string())),
            total: Some(documents.len() as u64),
        }))
    }
}

#[cfg(test)]
mod tests {
    use domain::TriggerRule;
    use domain::testing::{Specimen, Toy};

    use super::*;
    use crate::testing::conformance::{self, Stage};

    struct InMemory<K: DocumentKind>(InMemoryStore<K>);

    #[async_trait]
    impl<K: DocumentKind> Stage<K> for InMemory<K> {
        fn store(&self) -> &dyn DocumentStore<K> {
            &self.0
        }

        async fn put(&self, id: &K::Id, document: &K) {
            self.0.put(id, document.clone());
        }
    }

    async fn keeps_the_contract<K: Specimen>() {
        conformance::check(|| async { InMemory::<K>(InMemoryStore::with_pages_of(3)) }).await;
    }

    #[tokio::test]
    async fn the_store_in_memory_keeps_the_contract_for_every_kind() {
        keeps_the_contract::<TriggerRule>().await;
        keeps_the_contract::<Toy>().await;
    }
}
