//! Trigger rules: when this happens in a conversation, show that to the agent.

mod action;
mod comparison;
mod condition;
mod edit;
mod element;
mod limits;
mod lints;
mod pattern;
mod references;
mod rule_id;
mod schema;

use std::str::FromStr;

use serde::{Serialize, Serializer};

pub use action::{Action, ActionKind};
pub use comparison::{Comparison, NumberTest, OperandTypeError, Operator, Scalar, TextTest};
pub use condition::Condition;
pub use element::Element;
pub use limits::EngineLimits;
pub use rule_id::{MAX_RULE_ID, ParseRuleIdError, RuleId};
pub use schema::validate;

#[cfg(feature = "testing")]
pub(crate) use condition::CONDITION_MEMBERS;

use crate::document::{Audience, DocumentKind, Guard, KindName, ListIdentity, MemberSpec, MergeGroup, ParseError};
use crate::finding::Findings;
use crate::json::{Document, Node};
use crate::reference::ReferencePlaces;

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
const RULE_TYPES: [&str; 1] = ["conversation"];

/// The members that decide together what a rule does when: a change to one changes what another means (they rewrote
/// the actions of a rule that I switched on).
const BEHAVIOR: Option<MergeGroup> = Some(MergeGroup {
    name: "behavior",
    switch: Some("enabled"),
});

/// A trigger rule as the server keeps it: a JSON object, of which nothing is lost.
///
/// Members that this crate does not know stay in [`document`](DocumentKind::document), and
/// [`conditions`](Self::conditions) and [`actions`](Self::actions) yield every element, readable or not.
///
/// ```
/// use assist_rules_domain::trigger_rule::{Comparison, NumberTest};
/// use assist_rules_domain::{DocumentKind, TriggerRule};
///
/// let text = r#"{"id": "r1", "ruleType": "conversation", "enabled": true, "weight": 1.50, "conditions": [
///     {"type": "sentiment", "field": "conversation.sentiment", "operator": "lt", "value": 0.40}]}"#;
/// let rule: TriggerRule = text.parse()?;
/// let condition = rule.conditions().next().and_then(|element| element.into_value()).ok_or("no condition")?;
/// assert!(matches!(condition.comparison, Comparison::Number(NumberTest::LessThan(bound)) if bound.as_str() == "0.40"));
/// assert_eq!(rule.document().text(), text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerRule(Document);

impl TriggerRule {
    fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Node::as_str)
    }

    /// The id that the document itself states.
    pub fn stated_id(&self) -> Option<&str> {
        self.text("id")
    }

    /// The name.
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// The description.
    pub fn description(&self) -> Option<&str> {
        self.text("description")
    }

    /// The rule type: `conversation`.
    pub fn rule_type(&self) -> Option<&str> {
        self.text("ruleType")
    }

    /// True if the rule is switched on; none where the document does not say.
    pub fn is_enabled(&self) -> Option<bool> {
        self.member("enabled").and_then(Node::as_bool)
    }

    /// The conditions. All must hold for the rule to fire.
    pub fn conditions(&self) -> impl Iterator<Item = Element<'_, Condition<'_>>> {
        let element = |node| Element::stored(node, Condition::view(node));
        self.elements("conditions").map(element)
    }

    /// The actions.
    pub fn actions(&self) -> impl Iterator<Item = Element<'_, Action<'_>>> {
        let element = |node| Element::stored(node, Action::view(node));
        self.elements("actions").map(element)
    }

    /// The elements of a member that is a list.
    pub fn elements(&self, name: &str) -> impl Iterator<Item = Node<'_>> {
        self.member(name).into_iter().flat_map(Node::elements)
    }
}

impl DocumentKind for TriggerRule {
    const NAME: KindName = KindName::new("rule");

    const MEMBERS: &'static [MemberSpec] = &[
        MemberSpec::clearable("name"),
        MemberSpec::clearable("description"),
        MemberSpec {
            group: BEHAVIOR,
            ..MemberSpec::new("enabled")
        },
        MemberSpec {
            group: BEHAVIOR,
            list: ListIdentity::Id("id"),
            ..MemberSpec::new("conditions")
        },
        MemberSpec {
            group: BEHAVIOR,
            list: ListIdentity::Id("id"),
            ..MemberSpec::new("actions")
        },
    ];

    const SERVER_OWNED: &'static [&'static str] = &["etag"];

    const ID_MEMBER: &'static str = "id";

    const IDENTITY: &'static [&'static str] = &["etag", "ruleType"];

    const VERSION: Option<&'static str> = Some("etag");

    const TITLE: Option<&'static str> = Some("name");

    const SWITCHES: &'static [&'static str] = &["enabled"];

    const GUARD: Guard = Guard::Version;

    type Id = RuleId;

    fn from_document(document: Document) -> Result<Self, ParseError> {
        if document.root().is_object() {
            Ok(Self(document))
        } else {
            Err(ParseError::NotAnObject)
        }
    }

    fn document(&self) -> &Document {
        &self.0
    }

    fn reference_places(document: Node<'_>) -> ReferencePlaces<'_> {
        references::places(document)
    }

    fn validate(&self, stored: Option<&Self>, audience: Audience) -> Findings {
        validate(self, stored, audience, &EngineLimits::TRIGGER_RULES)
    }
}

impl FromStr for TriggerRule {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_document(Document::parse(text)?)
    }
}

impl Serialize for TriggerRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
