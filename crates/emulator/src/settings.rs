//! The differences of an emulator from the platform's documented behavior: everything that an org may have otherwise.

use std::time::Duration;

use crate::{CopilotSettings, ServerClock};

/// The behavior of one emulator. The default is what the platform documents.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The path that trigger rules live under, with a leading and without a trailing slash.
    pub trigger_rules_path: String,
    /// The form of the version in the `ETag` header.
    pub etag_header: EtagHeader,
    /// The presence of the version in the rule itself.
    pub body_etag: BodyEtag,
    /// The behavior of assistants and Copilots.
    pub copilot: CopilotSettings,
    /// The API requests that one token may make in a minute.
    pub requests_per_minute: u32,
    /// The form of the `Retry-After` header of a 429.
    pub retry_after: RetryAfter,
    /// The lifetime of an access token.
    pub token_lifetime: Duration,
    /// The time that all of this goes by.
    pub clock: ServerClock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trigger_rules_path: "/api/v2/agent-assist/trigger-rules".to_owned(),
            etag_header: EtagHeader::Bare,
            body_etag: BodyEtag::Present,
            copilot: CopilotSettings::default(),
            requests_per_minute: 300,
            retry_after: RetryAfter::Seconds,
            token_lifetime: Duration::from_hours(24),
            clock: ServerClock::system(),
        }
    }
}

/// The form of the `ETag` header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EtagHeader {
    /// `7`, as the platform's examples show it.
    Bare,
    /// `"7"`, as RFC 9110 has it.
    Quoted,
    /// `W/"7"`, as a compressing proxy makes it.
    Weak,
    /// No such header.
    Absent,
}

/// The presence of the member `etag` in a served rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyEtag {
    /// The member is there, with the current version.
    Present,
    /// The member is not there.
    Absent,
}

/// The form of the `Retry-After` header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RetryAfter {
    /// Whole seconds.
    Seconds,
    /// An HTTP-date, on the clock of the answer's own `Date`.
    HttpDate,
}
