//! The store of documents.

use async_trait::async_trait;
use domain::{DocumentKind, RequestError, ResponseMetadata, Stored, Version};

/// A store of documents of one kind, each under an id.
///
/// An implementation
/// - MUST answer `get` with the document as it is stored, every member of it, and its version if there is one;
/// - MUST, where a version is given to `replace`, let the write through only if it is the stored one, and atomically so:
///   of two writers under one version at most one is accepted, and every accepted write gives a new version. A server
///   without versions MAY pass it over;
/// - MUST classify failures as [`domain::FailureClass`] says. In doubt whether a write was carried out it MUST say
///   `Indeterminate`; `NotSent` is for what certainly never left;
/// - MUST NOT repeat a write, nor follow one with a read: the protocol decides on that;
/// - MAY renew its credentials once and repeat a request that was refused for them, and counts that request.
#[cfg_attr(feature = "testing", mockall::automock)]
#[cfg_attr(
    feature = "testing",
    allow(clippy::ref_option_ref, reason = "what automock makes of an optional reference")
)]
#[async_trait]
pub trait DocumentStore<K: DocumentKind>: Send + Sync {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// As the failure's class says; `NotFound` if there is none under this id.
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError>;

    /// Replaces the whole document; with a version, if it is at this one. The answer is the stored document with its new
    /// version, or nothing if the write was accepted and its answer did not show that.
    ///
    /// # Errors
    ///
    /// As the failure's class says; `PreconditionFailed` if it is at another version.
    async fn replace<'v>(
        &self,
        id: &K::Id,
        document: &K,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<K>>>, RequestError>;

    /// The page of the listing that stands at a cursor, the first one without: how pages are cut and numbered is the
    /// store's business. [`listing`](crate::listing()) reads all of them.
    ///
    /// # Errors
    ///
    /// As the failure's class says; `NotFound` if the server has no listing.
    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<K>>, RequestError>;
}

/// An answer, and what it says beside its content.
#[derive(Clone, Debug, PartialEq)]
pub struct Response<T> {
    /// The content.
    pub content: T,
    /// The metadata of the answer.
    pub metadata: ResponseMetadata,
}

/// The place of a page in a listing. Only the store that gave it can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

/// One page of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<K: DocumentKind> {
    /// The documents on it.
    pub documents: Vec<Listed<K>>,
    /// The place of the next page, if there is one.
    pub next: Option<Cursor>,
    /// The number of documents in the whole listing, if the server says.
    pub total: Option<u64>,
}

/// A document in a listing, as far as the listing shows it: it may have less than the document that is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed<K: DocumentKind> {
    /// The id as the server states it; it may be none that this program would ask for.
    pub stated_id: String,
    /// The id, if it is one.
    pub id: Option<K::Id>,
    /// The name that people know it by, if the listing shows one.
    pub title: Option<String>,
    /// The version, if the listing shows it.
    pub version: Option<Version>,
    /// The document.
    pub value: K,
}
