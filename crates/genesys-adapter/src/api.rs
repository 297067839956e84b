//! The API of Genesys Cloud: one request, authorized, and its raw answer.

use std::error::Error;

use domain::{FailureClass, RequestError};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, IF_MATCH};
use secrecy::{ExposeSecret, SecretString};

use crate::address::Address;
use crate::answer::RawAnswer;
use crate::connection::{self, Connection};
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
}

fn unsendable(error: impl Error + Send + Sync + 'static) -> RequestError {
    RequestError::new(FailureClass::Rejected, format!("not sent: {error}")).with_source(error)
}
