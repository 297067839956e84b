//! Lints: what the platform takes and cannot have been meant.
//!
//! The conditions of one rule are joined by OR, so a second one never keeps the first from firing. Everything here is a
//! warning.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::faults::unknown_name;
use crate::finding::{Finding, Findings};
use crate::json::Node;
use crate::pointer::Pointer;

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
pub(super) fn known_value(value: &str, place: Pointer, what: &str, known: &[&str], findings: &mut Findings) {
    if !known.contains(&value) {
        findings.add(unknown_name(Code::UnknownEnumValue, place, what, value, known));
    }
}

/// Adds what keeps a condition from ever holding.
pub(super) fn lint_values(kind: Option<&str>, values: Node<'_>, place: &Pointer, findings: &mut Findings) {
    if kind == Some("Intent") && values.is_array() && values.elements().next().is_none() {
        let message = "the condition names no intent, so it never holds";
        findings.add(Finding::new(Code::IntentWithoutValues, place.clone(), message));
    }
}

/// Adds the attributes that an action usually has and this one lacks.
pub(super) fn lint_attributes(kind: &str, attributes: Option<Node<'_>>, place: &Pointer, findings: &mut Findings) {
    let usual = ATTRIBUTES.iter().find(|(name, _)| *name == kind);
    for name in usual.map(|(_, names)| *names).unwrap_or_default() {
        let value = attributes.and_then(|attributes| attributes.get(name));
        if value.is_none_or(|value| value.as_str() == Some("")) {
            let message = format!("an action `{kind}` usually has `{name}`");
            let at = place.member("attributes").member(name);
            findings.add(Finding::new(Code::MissingAttribute, at, message));
        }
    }
}

/// Adds an action that the fallback does not have in the published model.
pub(super) fn lint_fallback_action(action: Node<'_>, place: &Pointer, findings: &mut Findings) {
    if action.get("actionType").and_then(Node::as_str) == Some(CHECKLIST) {
        let message = "the fallback has no checklists";
        findings.add(Finding::new(
            Code::ChecklistInFallback,
            place.member("actionType"),
            message,
        ));
    }
}

/// Adds what looks wrong with rules beside each other.
pub(super) fn lint_rules(rules: Node<'_>, place: &Pointer, findings: &mut Findings) {
    let mut first_with: BTreeMap<(Vec<String>, Vec<String>), usize> = BTreeMap::new();
    for (index, rule) in rules.elements().enumerate() {
        let conditions = rule.get("rule").and_then(|body| body.get("conditions"));
        let Some(conditions) = conditions.filter(|conditions| conditions.elements().next().is_some()) else {
            continue;
        };
        // In any order: conditions are joined by OR.
        let fires_on = (identities(Some(conditions)), identities(rule.get("participantRoles")));
        if let Some(first) = first_with.get(&fires_on) {
            let message = format!("the rule fires when `{}` does", place.index(*first));
            findings.add(Finding::new(Code::SameRuleTwice, place.index(index), message));
        } else {
            first_with.insert(fires_on, index);
        }
    }
    let is_off = |rule: Node<'_>| rule.get("enabled").and_then(Node::as_bool) == Some(false);
    if rules.elements().next().is_some() && rules.elements().all(is_off) {
        let message = "all rules are switched off";
        findings.add(Finding::new(Code::NoRuleEnabled, place.clone(), message));
    }
}

fn identities(list: Option<Node<'_>>) -> Vec<String> {
    let mut found: Vec<String> = list.into_iter().flat_map(Node::elements).map(Node::identity).collect();
    found.sort_unstable();
    found.dedup();
    found
}
