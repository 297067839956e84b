//! The pause that an answer asks for: `Retry-After` in both of its forms (RFC 9110, 10.2.3), or a sentence of its body.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// The longest pause that is taken for one: more is a slip of the server, and no time that could be named.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// The sentences around a number of seconds in the platform's answers, in lower case.
const SENTENCES: [(&str, &str); 2] = [("retry the request in [", "] second"), ("retry in ", " second")];

/// The pause that an answer asks for, if it does.
///
/// Fractions of a second are rounded up; a negative number asks for none. A date counts from the answer's own `Date`, so
/// that a clock that is wrong on either side does not matter; `now` stands in where there is none. Where the header says
/// nothing that can be read, the words of the body count.
pub fn retry_after(headers: &HeaderMap, body: &[u8], now: SystemTime) -> Option<Duration> {
    let header = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let of_header = header.and_then(|text| of_header(text.trim(), headers, now));
    of_header.or_else(|| of_body(&String::from_utf8_lossy(body)))
}

/// The time at which the answer was made, by its server's clock.
pub fn date(headers: &HeaderMap) -> Option<SystemTime> {
    let text = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(text.trim()).ok()
}

fn of_header(text: &str, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    if let Some(pause) = seconds(text) {
        return Some(pause);
    }
    let then = httpdate::parse_http_date(text).ok()?;
    let pause = then.duration_since(date(headers).unwrap_or(now)).unwrap_or_default();
    Some(pause.min(LONGEST))
}

/// A number of seconds, with or without a fraction. Any number is one: a server that names an absurd one wants a pause.
fn seconds(text: &str) -> Option<Duration> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = text.parse().ok().filter(|_| is_number)?;
    let whole = Duration::try_from_secs_f64(number.ceil()).unwrap_or(LONGEST);
    Some(whole.min(LONGEST))
}

fn of_body(body: &str) -> Option<Duration> {
    let body = body.to_lowercase();
    SENTENCES.iter().find_map(|(before, after)| {
        let (_, rest) = body.split_once(before)?;
        let (number, _) = rest.split_once(after)?;
        seconds(number.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    /// FIELD D1: every form of a pause that an answer may ask for.
    #[test]
    fn every_form_of_a_pause_is_read() {
        let noon = "Tue, 24 Nov 2026 12:00:00 GMT";
        let longest = LONGEST.as_secs();
        for (header, date, body, expected) in [
            (Some("7"), None, "", Some(7)),
            (Some(" 0 "), None, "", Some(0)),
            (Some("4.5"), None, "", Some(5)),
            (Some("0.001"), None, "", Some(1)),
            (Some("-1"), None, "", None),
            (Some("-0.5"), None, "", None),
            (Some(""), None, "", None),
            (Some("soon"), None, "", None),
            (Some("inf"), None, "", None),
            (Some("99999999999999999999"), None, "", Some(longest)),
            (Some("86400"), None, "", Some(86_400)),
            (Some("Tue, 24 Nov 2026 12:00:30 GMT"), Some(noon), "", Some(30)),
            (Some("Tue, 24 Nov 2026 11:00:00 GMT"), Some(noon), "", Some(0)),
            (Some("Tue, 24 Nov 2026 12:00:30 GMT"), None, "", Some(90)),
            (Some("Wed, 24 Nov 9999 12:00:30 GMT"), Some(noon), "", Some(longest)),
            (
                None,
                None,
                "{\"message\":\"Retry the request in [42] seconds\"}",
                Some(42),
            ),
            (None, None, "Rate limit exceeded; retry in 3 seconds.", Some(3)),
            (Some("soon"), None, "Retry the request in [1.5] seconds", Some(2)),
            (Some("7"), None, "Retry the request in [42] seconds", Some(7)),
            (
                None,
                None,
                "exceeded the maximum [300] requests within [60] seconds",
                None,
            ),
            (None, None, "", None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(text) = header {
                headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            }
            if let Some(text) = date {
                headers.insert(DATE, HeaderValue::from_static(text));
            }
            let now = httpdate::parse_http_date("Tue, 24 Nov 2026 11:59:00 GMT").unwrap();
            assert_eq!(
                retry_after(&headers, body.as_bytes(), now),
                expected.map(Duration::from_secs),
                "{header:?} {body}"
            );
        }
    }
}
