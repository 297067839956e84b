//! Single texts out of JSON that our own emulator prints. No parser: it would be this package's largest dependency.

use anyhow::{Context as _, Result, bail};

/// The text of the first member of that name. Texts with an escape are refused, not misread.
///
/// # Errors
///
/// If there is none, or it is no plain text.
pub(crate) fn text<'a>(json: &'a str, member: &str) -> Result<&'a str> {
    let name = format!("\"{member}\"");
    let value = json
        .split_once(&name)
        .and_then(|(_, rest)| rest.trim_start().strip_prefix(':'))
        .and_then(|rest| rest.trim_start().strip_prefix('"'))
        .and_then(|rest| rest.split_once('"'))
        .map(|(value, _)| value)
        .with_context(|| format!("no text `{member}` in {json}"))?;
    if value.contains('\\') {
        bail!("`{member}` has an escape in {json}");
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn plain_texts_are_found_and_the_rest_is_refused() {
        let json = r#"{"api_url": "http://127.0.0.1:8080","etag":"7", "count": 3, "name": "a\"b"}"#;
        assert_eq!(text(json, "api_url").unwrap(), "http://127.0.0.1:8080");
        assert_eq!(text(json, "etag").unwrap(), "7");
        for member in ["count", "name", "nothing"] {
            assert!(text(json, member).is_err(), "{member}");
        }
    }
}
