//! A trigger rule: the document, and what this crate can read in it.

use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::action::Action;
use crate::condition::Condition;
use crate::diff::{self, Difference};
use crate::json::{Document, Node};
use crate::pointer::Pointer;

/// The members of a rule that are known by name.
pub(crate) const RULE_MEMBERS: [&str; 8] = [
    "id",
    "etag",
    "name",
    "description",
    "ruleType",
    "enabled",
    "conditions",
    "actions",
];

/// The rule types that have been seen. Others may exist.
pub(crate) const RULE_TYPES: [&str; 1] = ["conversation"];

/// A rule as the server keeps it: an object, of which nothing is lost.
///
/// What stands in it that this crate does not know stays in [`TriggerRule::document`]; conditions and actions that
/// cannot be read are not among [`TriggerRule::conditions`] and [`TriggerRule::actions`], and
/// [`crate::check::check`] says why.
///
/// ```
/// use assist_rules_domain::{Comparison, NumberTest, TriggerRule};
///
/// let text = r#"{"id": "r1", "ruleType": "conversation", "enabled": true, "weight": 1.50, "conditions": [
///     {"type": "sentiment", "field": "conversation.sentiment", "operator": "lt", "value": 0.4}]}"#;
/// let rule: TriggerRule = text.parse()?;
/// let condition = rule.conditions().next().ok_or("no condition")?;
/// assert!(matches!(condition.comparison, Comparison::Number(NumberTest::LessThan(bound)) if f64::from(bound) == 0.4));
/// assert_eq!(rule.document().text(), text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerRule(Document);

/// The document is no rule at all: it is not an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rule is an object, and this is none")]
pub struct NotARuleError;

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseRuleError {
    /// It is no JSON document.
    #[error("the text is no JSON document")]
    Text(#[from] crate::json::TextError),
    /// It is no object.
    #[error(transparent)]
    Shape(#[from] NotARuleError),
}

impl TriggerRule {
    /// The document, whole.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.0
    }

    /// A member by its name in the document.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Node<'_>> {
        self.0.root().get(name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Node::as_str)
    }

    /// The id that the document itself states.
    #[must_use]
    pub fn stated_id(&self) -> Option<&str> {
        self.text("id")
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// The description.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.text("description")
    }

    /// The rule type: `conversation`.
    #[must_use]
    pub fn rule_type(&self) -> Option<&str> {
        self.text("ruleType")
    }

    /// Whether the rule is switched on.
    #[must_use]
    pub fn is_enabled(&self) -> Option<bool> {
        self.member("enabled").and_then(Node::as_bool)
    }

    /// The conditions that can be read. All must hold for the rule to fire.
    pub fn conditions(&self) -> impl Iterator<Item = Condition<'_>> {
        self.elements("conditions").filter_map(Condition::view)
    }

    /// The actions that can be read.
    pub fn actions(&self) -> impl Iterator<Item = Action<'_>> {
        self.elements("actions").filter_map(Action::view)
    }

    /// The elements of a list, readable or not.
    pub fn elements(&self, name: &str) -> impl Iterator<Item = Node<'_>> {
        self.member(name).into_iter().flat_map(Node::elements)
    }

    /// What is different in `other`. The version (`etag`) is not part of a rule and does not count.
    #[must_use]
    pub fn diff(&self, other: &Self) -> Vec<Difference> {
        let version = Pointer::root().member("etag");
        let mut differences = diff::diff(&self.0, &other.0);
        differences.retain(|difference| difference.pointer != version);
        differences
    }
}

impl TryFrom<Document> for TriggerRule {
    type Error = NotARuleError;

    fn try_from(document: Document) -> Result<Self, Self::Error> {
        if document.root().is_object() {
            Ok(Self(document))
        } else {
            Err(NotARuleError)
        }
    }
}

impl FromStr for TriggerRule {
    type Err = ParseRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::try_from(Document::parse(text)?)?)
    }
}

impl Serialize for TriggerRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
