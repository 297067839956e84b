//! One condition of a rule.

use std::borrow::Cow;

use super::comparison::{Comparison, Operator};
use super::element::Element;
use crate::json::Node;

/// The members of a condition; each is required, and a person may write no others.
pub(crate) const CONDITION_MEMBERS: [&str; 4] = ["type", "field", "operator", "value"];

/// The condition types that have been seen. Others may exist.
pub(crate) const CONDITION_TYPES: [&str; 2] = ["keyword", "sentiment"];

/// One condition: a field of the conversation, and what it is compared with. All conditions of a rule must hold
/// for it to fire.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition<'r> {
    /// The kind of signal that it looks at: `keyword`, `sentiment`. The document's `type`.
    pub kind: Cow<'r, str>,
    /// The place of the signal: `conversation.text`, `conversation.sentiment`.
    pub field: Cow<'r, str>,
    /// The comparison that the signal must satisfy.
    pub comparison: Comparison<'r>,
}

impl<'r> Condition<'r> {
    /// The condition that a value is; none if it is no condition that this crate knows how to read.
    pub fn view(node: Node<'r>) -> Option<Self> {
        let text = |name| node.get(name).and_then(Node::as_str);
        Some(Self {
            kind: text("type")?.into(),
            field: text("field")?.into(),
            comparison: Comparison::new(Operator::from_name(text("operator")?)?, node.get("value")?).ok()?,
        })
    }

    /// The condition as JSON: numbers with their digits.
    pub fn to_json(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            r#"{{"type":{},"field":{},"operator":"{}","value":{}}}"#,
            text(&self.kind),
            text(&self.field),
            self.comparison.operator().name(),
            self.comparison.to_json()
        )
    }
}

impl<'c> From<Condition<'c>> for Element<'c, Condition<'c>> {
    fn from(condition: Condition<'c>) -> Self {
        Self::new(condition.to_json(), condition)
    }
}
