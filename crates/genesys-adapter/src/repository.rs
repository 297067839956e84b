//! The port for trigger rules, over HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Failure, FailureClass, RuleId, Stored, TriggerRule, Version};
use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, IF_MATCH};
use ports::{Answer, Clock, DocumentStore, Page, PageRequest};
use secrecy::{ExposeSecret, SecretString};

use crate::address::{Address, RulesPath};
use crate::answer::{RawAnswer, ResponseReader};
use crate::connection::{self, Connection};
use crate::request::{self, ApiRequest};
use crate::token::TokenSource;

/// Trigger rules of one organisation.
pub struct GenesysRepository {
    api: Address,
    path: RulesPath,
    connection: Connection,
    tokens: TokenSource,
    clock: Arc<dyn Clock>,
}

/// An answer, and the token that it was given to.
struct ApiResponse {
    answer: RawAnswer,
    token: SecretString,
    requests: u32,
}

impl GenesysRepository {
    /// The rules under `path` of the API at `api`.
    #[must_use]
    pub fn new(
        api: Address,
        path: RulesPath,
        connection: Connection,
        tokens: TokenSource,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            api,
            path,
            connection,
            tokens,
            clock,
        }
    }

    /// Gets a token, or finds a good one at hand.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` if the credentials are refused; otherwise as for any request.
    pub async fn sign_in(&self) -> Result<(), Failure> {
        self.tokens.token().await.map(|_| ())
    }

    /// Sends a request. One that is refused for its token is sent once more with another.
    async fn exchange(&self, request: &ApiRequest) -> Result<ApiResponse, Failure> {
        let token = self.tokens.token().await?;
        let answer = self
            .send(request, &token)
            .await
            .map_err(|failure| counted(failure, 1))?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(ApiResponse {
                answer,
                token,
                requests: 1,
            });
        }
        match self.tokens.another(&token).await? {
            None => Ok(ApiResponse {
                answer,
                token,
                requests: 1,
            }),
            Some(token) => {
                let answer = self
                    .send(request, &token)
                    .await
                    .map_err(|failure| counted(failure, 2))?;
                Ok(ApiResponse {
                    answer,
                    token,
                    requests: 2,
                })
            }
        }
    }

    async fn send(&self, request: &ApiRequest, token: &SecretString) -> Result<RawAnswer, Failure> {
        let url = self.api.join(&request.path, request.query.as_deref());
        let url = url.map_err(|error| Failure::new(FailureClass::Rejected, format!("not sent: {error}")))?;
        let mut builder = self
            .connection
            .client()
            .request(request.method.clone(), url)
            .bearer_auth(token.expose_secret())
            .header(ACCEPT, "application/json");
        if let Some(version) = &request.if_match {
            let value = HeaderValue::try_from(version.as_sent());
            let value = value.map_err(|error| Failure::new(FailureClass::Rejected, format!("not sent: {error}")))?;
            builder = builder.header(IF_MATCH, value);
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
        read: impl Fn(&ResponseReader<'_>) -> Result<T, Failure>,
    ) -> Result<Answer<T>, Failure> {
        let exchange = self.exchange(request).await?;
        let mut redactor = self.tokens.redactor();
        redactor.add(&exchange.token);
        let reading = ResponseReader {
            answer: &exchange.answer,
            redactor: &redactor,
            now: self.clock.now(),
            requests: exchange.requests,
        };
        Ok(Answer {
            content: read(&reading)?,
            metadata: reading.metadata(),
        })
    }
}

/// A failure without an answer, with the requests that led to it; one that never left is none.
fn counted(mut failure: Failure, requests: u32) -> Failure {
    let never_left = matches!(failure.class, FailureClass::NotSent | FailureClass::Untrusted);
    failure.metadata.requests = if never_left {
        requests.saturating_sub(1)
    } else {
        requests
    };
    failure
}

#[async_trait]
impl DocumentStore for GenesysRepository {
    async fn get(&self, id: &RuleId) -> Result<Answer<Stored<TriggerRule>>, Failure> {
        self.ask(&request::get(&self.path, id), |reading| reading.stored(id))
            .await
    }

    async fn replace(
        &self,
        id: &RuleId,
        document: &TriggerRule,
        version: &Version,
    ) -> Result<Answer<Option<Stored<TriggerRule>>>, Failure> {
        let request = request::replace(&self.path, id, document, version);
        self.ask(&request, |reading| reading.written(id)).await
    }

    async fn list(&self, page: PageRequest) -> Result<Answer<Page>, Failure> {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method itself is for one lifetime only"
        )]
        self.ask(&request::list(&self.path, page), |reading| reading.page())
            .await
    }
}

#[cfg(test)]
mod tests;
