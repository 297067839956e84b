//! The canonical text of a value: one text for all spellings of it, to be hashed or compared.

use std::cmp::Ordering;
use std::fmt::Write;

use super::{Document, Node, Shape};

impl Document {
    /// The document as RFC 8785 (JSON Canonicalization Scheme) has it, but with numbers as they stand: members in the order
    /// of their names' UTF-16 code units, no white space, and one spelling of each text.
    ///
    /// ```
    /// use assist_rules_domain::json::Document;
    ///
    /// let document: Document = r#"{ "b": 1.50, "a": "\u00e9" }"#.parse()?;
    /// assert_eq!(document.canonical(), r#"{"a":"é","b":1.50}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn canonical(&self) -> String {
        Writer::new(Numbers::AsTheyStand, self.text().len()).written(self.root())
    }
}

/// The canonical text of an object with these members, with numbers as the server keeps them.
pub(crate) fn canonical_object<'d>(members: impl Iterator<Item = (&'d str, Node<'d>)>) -> String {
    let mut members: Vec<_> = members.collect();
    members.sort_by(|(one, _), (other, _)| order(one, other));
    let room: usize = members
        .iter()
        .map(|(name, value)| name.len() + value.raw().len() + 4)
        .sum();
    let mut writer = Writer::new(Numbers::AsKept, room + 2);
    writer.out.push('{');
    for (index, (name, value)) in members.into_iter().enumerate() {
        writer.separate(index);
        write_text(name, &mut writer.out);
        writer.out.push(':');
        writer.write(value);
    }
    writer.out.push('}');
    writer.out
}

/// The order of two names by their UTF-16 code units.
fn order(one: &str, other: &str) -> Ordering {
    // From this byte on, a character that begins with a lesser one may come later: those of two code units come before U+E000.
    const FIRST_OF_UNLIKE: u8 = 0xee;
    let mut bytes = one.bytes().zip(other.bytes());
    match bytes.find(|(one, other)| one != other) {
        None => one.len().cmp(&other.len()),
        Some((one, other)) if one.max(other) < FIRST_OF_UNLIKE => one.cmp(&other),
        Some(_) => one.encode_utf16().cmp(other.encode_utf16()),
    }
}

/// The spelling of numbers in a canonical text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbers {
    /// With the digits that they were written with.
    AsTheyStand,
    /// As the server keeps them.
    AsKept,
    /// One spelling for all that are equal.
    ByValue,
}

impl Node<'_> {
    /// One text for all values that are equal, however their numbers are spelled.
    pub(crate) fn identity(self) -> String {
        Writer::new(Numbers::ByValue, self.raw().len()).written(self)
    }
}

/// Writes canonical text.
struct Writer<'d> {
    out: String,
    numbers: Numbers,
    /// The members of the objects that are open, each in its order: one list for all of them.
    members: Vec<(&'d str, Node<'d>)>,
}

impl<'d> Writer<'d> {
    fn new(numbers: Numbers, room: usize) -> Self {
        Self {
            out: String::with_capacity(room),
            numbers,
            members: Vec::new(),
        }
    }

    fn written(mut self, node: Node<'d>) -> String {
        self.write(node);
        self.out
    }

    fn write(&mut self, node: Node<'d>) {
        match node.shape() {
            Shape::Array => {
                self.out.push('[');
                for (index, element) in node.elements().enumerate() {
                    self.separate(index);
                    self.write(element);
                }
                self.out.push(']');
            }
            Shape::Object => {
                self.out.push('{');
                self.write_members(node);
                self.out.push('}');
            }
            Shape::Number => self.write_number(node),
            // Why: half a character has no text but its escape.
            Shape::EscapedText if node.has_lone_surrogate() => self.out.push_str(node.raw()),
            Shape::EscapedText => write_text(node.as_str().unwrap_or_default(), &mut self.out),
            Shape::PlainText | Shape::Null | Shape::False | Shape::True => self.out.push_str(node.raw()),
        }
    }

    fn write_members(&mut self, object: Node<'d>) {
        let first = self.members.len();
        self.members
            .extend(object.members().map(|member| (member.name, member.value)));
        if let Some(own) = self.members.get_mut(first..) {
            own.sort_by(|(one, _), (other, _)| order(one, other));
        }
        for place in first..self.members.len() {
            let Some((_, value)) = self.members.get(place).copied() else {
                break;
            };
            self.separate(place - first);
            if let Some(raw) = value.canonical_member() {
                self.out.push_str(raw);
                continue;
            }
            self.write(value.name());
            self.out.push(':');
            self.write(value);
        }
        self.members.truncate(first);
    }

    fn write_number(&mut self, node: Node<'d>) {
        let Some(number) = node.as_number() else { return };
        match self.numbers {
            Numbers::AsTheyStand => self.out.push_str(number.raw()),
            Numbers::AsKept => self.out.push_str(&number.kept()),
            Numbers::ByValue => self.out.push_str(&number.canonical()),
        }
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.out.push(',');
        }
    }
}

/// Writes a text as ECMAScript's `JSON.stringify` does.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    if !text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(text);
        out.push('"');
        return;
    }
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            // Why ignored: a String takes whatever is written to it.
            control @ '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::json_document;

    proptest! {
        /// RFC 8785, 3.2.3: names are ordered by their UTF-16 code units.
        #[test]
        fn names_have_the_order_of_their_code_units(one in "\\PC{0,3}[\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}]?", other in "\\PC{0,3}[\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}]?") {
            prop_assert_eq!(order(&one, &other), one.encode_utf16().cmp(other.encode_utf16()), "{:?} {:?}", one, other);
        }

        #[test]
        fn white_space_is_in_no_canonical_text(document in json_document()) {
            for written in [document.compact(), document.pretty()] {
                let written: Document = written.parse().unwrap();
                prop_assert_eq!(written.canonical(), document.canonical());
            }
        }
    }

    /// RFC 8785, 3.2.2 and 3.2.3, but for the numbers.
    #[test]
    fn a_canonical_text_is_that_of_the_standard() {
        let text = r#"{"numbers":[1E30,4.50],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        let document: Document = text.parse().unwrap();
        assert_eq!(
            document.canonical(),
            r#"{"literals":[null,true,false],"numbers":[1E30,4.50],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
        let members = r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#;
        let document: Document = members.parse().unwrap();
        let digits: String = document.canonical().chars().filter(char::is_ascii_digit).collect();
        // The name `1` stands second, after `\r`; its value is 4.
        assert_eq!(digits, "21467153", "{}", document.canonical());
    }

    /// RFC 8259, 7: what has to be escaped, and nothing else.
    #[test]
    fn each_spelling_of_a_text_has_one_canonical_one() {
        for (text, expected) in [
            (r#"["a\\b","a\u005cb"]"#, r#"["a\\b","a\\b"]"#),
            (r#"["\/","/","\u002f"]"#, r#"["/","/","/"]"#),
            (r#"["\"","\u0022"]"#, r#"["\"","\""]"#),
            (r#"["\u0007","\t","\u0009"]"#, r#"["\u0007","\t","\t"]"#),
            (r#"["\ud83d\ude00","\u00e9"]"#, r#"["😀","é"]"#),
            (r#"{"\u0062":"","a":""}"#, r#"{"a":"","b":""}"#),
        ] {
            let document: Document = text.parse().unwrap();
            assert_eq!(document.canonical(), expected, "{text}");
        }
    }

    #[test]
    fn half_a_character_keeps_its_escape() {
        let document: Document = r#"["\ud800"]"#.parse().unwrap();
        assert_eq!(document.canonical(), r#"["\ud800"]"#);
    }

    #[test]
    fn equal_values_have_one_identity() {
        let [one, other]: [Document; 2] =
            [r#"{"a":1.50,"b":[1e1]}"#, r#"{"b":[10],"a":1.5}"#].map(|text| text.parse().unwrap());
        assert_eq!(one.root().identity(), other.root().identity());
        assert_ne!(one.canonical(), other.canonical());
    }
}
