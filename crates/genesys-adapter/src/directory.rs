//! The port for what documents refer to, over HTTP.

mod collection;

use std::sync::Arc;

use async_trait::async_trait;
use domain::json::{Document, Node};
use domain::{FailureClass, RequestError, ResponseMetadata};
use http::StatusCode;
use ports::{Clock, Cursor, Directory, DirectoryPage, DomainVersion, NameListing, NamedThing, Response};

use crate::address::RulesPath;
use crate::answer::{Method, ResponseReader};
use crate::request::ApiRequest;
use crate::store::ask;
use crate::token::TokenSource;
use collection::{Collection, is_segment};

/// The listings of one organization.
pub struct GenesysDirectory {
    tokens: Arc<TokenSource>,
    clock: Arc<dyn Clock>,
    rules: RulesPath,
}

impl GenesysDirectory {
    /// The listings of the API that the tokens are for, with the trigger rules at this path.
    pub fn new(tokens: impl Into<Arc<TokenSource>>, clock: Arc<dyn Clock>, rules: RulesPath) -> Self {
        Self {
            tokens: tokens.into(),
            clock,
            rules,
        }
    }

    async fn ask<T>(
        &self,
        request: &ApiRequest,
        read: impl Fn(&ResponseReader<'_>) -> Result<T, RequestError>,
    ) -> Result<Response<T>, RequestError> {
        ask(&self.tokens, self.clock.as_ref(), request, read).await
    }

    /// A page of a collection, each element as `entry` reads it.
    async fn page<T>(
        &self,
        collection: &Collection,
        cursor: Option<Cursor>,
        entry: impl Fn(Node<'_>) -> Option<T>,
    ) -> Result<Response<DirectoryPage<T>>, RequestError> {
        let request = ApiRequest::read(collection.path.clone(), collection.query(cursor.as_ref()));
        let read = |reader: &ResponseReader<'_>| {
            let document = found(reader, collection.absent)?;
            let malformed = |message: &str| reader.fail(FailureClass::Malformed, message);
            let parts = collection.read_page(document.root(), cursor.as_ref());
            let (elements, next) = parts.ok_or_else(|| malformed("the answer is no listing"))?;
            let entries: Option<Vec<T>> = elements.into_iter().map(&entry).collect();
            let entries = entries.ok_or_else(|| malformed("the listing has an element without an id or a name"))?;
            Ok(DirectoryPage { entries, next })
        };
        self.ask(&request, read).await
    }
}

#[async_trait]
impl Directory for GenesysDirectory {
    async fn names(
        &self,
        listing: &NameListing,
        cursor: Option<Cursor>,
    ) -> Result<Response<DirectoryPage<NamedThing>>, RequestError> {
        let collection = Collection::of(listing, &self.rules).filter(Collection::has_pages);
        let collection = collection.ok_or_else(no_listing)?;
        self.page(&collection, cursor, collection::named).await
    }

    async fn find(&self, listing: &NameListing, id: &str) -> Result<Response<Option<NamedThing>>, RequestError> {
        let collection = Collection::of(listing, &self.rules).filter(|_| is_segment(id));
        let Some(collection) = collection else {
            return Ok(Response {
                content: None,
                metadata: ResponseMetadata::default(),
            });
        };
        let request = ApiRequest::read(format!("{}/{id}", collection.path), None);
        let read = |reader: &ResponseReader<'_>| {
            if reader.answer.status == StatusCode::NOT_FOUND && !reader.is_page() {
                return Ok(None);
            }
            let document = found(reader, collection.absent)?;
            let named = collection::named(document.root()).filter(|found| found.id == id);
            let message = "the answer is not about the thing that was asked for";
            let named = named.ok_or_else(|| reader.fail(FailureClass::Malformed, message))?;
            let is_within = collection.has(document.root(), listing.within.as_deref());
            Ok(is_within.then_some(named))
        };
        self.ask(&request, read).await
    }

    async fn domain_versions(
        &self,
        domain: &str,
        cursor: Option<Cursor>,
    ) -> Result<Response<DirectoryPage<DomainVersion>>, RequestError> {
        let collection = Collection::versions(domain).ok_or_else(no_listing)?;
        self.page(&collection, cursor, collection::version).await
    }

    async fn intents(&self, domain: &str, version: &str) -> Result<Response<Vec<String>>, RequestError> {
        let collection = Collection::versions(domain).filter(|_| is_segment(version));
        let collection = collection.ok_or_else(no_listing)?;
        let path = format!("{}/{version}", collection.path);
        let request = ApiRequest::read(path, Some(collection::WITHOUT_UTTERANCES.to_owned()));
        let read = |reader: &ResponseReader<'_>| {
            let document = found(reader, collection.absent)?;
            let intents = document.root().get("intents").filter(|intents| intents.is_array());
            // Why: a version without intents may come without the member.
            let names = intents.into_iter().flat_map(Node::elements);
            let names: Option<Vec<String>> = names
                .map(|intent| Some(intent.get("name")?.as_str()?.to_owned()))
                .collect();
            let message = "the version has an intent without a name";
            names.ok_or_else(|| reader.fail(FailureClass::Malformed, message))
        };
        self.ask(&request, read).await
    }
}

/// The body of a 200; the failure that anything else means.
fn found(reader: &ResponseReader<'_>, absent: &str) -> Result<Document, RequestError> {
    match reader.answer.status {
        StatusCode::OK => reader.document(),
        _ => Err(reader.failure(Method::Read, absent)),
    }
}

/// The failure of a listing that nothing is in, since what it is of has no id that could be one. Nothing is sent.
fn no_listing() -> RequestError {
    RequestError::new(FailureClass::NotFound, "there is no such listing")
}

#[cfg(test)]
mod tests;
