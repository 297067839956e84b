//! The differences between two documents, place by place.

use serde::Serialize;

use crate::json::{Document, Node, Value};
use crate::pointer::Pointer;

/// One place where two documents differ. A side that has nothing there is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The place, as a JSON Pointer.
    #[serde(rename = "path")]
    pub pointer: Pointer,
    /// The value before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Document>,
    /// The value after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Document>,
}

/// The differences, in document order: members that went or changed, then members that came. Lists are compared
/// index by index; white space, the order of members and the spelling of numbers do not count.
///
/// ```
/// use assist_rules_domain::document::diff;
/// use assist_rules_domain::json::Document;
///
/// let before: Document = r#"{"a": 1, "b": [1, 2]}"#.parse()?;
/// let after: Document = r#"{"a": 1.0, "b": [1, 3, 4]}"#.parse()?;
/// let places: Vec<String> = diff(&before, &after).iter().map(|found| found.pointer.to_string()).collect();
/// assert_eq!(places, ["/b/1", "/b/2"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn diff(before: &Document, after: &Document) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(&Pointer::root(), Some(before.root()), Some(after.root()), &mut found);
    found
}

fn compare(pointer: &Pointer, before: Option<Node<'_>>, after: Option<Node<'_>>, found: &mut Vec<Difference>) {
    if let (Some(before), Some(after)) = (before, after) {
        if before.eq_value(after) {
            return;
        }
        if before.is_object() && after.is_object() {
            for member in before.members() {
                let inside = pointer.member(member.name);
                compare(&inside, Some(member.value), after.get(member.name), found);
            }
            for member in after.members().filter(|member| before.get(member.name).is_none()) {
                compare(&pointer.member(member.name), None, Some(member.value), found);
            }
            return;
        }
        if before.is_array() && after.is_array() {
            let (mut before, mut after) = (before.elements(), after.elements());
            for index in 0.. {
                let pair = (before.next(), after.next());
                if pair == (None, None) {
                    return;
                }
                compare(&pointer.index(index), pair.0, pair.1, found);
            }
        }
    }
    found.push(Difference::between(pointer.clone(), before, after));
}

impl Difference {
    /// The difference between two values at a place.
    pub(super) fn between(pointer: Pointer, before: Option<Node<'_>>, after: Option<Node<'_>>) -> Self {
        Self {
            pointer,
            before: before.and_then(copy),
            after: after.and_then(copy),
        }
    }
}

/// A value of a document; a number as its server keeps it, so that people see `0.995` and not `0.9950000047683716`.
fn copy(node: Node<'_>) -> Option<Document> {
    let kept = match node.value() {
        Value::Number(number) => Document::parse(&number.kept()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            Document::from_node(node)
        }
    };
    kept.ok().map(|document| document.with_precision(node.precision()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_difference_is_named_once() {
        for (before, after, expected) in [
            ("{}", "{}", vec![]),
            ("1", "2", vec![" 1 2"]),
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, vec![]),
            (
                r#"{"a":1,"b":2}"#,
                r#"{"b":3,"c":4}"#,
                vec!["/a 1 -", "/b 2 3", "/c - 4"],
            ),
            (r#"{"a":{"x":[1]}}"#, r#"{"a":{"x":{}}}"#, vec!["/a/x [1] {}"]),
            ("[1,2,3]", "[1]", vec!["/1 2 -", "/2 3 -"]),
            (r#"{"a~/b":null}"#, "{}", vec!["/a~0~1b null -"]),
        ] {
            let (before, after) = (before.parse().unwrap(), after.parse().unwrap());
            let side = |side: &Option<Document>| side.as_ref().map_or("-".to_owned(), Document::compact);
            let found: Vec<String> = diff(&before, &after)
                .iter()
                .map(|found| format!("{} {} {}", found.pointer, side(&found.before), side(&found.after)))
                .collect();
            assert_eq!(found, expected);
        }
    }
}
