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
    for finding in findings
        .iter_mut()
        .filter(|finding| finding.severity == Severity::Error)
    {
        if is_preexisting(document, stored, &finding.pointer) {
            finding.severity = Severity::Warning;
            finding.help = Some(format!(
                "the stored {} has this already, and the change does not touch it",
                K::NAME
            ));
        }
    }
}

/// True if a part that a place lies in is as the stored document has it: the member, an element of its list, and of a member of
/// [parts](super::MemberSpec::nested) any part, wherever in a list it stood.
fn is_preexisting<K: DocumentKind>(document: &K, stored: &K, place: &Pointer) -> bool {
    let tokens: Vec<_> = place.tokens().collect();
    let Some(member) = tokens.first() else { return false };
    let has_parts = K::MEMBERS
        .iter()
        .any(|spec| spec.name == member.as_ref() && spec.nested.is_some());
    let deepest = if has_parts { tokens.len() } else { 2 };
    let mut ours = Some(document.document().root());
    let mut theirs = vec![stored.document().root()];
    for (depth, token) in tokens.iter().take(deepest).enumerate() {
        let Some(around) = ours else { return false };
        ours = around.child(token);
        theirs = if around.is_array() {
            theirs.into_iter().flat_map(Node::elements).collect()
        } else {
            theirs.into_iter().filter_map(|node| node.get(token)).collect()
        };
        let is_missing_on_both = ours.is_none() && theirs.is_empty() && depth == 0;
        if is_missing_on_both || ours.is_some_and(|ours| theirs.iter().any(|theirs| theirs.eq_value(ours))) {
            return true;
        }
    }
    false
}
