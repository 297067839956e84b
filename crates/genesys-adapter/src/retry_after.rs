//! `Retry-After`, in both of its forms (RFC 9110, 10.2.3).

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// The wait that the answer asks for, if it does: seconds, or a date. A date counts from the answer's own `Date`, so
/// that a clock that is wrong on either side does not matter; `now` stands in where there is none.
#[must_use]
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let then = httpdate::parse_http_date(text).ok()?;
    Some(then.duration_since(date(headers).unwrap_or(now)).unwrap_or_default())
}

/// The time at which the answer was made, by its server's clock.
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    let text = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn both_forms_are_read() {
        let noon = "Tue, 24 Nov 2026 12:00:00 GMT";
        for (retry_after_text, date, seconds) in [
            (Some("7"), None, Some(7)),
            (Some(" 0 "), None, Some(0)),
            (Some("Tue, 24 Nov 2026 12:00:30 GMT"), Some(noon), Some(30)),
            (Some("Tue, 24 Nov 2026 11:00:00 GMT"), Some(noon), Some(0)),
            (Some("Tue, 24 Nov 2026 12:00:30 GMT"), None, Some(90)),
            (Some("-1"), None, None),
            (Some("soon"), None, None),
            (None, None, None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(text) = retry_after_text {
                headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            }
            if let Some(text) = date {
                headers.insert(DATE, HeaderValue::from_static(text));
            }
            let now = httpdate::parse_http_date("Tue, 24 Nov 2026 11:59:00 GMT").unwrap();
            assert_eq!(
                retry_after(&headers, now),
                seconds.map(Duration::from_secs),
                "{retry_after_text:?}"
            );
        }
    }
}
