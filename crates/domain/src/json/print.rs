//! From a document back to text, compact or for people. Numbers and texts come out as they were written.

use super::{Document, Node, Span, Value};

impl Document {
    /// The document without white space between its parts: the form that is sent.
    pub fn compact(&self) -> String {
        let mut out = String::with_capacity(self.text().len());
        self.root().write_compact(&mut out);
        out
    }

    /// The document indented by two spaces, without a line break at its end.
    pub fn pretty(&self) -> String {
        self.root().pretty()
    }
}

impl Node<'_> {
    /// The value without white space between its parts.
    pub fn compact(self) -> String {
        let mut out = String::new();
        self.write_compact(&mut out);
        out
    }

    /// Writes the value as [`compact`](Self::compact) has it: what is written without white space is copied in one piece.
    pub(super) fn write_compact(self, out: &mut String) {
        let text = self.raw();
        let end = Span {
            start: text.len(),
            end: text.len(),
        };
        let (mut copied, mut seen) = (0, 0);
        for scalar in self.scalars().chain([end]) {
            // Between two of them stand brackets, commas, colons and white space.
            let between = seen..scalar.start;
            let bytes = text.as_bytes().get(between.clone()).unwrap_or_default();
            if bytes.iter().any(u8::is_ascii_whitespace) {
                out.push_str(text.get(copied..seen).unwrap_or_default());
                out.extend(text.get(between).unwrap_or_default().split_ascii_whitespace());
                copied = scalar.start;
            }
            seen = scalar.end;
        }
        out.push_str(text.get(copied..).unwrap_or_default());
    }

    /// The value indented by two spaces.
    pub fn pretty(self) -> String {
        let mut out = String::new();
        pretty(self, 0, &mut out);
        out
    }
}

fn pretty(node: Node<'_>, depth: usize, out: &mut String) {
    match node.value() {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (index, item) in node.elements().enumerate() {
                separate(index, out);
                new_line(depth + 1, out);
                pretty(item, depth + 1, out);
            }
            new_line(depth, out);
            out.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            out.push('{');
            for (index, member) in node.members().enumerate() {
                separate(index, out);
                new_line(depth + 1, out);
                out.push_str(member.raw_name());
                out.push_str(": ");
                pretty(member.value, depth + 1, out);
            }
            new_line(depth, out);
            out.push('}');
        }
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(node.raw());
        }
    }
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}

fn new_line(depth: usize, out: &mut String) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::json::Document;
    use crate::testing::json_document;

    /// The text without white space outside its strings, letter by letter.
    fn without_white_space(text: &str) -> String {
        let (mut is_in_string, mut is_escaped) = (false, false);
        let is_kept = |letter: &char| {
            let is_kept = is_in_string || !letter.is_ascii_whitespace();
            is_in_string ^= *letter == '"' && !is_escaped;
            is_escaped = *letter == '\\' && !is_escaped;
            is_kept
        };
        text.chars().filter(is_kept).collect()
    }

    proptest! {
        #[test]
        fn compact_text_is_the_text_without_white_space(document in json_document(), space in "[ \t\r\n]{0,3}") {
            for written in [document.text().to_owned(), document.pretty().replace('\n', &format!("\n{space}"))] {
                let expected = without_white_space(&written);
                let written: Document = format!("{space}{written}{space}").parse().unwrap();
                prop_assert_eq!(written.compact(), expected);
            }
        }
    }

    #[test]
    fn printing_keeps_every_digit_and_escape() {
        let text = r#"{ "b" : [ ] , "a":{"x":1.50,"y":[-0,"\u00e9"]},"e":{} }"#;
        let document: Document = text.parse().unwrap();
        assert_eq!(
            document.compact(),
            r#"{"b":[],"a":{"x":1.50,"y":[-0,"\u00e9"]},"e":{}}"#
        );
        assert_eq!(
            document.pretty(),
            "{\n  \"b\": [],\n  \"a\": {\n    \"x\": 1.50,\n    \"y\": [\n      -0,\n      \"\\u00e9\"\n    ]\n  },\n  \"e\": {}\n}"
        );
    }
}
