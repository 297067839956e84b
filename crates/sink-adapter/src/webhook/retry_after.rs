//! The wait that a receiver asks for: `Retry-After`, in both of its forms (RFC 9110, 10.2.3).

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// The longest wait that is taken from a receiver: that of the schedule's last step.
const LONGEST: Duration = Duration::from_hours(24);

/// The wait that the answer asks for, if any. A date counts from the answer's own `Date`, or else from `now`.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        let then = httpdate::parse_http_date(text).ok()?;
        then.duration_since(date(headers).unwrap_or(now)).unwrap_or_default()
    };
    Some(wait.min(LONGEST))
}

fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn seconds_and_dates_are_read_and_cut() {
        for (retry_after_text, date, seconds) in [
            ("7", None, Some(7)),
            ("99999999999999999", None, Some(86_400)),
            (
                "Tue, 24 Nov 2026 12:00:30 GMT",
                Some("Tue, 24 Nov 2026 12:00:10 GMT"),
                Some(20),
            ),
            ("Tue, 24 Nov 2026 12:00:30 GMT", None, Some(30)),
            ("Tue, 24 Nov 2020 12:00:30 GMT", None, Some(0)),
            ("soon", None, None),
            ("-1", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(retry_after_text));
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_static(date));
            }
            let now = httpdate::parse_http_date("Tue, 24 Nov 2026 12:00:00 GMT").unwrap();
            assert_eq!(
                retry_after(&headers, now),
                seconds.map(Duration::from_secs),
                "{retry_after_text}"
            );
        }
        assert_eq!(retry_after(&HeaderMap::new(), SystemTime::UNIX_EPOCH), None);
    }
}
