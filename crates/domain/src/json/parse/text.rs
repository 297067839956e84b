//! Texts: what stands between quotes, with its escapes.

use super::{Parser, offset};
use crate::json::{JsonError, Shape};

/// A byte in each place of a word.
const EACH: u64 = u64::MAX / 0xff;

/// The number of bytes up to the first that does not stand for itself in a string: a quote, a backslash or a control
/// character.
fn plain_length(bytes: &[u8]) -> usize {
    // Why words: most bytes of a document are in strings.
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marks = special_bytes(u64::from_le_bytes(*word));
        if marks != 0 {
            return index * 8 + marks.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..=0x1f);
    words.len() * 8 + rest.iter().take_while(is_plain).count()
}

/// The highest bit of each byte that does not stand for itself, and of no byte before the first of them.
fn special_bytes(word: u64) -> u64 {
    let below = |word: u64, bound: u8| word.wrapping_sub(EACH * u64::from(bound)) & !word;
    let is_byte = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
    (below(word, 0x20) | is_byte(b'"') | is_byte(b'\\')) & (EACH << 7)
}

impl Parser<'_> {
    #[inline]
    pub(super) fn string(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.at += 1;
        self.skip_plain();
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.add(Shape::PlainText, start, 0);
                Ok(())
            }
            Some(b'\\') => self.escaped_string(start),
            Some(_) => Err(self.expected("expected no control character in a text: write it as an escape")),
            None => Err(self.expected("expected the `\"` that ends this text")),
        }
    }

    /// Goes to the next byte that means something in a string, or to the end of the text.
    fn skip_plain(&mut self) {
        self.at += plain_length(self.bytes.get(self.at..).unwrap_or_default());
    }

    /// The rest of a string, from its first escape on.
    #[cold]
    fn escaped_string(&mut self, start: usize) -> Result<(), JsonError> {
        let mut decoded = self.text.get(start + 1..self.at).unwrap_or_default().to_owned();
        let mut plain = self.at;
        loop {
            self.skip_plain();
            match self.peek() {
                Some(b'"') => {
                    decoded.push_str(self.text.get(plain..self.at).unwrap_or_default());
                    self.at += 1;
                    self.add(Shape::EscapedText, start, offset(self.decoded.len()));
                    self.decoded.push(decoded.into());
                    return Ok(());
                }
                Some(b'\\') => {
                    decoded.push_str(self.text.get(plain..self.at).unwrap_or_default());
                    let (letter, lone) = self.escape()?;
                    decoded.push(letter);
                    self.all_whole &= !lone;
                    plain = self.at;
                }
                Some(_) => {
                    return Err(self.expected("expected no control character in a text: write it as an escape"));
                }
                None => return Err(self.expected("expected the `\"` that ends this text")),
            }
        }
    }

    /// The character of an escape, and true if it is half a surrogate pair, which stands for none.
    fn escape(&mut self) -> Result<(char, bool), JsonError> {
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
        Ok((plain, false))
    }

    /// Half a surrogate pair is JSON by its grammar (RFC 8259, section 8.2), and no character: it is kept as it was
    /// written, and reads as the replacement character.
    fn unicode_escape(&mut self) -> Result<(char, bool), JsonError> {
        const LONE: (char, bool) = (char::REPLACEMENT_CHARACTER, true);
        let first = self.four_hex_digits()?;
        if !(0xd800..0xe000).contains(&first) {
            let letter = char::from_u32(first).ok_or_else(|| self.expected("expected a character"))?;
            return Ok((letter, false));
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if first >= 0xdc00 || !rest.starts_with(b"\\u") {
            return Ok(LONE);
        }
        let after_first = self.at;
        self.at += 1;
        let second = self.four_hex_digits()?;
        if !(0xdc00..0xe000).contains(&second) {
            self.at = after_first;
            return Ok(LONE);
        }
        let pair = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        Ok(pair.map_or(LONE, |letter| (letter, false)))
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

#[cfg(test)]
mod tests {
    use super::plain_length;

    #[test]
    fn the_first_byte_that_does_not_stand_for_itself_is_found_anywhere() {
        for byte in 0..=u8::MAX {
            let is_plain = byte >= 0x20 && byte != b'"' && byte != b'\\';
            for place in 0..20 {
                let mut bytes = [0x7f; 21];
                bytes[20] = b'"';
                bytes[place] = byte;
                assert_eq!(
                    plain_length(&bytes),
                    if is_plain { 20 } else { place },
                    "{byte} at {place}"
                );
            }
        }
        assert_eq!(plain_length("é€😀 plain".as_bytes()), "é€😀 plain".len());
    }
}
