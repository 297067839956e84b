//! The listings of what documents refer to.

use async_trait::async_trait;
use domain::RequestError;
use domain::reference::ReferenceKind;

use crate::document_store::{Cursor, Response};

/// The listings of an organization: names and ids of what documents refer to.
///
/// An implementation
/// - MUST give the listing whole, page by page, and filtered by nothing: no lookup by name of the platform is exact, so the
///   caller compares;
/// - MUST send its credentials to no other host and no other path than its own, whatever an answer says about the next page;
/// - MUST answer `find` with nothing, and without a request, for a text that can be no id;
/// - MUST find a canned response by its id where the listing is of no library;
/// - MAY make more than one request for one answer, and counts them.
#[cfg_attr(feature = "testing", mockall::automock)]
#[cfg_attr(
    feature = "testing",
    allow(clippy::ref_option_ref, reason = "what automock makes of an optional reference")
)]
#[async_trait]
pub trait Directory: Send + Sync {
    /// The page of a listing at a cursor, the first one without.
    ///
    /// # Errors
    ///
    /// As the failure's class says; `NotFound` if what the things are within does not exist.
    async fn names(
        &self,
        listing: &NameListing,
        cursor: Option<Cursor>,
    ) -> Result<Response<DirectoryPage<NamedThing>>, RequestError>;

    /// The thing of an id; nothing if there is none, or if it is not within what the listing is of.
    ///
    /// # Errors
    ///
    /// As the failure's class says, but `NotFound`.
    async fn find(&self, listing: &NameListing, id: &str) -> Result<Response<Option<NamedThing>>, RequestError>;

    /// The page of the versions of an NLU domain at a cursor, the first one without.
    ///
    /// # Errors
    ///
    /// As the failure's class says; `NotFound` if there is no such domain.
    async fn domain_versions(
        &self,
        domain: &str,
        cursor: Option<Cursor>,
    ) -> Result<Response<DirectoryPage<DomainVersion>>, RequestError>;

    /// The names of the intents in a version of an NLU domain.
    ///
    /// # Errors
    ///
    /// As the failure's class says; `NotFound` if there is no such domain or version.
    async fn intents(&self, domain: &str, version: &str) -> Result<Response<Vec<String>>, RequestError>;
}

/// A listing: of all things of a kind, or of those within one other thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameListing {
    /// The kind.
    pub kind: ReferenceKind,
    /// The id of the library, script or knowledge base that they are within; of a kind that has its names within one, there
    /// is no listing without.
    pub within: Option<String>,
}

/// One page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryPage<T> {
    /// The entries on it.
    pub entries: Vec<T>,
    /// The place of the next page, if there is one.
    pub next: Option<Cursor>,
}

/// A thing that documents refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedThing {
    /// Its id.
    pub id: String,
    /// Its name, exactly as the organization has it.
    pub name: String,
    /// True if it is marked as deleted, archived or unpublished.
    pub is_retired: bool,
}

/// A version of an NLU domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainVersion {
    /// Its id.
    pub id: String,
    /// The time when it was made, as the platform writes it: RFC 3339 in UTC, so that texts are in the order of times.
    pub created: String,
    /// True if it is published.
    pub is_published: bool,
}
