//! Error responses of the platform: one error body for every fault.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use crate::reply::Reply;

/// A fault of a request, with all that the error body states of it.
#[derive(Clone, Debug)]
pub(crate) struct ApiError(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    status: u16,
    code: &'static str,
    message: String,
    params: Map<String, Value>,
    details: Vec<Value>,
    headers: HeaderMap,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            message: message.into(),
            params: Map::new(),
            details: Vec::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// A parameter of the message.
    pub(crate) fn param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.params.insert(name.to_owned(), value.into());
        self
    }

    /// One field that is at fault, in the platform's notation (`conditions[3].operator`).
    pub(crate) fn detail(mut self, error_code: &str, field: &str) -> Self {
        self.0
            .details
            .push(json!({"errorCode": error_code, "fieldName": field}));
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.0.headers.insert(name, value.into());
        self
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }

    /// The answer, under the correlation id that support would ask for.
    pub(crate) fn into_reply(self, correlation_id: &str) -> Reply {
        let body = json!({
            "message": self.0.message,
            "code": self.0.code,
            "status": self.0.status,
            "messageParams": self.0.params,
            "contextId": correlation_id,
            "details": self.0.details,
            "errors": [],
        });
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = Reply::json(status, &body);
        reply.headers.extend(self.0.headers);
        reply
    }
}
