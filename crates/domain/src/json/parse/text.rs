//! Texts: what stands between quotes, with its escapes.

use super::{Parser, offset};
use crate::json::{JsonError, Shape};

/// True for each byte that stands for itself in a string: all but the quote, the backslash and control characters.
#[expect(
    clippy::indexing_slicing,
    reason = "the compiler works it out, and would not go beyond the end"
)]
static PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        plain[byte] = false;
        byte += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'\\' as usize] = false;
    plain
};

impl Parser<'_> {
    pub(super) fn string(&mut self) -> Result<(), JsonError> {
        let place = self.open(Shape::PlainText);
        self.at += 1;
        let first = self.at;
        loop {
            self.skip_plain();
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

    /// Goes to the next byte that means something in a string, or to the end of the text.
    fn skip_plain(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let is_plain = |byte: &&u8| PLAIN.get(usize::from(**byte)) == Some(&true);
        self.at += rest.iter().take_while(is_plain).count();
    }

    /// The rest of a string, from its first escape on.
    fn escaped_string(&mut self, place: u32, first: usize) -> Result<(), JsonError> {
        let mut decoded = self.text.get(first..self.at).unwrap_or_default().to_owned();
        let mut plain = self.at;
        loop {
            self.skip_plain();
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

    fn escape(&mut self) -> Result<char, JsonError> {
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

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
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
    fn four_hex_digits(&mut self) -> Result<u32, JsonError> {
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
}
