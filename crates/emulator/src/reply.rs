//! An answer as data, before any socket is involved.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, TRANSFER_ENCODING},
};
use serde_json::{Value, value::RawValue};

/// The response to one request.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::of_json_text(status, body.to_string())
    }

    /// With the body as it was written: a [`Value`] would spell its numbers anew.
    pub(crate) fn raw_json(status: StatusCode, body: &RawValue) -> Self {
        Self::of_json_text(status, body.get().to_owned())
    }

    fn of_json_text(status: StatusCode, body: String) -> Self {
        Self {
            status,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
            body: Bytes::from(body),
        }
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// With what every answer has.
    pub(crate) fn finished(self, now: SystemTime, correlation_id: &str) -> Self {
        let reply = self.with(DATE, date_header(now));
        match HeaderValue::from_str(correlation_id) {
            Ok(id) => reply.with(HeaderName::from_static("inin-correlation-id"), id),
            Err(_) => reply,
        }
    }

    /// Status line and headers as they go over the wire, for a connection that was taken over.
    pub(crate) fn head(&self, length: Length) -> Vec<u8> {
        let (name, value) = match length {
            Length::Known(length) => (CONTENT_LENGTH, HeaderValue::from(length)),
            Length::Chunked => (TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
        };
        let mut head = format!("HTTP/1.1 {}\r\n", self.status).into_bytes();
        for (name, value) in self.headers.iter().chain([(&name, &value)]) {
            head.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    pub(crate) fn with_etag(self, etag: Option<HeaderValue>) -> Self {
        match etag {
            Some(etag) => self.with(ETAG, etag),
            None => self,
        }
    }
}

/// The length of an answer's body, as its head states it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Length {
    /// So many bytes.
    Known(usize),
    /// In chunks.
    Chunked,
}

impl From<Reply> for Response {
    fn from(reply: Reply) -> Self {
        let mut response = Response::new(Body::from(reply.body));
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        response
    }
}

/// A time as an IMF-fixdate, to the second. Years that it cannot name are written as the nearest that it can.
pub(crate) fn date_header(time: SystemTime) -> HeaderValue {
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().min(LAST);
    let date = httpdate::fmt_http_date(UNIX_EPOCH + since);
    HeaderValue::from_str(&date).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_a_date() {
        let year = Duration::from_secs(31_556_952);
        for (time, expected) in [
            (UNIX_EPOCH - year, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (UNIX_EPOCH, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (
                UNIX_EPOCH + Duration::from_secs(784_111_777),
                "Sun, 06 Nov 1994 08:49:37 GMT",
            ),
            (UNIX_EPOCH + year * 10_000, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(date_header(time), expected);
        }
    }
}
