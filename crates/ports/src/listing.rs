//! A whole listing, read page by page.

use std::collections::HashMap;

use domain::{DocumentKind, FailureClass, RequestError};

use crate::document_store::{DocumentStore, Listed};

/// Pages of a listing, at most: more are no listing but a server that never ends.
const MAX_PAGES: usize = 1_000;

/// The documents of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<K: DocumentKind> {
    /// The documents that its pages showed, each once, in the order of the pages.
    pub documents: Vec<Listed<K>>,
    /// The number of documents in the whole listing, if the server says.
    pub total: Option<u64>,
}

impl<K: DocumentKind> Listing<K> {
    /// The number of documents that the server counts and that no page showed: what others delete while pages are read
    /// moves a document from a page to come to one that was read.
    pub fn unseen(&self) -> u64 {
        let seen = u64::try_from(self.documents.len()).unwrap_or(u64::MAX);
        self.total.unwrap_or_default().saturating_sub(seen)
    }
}

/// Reads a listing to its end. Of a document that two pages show, the later one counts.
///
/// # Errors
///
/// As for any page, and `Malformed` after 1,000 of them.
pub async fn listing<K: DocumentKind>(store: &dyn DocumentStore<K>) -> Result<Listing<K>, RequestError> {
    let mut documents: Vec<Listed<K>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let total = visit_listing(store, &mut |document| {
        let place = places.entry(document.stated_id.clone()).or_insert(documents.len());
        if let Some(earlier) = documents.get_mut(*place) {
            *earlier = document;
        } else {
            documents.push(document);
        }
    })
    .await?;
    Ok(Listing { documents, total })
}

/// Reads a listing to its end, a page at a time, and shows each document as its page does: one may be shown twice. The
/// number of documents in the whole listing, if the server says.
///
/// # Errors
///
/// As for any page, and `Malformed` after 1,000 of them.
pub async fn visit_listing<K: DocumentKind>(
    store: &dyn DocumentStore<K>,
    visit: &mut (dyn FnMut(Listed<K>) + Send),
) -> Result<Option<u64>, RequestError> {
    let (mut total, mut cursor) = (None, None);
    for _ in 0..MAX_PAGES {
        let page = store.page(cursor).await?.content;
        total = page.total.or(total);
        page.documents.into_iter().for_each(&mut *visit);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(total);
        }
    }
    let message = format!("the listing has more than {MAX_PAGES} pages");
    Err(RequestError::new(FailureClass::Malformed, message))
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use domain::ResponseMetadata;
    use domain::testing::Toy;

    use super::*;
    use crate::{Cursor, MockDocumentStore, Page, Response};

    fn page(numbers: &[(u32, &str)], next: Option<&str>) -> Response<Page<Toy>> {
        let listed = |(number, title): &(u32, &str)| Listed {
            stated_id: number.to_string(),
            title: None,
            id: Some(*number),
            version: None,
            value: Toy::from_document(format!(r#"{{"number":{number},"title":"{title}"}}"#).parse().unwrap()).unwrap(),
        };
        Response {
            content: Page {
                documents: numbers.iter().map(listed).collect(),
                next: next.map(|next| Cursor(next.to_owned())),
                total: Some(4),
            },
            metadata: ResponseMetadata::default(),
        }
    }

    #[tokio::test]
    async fn a_document_on_two_pages_counts_once_and_one_on_none_is_missed() {
        let mut store = MockDocumentStore::<Toy>::new();
        store.expect_page().times(2).returning(|cursor| {
            Ok(match cursor {
                None => page(&[(1, "old"), (2, "old")], Some("2")),
                Some(_) => page(&[(2, "new"), (3, "old")], None),
            })
        });
        let listing = listing(&store).await.unwrap();
        let seen: Vec<_> = listing
            .documents
            .iter()
            .map(|listed| (listed.stated_id.as_str(), listed.value.title().unwrap()))
            .collect();
        assert_eq!(seen, [("1", "old"), ("2", "new"), ("3", "old")]);
        assert_eq!(listing.unseen(), 1);
    }

    #[tokio::test]
    async fn a_listing_without_an_end_is_none() {
        let mut store = MockDocumentStore::<Toy>::new();
        store
            .expect_page()
            .times(1_000)
            .returning(|_| Ok(page(&[], Some("more"))));
        let failure = listing(&store).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Malformed);
    }
}
