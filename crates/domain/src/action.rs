//! One action of a rule: what happens when it fires.

use std::borrow::Cow;

use crate::json::Node;

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionKind {
    /// Shows the agent a template.
    Display,
    /// Calls.
    Call,
    /// Sends to a URL.
    Webhook,
}

impl ActionKind {
    /// All of them, in the order of the platform's documentation.
    pub const ALL: [Self; 3] = [Self::Display, Self::Call, Self::Webhook];

    /// Their names, in the same order.
    pub const NAMES: [&'static str; 3] = ["display", "call", "webhook"];

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Display => "display",
            Self::Call => "call",
            Self::Webhook => "webhook",
        }
    }
}

/// One action. Actions are open: what else an action carries stays in its document.
#[derive(Clone, Debug, PartialEq)]
pub struct Action<'r> {
    /// What it does. The document's `type`.
    pub kind: ActionKind,
    /// The template that `display` shows.
    pub template_id: Option<Cow<'r, str>>,
    /// Which of several actions comes first.
    pub priority: Option<f64>,
    /// Where `webhook` sends to.
    pub url: Option<Cow<'r, str>>,
}

impl<'r> Action<'r> {
    /// The action that a value is; none if it is no action that this crate knows how to read.
    #[must_use]
    pub fn view(node: Node<'r>) -> Option<Self> {
        let text = |name| node.get(name).and_then(Node::as_str);
        Some(Self {
            kind: ActionKind::named(text("type")?)?,
            template_id: text("templateId").map(Cow::Borrowed),
            priority: node
                .get("priority")
                .and_then(Node::as_number)
                .map(crate::json::Number::to_f64),
            url: text("url").map(Cow::Borrowed),
        })
    }

    /// The action as JSON holds it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        object.insert("type".to_owned(), self.kind.name().into());
        let members = [
            ("templateId", self.template_id.as_deref().map(serde_json::Value::from)),
            ("priority", self.priority.map(whole_if_whole)),
            ("url", self.url.as_deref().map(serde_json::Value::from)),
        ];
        for (name, value) in members {
            if let Some(value) = value {
                object.insert(name.to_owned(), value);
            }
        }
        object.into()
    }
}

/// `1` and not `1.0`: an engine that wants an integer may refuse the latter.
fn whole_if_whole(number: f64) -> serde_json::Value {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        #[expect(clippy::cast_possible_truncation, reason = "the number is whole and below 2^53")]
        let whole = number as i64;
        return whole.into();
    }
    number.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_all() {
        assert_eq!(ActionKind::ALL.map(ActionKind::name), ActionKind::NAMES);
    }
}
