//! The port for documents of a resource, over HTTP.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{DocumentKind, FailureClass, RequestError, Stored, Version};
use ports::{Clock, Cursor, DocumentStore, Page, Response};

use crate::answer::ResponseReader;
use crate::request::{self, ApiRequest};
use crate::resource::Resource;
use crate::tags::Tags;
use crate::token::TokenSource;

/// The documents of a resource in one organization.
pub struct GenesysStore<R> {
    resource: R,
    tokens: Arc<TokenSource>,
    clock: Arc<dyn Clock>,
    /// The tags of the last read.
    tags: Mutex<Option<Tags>>,
}

impl<R: Resource> GenesysStore<R> {
    /// The documents of a resource of the API that the tokens are for.
    pub fn new(resource: R, tokens: impl Into<Arc<TokenSource>>, clock: Arc<dyn Clock>) -> Self {
        Self {
            resource,
            tokens: tokens.into(),
            clock,
            tags: Mutex::default(),
        }
    }

    /// A panic elsewhere leaves the tags as they were read, which is sound.
    fn tags(&self) -> MutexGuard<'_, Option<Tags>> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The failure of a write, with the disagreement of the tags if it was refused for the document's.
    fn refused(&self, mut failure: RequestError, version: Option<&Version>) -> RequestError {
        if failure.class == FailureClass::PreconditionFailed
            && let Some((header, body)) = self.tags().as_ref().and_then(Tags::disagree)
            && version == Some(body)
        {
            failure.message = format!(
                "{}; the {} was read with the tag {} in the header and the `etag` {} in the document, so something on the way \
                 rewrites tags",
                failure.message,
                R::Kind::NAME,
                header.as_sent(),
                body.as_sent()
            );
        }
        failure
    }

    /// Sends a request and reads its answer.
    async fn ask<T>(
        &self,
        request: &ApiRequest,
        read: impl Fn(&ResponseReader<'_>) -> Result<T, RequestError>,
    ) -> Result<Response<T>, RequestError> {
        ask(&self.tokens, self.clock.as_ref(), request, read).await
    }
}

/// Sends a request and reads its answer.
pub(crate) async fn ask<T>(
    tokens: &TokenSource,
    clock: &dyn Clock,
    request: &ApiRequest,
    read: impl Fn(&ResponseReader<'_>) -> Result<T, RequestError>,
) -> Result<Response<T>, RequestError> {
    let response = tokens.send(request).await?;
    let redactor = tokens.redactor(Some(&response.token));
    let reading = ResponseReader {
        answer: &response.answer,
        redactor: &redactor,
        now: clock.now(),
        requests: response.requests,
    };
    Ok(Response {
        content: read(&reading)?,
        metadata: reading.metadata(),
    })
}

#[async_trait]
impl<R: Resource> DocumentStore<R::Kind> for GenesysStore<R> {
    async fn get(&self, id: &<R::Kind as DocumentKind>::Id) -> Result<Response<Stored<R::Kind>>, RequestError> {
        let request = request::get(&self.resource, id);
        let read = |reader: &ResponseReader<'_>| {
            let stored = reader.stored(&self.resource, id)?;
            *self.tags() = Some(reader.tags::<R::Kind>(stored.value.document()));
            Ok(stored)
        };
        self.ask(&request, read).await
    }

    async fn replace<'v>(
        &self,
        id: &<R::Kind as DocumentKind>::Id,
        document: &R::Kind,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<R::Kind>>>, RequestError> {
        let request = request::replace(&self.resource, id, document, version);
        let written = self
            .ask(&request, |reader| reader.written(&self.resource, id, version))
            .await;
        written.map_err(|failure| self.refused(failure, version))
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<R::Kind>>, RequestError> {
        let request = request::page(&self.resource, cursor.as_ref());
        self.ask(&request, |reader| reader.page(&self.resource, cursor.as_ref()))
            .await
    }
}

#[cfg(test)]
mod tests;
