//! One difference for people: the place in words, and values of which no secret is shown.

use domain::Pointer;
use domain::json::{Document, Node, Value};

use crate::output::visible;
use crate::render::mask::{self, CHANGED, MASKED};

/// The longest value that is shown whole, in characters.
const LONGEST: usize = 400;

/// The place of a difference in words: `condition 2: value`. With the document, an element is named by what it says.
pub(crate) fn place(path: &str, document: Option<&Document>) -> String {
    let Ok(pointer) = path.parse::<Pointer>() else {
        return visible(path);
    };
    let tokens: Vec<_> = pointer.tokens().collect();
    let (Some(member), Some(index)) = (tokens.first(), number(path)) else {
        return visible(&tokens.join("."));
    };
    let thing = member.strip_suffix('s').unwrap_or(member);
    let label = document.and_then(|document| label(document.resolve(&pointer)?));
    let element = match label {
        Some(label) => format!("{} `{}`", visible(thing), visible(&label)),
        None => format!("{} {index}", visible(thing)),
    };
    let rest: Vec<&str> = tokens.iter().skip(2).map(AsRef::as_ref).collect();
    if rest.is_empty() {
        element
    } else {
        format!("{element}: `{}`", visible(&rest.join(".")))
    }
}

/// The number of the element that a place is in, from 1.
pub(crate) fn number(path: &str) -> Option<usize> {
    let index: usize = path.split('/').nth(2)?.parse().ok()?;
    Some(index + 1)
}

/// An element in a few words: its type, and what it is about.
fn label(element: Node<'_>) -> Option<String> {
    let text = |name: &str| element.get(name).and_then(Node::as_str);
    let kind = text("type")?;
    let about = ["templateId", "field", "name"].into_iter().find_map(text);
    let value = element.get("operator").zip(element.get("value"));
    let value = value.map_or_else(String::new, |(operator, value)| {
        let shown = mask::member("value", value, element);
        format!(" {} {shown}", operator.as_str().unwrap_or_default())
    });
    Some(about.map_or_else(|| kind.to_owned(), |about| format!("{kind} {about}{value}")))
}

/// Both values of a difference, each with the document that it stands in.
pub(crate) fn values(
    path: &str,
    (before, old): (Option<&Document>, &Document),
    (after, new): (Option<&Document>, &Document),
) -> (String, String) {
    let (old, new) = whole_values(path, (before, old), (after, new));
    (start(old), start(new))
}

/// Both values of a difference, whatever their length.
pub(crate) fn whole_values(
    path: &str,
    (before, old): (Option<&Document>, &Document),
    (after, new): (Option<&Document>, &Document),
) -> (String, String) {
    let (old, new) = (whole(path, before.or(after), old), whole(path, after, new));
    if old == new && old.contains(MASKED) {
        let changed = new.replace(MASKED, CHANGED);
        return (old, changed);
    }
    (old, new)
}

/// A value at a place of a document.
pub(crate) fn value(path: &str, document: Option<&Document>, value: &Document) -> String {
    start(whole(path, document, value))
}

/// A value at a place of a document, whatever its length.
pub(crate) fn whole(path: &str, document: Option<&Document>, value: &Document) -> String {
    let pointer: Pointer = path.parse().unwrap_or_default();
    visible(&mask::value(&pointer, document, value))
}

/// The sides of a conflict, the first of which is what the others came from. A secret is known by its place in any of these
/// documents; on a side that changed it, that is said.
pub(crate) fn sides(path: &str, sides: &[Option<&Document>], documents: &[Option<&Document>]) -> Vec<Option<String>> {
    let pointer = path.parse().unwrap_or_default();
    let is_secret = documents.iter().any(|document| mask::is_secret(&pointer, *document));
    let base = sides.first().copied().flatten();
    let shown = |side: &Document| {
        let shown = if is_secret {
            MASKED.to_owned()
        } else {
            whole(path, None, side)
        };
        let is_changed = base.is_some_and(|base| !base.root().eq_value(side.root()));
        if is_changed {
            shown.replace(MASKED, CHANGED)
        } else {
            shown
        }
    };
    sides.iter().map(|side| side.map(shown)).collect()
}

/// The start of a value that is too long for a line.
pub(crate) fn start(shown: String) -> String {
    let length = shown.chars().count();
    if length <= LONGEST {
        return shown;
    }
    let start: String = shown.chars().take(LONGEST).collect();
    format!("{start}… ({length} characters)")
}

/// The difference that is hard to see: another type, a blank, or letters that look alike.
pub(crate) fn hint(old: &Document, new: &Document) -> Option<String> {
    let (old, new) = (old.root(), new.root());
    if new.is_null() {
        return Some("cleared".to_owned());
    }
    let (Some(old_text), Some(new_text)) = (old.as_str(), new.as_str()) else {
        return (type_of(old) != type_of(new)).then(|| format!("{} → {}", type_of(old), type_of(new)));
    };
    let mut letters = old_text.chars().zip(new_text.chars()).enumerate();
    let first = letters
        .find(|(_, (old, new))| old != new)
        .map_or_else(|| old_text.chars().count().min(new_text.chars().count()), |(at, _)| at);
    let (old, new) = (old_text.chars().nth(first), new_text.chars().nth(first));
    let is_hard_to_see = |letter: &char| letter.is_whitespace() || !letter.is_ascii();
    if ![old, new].iter().flatten().any(is_hard_to_see) {
        return None;
    }
    let code = |letter: Option<char>| {
        letter.map_or_else(|| "the end".to_owned(), |letter| format!("U+{:04X}", u32::from(letter)))
    };
    Some(format!("character {}: {} → {}", first + 1, code(old), code(new)))
}

fn type_of(node: Node<'_>) -> &'static str {
    match node.value() {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_in_words() {
        for (path, expected) in [
            ("/name", "name"),
            ("/conditions/1/value", "condition 2: `value`"),
            ("/actions/0", "action 1"),
            ("/actions/0/data/x", "action 1: `data.x`"),
        ] {
            assert_eq!(place(path, None), expected);
        }
        let rule: Document =
            r#"{"actions":[{"type":"display","templateId":"tmpl_1"}],"conditions":[{"type":"t","name":"a-token","operator":"is","value":"x"}]}"#
                .parse()
                .unwrap();
        for (path, expected) in [
            ("/actions/0", "action `display tmpl_1`"),
            ("/conditions/0", "condition `t a-token is (masked)`"),
        ] {
            assert_eq!(place(path, Some(&rule)), expected);
        }
    }

    /// FIELD K1.
    #[test]
    fn what_nobody_can_see_is_said() {
        for (old, new, expected) in [
            ("\"refund\"", "\"refund \"", Some("character 7: the end → U+0020")),
            ("\"a b\"", "\"a\u{a0}b\"", Some("character 2: U+0020 → U+00A0")),
            ("\"é\"", "\"e\u{301}\"", Some("character 1: U+00E9 → U+0065")),
            ("\"0.4\"", "0.4", Some("text → number")),
            ("null", "\"\"", Some("null → text")),
            ("\"a\"", "null", Some("cleared")),
            ("\"refund\"", "\"refunds\"", None),
            ("1", "2", None),
        ] {
            let found = hint(&old.parse().unwrap(), &new.parse().unwrap());
            assert_eq!(found.as_deref(), expected, "{old} {new}");
        }
    }
}
