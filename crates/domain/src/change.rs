//! What somebody wants of a rule, as fields: not a document.

use std::cmp::Reverse;

use serde::Serialize;

use crate::action::Action;
use crate::condition::Condition;
use crate::draft::Field;
use crate::json::{Document, DocumentError, Node, TextError, array_of};
use crate::rule::TriggerRule;

/// New values for some fields of a rule. What it does not name it does not touch.
///
/// ```
/// use assist_rules_domain::{RuleChange, TriggerRule};
///
/// let rule: TriggerRule = r#"{"id": "r1", "enabled": true, "weight": 1.50}"#.parse()?;
/// let change = RuleChange::default().name("Refunds")?.enabled(false)?;
/// let changed = change.apply(&rule)?;
/// assert_eq!(changed.document().compact(), r#"{"id":"r1","enabled":false,"weight":1.50,"name":"Refunds"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleChange(Vec<(Field, Option<Document>)>);

impl RuleChange {
    /// Names a field's new value as it stands in a document.
    pub fn set(&mut self, field: Field, value: Document) {
        self.put(field, Some(value));
    }

    /// Names what becomes of a field: its new value, or nothing if it is taken away.
    pub(crate) fn put(&mut self, field: Field, value: Option<Document>) {
        self.0.retain(|(named, _)| *named != field);
        self.0.push((field, value));
        self.0.sort_by_key(|(named, _)| *named);
    }

    fn with(mut self, field: Field, value: &impl Serialize) -> Result<Self, DocumentError> {
        self.set(field, Document::from_serialize(value)?);
        Ok(self)
    }

    /// Sets the name.
    ///
    /// # Errors
    ///
    /// If it is larger than a document may be.
    pub fn name(self, name: &str) -> Result<Self, DocumentError> {
        self.with(Field::Name, &name)
    }

    /// Sets the description.
    ///
    /// # Errors
    ///
    /// If it is larger than a document may be.
    pub fn description(self, description: &str) -> Result<Self, DocumentError> {
        self.with(Field::Description, &description)
    }

    /// Switches the rule on or off.
    ///
    /// # Errors
    ///
    /// Never; the signature is that of its siblings.
    pub fn enabled(self, enabled: bool) -> Result<Self, DocumentError> {
        self.with(Field::Enabled, &enabled)
    }

    /// Sets all conditions.
    ///
    /// # Errors
    ///
    /// If they are larger than a document may be.
    pub fn conditions<'c>(self, conditions: impl IntoIterator<Item = Condition<'c>>) -> Result<Self, DocumentError> {
        let list: Vec<_> = conditions.into_iter().map(|condition| condition.to_json()).collect();
        self.with(Field::Conditions, &list)
    }

    /// Sets all actions.
    ///
    /// # Errors
    ///
    /// If they are larger than a document may be.
    pub fn actions<'a>(self, actions: impl IntoIterator<Item = Action<'a>>) -> Result<Self, DocumentError> {
        let list: Vec<_> = actions.into_iter().map(|action| action.to_json()).collect();
        self.with(Field::Actions, &list)
    }

    /// The fields that it sets, in the order of a document.
    pub fn fields(&self) -> impl Iterator<Item = (Field, &Document)> {
        self.named().filter_map(|(field, value)| Some((field, value?)))
    }

    /// The fields that it sets or takes away, in the order of a document.
    pub(crate) fn named(&self) -> impl Iterator<Item = (Field, Option<&Document>)> {
        self.0.iter().map(|(field, value)| (*field, value.as_ref()))
    }

    /// Whether it names nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rule with these fields set or taken away, and all else as it was.
    ///
    /// # Errors
    ///
    /// If the rule would be larger than a document may be.
    pub fn apply(&self, rule: &TriggerRule) -> Result<TriggerRule, TextError> {
        let set: Vec<_> = self
            .fields()
            .filter(|(field, value)| !rule.member(field.name()).is_some_and(|old| old.eq_value(value.root())))
            .map(|(field, value)| (field.name(), value.text()))
            .collect();
        let taken_away: Vec<&str> = self
            .named()
            .filter(|(field, value)| value.is_none() && rule.member(field.name()).is_some())
            .map(|(field, _)| field.name())
            .collect();
        if set.is_empty() && taken_away.is_empty() {
            return Ok(rule.clone());
        }
        let mut document = rule.document().with_members(&set)?;
        if !taken_away.is_empty() {
            document = document.without_members(&taken_away)?;
        }
        Ok(TriggerRule::try_from(document).unwrap_or_else(|_| rule.clone()))
    }

    /// Whether a rule has what this names: objects may have gained members, lists have the same length and order,
    /// numbers count by value.
    #[must_use]
    pub fn is_in(&self, rule: &TriggerRule) -> bool {
        self.missing_in(rule).next().is_none()
    }

    /// The fields that a rule does not have as this names them.
    pub fn missing_in(&self, rule: &TriggerRule) -> impl Iterator<Item = Field> {
        self.named()
            .filter(|(field, value)| {
                let theirs = rule.member(field.name());
                let is_as_named = match value {
                    Some(value) => theirs.is_some_and(|theirs| is_within(value.root(), theirs)),
                    None => theirs.is_none_or(Node::is_null),
                };
                !is_as_named
            })
            .map(|(field, _)| field)
    }
}

/// Whether `theirs` says all that `ours` says.
fn is_within(ours: Node<'_>, theirs: Node<'_>) -> bool {
    if ours.is_object() && theirs.is_object() {
        return ours.members().all(|member| {
            let theirs = theirs.get(member.name);
            theirs.is_some_and(|theirs| is_within(member.value, theirs))
        });
    }
    if ours.is_array() && theirs.is_array() {
        let (ours, theirs) = (ours.elements(), theirs.elements());
        return ours.count() == theirs.count() && ours.zip(theirs).all(|(ours, theirs)| is_within(ours, theirs));
    }
    ours.eq_value(theirs)
}

/// A person's value for a field, with those elements of its list replaced by stored ones that they mean: an element
/// means a stored one that it equals, or else one whose members are as it names them. Each stored one is meant once;
/// those that name the most choose first, so that one which names less does not take what another describes.
pub(crate) fn adopt(ours: Node<'_>, stored: Option<Node<'_>>) -> Result<Document, TextError> {
    if !ours.is_array() {
        return Document::from_node(ours);
    }
    let ours: Vec<Node<'_>> = ours.elements().collect();
    let mut free: Vec<Option<Node<'_>>> = stored.into_iter().flat_map(Node::elements).map(Some).collect();
    let mut meant: Vec<Option<Node<'_>>> = vec![None; ours.len()];
    let equal: fn(Node<'_>, Node<'_>) -> bool = |ours, theirs| ours.eq_value(theirs);
    let named: fn(Node<'_>, Node<'_>) -> bool = |ours, theirs| ours.is_object() && ours.is_subset_of(theirs);
    for means in [equal, named] {
        let mut choosing: Vec<_> = ours
            .iter()
            .zip(&mut meant)
            .filter(|(_, meant)| meant.is_none())
            .collect();
        choosing.sort_by_key(|(ours, _)| Reverse(ours.members().count()));
        for (ours, meant) in choosing {
            let found = free
                .iter_mut()
                .find(|theirs| theirs.is_some_and(|theirs| means(*ours, theirs)));
            *meant = found.and_then(Option::take);
        }
    }
    array_of(ours.iter().zip(meant).map(|(ours, meant)| meant.unwrap_or(*ours).raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_that_names_a_stored_one_is_that_one() {
        for (ours, stored, expected) in [
            (r#"[{"a":1}]"#, r#"[{"a":1,"x":2}]"#, r#"[{"a":1,"x":2}]"#),
            (r#"[{"a":2}]"#, r#"[{"a":1,"x":2}]"#, r#"[{"a":2}]"#),
            (
                r#"[{"a":1},{"a":1}]"#,
                r#"[{"a":1,"x":2}]"#,
                r#"[{"a":1,"x":2},{"a":1}]"#,
            ),
            (
                r#"[{"a":1},{"a":1,"x":3}]"#,
                r#"[{"a":1,"x":3},{"a":1,"x":2}]"#,
                r#"[{"a":1,"x":2},{"a":1,"x":3}]"#,
            ),
            (r#"[{"a":1}]"#, "7", r#"[{"a":1}]"#),
            ("true", "false", "true"),
        ] {
            let (ours, stored): (Document, Document) = (ours.parse().unwrap(), stored.parse().unwrap());
            let adopted = adopt(ours.root(), Some(stored.root())).unwrap();
            assert_eq!(adopted.compact(), expected);
        }
    }

    #[test]
    fn ours_is_in_theirs_where_theirs_says_all_that_ours_says() {
        for (theirs, is_in) in [
            (r#"{"conditions":[{"a":1.0,"x":2}]}"#, true),
            (r#"{"conditions":[{"x":2}]}"#, false),
            (r#"{"conditions":[{"a":1},{"a":1}]}"#, false),
            (r#"{"conditions":[]}"#, false),
            ("{}", false),
        ] {
            let mut change = RuleChange::default();
            change.set(Field::Conditions, r#"[{"a":1}]"#.parse().unwrap());
            assert_eq!(change.is_in(&theirs.parse().unwrap()), is_in, "{theirs}");
        }
    }
}
