//! The organization that a token belongs to, as the platform tells it.
//!
//! All organizations of a region share one API, so only this answer tells them apart.

use domain::json::Node;
use domain::{FailureClass, IndeterminateCause, RequestError};
use http::{Method as HttpMethod, StatusCode};
use serde::{Deserialize, Serialize};

use crate::answer::{Method, ResponseReader};
use crate::redact::clean;
use crate::request::ApiRequest;

/// The path that answers for the token's own organization. The platform's SDKs name no permission for it.
const PATH: &str = "/api/v2/organizations/me";

/// The most characters of an id; the platform's have 36.
const MAX_ID: usize = 128;

/// An organization of Genesys Cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id: 1 to 128 letters, digits, `-` and `_`.
    pub id: String,
    /// Its name, where the answer had one.
    pub name: Option<String>,
}

/// Asks for the organization.
pub(crate) fn request() -> ApiRequest {
    ApiRequest {
        method: HttpMethod::GET,
        path: PATH.to_owned(),
        query: None,
        if_match: None,
        body: None,
    }
}

/// The organization that an answer tells, or none where it definitely tells none: 404, 403, or 200 without an id.
///
/// # Errors
///
/// Any other answer. One that may be another's, such as a page of a gateway, is worth asking again.
pub(crate) fn read(reader: &ResponseReader<'_>) -> Result<Option<Organization>, RequestError> {
    match reader.answer.status {
        StatusCode::OK => {
            let document = reader.document().map_err(|failure| passing(reader, failure))?;
            let text = |name| document.root().get(name).and_then(Node::as_str);
            let Some(id) = text("id").filter(|id| !id.is_empty()) else {
                return Ok(None);
            };
            if !is_id(id) {
                let message = "the answer about the organization has no id that can be used";
                return Err(reader.fail(FailureClass::Malformed, message));
            }
            Ok(Some(Organization {
                id: id.to_owned(),
                name: text("name").map(|name| clean(reader.redactor, name)),
            }))
        }
        StatusCode::NOT_FOUND => Ok(None),
        StatusCode::FORBIDDEN if !reader.is_page() => Ok(None),
        StatusCode::FORBIDDEN => Err(passing(reader, reader.failure(Method::Read, ""))),
        _ => Err(about_organization(reader.failure(Method::Read, ""))),
    }
}

fn is_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() <= MAX_ID && text.bytes().all(is_plain)
}

/// The failure of an answer that the platform itself did not give: the next one may be its own.
fn passing(reader: &ResponseReader<'_>, mut failure: RequestError) -> RequestError {
    failure.class = FailureClass::Indeterminate {
        wait: None,
        cause: IndeterminateCause::NoAnswer,
    };
    if reader.is_page() {
        let status = reader.answer.status.as_u16();
        failure.message = format!("something in front of the platform answered with a page (HTTP {status})");
    }
    about_organization(failure)
}

/// The failure with the name of what was asked for.
pub fn about_organization(mut failure: RequestError) -> RequestError {
    failure.message = format!("the organization is not known: {}", failure.message);
    failure
}
