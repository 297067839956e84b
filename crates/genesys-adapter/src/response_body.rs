//! Reading bodies within bounds.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::json::MAX_BYTES;
use network::root_cause;

/// Why a body is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// The body is longer than a document may be. It was not kept.
    TooLarge {
        /// The most bytes that are read.
        limit: usize,
    },
    /// The body broke off.
    Lost(String),
}

/// Reads a body, up to the size of a document. The request has `limit` for all of its answer.
pub(crate) async fn read(mut response: reqwest::Response, limit: Duration) -> Result<Bytes, BodyFault> {
    let too_large = BodyFault::TooLarge { limit: MAX_BYTES };
    if response
        .content_length()
        .is_some_and(|length| length > MAX_BYTES as u64)
    {
        return Err(too_large);
    }
    let length = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    let mut body = BytesMut::with_capacity(length.unwrap_or_default());
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body.freeze()),
            Ok(Some(chunk)) if body.len() + chunk.len() > MAX_BYTES => return Err(too_large),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) if error.is_timeout() => {
                return Err(BodyFault::Lost(format!("it was not whole within {limit:?}")));
            }
            Err(error) => return Err(BodyFault::Lost(root_cause(&error))),
        }
    }
}
