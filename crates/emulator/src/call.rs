//! A request, read in full, before anything is made of it.

use std::{future::poll_fn, pin::Pin};

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, header::CONTENT_TYPE};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{api_error::ApiError, parameters::Parameters, route::Route};

/// The largest body that the platform takes.
const BODY_LIMIT: usize = 1024 * 1024;

/// The bytes of a larger body that are read, and forgotten, so that its sender gets to hear the answer.
const READ_LIMIT: usize = 16 * BODY_LIMIT;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) route: Route,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    pub(crate) correlation_id: String,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    Whole(Bytes),
    TooLarge,
}

impl Payload {
    /// The body; empty if it was too large.
    pub(crate) fn bytes(&self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes.clone(),
            Self::TooLarge => Bytes::new(),
        }
    }
}

impl Call {
    /// Reads a request to its end; none if its sender went away before.
    pub(crate) async fn read(request: Request, rules_path: &str) -> Option<Self> {
        let (head, body) = request.into_parts();
        let path = head.uri.path().to_owned();
        Some(Self {
            route: Route::of(&head.method, &path, rules_path),
            method: head.method,
            path,
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            payload: read(body).await?,
            correlation_id: Uuid::new_v4().to_string(),
        })
    }

    /// The path with the query.
    pub(crate) fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// The parameters of the query.
    pub(crate) fn parameters(&self) -> Parameters<'_> {
        Parameters::new(self.query.as_deref().unwrap_or_default())
    }

    /// The media type of the body, in lower case, without its parameters.
    pub(crate) fn media_type(&self) -> Option<String> {
        let text = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        text.split(';')
            .next()
            .map(|essence| essence.trim().to_ascii_lowercase())
    }

    /// The body of a request that must be JSON.
    ///
    /// # Errors
    ///
    /// 415 if it does not say that it is, 413 if it is too large.
    pub(crate) fn json_bytes(&self) -> Result<&Bytes, ApiError> {
        if self.media_type().as_deref() != Some("application/json") {
            return Err(ApiError::new(
                415,
                "unsupported.media.type",
                "The request body must be application/json.",
            ));
        }
        match &self.payload {
            Payload::Whole(bytes) => Ok(bytes),
            Payload::TooLarge => {
                Err(
                    ApiError::new(413, "payload.too.large", "The request body is over 1048576 bytes.")
                        .param("limit", BODY_LIMIT),
                )
            }
        }
    }
}

/// The object of a body.
///
/// # Errors
///
/// 400 for what is no JSON, or no object.
pub(crate) fn json_object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let invalid = |message: String| ApiError::new(400, "invalid.json", message);
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(invalid("The request body must be a JSON object.".to_owned())),
        Err(error) => Err(invalid(format!("The request body is not valid JSON: {error}."))),
    }
}

async fn read(mut body: Body) -> Option<Payload> {
    let mut kept = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame.ok()?.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length <= BODY_LIMIT {
            kept.extend_from_slice(&data);
        } else if length > READ_LIMIT {
            break;
        }
    }
    Some(if length > BODY_LIMIT {
        Payload::TooLarge
    } else {
        Payload::Whole(kept.freeze())
    })
}
