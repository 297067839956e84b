//! The port for documents of a resource, over HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{DocumentKind, RequestError, Stored, Version};
use ports::{Clock, Cursor, DocumentStore, Page, Response};

use crate::answer::ResponseReader;
use crate::request::{self, ApiRequest};
use crate::resource::Resource;
use crate::token::TokenSource;

/// The documents of a resource in one organisation.
pub struct GenesysStore<R> {
    resource: R,
    tokens: Arc<TokenSource>,
    clock: Arc<dyn Clock>,
}

impl<R: Resource> GenesysStore<R> {
    /// The documents of a resource of the API that the tokens are for.
    #[must_use]
    pub fn new(resource: R, tokens: impl Into<Arc<TokenSource>>, clock: Arc<dyn Clock>) -> Self {
        Self {
            resource,
            tokens: tokens.into(),
            clock,
        }
    }

    /// Sends a request and reads its answer.
    async fn ask<T>(
        &self,
        request: &ApiRequest,
        read: impl Fn(&ResponseReader<'_>) -> Result<T, RequestError>,
    ) -> Result<Response<T>, RequestError> {
        let response = self.tokens.send(request).await?;
        let redactor = self.tokens.redactor(Some(&response.token));
        let reading = ResponseReader {
            answer: &response.answer,
            redactor: &redactor,
            now: self.clock.now(),
            requests: response.requests,
        };
        Ok(Response {
            content: read(&reading)?,
            metadata: reading.metadata(),
        })
    }
}

#[async_trait]
impl<R: Resource> DocumentStore<R::Kind> for GenesysStore<R> {
    async fn get(&self, id: &<R::Kind as DocumentKind>::Id) -> Result<Response<Stored<R::Kind>>, RequestError> {
        let request = request::get(&self.resource, id);
        self.ask(&request, |reader| reader.stored(&self.resource, id)).await
    }

    async fn replace<'v>(
        &self,
        id: &<R::Kind as DocumentKind>::Id,
        document: &R::Kind,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<R::Kind>>>, RequestError> {
        let request = request::replace(&self.resource, id, document, version);
        self.ask(&request, |reader| reader.written(&self.resource, id)).await
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<R::Kind>>, RequestError> {
        let request = request::page(&self.resource, cursor.as_ref());
        self.ask(&request, |reader| reader.page(&self.resource, cursor.as_ref()))
            .await
    }
}

#[cfg(test)]
mod tests;
