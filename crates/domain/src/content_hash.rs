//! SHA-256 of content.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The SHA-256 hash of some content, as 64 lower-case hexadecimal digits.
///
/// ```
/// use assist_rules_domain::ContentHash;
///
/// // FIPS 180-4, the example of one block.
/// let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// assert_eq!(ContentHash::of(b"abc").as_str(), expected);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ContentHash(String);

/// The number of hexadecimal digits of a hash.
const DIGITS: usize = 64;

impl ContentHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(DIGITS);
        for byte in Sha256::digest(bytes) {
            for half in [byte >> 4, byte & 0xf] {
                text.push(char::from_digit(half.into(), 16).unwrap_or_default());
            }
        }
        Self(text)
    }

    /// The hash as 32 bytes, for those who hold many.
    ///
    /// ```
    /// use assist_rules_domain::ContentHash;
    ///
    /// assert_eq!(ContentHash::of(b"abc").digest()[..3], [0xba, 0x78, 0x16]);
    /// ```
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = [0; 32];
        for (place, digit) in self.0.chars().enumerate() {
            if let (Some(byte), Some(half)) = (digest.get_mut(place / 2), digit.to_digit(16)) {
                *byte = *byte << 4 | u8::try_from(half).unwrap_or_default();
            }
        }
        digest
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `sha256:` and the digits.
impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

/// The text is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is `sha256:` and 64 hexadecimal digits")]
pub struct ParseContentHashError;

impl FromStr for ContentHash {
    type Err = ParseContentHashError;

    /// Reads the digits, with `sha256:` before them or without.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let is_hash = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash
            .then(|| Self(digits.to_ascii_lowercase()))
            .ok_or(ParseContentHashError)
    }
}

impl TryFrom<String> for ContentHash {
    type Error = ParseContentHashError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
