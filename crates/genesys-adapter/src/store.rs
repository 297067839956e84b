//! The port for documents of a resource, over HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{DocumentKind, FailureClass, RequestError, Stored, Version};
use http::StatusCode;
use ports::{Clock, Cursor, DocumentStore, Page, Response};
use secrecy::SecretString;

use crate::address::Address;
use crate::answer::{RawAnswer, ResponseReader};
use crate::api::Api;
use crate::connection::Connection;
use crate::request::{self, ApiRequest};
use crate::resource::Resource;
use crate::token::TokenSource;

/// The documents of a resource in one organisation.
pub struct GenesysStore<R> {
    api: Api,
    resource: R,
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
            api: Api {
                address: api,
                connection,
            },
            resource,
            tokens: tokens.into(),
            clock,
        }
    }

    /// Sends a request. One that is refused for its token is sent once more with another.
    async fn exchange(&self, request: &ApiRequest) -> Result<ApiResponse, RequestError> {
        let token = self.tokens.token().await?;
        let sent = self.api.send(request, &token).await;
        let answer = sent.map_err(|failure| with_request_count(failure, 1))?;
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
                let sent = self.api.send(request, &token).await;
                let answer = sent.map_err(|failure| with_request_count(failure, 2))?;
                Ok(ApiResponse {
                    answer,
                    token,
                    requests: 2,
                })
            }
        }
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

/// A failure without an answer, with the requests that led to it; one that never left is none.
fn with_request_count(mut failure: RequestError, requests: u32) -> RequestError {
    let never_left = matches!(
        failure.class,
        FailureClass::NotSent | FailureClass::Untrusted | FailureClass::OtherOrganization
    );
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
