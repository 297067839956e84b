//! The token endpoint: the client-credentials grant in the words of RFC 6749.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use serde_json::json;

use crate::{call::Call, client::Registration, reply::Reply};

/// A fault of a token request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Fault {
    error: &'static str,
    description: &'static str,
}

/// The error of this endpoint's own rate limit, which is not a 429.
pub(crate) const RATE_LIMITED: Fault = Fault {
    error: "invalid_request",
    description: "rate limit exceeded; please wait before asking for another token",
};

const UNKNOWN_CLIENT: &str = "invalid_client";

/// The client that asks for a token.
///
/// # Errors
///
/// If the request or the client's credentials are wrong.
pub(crate) fn grant<'client>(clients: &'client [Registration], call: &Call) -> Result<&'client Registration, Fault> {
    let Some((id, secret)) = basic(&call.headers) else {
        return Err(fault(
            UNKNOWN_CLIENT,
            "client authentication is missing or is not Basic",
        ));
    };
    if call.media_type().as_deref() != Some("application/x-www-form-urlencoded") {
        return Err(fault(
            "invalid_request",
            "the body must be application/x-www-form-urlencoded",
        ));
    }
    let body = call.payload.bytes();
    let mut grants = url::form_urlencoded::parse(&body)
        .filter(|(name, _)| name == "grant_type")
        .map(|(_, value)| value);
    match (grants.next().as_deref(), grants.next()) {
        (Some("client_credentials"), None) => {}
        (Some(_), None) => return Err(fault("unsupported_grant_type", "grant_type must be client_credentials")),
        (None | Some(_), _) => return Err(fault("invalid_request", "grant_type is required, once")),
    }
    clients
        .iter()
        .find(|Registration { client, .. }| client.id == id && client.secret == secret)
        .ok_or_else(|| fault(UNKNOWN_CLIENT, "client not found or secret wrong"))
}

/// The token, with the seconds that it lives.
pub(crate) fn granted(token: &str, lifetime: u64) -> Reply {
    Reply::json(
        StatusCode::OK,
        &json!({"access_token": token, "token_type": "bearer", "expires_in": lifetime}),
    )
}

impl From<Fault> for Reply {
    fn from(Fault { error, description }: Fault) -> Self {
        let body = json!({"error": error, "description": description, "error_description": description});
        if error == UNKNOWN_CLIENT {
            Self::json(StatusCode::UNAUTHORIZED, &body).with(WWW_AUTHENTICATE, HeaderValue::from_static("Basic"))
        } else {
            Self::json(StatusCode::BAD_REQUEST, &body)
        }
    }
}

fn fault(error: &'static str, description: &'static str) -> Fault {
    Fault { error, description }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD
        .decode(encoded.trim())
        .ok()
        .filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
