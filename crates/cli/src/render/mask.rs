//! Values that reports do not show: by their place, never by searching for the value.

use domain::Pointer;
use domain::json::{Document, Node, Value};

/// The text in place of a secret.
pub(crate) const MASKED: &str = "(masked)";

/// The text in place of a secret that was changed.
pub(crate) const CHANGED: &str = "(masked, changed)";

/// Words that end the name of a secret.
const SECRET: [&str; 8] = [
    "token",
    "secret",
    "password",
    "passwd",
    "key",
    "authorization",
    "credential",
    "signature",
];

/// Members that name what the `value` beside them is.
const LABELS: [&str; 3] = ["name", "key", "header"];

/// True if what stands at a place of a document is a secret.
pub(crate) fn is_secret(pointer: &Pointer, document: Option<&Document>) -> bool {
    let tokens: Vec<_> = pointer.tokens().collect();
    let mut around = document.map(Document::root);
    for token in &tokens {
        if is_secret_member(token, around) {
            return true;
        }
        around = around.and_then(|node| node.child(token));
    }
    false
}

/// The value as JSON without white space, secrets in it masked.
pub(crate) fn text(node: Node<'_>) -> String {
    let mut out = String::new();
    write(node, None, "", &mut out);
    out
}

/// The value of a member of an object, secrets in it masked.
pub(crate) fn member(name: &str, value: Node<'_>, object: Node<'_>) -> String {
    if is_secret_member(name, Some(object)) {
        return MASKED.to_owned();
    }
    text(value)
}

/// The name of a document, without what is a secret in a URL.
pub(crate) fn title(title: &str) -> String {
    masked_url(title).unwrap_or_else(|| title.to_owned())
}

/// Both sides of a change with their secrets masked as texts. A secret that is another one than before says so.
pub(crate) fn sides(before: &Document, after: &Document) -> (Document, Document) {
    let masked = |document: &Document, other: Option<&Document>| {
        let mut out = String::with_capacity(document.text().len());
        write(document.root(), other.map(Document::root), "\"", &mut out);
        Document::parse(&out).unwrap_or_else(|_| document.clone())
    };
    (masked(before, None), masked(after, Some(before)))
}

/// Writes a value with its secrets masked, between quotes or bare. With the value that stood there before, a secret that is
/// another one says so.
fn write(node: Node<'_>, before: Option<Node<'_>>, quote: &str, out: &mut String) {
    let below = |name: &str| before.and_then(|before| before.child(name));
    match node.value() {
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(element, below(&index.to_string()), quote, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, member) in members.enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                out.push_str(member.raw_name());
                out.push(':');
                let old = below(member.name);
                if is_secret_member(member.name, Some(node)) {
                    let is_changed = old.is_some_and(|old| !old.eq_value(member.value));
                    let mask = if is_changed { CHANGED } else { MASKED };
                    out.extend([quote, mask, quote]);
                } else {
                    write(member.value, old, quote, out);
                }
            }
            out.push('}');
        }
        Value::String(text) => match masked_url(text) {
            Some(masked) => {
                let is_changed = before.is_some_and(|before| !before.eq_value(node));
                let masked = if is_changed {
                    masked.replace(MASKED, CHANGED)
                } else {
                    masked
                };
                out.push_str(&serde_json::Value::from(masked).to_string());
            }
            None => out.push_str(node.raw()),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(node.raw()),
    }
}

/// A value at a place, secrets in it masked: by the place itself, or by what stands in it.
pub(crate) fn value(pointer: &Pointer, document: Option<&Document>, value: &Document) -> String {
    if is_secret(pointer, document) {
        MASKED.to_owned()
    } else {
        text(value.root())
    }
}

/// True for a member with a secret's name, and for the `value` beside a label that is one.
fn is_secret_member(name: &str, object: Option<Node<'_>>) -> bool {
    let beside = |label: &&str| object.and_then(|object| object.get(label)).and_then(Node::as_str);
    if name == "value" {
        return LABELS.iter().filter_map(beside).any(ends_in_secret);
    }
    let is_label = LABELS.contains(&name) && object.is_some_and(|object| object.get("value").is_some());
    !is_label && ends_in_secret(name)
}

/// True if the last word of a name is one of [`SECRET`]. Words end at `_`, `-`, `.`, blanks and at a capital letter.
fn ends_in_secret(name: &str) -> bool {
    let mut last = String::new();
    let mut was_lower = false;
    for letter in name.chars() {
        let is_boundary = matches!(letter, '_' | '-' | '.' | ' ');
        if is_boundary || (letter.is_uppercase() && was_lower) {
            last.clear();
        }
        if !is_boundary {
            last.extend(letter.to_lowercase());
        }
        was_lower = letter.is_lowercase() || letter.is_ascii_digit();
    }
    SECRET.contains(&last.as_str())
}

/// A URL with its user info and its query masked; none for a text without them.
fn masked_url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end)?;
    let host = authority.rsplit_once('@').map(|(_, host)| host);
    let query = tail.split_once('?');
    if host.is_none() && query.is_none() {
        return None;
    }
    let authority = host.map_or_else(|| authority.to_owned(), |host| format!("{MASKED}@{host}"));
    let tail = query.map_or_else(|| tail.to_owned(), |(path, _)| format!("{path}?{MASKED}"));
    Some(format!("{scheme}://{authority}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIELD K5.
    #[test]
    fn secrets_are_masked_by_their_place() {
        for (value, shown) in [
            (r#"{"keyword":"a","keyPhrases":["b"],"monkey":"c"}"#, None),
            (
                r#"{"name":"Authorization","value":"Bearer x"}"#,
                Some(r#"{"name":"Authorization","value":(masked)}"#),
            ),
            (
                r#"{"key":"api-token","value":"x"}"#,
                Some(r#"{"key":"api-token","value":(masked)}"#),
            ),
            (
                r#"{"url":"https://u:p@h/?sig=y"}"#,
                Some(r#"{"url":"https://(masked)@h/?(masked)"}"#),
            ),
            (
                r#"{"apiKey":"x","API_KEY":"y","x-api-key":{"a":1}}"#,
                Some(r#"{"apiKey":(masked),"API_KEY":(masked),"x-api-key":(masked)}"#),
            ),
            (
                r#"["x",{"clientSecret":"x"}]"#,
                Some(r#"["x",{"clientSecret":(masked)}]"#),
            ),
            (r#"{"name":"Refund","value":"x"}"#, None),
        ] {
            let document: Document = value.parse().unwrap();
            assert_eq!(text(document.root()), shown.unwrap_or(value));
        }
    }

    #[test]
    fn what_stands_within_a_secret_is_one() {
        let rule: Document =
            r#"{"actions":[{"headers":[{"name":"x-token","value":"v"}],"auth":{"password":{"a":1}}}]}"#
                .parse()
                .unwrap();
        for (path, expected) in [
            ("/actions/0/headers/0/value", true),
            ("/actions/0/headers/0/name", false),
            ("/actions/0/auth/password/a", true),
            ("/actions/0", false),
        ] {
            assert_eq!(is_secret(&path.parse().unwrap(), Some(&rule)), expected, "{path}");
        }
    }

    #[test]
    fn a_secret_that_changed_says_so_and_shows_neither_value() {
        let [before, after]: [Document; 2] = [
            r#"{"a":{"token":"x","name":"n"},"url":"https://h/?a=1"}"#,
            r#"{"a":{"token":"y","name":"m"},"url":"https://h/?a=2"}"#,
        ]
        .map(|text| text.parse().unwrap());
        let (old, new) = sides(&before, &after);
        assert_eq!(
            old.text(),
            r#"{"a":{"token":"(masked)","name":"n"},"url":"https://h/?(masked)"}"#
        );
        assert_eq!(
            new.text(),
            r#"{"a":{"token":"(masked, changed)","name":"m"},"url":"https://h/?(masked, changed)"}"#
        );
    }
}
