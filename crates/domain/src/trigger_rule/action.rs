//! One action of a rule: what happens when it fires.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::element::Element;
use crate::json::{Finite, Node};

/// The kinds of action.
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
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name in documents.
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
    /// The kind of action. The document's `type`.
    pub kind: ActionKind,
    /// The template that `display` shows.
    pub template_id: Option<Cow<'r, str>>,
    /// Which of several actions comes first.
    pub priority: Option<Finite<'r>>,
    /// The URL that `webhook` sends to.
    pub url: Option<Cow<'r, str>>,
}

impl<'r> Action<'r> {
    /// The action that a value is; none if it is no action that this crate knows how to read.
    pub fn view(node: Node<'r>) -> Option<Self> {
        let text = |name| node.get(name).and_then(Node::as_str);
        Some(Self {
            kind: ActionKind::from_name(text("type")?)?,
            template_id: text("templateId").map(Cow::Borrowed),
            priority: node
                .get("priority")
                .and_then(Node::as_number)
                .and_then(|number| Finite::try_from(number).ok()),
            url: text("url").map(Cow::Borrowed),
        })
    }

    /// An action of this kind, with nothing else.
    pub fn new(kind: ActionKind) -> Self {
        Self {
            kind,
            template_id: None,
            priority: None,
            url: None,
        }
    }

    /// The action with the template that `display` shows.
    #[must_use]
    pub fn with_template(self, template_id: impl Into<Cow<'r, str>>) -> Self {
        Self {
            template_id: Some(template_id.into()),
            ..self
        }
    }

    /// The action as JSON: numbers with their digits.
    pub fn to_json(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let members = [
            ("templateId", self.template_id.as_deref().map(text)),
            (
                "priority",
                self.priority.as_ref().map(|number| number.as_str().to_owned()),
            ),
            ("url", self.url.as_deref().map(text)),
        ];
        let mut json = format!(r#"{{"type":"{}""#, self.kind.name());
        for (name, value) in members {
            if let Some(value) = value {
                let _ = write!(json, r#","{name}":{value}"#);
            }
        }
        json.push('}');
        json
    }
}

impl<'a> From<Action<'a>> for Element<'a, Action<'a>> {
    fn from(action: Action<'a>) -> Self {
        Self::new(action.to_json(), action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_all() {
        assert_eq!(ActionKind::ALL.map(ActionKind::name), ActionKind::NAMES);
    }
}
