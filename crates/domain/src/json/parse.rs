//! From text to the index of a [`Document`], by RFC 8259 and no more.
//!
//! One pass over the bytes. It refuses what serde lets through: members that stand twice, a text that is too
//! large or too deep. It does not judge what the values mean.

mod duplicates;
mod number;
mod text;

use duplicates::{FEW_MEMBERS, refuse_duplicates};

use super::{Document, JsonError, MAX_BYTES, MAX_DEPTH, Precision, Shape, Slot, Span, Tape, TextError};

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    slots: Vec<Slot>,
    decoded: Vec<Box<str>>,
    duplicates: Vec<u32>,
    depth: usize,
    all_exact: bool,
    all_whole: bool,
}

pub(super) fn parse(text: &str) -> Result<Document, TextError> {
    if text.len() > MAX_BYTES {
        return Err(JsonError::TooLarge { bytes: text.len() }.into());
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
        all_whole: true,
    };
    parser.skip_white();
    parser.value()?;
    parser.skip_white();
    if parser.at < text.len() {
        return Err(parser.expected("expected the end of the text").into());
    }
    let duplicates = parser.duplicates;
    let document = Document::of(Tape {
        text: text.into(),
        slots: parser.slots,
        decoded: parser.decoded,
        all_exact: parser.all_exact,
        all_whole: parser.all_whole,
        precision: Precision::Exact,
    });
    refuse_duplicates(document, duplicates)
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
    #[cold]
    fn expected(&self, expected: &'static str) -> JsonError {
        let start = self.at.min(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        let width = rest.chars().next().map_or(0, char::len_utf8);
        JsonError::Syntax {
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

    /// Adds a value that has no others in it, from `start` to the byte that comes next.
    fn add(&mut self, shape: Shape, start: usize, link: u32) {
        self.slots.push(Slot {
            shape,
            start: offset(start),
            end: offset(self.at),
            link,
        });
    }

    /// Ends the value that was opened at `place`, right before the byte that comes next.
    fn close(&mut self, place: u32) {
        let (end, link) = (offset(self.at), offset(self.slots.len()));
        if let Some(slot) = self.slots.get_mut(place as usize) {
            slot.end = end;
            slot.link = link;
        }
    }

    fn value(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.nested(Shape::Object),
            Some(b'[') => self.nested(Shape::Array),
            Some(b't') => self.word("true", Shape::True),
            Some(b'f') => self.word("false", Shape::False),
            Some(b'n') => self.word("null", Shape::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.expected("expected a value")),
        }
    }

    fn word(&mut self, word: &'static str, shape: Shape) -> Result<(), JsonError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.expected("expected `true`, `false` or `null`"));
        }
        let start = self.at;
        self.at += word.len();
        self.add(shape, start, 0);
        Ok(())
    }

    fn nested(&mut self, shape: Shape) -> Result<(), JsonError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let span = Span {
                start: self.at,
                end: self.at + 1,
            };
            return Err(JsonError::TooDeep { span });
        }
        let place = self.open(shape);
        self.at += 1;
        if shape == Shape::Object {
            self.members(place)?;
        } else {
            self.elements()?;
        }
        self.close(place);
        self.depth -= 1;
        Ok(())
    }

    fn elements(&mut self) -> Result<(), JsonError> {
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

    fn members(&mut self, object: u32) -> Result<(), JsonError> {
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
            let was_whole = std::mem::replace(&mut self.all_whole, true);
            self.string()?;
            if !self.all_whole {
                return Err(self.expected("expected no half of a surrogate pair in a name"));
            }
            self.all_whole = was_whole;
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
}

/// The slot after a value and all that it holds.
pub(super) fn after(slots: &[Slot], place: u32) -> u32 {
    match slots.get(place as usize) {
        Some(slot) if matches!(slot.shape, Shape::Array | Shape::Object) => slot.link.max(place + 1),
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
                if let JsonError::Duplicate { pointer, .. } = fault {
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
            JsonError::TooDeep { .. }
        ));
        let spaces = |bytes: usize| format!("{}1", " ".repeat(bytes - 1));
        assert!(Document::parse(&spaces(MAX_BYTES)).is_ok());
        assert!(matches!(
            Document::parse(&spaces(MAX_BYTES + 1)).unwrap_err().first,
            JsonError::TooLarge { .. }
        ));
    }
}
