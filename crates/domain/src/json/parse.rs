//! From text to the index of a [`Document`], by RFC 8259 and no more.
//!
//! One pass over the bytes. It refuses what serde lets through: members that stand twice, a text that is too
//! large or too deep. It does not judge what the values mean.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::{Document, MAX_BYTES, MAX_DEPTH, Number, Shape, Slot, Span, Tape};
use crate::pointer::Pointer;

/// Why a text is no document: at least one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    first: TextFault,
    rest: Vec<TextFault>,
}

/// One fault of a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// The text is longer than [`MAX_BYTES`].
    #[error("the text has {bytes} bytes, and {MAX_BYTES} are allowed")]
    TooLarge {
        /// How long the text is.
        bytes: usize,
    },
    /// More than [`MAX_DEPTH`] lists and objects stand inside each other.
    #[error("more than {MAX_DEPTH} lists and objects stand inside each other")]
    TooDeep {
        /// Where the one too many opens.
        span: Span,
    },
    /// The text stops being JSON.
    #[error("{expected}")]
    Syntax {
        /// Where.
        span: Span,
        /// What should have stood there, as a clause: "expected a value".
        expected: &'static str,
    },
    /// A member stands twice in one object, so that readers would disagree on its value.
    #[error("the member `{name}` stands twice in one object")]
    Duplicate {
        /// The member.
        pointer: Pointer,
        /// Its name.
        name: String,
        /// The second name, with its quotes.
        span: Span,
    },
}

impl TextFault {
    /// The bytes that are at fault.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::TooLarge { .. } => Span { start: 0, end: 0 },
            Self::TooDeep { span } | Self::Syntax { span, .. } | Self::Duplicate { span, .. } => *span,
        }
    }
}

impl TextError {
    /// The faults, in the order of the text.
    pub fn faults(&self) -> impl Iterator<Item = &TextFault> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

impl From<TextFault> for TextError {
    fn from(first: TextFault) -> Self {
        Self {
            first,
            rest: Vec::new(),
        }
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)
    }
}

impl std::error::Error for TextError {}

/// How many members an object has before its names are kept in a set: below it, comparing them is cheaper.
const FEW_MEMBERS: usize = 16;

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    slots: Vec<Slot>,
    decoded: Vec<Box<str>>,
    duplicates: Vec<u32>,
    depth: usize,
    all_exact: bool,
}

pub(super) fn parse(text: &str) -> Result<Document, TextError> {
    if text.len() > MAX_BYTES {
        return Err(TextFault::TooLarge { bytes: text.len() }.into());
    }
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        slots: Vec::with_capacity(text.len() / 8 + 4),
        decoded: Vec::new(),
        duplicates: Vec::new(),
        depth: 0,
        all_exact: true,
    };
    parser.skip_white();
    parser.value()?;
    parser.skip_white();
    if parser.at < text.len() {
        return Err(parser.expected("expected the end of the text").into());
    }
    let duplicates = parser.duplicates;
    let document = Document(Arc::new(Tape {
        text: text.into(),
        slots: parser.slots,
        decoded: parser.decoded,
        all_exact: parser.all_exact,
    }));
    refuse_duplicates(document, &duplicates)
}

fn refuse_duplicates(document: Document, duplicates: &[u32]) -> Result<Document, TextError> {
    let mut faults = Vec::new();
    if !duplicates.is_empty() {
        document.root().visit_names(&Pointer::root(), &mut |pointer, name| {
            if duplicates.contains(&name.place()) {
                faults.push(TextFault::Duplicate {
                    pointer: pointer.clone(),
                    name: name.as_text().unwrap_or_default().to_owned(),
                    span: name.span(),
                });
            }
        });
    }
    let mut faults = faults.into_iter();
    match faults.next() {
        None => Ok(document),
        Some(first) => Err(TextError {
            first,
            rest: faults.collect(),
        }),
    }
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_white(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// The fault "this should stand here", on the character that stands here instead.
    fn expected(&self, expected: &'static str) -> TextFault {
        let start = self.at.min(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        let width = rest.chars().next().map_or(0, char::len_utf8);
        TextFault::Syntax {
            span: Span {
                start,
                end: start + width,
            },
            expected,
        }
    }

    fn open(&mut self, shape: Shape) -> u32 {
        let place = offset(self.slots.len());
        self.slots.push(Slot {
            shape,
            start: offset(self.at),
            end: 0,
            link: 0,
        });
        place
    }

    /// Ends the value that was opened at `place`, right before the byte that comes next.
    fn close(&mut self, place: u32) {
        let (end, link) = (offset(self.at), offset(self.slots.len()));
        if let Some(slot) = self.slots.get_mut(place as usize) {
            slot.end = end;
            slot.link = link;
        }
    }

    fn value(&mut self) -> Result<(), TextFault> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.nested(Shape::Object),
            Some(b'[') => self.nested(Shape::List),
            Some(b't') => self.word("true", Shape::True),
            Some(b'f') => self.word("false", Shape::False),
            Some(b'n') => self.word("null", Shape::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.expected("expected a value")),
        }
    }

    fn word(&mut self, word: &'static str, shape: Shape) -> Result<(), TextFault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.expected("expected `true`, `false` or `null`"));
        }
        let place = self.open(shape);
        self.at += word.len();
        self.close(place);
        Ok(())
    }

    fn nested(&mut self, shape: Shape) -> Result<(), TextFault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let span = Span {
                start: self.at,
                end: self.at + 1,
            };
            return Err(TextFault::TooDeep { span });
        }
        let place = self.open(shape);
        self.at += 1;
        if shape == Shape::Object {
            self.members(place)?;
        } else {
            self.items()?;
        }
        self.close(place);
        self.depth -= 1;
        Ok(())
    }

    fn items(&mut self) -> Result<(), TextFault> {
        self.skip_white();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_white();
            self.value()?;
            self.skip_white();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.expected("expected `,` or `]`")),
            }
        }
    }

    fn members(&mut self, object: u32) -> Result<(), TextFault> {
        self.skip_white();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut count = 0;
        loop {
            self.skip_white();
            if self.peek() != Some(b'"') {
                return Err(self.expected("expected the name of a member in quotes"));
            }
            let name = offset(self.slots.len());
            self.string()?;
            if count < FEW_MEMBERS && self.stands_before(object, name) {
                self.duplicates.push(name);
            }
            count += 1;
            self.skip_white();
            if self.peek() != Some(b':') {
                return Err(self.expected("expected `:`"));
            }
            self.at += 1;
            self.skip_white();
            self.value()?;
            self.skip_white();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    if count > FEW_MEMBERS {
                        self.find_late_duplicates(object);
                    }
                    return Ok(());
                }
                _ => return Err(self.expected("expected `,` or `}`")),
            }
        }
    }

    /// Whether the object has a member of this name before it.
    fn stands_before(&self, object: u32, name: u32) -> bool {
        let text = self.text_of(name);
        self.names(object)
            .take_while(|&at| at < name)
            .any(|at| self.text_of(at) == text)
    }

    /// Finds the duplicates among the members after the first [`FEW_MEMBERS`].
    fn find_late_duplicates(&mut self, object: u32) {
        let mut seen = BTreeSet::new();
        let mut late = Vec::new();
        for (index, name) in self.names(object).enumerate() {
            if !seen.insert(self.text_of(name)) && index >= FEW_MEMBERS {
                late.push(name);
            }
        }
        self.duplicates.extend(late);
    }

    /// The slots of the names of an object whose last member may still be open.
    fn names(&self, object: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(object + 1), |&name| Some(after(&self.slots, name + 1)))
            .take_while(|&name| (name as usize) < self.slots.len())
    }

    fn text_of(&self, place: u32) -> &str {
        let Some(slot) = self.slots.get(place as usize) else {
            return "";
        };
        if slot.shape == Shape::EscapedText {
            return self.decoded.get(slot.link as usize).map_or("", |text| text);
        }
        self.text
            .get(slot.start as usize + 1..slot.end as usize - 1)
            .unwrap_or_default()
    }

    fn string(&mut self) -> Result<(), TextFault> {
        let place = self.open(Shape::PlainText);
        self.at += 1;
        let first = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    self.close(place);
                    return Ok(());
                }
                Some(b'\\') => return self.escaped_string(place, first),
                Some(0..=0x1f) => {
                    return Err(self.expected("expected no control character in a text: write it as an escape"));
                }
                Some(_) => self.at += 1,
                None => return Err(self.expected("expected the `\"` that ends this text")),
            }
        }
    }

    /// The rest of a string, from its first escape on.
    fn escaped_string(&mut self, place: u32, first: usize) -> Result<(), TextFault> {
        let mut decoded = self.text.get(first..self.at).unwrap_or_default().to_owned();
        let mut plain = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    decoded.push_str(self.text.get(plain..self.at).unwrap_or_default());
                    self.at += 1;
                    self.close(place);
                    let link = offset(self.decoded.len());
                    self.decoded.push(decoded.into());
                    if let Some(slot) = self.slots.get_mut(place as usize) {
                        slot.shape = Shape::EscapedText;
                        slot.link = link;
                    }
                    return Ok(());
                }
                Some(b'\\') => {
                    decoded.push_str(self.text.get(plain..self.at).unwrap_or_default());
                    decoded.push(self.escape()?);
                    plain = self.at;
                }
                Some(0..=0x1f) => {
                    return Err(self.expected("expected no control character in a text: write it as an escape"));
                }
                Some(_) => self.at += 1,
                None => return Err(self.expected("expected the `\"` that ends this text")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, TextFault> {
        self.at += 1;
        let plain = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.expected("expected an escape that JSON knows")),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode_escape(&mut self) -> Result<char, TextFault> {
        let first = self.four_hex_digits()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or_else(|| self.expected("expected a character"));
        }
        let lone = self.expected("expected the second half of a surrogate pair");
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if first >= 0xdc00 || !rest.starts_with(b"\\u") {
            return Err(lone);
        }
        self.at += 1;
        let second = self.four_hex_digits()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(lone);
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(lone)
    }

    /// Reads `uXXXX`.
    fn four_hex_digits(&mut self) -> Result<u32, TextFault> {
        let mut code = 0;
        for _ in 0..4 {
            self.at += 1;
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.expected("expected four hexadecimal digits"));
            };
            code = code * 16 + digit;
        }
        self.at += 1;
        Ok(code)
    }

    fn number(&mut self) -> Result<(), TextFault> {
        let place = self.open(Shape::Number);
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.expected("expected a digit")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.some_digits()?;
        }
        self.close(place);
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.all_exact &= Number::new(raw).is_exact();
        Ok(())
    }

    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), TextFault> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.expected("expected a digit"));
        }
        self.digits();
        Ok(())
    }
}

/// The slot after a value and all that it holds.
pub(super) fn after(slots: &[Slot], place: u32) -> u32 {
    match slots.get(place as usize) {
        Some(slot) if matches!(slot.shape, Shape::List | Shape::Object) => slot.link.max(place + 1),
        _ => place + 1,
    }
}

/// A place in a text or an index; both are bounded by [`MAX_BYTES`].
fn offset(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_json_is_read() {
        for text in [
            "null",
            " true ",
            "0",
            "-0",
            "1.5e-3",
            "\"\"",
            "\"a\\u00e9\\ud83d\\ude00\\n\"",
            "[]",
            "{}",
            "[[],{}]",
            "{\"a\":{\"b\":[1,2,{\"c\":null}]}}",
            "\t[1 , 2]\r\n",
        ] {
            let document = Document::parse(text).unwrap();
            let ours: serde_json::Value = serde_json::from_str(&document.compact()).unwrap();
            assert_eq!(ours, serde_json::from_str::<serde_json::Value>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_breaks() {
        for (text, start, expected) in [
            ("", 0, "expected a value"),
            ("nul", 0, "expected `true`, `false` or `null`"),
            ("{\"a\" 1}", 5, "expected `:`"),
            ("{a: 1}", 1, "expected the name of a member in quotes"),
            ("[1,]", 3, "expected a value"),
            ("[1 2]", 3, "expected `,` or `]`"),
            ("{\"a\":1,}", 7, "expected the name of a member in quotes"),
            ("01", 1, "expected the end of the text"),
            ("1.", 2, "expected a digit"),
            ("\"a", 2, "expected the `\"` that ends this text"),
            (
                "\"a\nb\"",
                2,
                "expected no control character in a text: write it as an escape",
            ),
            ("\"\\x\"", 2, "expected an escape that JSON knows"),
            ("\"\\ud800\"", 7, "expected the second half of a surrogate pair"),
            ("NaN", 0, "expected a value"),
            ("[é]", 1, "expected a value"),
        ] {
            let error = Document::parse(text).unwrap_err();
            assert_eq!(
                (error.first.span().start, error.to_string().as_str()),
                (start, expected),
                "{text}"
            );
        }
    }

    #[test]
    fn every_duplicate_is_found_with_its_pointer() {
        let mut members: Vec<String> = (0..40).map(|n| format!("\"m{n}\":{n}")).collect();
        members.push("\"m3\":{\"x\":1,\"\\u0078\":2}".to_owned());
        members.push("\"m39\":0".to_owned());
        let error = Document::parse(&format!("[{{{}}}]", members.join(","))).unwrap_err();
        let pointers: Vec<String> = error
            .faults()
            .map(|fault| {
                if let TextFault::Duplicate { pointer, .. } = fault {
                    pointer.to_string()
                } else {
                    fault.to_string()
                }
            })
            .collect();
        assert_eq!(pointers, ["/0/m3", "/0/m3/x", "/0/m39"]);
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Document::parse(&nested(MAX_DEPTH)).is_ok());
        assert!(matches!(
            Document::parse(&nested(MAX_DEPTH + 1)).unwrap_err().first,
            TextFault::TooDeep { .. }
        ));
        let spaces = |bytes: usize| format!("{}1", " ".repeat(bytes - 1));
        assert!(Document::parse(&spaces(MAX_BYTES)).is_ok());
        assert!(matches!(
            Document::parse(&spaces(MAX_BYTES + 1)).unwrap_err().first,
            TextFault::TooLarge { .. }
        ));
    }
}
