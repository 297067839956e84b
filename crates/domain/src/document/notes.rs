//! Members that an author keeps in a file for himself: anchors, notes, and the schema for an editor.

use crate::json::{Document, Node, TextError};

/// True for a member that is its author's own at any depth, and never sent.
///
/// ```
/// use assist_rules_domain::document::is_note;
///
/// assert!(is_note("x-owner") && !is_note("name"));
/// ```
pub fn is_note(name: &str) -> bool {
    name.starts_with("x-")
}

/// The document without its notes, and without the `$schema` at its top.
pub(super) fn without_notes(document: Document) -> Result<Document, TextError> {
    let has_schema = document.root().get("$schema").is_some();
    if !has_schema && !has_notes(document.root()) {
        return Ok(document);
    }
    let mut text = String::with_capacity(document.text().len());
    write(document.root(), true, &mut text);
    Document::parse(&text)
}

fn has_notes(node: Node<'_>) -> bool {
    node.members()
        .any(|member| is_note(member.name) || has_notes(member.value))
        || node.elements().any(has_notes)
}

/// Writes a value without notes; all else stays as it was written.
fn write(node: Node<'_>, is_top: bool, text: &mut String) {
    if node.is_object() {
        let kept = node
            .members()
            .filter(|member| !(is_note(member.name) || (is_top && member.name == "$schema")));
        text.push('{');
        for (index, member) in kept.enumerate() {
            text.push_str(if index > 0 { "," } else { "" });
            text.push_str(member.raw_name());
            text.push(':');
            write(member.value, false, text);
        }
        text.push('}');
    } else if node.is_array() {
        text.push('[');
        for (index, element) in node.elements().enumerate() {
            text.push_str(if index > 0 { "," } else { "" });
            write(element, false, text);
        }
        text.push(']');
    } else {
        text.push_str(node.raw());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_go_at_any_depth_and_all_else_stays_as_written() {
        for (text, expected) in [
            (r#"{"a":  1.50}"#, r#"{"a":  1.50}"#),
            (
                r#"{"x-a": 1, "b": [ {"x-c": {}, "d": 1.50} ]}"#,
                r#"{"b":[{"d":1.50}]}"#,
            ),
            (r#"{"$schema": "s", "b": {"$schema": 1}}"#, r#"{"b":{"$schema":1}}"#),
            (r#"{"x-a": 1}"#, "{}"),
            (r#"{"X-a": 1, "x": 2}"#, r#"{"X-a": 1, "x": 2}"#),
            (r#"["x-a"]"#, r#"["x-a"]"#),
        ] {
            let kept = without_notes(text.parse().unwrap()).unwrap();
            assert_eq!(kept.text(), expected);
        }
    }
}
