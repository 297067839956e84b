//! The port for documents of a resource, over HTTP.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{DocumentKind, FailureClass, RequestError, Stored, Version};
use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, IF_MATCH};
use ports::{Clock, Cursor, DocumentStore, Page, Response};
use secrecy::{ExposeSecret, SecretString};

use crate::address::Address;
use crate::answer::{RawAnswer, ResponseReader};
use crate::connection::{self, Connection};
use crate::request::{self, ApiRequest};
use crate::resource::Resource;
use crate::token::TokenSource;

/// The documents of a resource in one organisation.
pub struct GenesysStore<R> {
    api: Address,
    resource: R,
    connection: Connection,
    tokens: Arc<TokenSource>,
    clock: Arc<dyn Clock>,
}

/// An answer, and the token that it was given to.
struct ApiResponse {
    answer: RawAnswer,
    token: SecretString,
    requests: u32,
}

impl<R: Resource> GenesysStore<R> {
    /// The documents of a resource of the API at `api`.
    #[must_use]
    pub fn new(
        api: Address,
        resource: R,
        connection: Connection,
        tokens: impl Into<Arc<TokenSource>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            api,
            resource,
            connection,
            tokens: tokens.into(),
            clock,
        }
    }

    /// Sends a request. One that is refused for its token is sent once more with another.
    async fn exchange(&self, request: &ApiRequest) -> Result<ApiResponse, RequestError> {
        let token = self.tokens.token().await?;
        let answer = self
            .send(request, &token)
            .await
            .map_err(|failure| with_request_count(failure, 1))?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(ApiResponse {
                answer,
                token,
                requests: 1,
            });
        }
        match self.tokens.refresh_after_rejection(&token).await? {
            None => Ok(ApiResponse {
                answer,
                token,
                requests: 1,
            }),
            Some(token) => {
                let answer = self
                    .send(request, &token)
                    .await
                    .map_err(|failure| with_request_count(failure, 2))?;
                Ok(ApiResponse {
                    answer,
                    token,
                    requests: 2,
                })
            }
        }
    }

    async fn send(&self, request: &ApiRequest, token: &SecretString) -> Result<RawAnswer, RequestError> {
        let url = self.api.join(&request.path, request.query.as_deref());
        let url = url.map_err(unsendable)?;
        let mut builder = self
            .connection
            .client()
            .request(request.method.clone(), url)
            .bearer_auth(token.expose_secret())
            .header(ACCEPT, "application/json");
        if let Some(version) = &request.if_match {
            let value = HeaderValue::try_from(version.as_sent());
            builder = builder.header(IF_MATCH, value.map_err(unsendable)?);
        }
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let answer = connection::send(builder).await;
        let (method, path) = (&request.method, &request.path);
        match &answer {
            Ok(answer) => tracing::debug!(%method, path, status = answer.status.as_u16(), "answered"),
            Err(failure) => tracing::debug!(%method, path, %failure, "not answered"),
        }
        answer
    }

    /// Sends a request and reads its answer.
    async fn ask<T>(
        &self,
        request: &ApiRequest,
        read: impl Fn(&ResponseReader<'_>) -> Result<T, RequestError>,
    ) -> Result<Response<T>, RequestError> {
        let exchange = self.exchange(request).await?;
        let mut redactor = self.tokens.redactor();
        redactor.add(&exchange.token);
        let reading = ResponseReader {
            answer: &exchange.answer,
            redactor: &redactor,
            now: self.clock.now(),
            requests: exchange.requests,
        };
        Ok(Response {
            content: read(&reading)?,
            metadata: reading.metadata(),
        })
    }
}

fn unsendable(error: impl Error + Send + Sync + 'static) -> RequestError {
    RequestError::new(FailureClass::Rejected, format!("not sent: {error}")).with_source(error)
}

/// A failure without an answer, with the requests that led to it; one that never left is none.
fn with_request_count(mut failure: RequestError, requests: u32) -> RequestError {
    let never_left = matches!(failure.class, FailureClass::NotSent | FailureClass::Untrusted);
    failure.metadata.requests = if never_left {
        requests.saturating_sub(1)
    } else {
        requests
    };
    failure
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
