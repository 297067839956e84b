//! One rule of a document: how it is named, and its switch.

use super::{Copilot, RULES};
use crate::content_hash::ContentHash;
use crate::document::DocumentKind;
use crate::json::{Document, Node, TextError, array_of, canonical_object};

/// The fewest hexadecimal digits of a hash that name a rule.
const FEWEST_DIGITS: usize = 8;

/// The reason why a text names no rule of a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleLookupError {
    /// No rule has it as its id, and no hash begins with it.
    #[error("no rule has the id or the hash `{0}`")]
    Absent(String),
    /// Several rules have it.
    #[error("{count} rules have the id or the hash `{text}`")]
    Ambiguous {
        /// The text.
        text: String,
        /// The number of rules.
        count: usize,
    },
}

/// The hash of what a rule says: its conditions, its actions and its participants. It stays while the rule is switched, moved
/// or given an id.
pub fn rule_hash(rule: Node<'_>) -> ContentHash {
    let members = RULES.content.iter().filter_map(|name| Some((*name, rule.get(name)?)));
    ContentHash::of(canonical_object(members).as_bytes())
}

impl Copilot {
    /// The place of the rule that a text names: by its id, or by at least eight digits of its [hash](rule_hash).
    ///
    /// # Errors
    ///
    /// If no rule, or more than one, is named so.
    pub fn find_rule(&self, text: &str) -> Result<usize, RuleLookupError> {
        let has_id = |rule: Node<'_>| rule.get(RULES.id).and_then(Node::as_str) == Some(text);
        let is_hash = text.len() >= FEWEST_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digits = text.to_ascii_lowercase();
        let named: Vec<usize> = (0..)
            .zip(self.rules())
            .filter(|(_, rule)| has_id(*rule) || (is_hash && rule_hash(*rule).digits().starts_with(&digits)))
            .map(|(place, _)| place)
            .collect();
        match named.as_slice() {
            [place] => Ok(*place),
            [] => Err(RuleLookupError::Absent(text.to_owned())),
            several => Err(RuleLookupError::Ambiguous {
                text: text.to_owned(),
                count: several.len(),
            }),
        }
    }

    /// The document with the rule at a place switched on or off, and all else as it was.
    ///
    /// # Errors
    ///
    /// If it would be larger than a document may be.
    pub fn with_rule_switched(&self, place: usize, is_on: bool) -> Result<Self, TextError> {
        let mut rules = Vec::new();
        for (at, rule) in self.rules().enumerate() {
            if at == place {
                let rule = Document::from_node(rule)?;
                let switched = rule.with_members(&[("enabled", if is_on { "true" } else { "false" })])?;
                rules.push(switched.text().to_owned());
            } else {
                rules.push(rule.raw().to_owned());
            }
        }
        let Some(config) = self.member("ruleEngineConfig") else {
            return Ok(self.clone());
        };
        let rules = array_of(rules.iter().map(String::as_str))?;
        let config = Document::from_node(config)?.with_members(&[("rules", rules.text())])?;
        let document = self.document().with_members(&[("ruleEngineConfig", config.text())])?;
        Ok(Self::from_document(document).unwrap_or_else(|_| self.clone()))
    }
}
