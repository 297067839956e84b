//! The API of Genesys Cloud: one request, authorized, and its raw answer.

use std::error::Error;

use domain::{FailureClass, RequestError};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, IF_MATCH};
use secrecy::{ExposeSecret, SecretString};

use crate::address::Address;
use crate::answer::RawAnswer;
use crate::connection::{Connection, Effect};
use crate::request::ApiRequest;

/// The API at an address.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) address: Address,
    pub(crate) connection: Connection,
}

/// An answer, the token that it was given to, and the requests that it took.
pub(crate) struct ApiResponse {
    pub(crate) answer: RawAnswer,
    pub(crate) token: SecretString,
    pub(crate) requests: u32,
}

impl Api {
    /// Sends a request once, with this token.
    pub(crate) async fn send(&self, request: &ApiRequest, token: &SecretString) -> Result<RawAnswer, RequestError> {
        let url = self.address.join(&request.path, request.query.as_deref());
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
        let effect = if request.body.is_some() {
            Effect::Write
        } else {
            Effect::None
        };
        builder = match &request.body {
            Some(body) => builder.header(CONTENT_TYPE, "application/json").body(body.clone()),
            // Why: what a cache on the way kept may be older than what was written since.
            None => builder.header(CACHE_CONTROL, "no-cache"),
        };
        let answer = self.connection.send(builder, effect).await;
        let (method, path) = (&request.method, &request.path);
        match &answer {
            Ok(answer) => tracing::debug!(%method, path, status = answer.status.as_u16(), "answered"),
            Err(failure) => tracing::debug!(%method, path, %failure, "not answered"),
        }
        answer
    }
}

fn unsendable(error: impl Error + Send + Sync + 'static) -> RequestError {
    RequestError::new(FailureClass::Rejected, format!("not sent: {error}")).with_source(error)
}
