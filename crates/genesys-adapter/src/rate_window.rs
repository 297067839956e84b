//! The headers in which the platform reports the window of its rate limit.

use std::time::Duration;

use domain::RateWindow;
use http::HeaderMap;

/// The window, if the answer reports all of it in whole numbers and allows anything at all.
pub(crate) fn rate_window(headers: &HeaderMap) -> Option<RateWindow> {
    let number = |name| headers.get(name)?.to_str().ok()?.trim().parse::<u32>().ok();
    let allowed = number("inin-ratelimit-allowed").filter(|allowed| *allowed > 0)?;
    Some(RateWindow {
        allowed,
        count: number("inin-ratelimit-count")?,
        reset: Duration::from_secs(number("inin-ratelimit-reset")?.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn a_window_is_told_whole_or_not_at_all() {
        let window = |allowed, count, seconds| {
            let reset = Duration::from_secs(seconds);
            Some(RateWindow { allowed, count, reset })
        };
        for (allowed, count, reset, expected) in [
            ("300", "17", "42", window(300, 17, 42)),
            (" 180 ", "180", "0", window(180, 180, 0)),
            ("180", "200", "1", window(180, 200, 1)),
            ("", "17", "42", None),
            ("300", "", "42", None),
            ("300", "17", "", None),
            ("0", "17", "42", None),
            ("300", "-1", "42", None),
            ("300", "17", "4.2", None),
            ("300", "17", "soon", None),
            ("300", "17", "99999999999", None),
            ("many", "17", "42", None),
        ] {
            let mut headers = HeaderMap::new();
            for (name, text) in [("allowed", allowed), ("count", count), ("reset", reset)] {
                if !text.is_empty() {
                    let name = HeaderName::try_from(format!("inin-ratelimit-{name}")).unwrap();
                    headers.insert(name, HeaderValue::from_static(text));
                }
            }
            assert_eq!(rate_window(&headers), expected, "{allowed} {count} {reset}");
        }
    }
}
