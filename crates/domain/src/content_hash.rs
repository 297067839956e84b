//! SHA-256 of content.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The SHA-256 hash of some content.
///
/// ```
/// use assist_rules_domain::ContentHash;
///
/// // FIPS 180-4, the example of one block.
/// let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// assert_eq!(ContentHash::of(b"abc").digits(), expected);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Its 64 lower-case hexadecimal digits.
    pub fn digits(&self) -> String {
        let halves = self.0.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
    }
}

/// `sha256:` and the digits.
impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.digits())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
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
        let mut halves = digits.chars().map(|digit| digit.to_digit(16));
        let mut bytes = [0; 32];
        for byte in &mut bytes {
            for _ in 0..2 {
                let half = halves.next().flatten().ok_or(ParseContentHashError)?;
                *byte = *byte << 4 | u8::try_from(half).map_err(|_| ParseContentHashError)?;
            }
        }
        match halves.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(ParseContentHashError),
        }
    }
}

impl TryFrom<String> for ContentHash {
    type Error = ParseContentHashError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.digits()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_hash_is_read_as_it_was_written(content: Vec<u8>) {
            let hash = ContentHash::of(&content);
            prop_assert_eq!(hash.to_string().parse(), Ok(hash));
            prop_assert_eq!(hash.digits().to_ascii_uppercase().parse(), Ok(hash));
            prop_assert_eq!(serde_json::from_str::<ContentHash>(&serde_json::to_string(&hash).unwrap()).unwrap(), hash);
        }
    }

    #[test]
    fn other_texts_are_no_hashes() {
        let mut digits = ContentHash::of(b"").digits();
        let mut others = vec![
            String::new(),
            "sha256:".to_owned(),
            format!("{digits}0"),
            format!("md5:{digits}"),
        ];
        digits.pop();
        others.extend([digits.clone(), format!("{digits}g")]);
        for text in others {
            assert_eq!(text.parse::<ContentHash>(), Err(ParseContentHashError), "{text}");
        }
    }
}
