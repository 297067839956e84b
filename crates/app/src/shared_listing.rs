//! A listing that documents and their names are both read from: each page is asked for once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{DocumentKind, RequestError, ResponseMetadata, Stored, Version};
use ports::{Cursor, DirectoryPage, DocumentStore, NamedThing, Page, Response};

/// A store whose listing is also one of names. A page that was asked for as names is kept until it is read as documents, and is
/// asked for anew after that.
pub struct SharedListing<K: DocumentKind> {
    store: Arc<dyn DocumentStore<K>>,
    pages: Mutex<Pages<K>>,
}

/// Pages by their cursors; the first has none.
struct Pages<K: DocumentKind> {
    kept: BTreeMap<Option<String>, Page<K>>,
    /// The names on pages that were read as documents, where somebody will ask for them.
    names: Option<BTreeMap<Option<String>, DirectoryPage<NamedThing>>>,
}

impl<K: DocumentKind> SharedListing<K> {
    /// The listing of a store.
    pub fn new(store: Arc<dyn DocumentStore<K>>) -> Self {
        Self {
            store,
            pages: Mutex::new(Pages {
                kept: BTreeMap::new(),
                names: None,
            }),
        }
    }

    /// Notes the names on pages that are read as documents from now on: they will be asked for.
    pub fn note_names(&self) {
        self.pages().names.get_or_insert_default();
    }

    /// The names on the page at a cursor.
    ///
    /// # Errors
    ///
    /// As for the page.
    pub async fn names(&self, cursor: Option<Cursor>) -> Result<Response<DirectoryPage<NamedThing>>, RequestError> {
        let key = key(cursor.as_ref());
        let noted = self.pages().names.as_ref().and_then(|names| names.get(&key).cloned());
        if let Some(content) = noted {
            return Ok(at_hand(content));
        }
        let Response { content, metadata } = self.store.page(cursor).await?;
        let names = names_on(&content);
        self.pages().kept.insert(key, content);
        Ok(Response {
            content: names,
            metadata,
        })
    }

    fn pages(&self) -> MutexGuard<'_, Pages<K>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<K: DocumentKind> DocumentStore<K> for SharedListing<K> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        self.store.get(id).await
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
        let key = key(cursor.as_ref());
        let kept = self.pages().kept.remove(&key);
        if let Some(content) = kept {
            return Ok(at_hand(content));
        }
        let page = self.store.page(cursor).await?;
        if let Some(names) = &mut self.pages().names {
            names.insert(key, names_on(&page.content));
        }
        Ok(page)
    }
}

fn key(cursor: Option<&Cursor>) -> Option<String> {
    cursor.map(|cursor| cursor.0.clone())
}

/// An answer without a request.
fn at_hand<T>(content: T) -> Response<T> {
    Response {
        content,
        metadata: ResponseMetadata::default(),
    }
}

fn names_on<K: DocumentKind>(page: &Page<K>) -> DirectoryPage<NamedThing> {
    let named = page.documents.iter().filter_map(|listed| {
        Some(NamedThing {
            id: listed.stated_id.clone(),
            name: listed.title.clone()?,
            is_retired: false,
        })
    });
    DirectoryPage {
        entries: named.collect(),
        next: page.next.clone(),
    }
}

#[cfg(test)]
mod tests {
    use domain::TriggerRule;
    use ports::{Listed, MockDocumentStore};

    use super::*;

    fn page(id: &str, next: Option<&str>) -> Response<Page<TriggerRule>> {
        let listed = |name: Option<&str>| Listed {
            stated_id: id.to_owned(),
            title: name.map(str::to_owned),
            id: id.parse().ok(),
            version: None,
            value: r#"{"enabled": true}"#.parse().unwrap(),
        };
        at_hand(Page {
            documents: vec![listed(Some("Refund")), listed(None)],
            next: next.map(|next| Cursor(next.to_owned())),
            total: Some(2),
        })
    }

    /// A listing of two pages that may be asked for so often.
    fn listing(times: usize) -> SharedListing<TriggerRule> {
        let mut store = MockDocumentStore::<TriggerRule>::new();
        store.expect_page().times(times).returning(|cursor| {
            Ok(match cursor {
                None => page("r1", Some("2")),
                Some(_) => page("r2", None),
            })
        });
        SharedListing::new(Arc::new(store))
    }

    async fn documents(listing: &SharedListing<TriggerRule>) -> Vec<String> {
        let mut ids = Vec::new();
        ports::visit_listing(listing, &mut |listed| ids.push(listed.stated_id))
            .await
            .unwrap();
        ids
    }

    async fn names(listing: &SharedListing<TriggerRule>) -> Vec<String> {
        let (mut names, mut cursor) = (Vec::new(), None);
        loop {
            let page = listing.names(cursor).await.unwrap().content;
            let entries = page.entries.into_iter();
            names.extend(entries.map(|thing| format!("{} {}", thing.id, thing.name)));
            cursor = page.next;
            if cursor.is_none() {
                return names;
            }
        }
    }

    const DOCUMENTS: [&str; 4] = ["r1", "r1", "r2", "r2"];
    const NAMES: [&str; 2] = ["r1 Refund", "r2 Refund"];

    #[tokio::test]
    async fn pages_that_were_asked_for_as_names_are_read_as_documents_once() {
        let rules = listing(4);
        assert_eq!(names(&rules).await, NAMES);
        assert_eq!(documents(&rules).await, DOCUMENTS);
        // Why again: a listing that is read a second time is one of that time.
        assert_eq!(documents(&rules).await, DOCUMENTS);
    }

    #[tokio::test]
    async fn names_are_noted_where_they_will_be_asked_for() {
        let rules = listing(2);
        rules.note_names();
        assert_eq!(documents(&rules).await, DOCUMENTS);
        assert_eq!(names(&rules).await, NAMES);
        let rules = listing(4);
        assert_eq!(documents(&rules).await, DOCUMENTS);
        assert_eq!(names(&rules).await, NAMES);
    }
}
