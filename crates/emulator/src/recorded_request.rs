//! The log of requests that tests read.

use bytes::Bytes;
use http::header::IF_MATCH;

use crate::{Kind, call::Call};

/// One request as it came in. The value of `Authorization` is never kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordedRequest {
    /// The kind of request.
    pub kind: Kind,
    /// Its method.
    pub method: String,
    /// Its path, with the query.
    pub path: String,
    /// Its `If-Match`, as it stood in the header.
    pub if_match: Option<String>,
    /// Its body; empty if it was over the limit.
    pub body: Bytes,
    /// The status of the answer; none while there is no answer, or if none was ever made.
    pub status: Option<u16>,
    /// The correlation id of the answer.
    pub correlation_id: String,
}

impl RecordedRequest {
    pub(crate) fn of(call: &Call) -> Self {
        Self {
            kind: call.route.kind(),
            method: call.method.to_string(),
            path: call.target(),
            if_match: call
                .headers
                .get(IF_MATCH)
                .map(|tag| String::from_utf8_lossy(tag.as_bytes()).into_owned()),
            body: call.payload.bytes(),
            status: None,
            correlation_id: call.correlation_id.clone(),
        }
    }

    /// True if it asked for an access token, which is no request to the API.
    pub fn is_token_request(&self) -> bool {
        self.kind == Kind::Token
    }
}
