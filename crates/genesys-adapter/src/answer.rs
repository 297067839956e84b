//! Answers as data: the meaning of status, headers and body.
//!
//! Nothing here talks to the network, so every answer a server can give is a table in a test.

use std::time::SystemTime;

use bytes::Bytes;
use domain::json::{Document, Node};
use domain::{DocumentKind, FailureClass, IndeterminateCause, RequestError, ResponseMetadata, Stored, Version};
use http::header::ETAG;
use http::{HeaderMap, StatusCode};
use ports::{Cursor, Listed, Page};

use crate::rate_window::rate_window;
use crate::redact::Redactor;
use crate::resource::Resource;
use crate::response_body::BodyFault;
use crate::retry_after::{self, retry_after};

/// The raw answer to one request.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or why there is none.
    pub body: Result<Bytes, BodyFault>,
}

/// A reader of one answer, with all that reading needs.
#[derive(Debug)]
pub(crate) struct ResponseReader<'a> {
    pub(crate) answer: &'a RawAnswer,
    pub(crate) redactor: &'a Redactor,
    pub(crate) now: SystemTime,
    pub(crate) requests: u32,
}

impl ResponseReader<'_> {
    /// The metadata of the answer.
    pub(crate) fn metadata(&self) -> ResponseMetadata {
        let correlation = self
            .answer
            .headers
            .get("inin-correlation-id")
            .and_then(|id| id.to_str().ok());
        ResponseMetadata {
            status: Some(self.answer.status.as_u16()),
            correlation_id: correlation.map(|id| self.redactor.clean(id)),
            date: retry_after::date(&self.answer.headers),
            rate: rate_window(&self.answer.headers),
            requests: self.requests,
            ..ResponseMetadata::default()
        }
    }

    /// The document that a read answers.
    pub(crate) fn stored<R: Resource>(
        &self,
        resource: &R,
        id: &<R::Kind as DocumentKind>::Id,
    ) -> Result<Stored<R::Kind>, RequestError> {
        match self.answer.status {
            StatusCode::OK => self.of_kind(resource, id),
            _ => Err(self.failure(Method::Read, R::ABSENT)),
        }
    }

    /// The document that a write answers; nothing if it was accepted and the answer does not show the document.
    pub(crate) fn written<R: Resource>(
        &self,
        resource: &R,
        id: &<R::Kind as DocumentKind>::Id,
    ) -> Result<Option<Stored<R::Kind>>, RequestError> {
        match self.answer.status {
            StatusCode::OK | StatusCode::CREATED => match self.of_kind(resource, id) {
                Ok(document) => Ok(Some(document)),
                Err(_) if self.is_cut_short() => Ok(None),
                // Why: a page of whatever stands between here and there is 200, too, and nothing was written then.
                Err(failure) => Err(RequestError {
                    class: no_answer(),
                    ..failure
                }),
            },
            StatusCode::NO_CONTENT => Ok(None),
            _ => Err(self.failure(Method::Write, R::ABSENT)),
        }
    }

    /// True if the answer has no whole body, or has nothing after its headers.
    fn is_cut_short(&self) -> bool {
        self.answer.body.as_ref().map_or(true, Bytes::is_empty)
    }

    /// The page that a listing answers.
    pub(crate) fn page<R: Resource>(
        &self,
        resource: &R,
        cursor: Option<&Cursor>,
    ) -> Result<Page<R::Kind>, RequestError> {
        match self.answer.status {
            StatusCode::OK => self.read_page(resource, cursor),
            _ => Err(self.failure(Method::Read, R::ABSENT)),
        }
    }

    fn of_kind<R: Resource>(
        &self,
        resource: &R,
        id: &<R::Kind as DocumentKind>::Id,
    ) -> Result<Stored<R::Kind>, RequestError> {
        let document = self.document()?;
        let version = self.version::<R::Kind>(&document);
        let noun = R::Kind::NAME;
        let Ok(value) = R::Kind::from_document(document) else {
            let message = format!("the answer is no {noun}: it is not an object");
            return Err(self.fail(FailureClass::Malformed, message));
        };
        if let Some(stated) = resource.stated_id(value.document().root())
            && stated != id.to_string()
        {
            let message = format!("the answer is about the {noun} `{}`", self.redactor.clean(stated));
            return Err(self.fail(FailureClass::IdMismatch, message));
        }
        Ok(Stored {
            id: id.clone(),
            version,
            value,
        })
    }

    /// The header's tag if it is a strong one, or else the body's.
    fn version<K: DocumentKind>(&self, document: &Document) -> Option<Version> {
        let header = self
            .answer
            .headers
            .get(ETAG)
            .and_then(|tag| tag.to_str().ok()?.parse().ok());
        header.or_else(|| K::stated_version(document.root()))
    }

    /// The body, as the document that it is to be.
    pub(crate) fn document(&self) -> Result<Document, RequestError> {
        let body = match &self.answer.body {
            Ok(body) => body,
            Err(BodyFault::TooLarge { limit }) => {
                let message = format!("the answer has more than {limit} bytes");
                return Err(self.fail(FailureClass::Malformed, message));
            }
            Err(BodyFault::Lost(why)) => {
                let message = format!("the answer broke off: {why}");
                return Err(self.fail(no_answer(), message));
            }
        };
        let text = std::str::from_utf8(body);
        let Ok(text) = text else {
            return Err(self.fail(FailureClass::Malformed, "the answer is not UTF-8"));
        };
        Document::parse(text).map_err(|error| {
            let looks_like = if self.is_page() {
                " (it looks like a web page)"
            } else {
                ""
            };
            self.fail(
                FailureClass::Malformed,
                format!(
                    "the answer is not JSON: {}{looks_like}",
                    self.redactor.clean(&error.to_string())
                ),
            )
        })
    }

    /// True if the body is a web page: something in front of the platform answered then.
    pub(crate) fn is_page(&self) -> bool {
        let body = self.answer.body.as_ref().map_or(&[][..], |body| body.as_ref());
        body.trim_ascii_start().starts_with(b"<")
    }

    fn read_page<R: Resource>(&self, resource: &R, cursor: Option<&Cursor>) -> Result<Page<R::Kind>, RequestError> {
        let document = self.document()?;
        let malformed = |message: String| self.fail(FailureClass::Malformed, message);
        let parts = resource.read_page(document.root(), cursor);
        let parts = parts.ok_or_else(|| malformed("the answer is no listing: it has no list `entities`".to_owned()))?;
        let mut documents = Vec::new();
        for element in parts.elements {
            let listed = resource.read_listed(element).and_then(|(stated_id, document)| {
                Some(Listed {
                    id: stated_id.parse().ok(),
                    stated_id,
                    version: R::Kind::stated_version(element),
                    value: R::Kind::from_document(document).ok()?,
                })
            });
            let no_document = || malformed(format!("the listing has an element that is no {}", R::Kind::NAME));
            documents.push(listed.ok_or_else(no_document)?);
        }
        Ok(Page {
            documents,
            next: parts.next,
            total: parts.total,
        })
    }

    pub(crate) fn fail(&self, class: FailureClass, message: impl Into<String>) -> RequestError {
        RequestError {
            class,
            message: message.into(),
            metadata: self.metadata().into(),
            source: None,
        }
    }

    /// The failure that an answer other than the one hoped for means; `absent` is what a 404 does.
    pub(crate) fn failure(&self, method: Method, absent: &str) -> RequestError {
        let said = self.platform_error();
        let wait = retry_after(&self.answer.headers, self.now);
        let says_moved = said
            .message
            .to_lowercase()
            .contains("does not match the current version");
        let class = match (self.answer.status.as_u16(), method) {
            (409 | 412, Method::Write) => FailureClass::PreconditionFailed,
            (400, Method::Write) if says_moved => FailureClass::PreconditionFailed,
            (401, _) => FailureClass::Unauthenticated,
            (403 | 407, _) => FailureClass::Denied,
            (404, _) => FailureClass::NotFound,
            (429, _) => FailureClass::Throttled { wait },
            (300..=399, _) => FailureClass::Redirected,
            (500..=599, _) => FailureClass::Indeterminate {
                wait,
                cause: IndeterminateCause::ServerError,
            },
            (408, _) | (200..=299, Method::Write) => FailureClass::Indeterminate {
                wait,
                cause: IndeterminateCause::NoAnswer,
            },
            (400..=499, _) => FailureClass::Rejected,
            _ => FailureClass::Malformed,
        };
        let message = match (&class, said.message.as_str()) {
            (_, "") => self.status_in_words(&class, absent),
            (FailureClass::NotFound, message) => format!("{}: {message}", self.status_in_words(&class, absent)),
            (_, message) => message.to_owned(),
        };
        let metadata = ResponseMetadata {
            platform_code: said.code,
            context_id: said.context_id,
            ..self.metadata()
        };
        RequestError {
            class,
            message,
            metadata: metadata.into(),
            source: None,
        }
    }

    fn status_in_words(&self, class: &FailureClass, absent: &str) -> String {
        if *class == FailureClass::NotFound {
            return format!("the server answered 404: {absent}");
        }
        let reason = self.answer.status.canonical_reason().unwrap_or("no reason given");
        format!("the server answered {} ({reason})", self.answer.status.as_u16())
    }

    fn platform_error(&self) -> PlatformError {
        let document = self
            .answer
            .body
            .as_ref()
            .ok()
            .and_then(|body| std::str::from_utf8(body).ok());
        let Some(document) = document.and_then(|text| Document::parse(text).ok()) else {
            return PlatformError::default();
        };
        let text = |name| {
            let text = document.root().get(name).and_then(Node::as_str);
            text.map(|text| self.redactor.clean(text))
                .filter(|text| !text.is_empty())
        };
        let first = [
            "messageWithParams",
            "message",
            "error_description",
            "description",
            "error",
        ];
        PlatformError {
            message: first.into_iter().find_map(text).unwrap_or_default(),
            code: text("code").or_else(|| text("error")),
            context_id: text("contextId"),
        }
    }
}

/// The method of the request that an answer is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Read,
    Write,
}

/// The platform's own words for a failure.
#[derive(Debug, Default)]
struct PlatformError {
    message: String,
    code: Option<String>,
    context_id: Option<String>,
}

fn no_answer() -> FailureClass {
    FailureClass::Indeterminate {
        wait: None,
        cause: IndeterminateCause::NoAnswer,
    }
}

#[cfg(test)]
mod tests;
