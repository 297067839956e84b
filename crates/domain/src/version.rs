//! The version of a stored document: the opaque token under which the next write is made.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The most bytes a version may have.
pub const MAX_VERSION: usize = 256;

/// A strong entity tag as the server gave it, with or without quotes: visible ASCII, at most 256 bytes, not `*`.
///
/// Two versions are equal if what stands between the quotes is; what is sent back is what came
/// ([`Version::as_sent`]). Where the facts come from: RFC 9110, 8.8.3, and the platform's examples, which show
/// tags without quotes.
///
/// ```
/// use assist_rules_domain::Version;
///
/// let quoted: Version = "\"7\"".parse()?;
/// assert_eq!(quoted, "7".parse()?);
/// assert_eq!((quoted.as_sent(), quoted.to_string().as_str()), ("\"7\"", "7"));
/// assert!("W/\"7\"".parse::<Version>().is_err());
/// # Ok::<(), assist_rules_domain::ParseVersionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Version(String);

/// The text is no version to write under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseVersionError {
    /// The version is empty.
    #[error("the version is empty")]
    Empty,
    /// `*` matches every version, so a write under it would be blind.
    #[error("the version is `*`, which would match any")]
    Any,
    /// A weak tag says that two documents are about the same, which is no lock.
    #[error("the version is a weak tag")]
    Weak,
    /// The version has more than [`MAX_VERSION`] bytes.
    #[error("the version has more than {MAX_VERSION} bytes")]
    TooLong,
    /// The version has a space, a control character, a quote inside, or a character beyond ASCII.
    #[error("the version has characters that no version has")]
    Character,
}

impl Version {
    /// The version as the server gave it, quotes included: what `If-Match` carries.
    pub fn as_sent(&self) -> &str {
        &self.0
    }

    /// The opaque token, without quotes.
    pub fn token(&self) -> &str {
        unquoted(&self.0).unwrap_or(&self.0)
    }
}

fn unquoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

impl FromStr for Version {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let token = unquoted(text).unwrap_or(text);
        if token.is_empty() {
            return Err(ParseVersionError::Empty);
        }
        if text == "*" {
            return Err(ParseVersionError::Any);
        }
        if text.starts_with("W/") || text.starts_with("w/") {
            return Err(ParseVersionError::Weak);
        }
        if text.len() > MAX_VERSION {
            return Err(ParseVersionError::TooLong);
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') {
            return Err(ParseVersionError::Character);
        }
        Ok(Self(text.to_owned()))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.token() == other.token()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.token())
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.token())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_lock_is_no_version() {
        for (text, why) in [
            ("", ParseVersionError::Empty),
            ("\"\"", ParseVersionError::Empty),
            ("*", ParseVersionError::Any),
            ("W/\"7\"", ParseVersionError::Weak),
            ("a b", ParseVersionError::Character),
            ("\"a\"b\"", ParseVersionError::Character),
            ("\"a", ParseVersionError::Character),
            ("é", ParseVersionError::Character),
            ("a\r\nX-Evil: 1", ParseVersionError::Character),
            (&"7".repeat(257), ParseVersionError::TooLong),
        ] {
            assert_eq!(text.parse::<Version>(), Err(why), "{text}");
        }
    }
}
