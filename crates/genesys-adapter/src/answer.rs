//! Answers as data: the meaning of status, headers and body.
//!
//! Nothing here talks to the network, so every answer a server can give is a table in a test.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use domain::json::Document;
use domain::{DocumentKind, FailureClass, IndeterminateCause, RequestError, ResponseMetadata, Stored, Version};
use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderMap, StatusCode};
use ports::{Cursor, Listed, Page, Redactor};

use crate::platform_error::PlatformError;
use crate::rate_window::rate_window;
use crate::redact::{clean, first_words};
use crate::resource::{NotTheDocument, Resource};
use crate::response_body::BodyFault;
use crate::tags::{Tags, is_same};

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
            correlation_id: correlation.map(|id| clean(self.redactor, id)),
            date: network::date(&self.answer.headers),
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

    /// The document that a write under a version answers; nothing if it was accepted and the answer does not show the
    /// document.
    pub(crate) fn written<R: Resource>(
        &self,
        resource: &R,
        id: &<R::Kind as DocumentKind>::Id,
        under: Option<&Version>,
    ) -> Result<Option<Stored<R::Kind>>, RequestError> {
        match self.answer.status {
            StatusCode::OK | StatusCode::CREATED => match self.of_kind(resource, id) {
                // Why: every write makes a version. A cache shows what it kept, and nothing was written then.
                Ok(Stored {
                    version: Some(version), ..
                }) if under.is_some_and(|under| is_same(under, &version)) => {
                    let message = "the answer shows the version that the write was to replace";
                    Err(self.fail(no_answer(), message))
                }
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

    /// The pause that the answer asks for.
    pub(crate) fn pause(&self) -> Option<Duration> {
        let body = self.answer.body.as_ref().map_or(&[][..], |body| body.as_ref());
        network::retry_after(&self.answer.headers, body, self.now)
    }

    /// True if the answer has no whole body, or has nothing after its headers, and these do not tell of a page.
    fn is_cut_short(&self) -> bool {
        let is_json = |kind: &str| kind.trim_end().to_ascii_lowercase().ends_with("json");
        self.answer.body.as_ref().map_or(true, Bytes::is_empty) && self.media_type().is_none_or(is_json)
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
        let noun = R::Kind::NAME;
        let malformed = |why: &str| self.fail(FailureClass::Malformed, format!("the answer is no {noun}: {why}"));
        let version = self.tags::<R::Kind>(&document).version();
        let document = resource.read(id, document).map_err(|fault| match fault {
            NotTheDocument::NoDocument(why) => malformed(why),
            NotTheDocument::Other(stated) => {
                let message = format!("the answer is about the {noun} `{}`", clean(self.redactor, &stated));
                self.fail(FailureClass::IdMismatch, message)
            }
        })?;
        let Ok(value) = R::Kind::from_document(document) else {
            return Err(malformed("it is not an object"));
        };
        Ok(Stored {
            id: id.clone(),
            version,
            value,
        })
    }

    /// The tags of a document that the answer shows.
    pub(crate) fn tags<K: DocumentKind>(&self, document: &Document) -> Tags {
        let header = self.answer.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
        Tags {
            header: header.and_then(|tag| tag.parse().ok()),
            body: K::stated_version(document.root()),
        }
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
        if self.is_page()
            && let Some(page) = self.page_in_front()
        {
            return Err(self.fail(FailureClass::Malformed, page));
        }
        let text = std::str::from_utf8(body);
        let Ok(text) = text else {
            return Err(self.fail(FailureClass::Malformed, "the answer is not UTF-8"));
        };
        Document::parse(text).map_err(|error| {
            self.fail(
                FailureClass::Malformed,
                format!("the answer is not JSON: {}", clean(self.redactor, &error.to_string())),
            )
        })
    }

    /// True if the body is a web page: something in front of the platform answered then.
    pub(crate) fn is_page(&self) -> bool {
        let body = self.answer.body.as_ref().map_or(&[][..], |body| body.as_ref());
        body.trim_ascii_start().starts_with(b"<")
    }

    /// The words for an answer that the platform does not give: its errors are JSON, or empty.
    pub(crate) fn page_in_front(&self) -> Option<String> {
        let body = self.answer.body.as_ref().ok()?;
        let text = String::from_utf8_lossy(body);
        if text.trim().is_empty() || Document::parse(&text).is_ok() {
            return None;
        }
        let media_type = self.media_type().unwrap_or("no media type");
        Some(format!(
            "answered by something in front of the platform (HTTP {}, {}, `{}`)",
            self.answer.status.as_u16(),
            clean(self.redactor, media_type),
            first_words(self.redactor, &text)
        ))
    }

    /// The media type that the headers tell, without its parameters.
    fn media_type(&self) -> Option<&str> {
        let kind = self.answer.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        kind.split(';').next()
    }

    fn read_page<R: Resource>(&self, resource: &R, cursor: Option<&Cursor>) -> Result<Page<R::Kind>, RequestError> {
        let document = self.document()?;
        let malformed = |message: String| self.fail(FailureClass::Malformed, message);
        let parts = resource.read_page(document.root(), cursor);
        let parts = parts.ok_or_else(|| malformed("the answer is no listing: it has no list `entities`".to_owned()))?;
        let mut documents = Vec::new();
        for element in parts.elements {
            let listed = resource.read_listed(element).and_then(|parts| {
                Some(Listed {
                    id: parts.id.parse().ok(),
                    stated_id: parts.id,
                    title: parts.title,
                    version: R::Kind::stated_version(element),
                    value: R::Kind::from_document(parts.document).ok()?,
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
        let platform_error = self.platform_error();
        let wait = self.pause();
        let says_moved = platform_error
            .message
            .to_lowercase()
            .contains("does not match the current version");
        let in_front = self.page_in_front();
        let class = match (self.answer.status.as_u16(), method) {
            // Why: rights, ids and the request are judged by the platform alone.
            (400 | 401 | 403..=405, _) if in_front.is_some() => FailureClass::Malformed,
            (406..=407 | 410..=411 | 413..=420 | 422..=424 | 426..=428 | 430..=499, Method::Write)
                if in_front.is_some() =>
            {
                FailureClass::Malformed
            }
            (409, Method::Write) if platform_error.is_transaction_cancelled() => FailureClass::TransactionCancelled,
            (409, Method::Write) => FailureClass::Conflict,
            (412, Method::Write) => FailureClass::PreconditionFailed,
            (400, Method::Write) if says_moved => FailureClass::PreconditionFailed,
            (401, _) => FailureClass::Unauthenticated,
            (403 | 407, _) => FailureClass::Denied,
            (404, _) => FailureClass::NotFound,
            (429, _) => FailureClass::Throttled { wait },
            // Misdirected, too early: by RFC 9110 and RFC 8470 the request was not carried out.
            (421 | 425, _) => FailureClass::NotSent,
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
        let message = match (&class, platform_error.message.as_str()) {
            (_, "") if let Some(page) = in_front => page,
            (_, "") => self.status_in_words(&class, absent),
            (FailureClass::NotFound, message) => format!("{}: {message}", self.status_in_words(&class, absent)),
            (_, message) => message.to_owned(),
        };
        let metadata = ResponseMetadata {
            platform_code: platform_error.code,
            context_id: platform_error.context_id,
            details: platform_error.details,
            more_details: platform_error.more_details,
            limit: platform_error.limit,
            missing_permissions: platform_error.missing_permissions,
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
        let body = self.answer.body.as_ref().ok();
        let text = body.and_then(|body| std::str::from_utf8(body).ok());
        let document = text.and_then(|text| Document::parse(text).ok());
        document.map_or_else(PlatformError::default, |body| PlatformError::read(&body, self.redactor))
    }
}

/// The method of the request that an answer is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Read,
    Write,
}

fn no_answer() -> FailureClass {
    FailureClass::Indeterminate {
        wait: None,
        cause: IndeterminateCause::NoAnswer,
    }
}

#[cfg(test)]
mod tests;
