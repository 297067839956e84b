//! Everything wrong with a document that is about to be written.

use super::{Audience, DocumentKind};
use crate::code::Code;
use crate::finding::{Finding, Findings};
use crate::json::{Document, Node};
use crate::pointer::Pointer;
use crate::severity::Severity;

/// Everything that is wrong with a document that is about to be written.
///
/// With the document as it is `stored`, its identity must be kept; and an error that the stored document already has, in
/// a part that is as it was, is a warning: or a rule with one condition too many could not even be switched off.
///
/// ```
/// use assist_rules_domain::{TriggerRule, check};
///
/// let rule: TriggerRule = r#"{"id": "r1", "ruleType": "conversation", "enabled": true, "actions": [{"type": "call"}],
///     "conditions": [{"type": "keyword", "field": "conversation.text", "operator": "contain", "value": "refund"}]}"#
///     .parse()?;
/// let findings = check(&rule, None).into_vec();
/// assert_eq!(findings.len(), 1);
/// assert_eq!((findings[0].code.id(), findings[0].pointer.as_str()), ("AR0101", "/conditions/0/operator"));
/// assert_eq!(findings[0].help.as_deref(), Some("did you mean `contains`?"));
/// # Ok::<(), assist_rules_domain::ParseError>(())
/// ```
#[must_use]
pub fn check<K: DocumentKind>(document: &K, stored: Option<&K>) -> Findings {
    let mut findings = document.validate(stored, Audience::Server);
    if let Some(stored) = stored {
        downgrade_preexisting(document, stored, &mut findings);
    }
    findings.extend(inexact_numbers::<K>(document.document()));
    findings.extend(half_characters(document.document()));
    findings
}

/// The texts in place of secrets in reports.
const MASKS: [&str; 2] = ["(masked)", "(masked, changed)"];

/// The numbers that cannot be written as they are.
pub(super) fn inexact_numbers<K: DocumentKind>(document: &Document) -> impl Iterator<Item = Finding> {
    document.inexact_numbers().into_iter().map(|pointer| {
        let raw = document.resolve(&pointer).map_or("", Node::raw);
        let shown: String = raw.chars().take(40).collect();
        let message = format!(
            "the number `{shown}` cannot be held exactly, so writing the {} would alter it",
            K::NAME
        );
        Finding::new(Code::InexactNumber, pointer, message).with_help("write it with fewer digits, or as a text")
    })
}

/// The texts with half of a surrogate pair.
pub(super) fn half_characters(document: &Document) -> impl Iterator<Item = Finding> {
    let message = "the text has half of a surrogate pair in it";
    let half = move |pointer| Finding::new(Code::HalfCharacter, pointer, message);
    document.lone_surrogates().into_iter().map(half)
}

/// The texts that stand for a secret in reports, and were copied from one.
pub(super) fn masked_values(document: &Document) -> Vec<Finding> {
    let mut found = Vec::new();
    // Why first: a look for a text costs less than one at each value.
    if document.text().contains("(masked") {
        document.root().visit(&Pointer::root(), &mut |pointer, node| {
            if node.as_str().is_some_and(|text| MASKS.contains(&text)) {
                let message = format!(
                    "the text `{}` stands for a secret in a report",
                    node.as_str().unwrap_or_default()
                );
                let finding = Finding::new(Code::MaskedValue, pointer.clone(), message);
                found.push(finding.with_help("write the value itself, or leave the member out so that it stays"));
            }
        });
    }
    found
}

fn downgrade_preexisting<K: DocumentKind>(document: &K, stored: &K, findings: &mut Findings) {
    if !findings.has_errors() {
        return;
    }
    let is_untouched = |name: &str| document.member(name) == stored.member(name);
    let untouched: Vec<&str> = document
        .document()
        .root()
        .members()
        .map(|member| member.name)
        .filter(|name| is_untouched(name))
        .collect();
    for finding in findings
        .iter_mut()
        .filter(|finding| finding.severity == Severity::Error)
    {
        let tokens: Vec<_> = finding.pointer.tokens().take(2).collect();
        let is_preexisting = match tokens.as_slice() {
            [name, index] => untouched.contains(&name.as_ref()) || is_stored_element(document, stored, name, index),
            [name] => is_untouched(name),
            _ => false,
        };
        if is_preexisting {
            finding.severity = Severity::Warning;
            finding.help = Some(format!(
                "the stored {} has this already, and the change does not touch it",
                K::NAME
            ));
        }
    }
}

/// True if an element of a list equals one of the stored list.
fn is_stored_element<K: DocumentKind>(document: &K, stored: &K, list: &str, index: &str) -> bool {
    let ours = document.member(list).and_then(|list| list.child(index));
    let mut theirs = stored.member(list).into_iter().flat_map(Node::elements);
    ours.is_some_and(|ours| theirs.any(|theirs| theirs.eq_value(ours)))
}
