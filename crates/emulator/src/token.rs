//! Access tokens: issued, lived, revoked.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION, header::WWW_AUTHENTICATE};
use uuid::Uuid;

use crate::{api_error::ApiError, client::Registration, tenant::TenantId};

/// Every token that was ever issued.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Vec<Issued>);

/// A token and whose it is.
#[derive(Clone)]
pub(crate) struct Issued {
    /// Its place among all tokens: a name for it that opens nothing.
    pub(crate) serial: usize,
    token: String,
    pub(crate) client_id: String,
    /// The tenant of the client when the token was issued.
    pub(crate) tenant: TenantId,
    ends: SystemTime,
    revoked: bool,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Issued")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// A new token for a client.
    pub(crate) fn issue(&mut self, to: &Registration, now: SystemTime, lifetime: Duration) -> String {
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        self.0.push(Issued {
            serial: self.0.len(),
            token: token.clone(),
            client_id: to.client.id.clone(),
            tenant: to.tenant,
            ends: now + lifetime,
            revoked: false,
        });
        token
    }

    /// The token that a request carries.
    ///
    /// # Errors
    ///
    /// 401 for a token that is missing, unknown, revoked or at its end.
    pub(crate) fn authenticate(&self, headers: &HeaderMap, now: SystemTime) -> Result<Issued, ApiError> {
        let Some(given) = bearer(headers) else {
            return Err(unauthenticated(
                "authentication.required",
                "No authentication bearer token specified in authorization header.",
            ));
        };
        match self.0.iter().find(|issued| issued.token == given) {
            Some(issued) if issued.revoked => Err(unauthenticated("bad.credentials", "Invalid login credentials.")),
            Some(issued) if issued.ends <= now => {
                Err(unauthenticated("token.expired", "The access token has expired."))
            }
            Some(issued) => Ok(issued.clone()),
            None => Err(unauthenticated("bad.credentials", "Invalid login credentials.")),
        }
    }

    /// The tenant of the token that a request carries, whether or not the token is still good.
    pub(crate) fn tenant_of_bearer(&self, headers: &HeaderMap) -> Option<TenantId> {
        let given = bearer(headers)?;
        let issued = self.0.iter().find(|issued| issued.token == given)?;
        Some(issued.tenant)
    }

    /// Ends the life of all tokens at `now`.
    pub(crate) fn expire(&mut self, now: SystemTime) {
        for issued in &mut self.0 {
            issued.ends = issued.ends.min(now);
        }
    }

    pub(crate) fn revoke(&mut self) {
        for issued in &mut self.0 {
            issued.revoked = true;
        }
    }

    /// Revokes the token that a request carries.
    pub(crate) fn revoke_bearer(&mut self, headers: &HeaderMap) {
        let given = bearer(headers);
        for issued in self.0.iter_mut().filter(|issued| Some(&*issued.token) == given) {
            issued.revoked = true;
        }
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.iter().map(|issued| issued.token.clone()).collect()
    }
}

/// The token of an `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

fn unauthenticated(code: &'static str, message: &str) -> ApiError {
    ApiError::new(401, code, message).header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
