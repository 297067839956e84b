//! Versions of a document as HTTP carries them.

use std::hash::{DefaultHasher, Hash, Hasher};

use http::{HeaderMap, HeaderValue, header::IF_MATCH};
use serde_json::Value;

use crate::{EtagHeader, GatewayEtag, api_error::ApiError};

/// The version after `tag`: one more for a number, a suffix for any other text.
pub(crate) fn successor(tag: &str) -> String {
    match tag.parse::<u64>().ok().and_then(|number| number.checked_add(1)) {
        Some(next) => next.to_string(),
        None => format!("{tag}.1"),
    }
}

/// The `ETag` header for `tag`, if there is to be one.
pub(crate) fn header(form: EtagHeader, tag: &str) -> Option<HeaderValue> {
    let text = match form {
        EtagHeader::Bare => tag.to_owned(),
        EtagHeader::Quoted => format!("\"{tag}\""),
        EtagHeader::Weak => format!("W/\"{tag}\""),
        EtagHeader::Absent => return None,
    };
    HeaderValue::from_str(&text).ok()
}

/// Lets a write through that was made for the version `current`.
///
/// # Errors
///
/// 428 without `If-Match`, 400 for `*` or more than one, 412 for any other version. A weak tag matches none
/// (RFC 9110, 13.1.1).
pub(crate) fn require(headers: &HeaderMap, current: &str) -> Result<(), ApiError> {
    let mut given = headers.get_all(IF_MATCH).iter();
    let Some(tag) = given.next() else {
        return Err(ApiError::new(
            428,
            "precondition.required",
            "If-Match is required to update a trigger rule.",
        ));
    };
    if given.next().is_some() || tag.as_bytes().trim_ascii() == b"*" {
        return Err(ApiError::new(
            400,
            "invalid.if.match",
            "If-Match must carry the one etag that was read.",
        ));
    }
    if opaque(tag.as_bytes().trim_ascii()) == Some(current.as_bytes()) {
        return Ok(());
    }
    Err(ApiError::new(
        412,
        "precondition.failed",
        "The etag in If-Match is not that of the current document.",
    ))
}

/// The `ETag` that a gateway gives a document, if there is one that does.
pub(crate) fn of_gateway(gateway: GatewayEtag, document: &Value) -> Option<HeaderValue> {
    match gateway {
        GatewayEtag::Absent => None,
        GatewayEtag::Unchecked | GatewayEtag::Checked => header(EtagHeader::Quoted, &tag_of(document)),
    }
}

/// Lets a write through that was made for `current`, or for any document; a gateway that checks no tag lets all through.
///
/// # Errors
///
/// 412 for the tag of another document, 400 for `*` or more than one.
pub(crate) fn require_of_gateway(
    gateway: GatewayEtag,
    headers: &HeaderMap,
    current: Option<&Value>,
) -> Result<(), ApiError> {
    match gateway {
        GatewayEtag::Checked if headers.contains_key(IF_MATCH) => {
            require(headers, &current.map(tag_of).unwrap_or_default())
        }
        GatewayEtag::Absent | GatewayEtag::Unchecked | GatewayEtag::Checked => Ok(()),
    }
}

fn tag_of(document: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    document.to_string().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn opaque(tag: &[u8]) -> Option<&[u8]> {
    if tag.starts_with(b"W/") {
        return None;
    }
    Some(
        tag.strip_prefix(b"\"")
            .and_then(|rest| rest.strip_suffix(b"\""))
            .unwrap_or(tag),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_followed_by_another() {
        for (tag, next) in [
            ("7", "8"),
            ("9", "10"),
            ("abc", "abc.1"),
            ("18446744073709551615", "18446744073709551615.1"),
        ] {
            assert_eq!(successor(tag), next);
        }
    }

    #[test]
    fn only_the_current_strong_tag_matches() {
        let answered = |tags: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for tag in tags {
                headers.append(IF_MATCH, HeaderValue::from_static(tag));
            }
            require(&headers, "7").err().map(|refusal| refusal.status())
        };
        for (tags, status) in [
            (&["7"][..], None),
            (&["\"7\""], None),
            (&[" 7 "], None),
            (&["8"], Some(412)),
            (&["W/\"7\""], Some(412)),
            (&["W/7"], Some(412)),
            (&["\"7"], Some(412)),
            (&["\"6\", \"7\""], Some(412)),
            (&[""], Some(412)),
            (&["*"], Some(400)),
            (&["7", "7"], Some(400)),
            (&[], Some(428)),
        ] {
            assert_eq!(answered(tags), status, "{tags:?}");
        }
        let weak = HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static("W/7"))]);
        assert_eq!(require(&weak, "W/7").err().map(|refusal| refusal.status()), Some(412));
    }
}
