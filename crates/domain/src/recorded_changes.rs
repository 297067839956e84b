//! The changes of a write that is known from a record, where its kind is a word.

use crate::copilot::Copilot;
use crate::document::{DocumentKind, ElementDifference, diff, shown_changes};
use crate::json::Document;

/// The changes between two documents of the kind with this name, as results show them: of a Copilot with its rules as things,
/// of any other kind place by place.
pub fn recorded_changes(kind: &str, before: &Document, after: &Document) -> Vec<ElementDifference> {
    let of_kind = if kind == Copilot::NAME.as_str() {
        of_kind::<Copilot>(before, after)
    } else {
        None
    };
    of_kind.unwrap_or_else(|| diff(before, after).into_iter().map(ElementDifference::from).collect())
}

/// The changes, if both are documents of the kind.
fn of_kind<K: DocumentKind>(before: &Document, after: &Document) -> Option<Vec<ElementDifference>> {
    let [before, after] = [before, after].map(|document| K::from_document(document.clone()).ok());
    Some(shown_changes(&before?, &after?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [&str; 2] = [
        r#"{"conditions": [{"conditionType": "Intent", "conditionValues": ["a"]}], "actions": []}"#,
        r#"{"conditions": [{"conditionType": "Intent", "conditionValues": ["b"]}], "actions": []}"#,
    ];

    fn copilot(rules: &[&str]) -> Document {
        let rules: Vec<String> = rules.iter().map(|rule| format!(r#"{{"rule": {rule}}}"#)).collect();
        let text = format!(r#"{{"ruleEngineConfig": {{"rules": [{}]}}}}"#, rules.join(","));
        text.parse().unwrap()
    }

    fn places(kind: &str) -> Vec<String> {
        let changes = recorded_changes(kind, &copilot(&RULES), &copilot(&RULES[1..]));
        changes.iter().map(|it| it.difference.pointer.to_string()).collect()
    }

    /// The second rule stays as it is, whatever its place.
    #[test]
    fn a_rule_that_went_from_a_copilot_is_one_change() {
        assert_eq!(places("copilot"), ["/ruleEngineConfig/rules/0"]);
        assert_ne!(places("another"), places("copilot"));
    }
}
