//! Where documents are stored.

use async_trait::async_trait;
use domain::{Failure, Kind, ResponseMetadata, RuleId, Stored, TriggerRule, Version};

/// Where documents of a kind are stored, each under an id and with a version.
///
/// An implementation
/// - MUST answer `get` with the document as it is stored, every member of it, and its version if there is one;
/// - MUST let `replace` through only if the stored version is the one given, and atomically so: of two writers under
///   one version at most one is accepted, and every accepted write gives a new version;
/// - MUST tell failures apart as [`domain::FailureClass`] says. In doubt whether a write was carried out it MUST say
///   `Unclear`; `NotSent` is for what certainly never left;
/// - MUST NOT repeat a write, nor follow one with a read: the protocol decides on that;
/// - MAY renew its credentials once and repeat a request that was refused for them, and counts that request.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait DocumentStore<K: Kind = TriggerRule>: Send + Sync {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// As the failure's class says; `NotFound` if there is none under this id.
    async fn get(&self, id: &K::Id) -> Result<Answer<Stored<K>>, Failure>;

    /// Replaces the whole document if it is at this version. The answer is the stored document with its new
    /// version, or nothing if the write was accepted and its answer did not show that.
    ///
    /// # Errors
    ///
    /// As the failure's class says; `VersionMoved` if it is at another version.
    async fn replace(&self, id: &K::Id, document: &K, version: &Version) -> Result<Answer<Option<Stored<K>>>, Failure>;

    /// One page of what is stored.
    ///
    /// # Errors
    ///
    /// As the failure's class says; `NotFound` if the server has no listing.
    async fn list(&self, request: PageRequest) -> Result<Answer<Page>, Failure>;
}

/// What was answered, and what support asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    /// The content.
    pub content: T,
    /// What the answer says beside it.
    pub metadata: ResponseMetadata,
}

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// From 1.
    pub number: u32,
    /// Documents a page.
    pub size: u32,
}

/// One page of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// What is on it.
    pub rules: Vec<RuleSummary>,
    /// How many pages there are.
    pub pages: u32,
    /// How many documents there are, if the server says.
    pub total: Option<u64>,
}

/// A rule in a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSummary {
    /// The id as the server states it; it may be none that this program would ask for.
    pub id: String,
    /// The id, if it is one.
    pub rule_id: Option<RuleId>,
    /// The version, if the listing tells it.
    pub version: Option<Version>,
    /// The rule as far as the listing shows it.
    pub rule: TriggerRule,
}
