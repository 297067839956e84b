//! The rate limit: so many requests a token and minute.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use http::{HeaderName, HeaderValue, header::RETRY_AFTER};

use crate::{
    RetryAfter,
    api_error::ApiError,
    reply::{Reply, date_header},
};

const WINDOW: Duration = Duration::from_mins(1);

/// The current window of each token, by its serial.
#[derive(Debug, Default)]
pub(crate) struct Rates(BTreeMap<usize, Window>);

#[derive(Debug)]
struct Window {
    ends: SystemTime,
    count: u32,
}

/// The rate limit of a token when a request came in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RateStatus {
    count: u32,
    allowed: u32,
    reset: u64,
    spent: bool,
}

impl Rates {
    /// Counts one request of a token; one over the limit is not counted. The first request opens the window.
    pub(crate) fn count(&mut self, serial: usize, now: SystemTime, allowed: u32) -> RateStatus {
        let window = self.0.entry(serial).or_insert(Window {
            ends: now + WINDOW,
            count: 0,
        });
        if window.ends <= now {
            *window = Window {
                ends: now + WINDOW,
                count: 0,
            };
        }
        let spent = window.count >= allowed;
        if !spent {
            window.count += 1;
        }
        let left = window.ends.duration_since(now).unwrap_or_default();
        RateStatus {
            count: window.count,
            allowed,
            reset: whole_seconds(left),
            spent,
        }
    }
}

/// Requests that get a 429 whatever the count says, because the whole platform is under load.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ThrottleBurst {
    requests: u32,
    retry_after: u32,
}

impl ThrottleBurst {
    pub(crate) fn new(requests: u32, retry_after: u32) -> Self {
        Self { requests, retry_after }
    }

    /// # Errors
    ///
    /// 429 while the storm lasts; each counts it down.
    pub(crate) fn pass(&mut self, form: RetryAfter, now: SystemTime) -> Result<(), ApiError> {
        match self.requests.checked_sub(1) {
            Some(left) => {
                self.requests = left;
                Err(slow_down(self.retry_after.into(), form, now))
            }
            None => Ok(()),
        }
    }
}

impl RateStatus {
    /// # Errors
    ///
    /// 429 if there was nothing left.
    pub(crate) fn require(self, form: RetryAfter, now: SystemTime) -> Result<(), ApiError> {
        if self.spent {
            Err(slow_down(self.reset, form, now))
        } else {
            Ok(())
        }
    }

    /// The answer with the headers that every answer of the API has.
    pub(crate) fn mark(self, reply: Reply) -> Reply {
        reply
            .with(HeaderName::from_static("inin-ratelimit-count"), self.count)
            .with(HeaderName::from_static("inin-ratelimit-allowed"), self.allowed)
            .with(HeaderName::from_static("inin-ratelimit-reset"), self.reset)
    }
}

/// A 429 that asks for `seconds` of patience.
pub(crate) fn slow_down(seconds: u64, form: RetryAfter, now: SystemTime) -> ApiError {
    let after = retry_after(seconds, form, now);
    let message = format!("Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds");
    ApiError::new(429, "too.many.requests.retry.after", message)
        .param("retryAfter", seconds)
        .header(RETRY_AFTER, after)
}

/// The header that asks for `seconds` of patience.
pub(crate) fn retry_after(seconds: u64, form: RetryAfter, now: SystemTime) -> HeaderValue {
    match form {
        RetryAfter::Seconds => HeaderValue::from(seconds),
        RetryAfter::HttpDate => date_header(now + Duration::from_secs(seconds)),
    }
}

fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
