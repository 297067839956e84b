//! Lints: what the platform takes and cannot have been meant.
//!
//! The conditions of one rule are joined by OR, so a second one never keeps the first from firing. Everything here is a
//! warning.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::faults::unknown_name;
use crate::finding::{Finding, Findings};
use crate::json::Node;
use crate::lazy_pointer::LazyPointer;

/// The condition types of the published model.
pub(super) const CONDITIONS: [&str; 5] = [
    "Intent",
    "ConversationStart",
    "ConversationTransfer",
    "ConversationEnd",
    "Sentiment",
];

/// The action types of rules in the published model.
pub(super) const ACTIONS: [&str; 5] = [
    "KnowledgeArticle",
    "CannedResponse",
    "Script",
    CHECKLIST,
    "ThirdPartyAction",
];

/// The action types of the fallback in the published model, and the one that has a warning of its own.
pub(super) const FALLBACK_ACTIONS: [&str; 6] = [
    "KnowledgeSearch",
    "KnowledgeArticle",
    "CannedResponse",
    "Script",
    "ThirdPartyAction",
    CHECKLIST,
];

/// The engines of the published model.
pub(super) const ENGINES: [&str; 1] = ["NluV3"];

const CHECKLIST: &str = "Checklist";

/// The attributes that an action of a type has in every document seen so far.
const ATTRIBUTES: [(&str, &[&str]); 3] = [
    ("CannedResponse", &["responseId", "libraryId"]),
    ("Script", &["scriptId", "pageId"]),
    (CHECKLIST, &["checklistId"]),
];

/// Adds a value that the published model does not have.
pub(super) fn known_value(value: &str, place: &LazyPointer<'_>, what: &str, known: &[&str], findings: &mut Findings) {
    if !known.contains(&value) {
        findings.add(unknown_name(
            Code::UnknownEnumValue,
            place.pointer(),
            what,
            value,
            known,
        ));
    }
}

/// Adds what keeps a condition from ever holding.
pub(super) fn lint_values(kind: Option<&str>, values: Node<'_>, place: &LazyPointer<'_>, findings: &mut Findings) {
    if kind == Some("Intent") && values.is_array() && values.elements().next().is_none() {
        let message = "the condition names no intent, so it never holds";
        findings.add(Finding::new(Code::IntentWithoutValues, place.pointer(), message));
    }
}

/// Adds the attributes that an action usually has and this one lacks.
pub(super) fn lint_attributes(
    kind: &str,
    attributes: Option<Node<'_>>,
    place: &LazyPointer<'_>,
    findings: &mut Findings,
) {
    let usual = ATTRIBUTES.iter().find(|(name, _)| *name == kind);
    for name in usual.map(|(_, names)| *names).unwrap_or_default() {
        let value = attributes.and_then(|attributes| attributes.get(name));
        if value.is_none_or(|value| value.as_str() == Some("")) {
            let message = format!("an action `{kind}` usually has `{name}`");
            let at = place.member("attributes");
            findings.add(Finding::new(Code::MissingAttribute, at.member(name).pointer(), message));
        }
    }
}

/// Adds an action that the fallback does not have in the published model.
pub(super) fn lint_fallback_action(action: Node<'_>, place: &LazyPointer<'_>, findings: &mut Findings) {
    if action.get("actionType").and_then(Node::as_str) == Some(CHECKLIST) {
        let message = "the fallback has no checklists";
        findings.add(Finding::new(
            Code::ChecklistInFallback,
            place.member("actionType").pointer(),
            message,
        ));
    }
}

/// Adds what looks wrong with rules beside each other.
pub(super) fn lint_rules(rules: Node<'_>, place: &LazyPointer<'_>, findings: &mut Findings) {
    for (index, first) in same_rules(rules) {
        let message = format!("the rule fires when `{}` does", place.index(first).pointer());
        findings.add(Finding::new(Code::SameRuleTwice, place.index(index).pointer(), message));
    }
    let is_off = |rule: Node<'_>| rule.get("enabled").and_then(Node::as_bool) == Some(false);
    if rules.elements().next().is_some() && rules.elements().all(is_off) {
        let message = "all rules are switched off";
        findings.add(Finding::new(Code::NoRuleEnabled, place.pointer(), message));
    }
}

/// The places of rules with the conditions and the participants of one before them, each with the place of the first such.
fn same_rules(rules: Node<'_>) -> Vec<(usize, usize)> {
    // Why not by all that they say at once: rules whose first and last texts differ are different, and most do.
    let mut alike: BTreeMap<Ends<'_>, Vec<(usize, Node<'_>, Option<Node<'_>>)>> = BTreeMap::new();
    for (index, rule) in rules.elements().enumerate() {
        let conditions = rule.get("rule").and_then(|body| body.get("conditions"));
        let Some(conditions) = conditions.filter(|conditions| conditions.elements().next().is_some()) else {
            continue;
        };
        let mut ends = Ends::default();
        ends.add(conditions);
        let participants = rule.get("participantRoles");
        alike.entry(ends).or_default().push((index, conditions, participants));
    }
    let mut found = Vec::new();
    for rules in alike.into_values().filter(|rules| rules.len() > 1) {
        let mut first_with: BTreeMap<(Vec<String>, Vec<String>), usize> = BTreeMap::new();
        for (index, conditions, participants) in rules {
            // In any order: conditions are joined by OR.
            let fires_on = (identities(Some(conditions)), identities(participants));
            let first = *first_with.entry(fires_on).or_insert(index);
            if first != index {
                found.push((index, first));
            }
        }
    }
    found.sort_unstable();
    found
}

/// The first and the last of the texts in a value, in the order of texts. Equal values have equal ones, whatever the order of
/// their elements and however often one stands in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Ends<'d> {
    first: Option<&'d str>,
    last: Option<&'d str>,
}

impl<'d> Ends<'d> {
    fn add(&mut self, node: Node<'d>) {
        if let Some(text) = node.as_str() {
            if self.first.is_none_or(|first| text < first) {
                self.first = Some(text);
            }
            self.last = self.last.max(Some(text));
        }
        node.elements().for_each(|element| self.add(element));
        node.members().for_each(|member| self.add(member.value));
    }
}

fn identities(list: Option<Node<'_>>) -> Vec<String> {
    let mut found: Vec<String> = list.into_iter().flat_map(Node::elements).map(Node::identity).collect();
    found.sort_unstable();
    found.dedup();
    found
}
