//! Reading bodies within bounds.

use bytes::{Bytes, BytesMut};
use domain::json::MAX_BYTES;

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

/// Reads a body, up to the size of a document.
pub(crate) async fn read(mut response: reqwest::Response) -> Result<Bytes, BodyFault> {
    let too_large = BodyFault::TooLarge { limit: MAX_BYTES };
    if response
        .content_length()
        .is_some_and(|length| length > MAX_BYTES as u64)
    {
        return Err(too_large);
    }
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body.freeze()),
            Ok(Some(chunk)) if body.len() + chunk.len() > MAX_BYTES => return Err(too_large),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => return Err(BodyFault::Lost(crate::connection::words(&error))),
        }
    }
}
