//! Answers as data: what status, headers and body mean.
//!
//! Nothing here talks to the network, so every answer a server can give is a table in a test.

use std::time::SystemTime;

use bytes::Bytes;
use domain::json::{Document, Node};
use domain::{Failure, FailureClass, ResponseMetadata, RuleId, Stored, TriggerRule, Version};
use http::header::ETAG;
use http::{HeaderMap, StatusCode};
use ports::{Page, RuleSummary};

use crate::rate_window::rate_window;
use crate::redact::Redactor;
use crate::response_body::BodyFault;
use crate::retry_after::{self, retry_after};

/// What came back for one request.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or why there is none.
    pub body: Result<Bytes, BodyFault>,
}

/// What an answer is held against.
#[derive(Debug)]
pub(crate) struct ResponseReader<'a> {
    pub(crate) answer: &'a RawAnswer,
    pub(crate) redactor: &'a Redactor,
    pub(crate) now: SystemTime,
    pub(crate) requests: u32,
}

impl ResponseReader<'_> {
    /// What the answer says beside its content.
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

    /// The rule that a read answers.
    pub(crate) fn stored(&self, id: &RuleId) -> Result<Stored<TriggerRule>, Failure> {
        match self.answer.status {
            StatusCode::OK => self.rule(id),
            _ => Err(self.failure(Sent::Read)),
        }
    }

    /// The rule that a write answers; nothing if it was accepted and the answer does not show the rule.
    pub(crate) fn written(&self, id: &RuleId) -> Result<Option<Stored<TriggerRule>>, Failure> {
        match self.answer.status {
            StatusCode::OK | StatusCode::CREATED => match self.rule(id) {
                Ok(rule) => Ok(Some(rule)),
                Err(_) if self.is_cut_short() => Ok(None),
                // Why: a page of whatever stands between here and there is 200, too, and nothing was written then.
                Err(failure) => Err(Failure {
                    class: FailureClass::Indeterminate { wait: None },
                    ..failure
                }),
            },
            StatusCode::NO_CONTENT => Ok(None),
            _ => Err(self.failure(Sent::Write)),
        }
    }

    /// Whether the answer does not come to its end, or has nothing after its headers.
    fn is_cut_short(&self) -> bool {
        self.answer.body.as_ref().map_or(true, Bytes::is_empty)
    }

    /// The page that a listing answers.
    pub(crate) fn page(&self) -> Result<Page, Failure> {
        match self.answer.status {
            StatusCode::OK => self.read_page(),
            _ => Err(self.failure(Sent::Read)),
        }
    }

    fn rule(&self, id: &RuleId) -> Result<Stored<TriggerRule>, Failure> {
        let document = self.document()?;
        let version = self.version(&document);
        let Ok(rule) = TriggerRule::try_from(document) else {
            return Err(self.fail(FailureClass::Malformed, "the answer is no rule: it is not an object"));
        };
        if let Some(stated) = rule.stated_id()
            && stated != id.as_str()
        {
            let message = format!("the answer is about the rule `{}`", self.redactor.clean(stated));
            return Err(self.fail(FailureClass::IdMismatch, message));
        }
        Ok(Stored {
            id: id.clone(),
            version,
            value: rule,
        })
    }

    /// The header's tag if it is a strong one, or else the body's.
    fn version(&self, document: &Document) -> Option<Version> {
        let header = self
            .answer
            .headers
            .get(ETAG)
            .and_then(|tag| tag.to_str().ok()?.parse().ok());
        header.or_else(|| stated_version(document.root()))
    }

    /// The body, as the document that it is to be.
    pub(crate) fn document(&self) -> Result<Document, Failure> {
        let body = match &self.answer.body {
            Ok(body) => body,
            Err(BodyFault::TooLarge { limit }) => {
                let message = format!("the answer has more than {limit} bytes");
                return Err(self.fail(FailureClass::Malformed, message));
            }
            Err(BodyFault::Lost(why)) => {
                let message = format!("the answer broke off: {why}");
                return Err(self.fail(FailureClass::Indeterminate { wait: None }, message));
            }
        };
        let text = std::str::from_utf8(body);
        let Ok(text) = text else {
            return Err(self.fail(FailureClass::Malformed, "the answer is not UTF-8"));
        };
        Document::parse(text).map_err(|error| {
            let looks_like = if text.trim_start().starts_with('<') {
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

    fn read_page(&self) -> Result<Page, Failure> {
        let document = self.document()?;
        let root = document.root();
        let number = |name| {
            root.get(name)
                .and_then(Node::as_number)
                .and_then(|number| number.raw().parse::<u64>().ok())
        };
        let Some(entities) = root.get("entities").filter(|entities| entities.is_array()) else {
            return Err(self.fail(
                FailureClass::Malformed,
                "the answer is no listing: it has no list `entities`",
            ));
        };
        let mut rules = Vec::new();
        for entity in entities.elements() {
            let rule = Document::from_node(entity)
                .ok()
                .and_then(|document| TriggerRule::try_from(document).ok());
            let Some(rule) = rule else {
                return Err(self.fail(FailureClass::Malformed, "the listing has an element that is no rule"));
            };
            let id = rule.stated_id().unwrap_or_default().to_owned();
            let rule_id = id.parse().ok();
            rules.push(RuleSummary {
                id,
                rule_id,
                version: stated_version(entity),
                rule,
            });
        }
        let pages = number("pageCount").and_then(|pages| u32::try_from(pages).ok());
        Ok(Page {
            rules,
            pages: pages.unwrap_or(1),
            total: number("total"),
        })
    }

    pub(crate) fn fail(&self, class: FailureClass, message: impl Into<String>) -> Failure {
        Failure {
            class,
            message: message.into(),
            metadata: self.metadata().into(),
        }
    }

    /// What an answer other than the one hoped for means.
    pub(crate) fn failure(&self, sent: Sent) -> Failure {
        let said = self.platform_error();
        let wait = retry_after(&self.answer.headers, self.now);
        let says_moved = said
            .message
            .to_lowercase()
            .contains("does not match the current version");
        let class = match (self.answer.status.as_u16(), sent) {
            (409 | 412, Sent::Write) => FailureClass::PreconditionFailed,
            (400, Sent::Write) if says_moved => FailureClass::PreconditionFailed,
            (401, _) => FailureClass::Unauthenticated,
            (403 | 407, _) => FailureClass::Denied,
            (404, _) => FailureClass::NotFound,
            (429, _) => FailureClass::Throttled { wait },
            (300..=399, _) => FailureClass::Redirected,
            (408 | 500..=599, _) | (200..=299, Sent::Write) => FailureClass::Indeterminate { wait },
            (400..=499, _) => FailureClass::Rejected,
            _ => FailureClass::Malformed,
        };
        let message = match (&class, said.message.as_str()) {
            (_, "") => self.status_in_words(&class),
            (FailureClass::NotFound, message) => format!("{}: {message}", self.status_in_words(&class)),
            (_, message) => message.to_owned(),
        };
        let metadata = ResponseMetadata {
            platform_code: said.code,
            context_id: said.context_id,
            ..self.metadata()
        };
        Failure {
            class,
            message,
            metadata: metadata.into(),
        }
    }

    fn status_in_words(&self, class: &FailureClass) -> String {
        if *class == FailureClass::NotFound {
            return "the server answered 404: there is no such rule, or the organisation lacks the trigger-rule contract"
                .to_owned();
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

/// What kind of request an answer is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
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

fn stated_version(rule: Node<'_>) -> Option<Version> {
    rule.get("etag")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests;
