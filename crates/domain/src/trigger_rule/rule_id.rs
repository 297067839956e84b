//! The id of a trigger rule.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The most characters an id may have.
pub const MAX_RULE_ID: usize = 128;

/// The id of a trigger rule: a letter or digit, then at most 127 letters, digits, `_` or `-`, all ASCII. So it is
/// one segment of a URL's path as it stands.
///
/// ```
/// use assist_rules_domain::RuleId;
///
/// assert!("a1b2c3d4-e5f6-7890-abcd-ef1234567890".parse::<RuleId>().is_ok());
/// assert!("../users".parse::<RuleId>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(String);

/// The text is no id of a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseRuleIdError {
    /// The text has no characters.
    #[error("a rule's id is not empty")]
    Empty,
    /// The text has more than [`MAX_RULE_ID`] characters.
    #[error("a rule's id has at most {MAX_RULE_ID} characters, and this one has {0}")]
    TooLong(usize),
    /// The text has a character that no id has there.
    #[error("a rule's id has letters, digits, `_` and `-`, and starts with a letter or digit: `{text}` has {found:?}")]
    Character {
        /// The text.
        text: String,
        /// The first character that does not belong.
        found: char,
    },
}

impl RuleId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RuleId {
    type Err = ParseRuleIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let belongs = |(index, found): &(usize, char)| {
            found.is_ascii_alphanumeric() || (*index > 0 && matches!(found, '_' | '-'))
        };
        if text.is_empty() {
            return Err(ParseRuleIdError::Empty);
        }
        if let Some((_, found)) = text.chars().enumerate().find(|at| !belongs(at)) {
            let text = text.chars().take(MAX_RULE_ID).collect();
            return Err(ParseRuleIdError::Character { text, found });
        }
        if text.len() > MAX_RULE_ID {
            return Err(ParseRuleIdError::TooLong(text.len()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_segment_of_a_path() {
        for text in [
            "",
            "a/b",
            "..",
            ".",
            "%2e",
            "a b",
            "-a",
            "_a",
            "é",
            "a\n",
            "a?b",
            "a#b",
            &"a".repeat(129),
        ] {
            assert!(text.parse::<RuleId>().is_err(), "{text}");
        }
        for text in ["a", "0", "A_b-c", &"a".repeat(128)] {
            assert_eq!(text.parse::<RuleId>().unwrap().as_str(), text);
        }
    }
}
