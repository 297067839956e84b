//! An answer as data, before any socket is involved.

use std::time::SystemTime;

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, TRANSFER_ENCODING},
};
use serde_json::Value;

use crate::http_date::http_date_header;

/// What the platform says to one request.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self {
            status,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
            body: Bytes::from(body.to_string()),
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
        let reply = self.with(DATE, http_date_header(now));
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

/// How the head of an answer tells the length of its body.
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
