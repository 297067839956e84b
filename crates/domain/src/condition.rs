//! One condition of a rule.

use std::borrow::Cow;

use serde_json::json;

use crate::comparison::{Comparison, Operator};
use crate::json::Node;

/// The members of a condition; each is required, and a person may write no others.
pub(crate) const CONDITION_MEMBERS: [&str; 4] = ["type", "field", "operator", "value"];

/// The condition types that have been seen. Others may exist.
pub(crate) const CONDITION_TYPES: [&str; 2] = ["keyword", "sentiment"];

/// One condition: a field of the conversation, and what it is compared with. All conditions of a rule must hold
/// for it to fire (see [`crate::check`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Condition<'r> {
    /// What kind of signal it looks at: `keyword`, `sentiment`. The document's `type`.
    pub kind: Cow<'r, str>,
    /// Where the signal is: `conversation.text`, `conversation.sentiment`.
    pub field: Cow<'r, str>,
    /// What the signal is compared with.
    pub comparison: Comparison<'r>,
}

impl<'r> Condition<'r> {
    /// The condition that a value is; none if it is no condition that this crate knows how to read.
    #[must_use]
    pub fn view(node: Node<'r>) -> Option<Self> {
        let text = |name| node.get(name).and_then(Node::as_str);
        Some(Self {
            kind: text("type")?.into(),
            field: text("field")?.into(),
            comparison: Comparison::new(Operator::named(text("operator")?)?, node.get("value")?).ok()?,
        })
    }

    /// The condition as JSON holds it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "type": self.kind,
            "field": self.field,
            "operator": self.comparison.operator().name(),
            "value": self.comparison.to_json(),
        })
    }
}
