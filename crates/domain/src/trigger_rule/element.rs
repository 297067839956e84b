//! One element of a list, as it is written.

use std::borrow::Cow;
use std::fmt;

use crate::json::{Document, Node, TextError};

/// One element of a rule's list: a condition or an action as it is written, and what this crate can read in it.
///
/// Its text is kept to the byte, members that this crate does not know included: a list that is edited by its elements
/// changes nothing but the elements that are edited.
///
/// ```
/// use assist_rules_domain::trigger_rule::{Action, ActionKind, Element};
/// use assist_rules_domain::{DocumentKind, Edit, TriggerRule};
///
/// let rule: TriggerRule =
///     r#"{"actions": [{"type": "call", "weight": 1.50}, {"type": "newer than this crate"}]}"#.parse()?;
/// let mut actions: Vec<Element<'_, Action<'_>>> = rule.actions().collect();
/// assert!(actions[0].value().is_some() && actions[1].value().is_none());
///
/// actions.push(Action::new(ActionKind::Display).with_template("tmpl_1").into());
/// let edit = Edit::<TriggerRule>::default().actions(actions)?;
/// let patch = edit.resolve(&rule).map_err(|findings| format!("{findings:?}"))?;
/// assert_eq!(
///     patch.apply(&rule)?.document().compact(),
///     r#"{"actions":[{"type":"call","weight":1.50},{"type":"newer than this crate"},{"type":"display","templateId":"tmpl_1"}]}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Element<'r, T> {
    text: Cow<'r, str>,
    value: Option<T>,
}

impl<'r, T> Element<'r, T> {
    /// The element that stands in a document.
    pub(super) fn stored(node: Node<'r>, value: Option<T>) -> Self {
        Self {
            text: node.raw().into(),
            value,
        }
    }

    /// An element that is to stand in one.
    pub(super) fn new(text: String, value: T) -> Self {
        Self {
            text: text.into(),
            value: Some(value),
        }
    }

    /// The element as JSON, as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The condition or action; none where this crate cannot read it ([`check`](crate::check) says why).
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The condition or action, by itself: all that this crate cannot read is dropped.
    pub fn into_value(self) -> Option<T> {
        self.value
    }

    /// The element with the members of another one in place of its own of the same name. All other members stay.
    ///
    /// # Errors
    ///
    /// If the element would be larger than a document may be, or is no object.
    pub fn with(&self, changed: Element<'_, T>) -> Result<Self, TextError> {
        let (old, new): (Document, Document) = (self.text.parse()?, changed.text.parse()?);
        let members: Vec<_> = new
            .root()
            .members()
            .filter(|member| old.root().get(member.name) != Some(member.value))
            .map(|member| (member.name, member.value.raw()))
            .collect();
        let text = if members.is_empty() {
            self.text.clone()
        } else {
            old.with_members(&members)?.text().to_owned().into()
        };
        Ok(Self {
            text,
            value: changed.value,
        })
    }
}

impl<T> fmt::Debug for Element<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
