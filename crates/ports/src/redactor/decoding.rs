//! The texts that a text may stand for: each byte with the place that it was written at.

use std::ops::Range;

/// The most bytes of a character reference of HTML, as far as they are read.
const LONGEST_ESCAPE: usize = 9;

/// A text, decoded.
pub(super) struct Decoded {
    bytes: Vec<Byte>,
    pub(super) spacing: Spacing,
    /// The number of bytes of the text; none if the view ends before it does.
    end: Option<usize>,
}

/// The treatment of markup, blanks and invisible characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    Kept,
    /// Left out, so that what was split stands together.
    Squeezed,
}

/// A byte, and the bytes of the text that it was written with.
#[derive(Clone)]
struct Byte {
    value: u8,
    written: Range<usize>,
}

/// A way of writing text.
#[derive(Clone, Copy)]
enum Encoding {
    /// `%2F`, as URLs have it.
    Percent,
    /// `%2F`, and `+` for a space, as forms have it.
    Form,
    /// `\u002f`, `\x2f` and `\/`, as strings of JSON and JavaScript have it.
    Json,
    /// `&#x2f;`, `&#47;` and `&amp;`, as HTML has it.
    Html,
    /// `=2F`, as mail has it.
    QuotedPrintable,
}

impl Encoding {
    const ALL: [Self; 5] = [Self::Percent, Self::Form, Self::Json, Self::Html, Self::QuotedPrintable];
}

impl Decoded {
    /// Shows the text as it is, and all that it may stand for: encoded once or twice, split by markup or blanks, and
    /// inside of base64 or hex.
    pub(super) fn visit(text: &str, visitor: &mut impl FnMut(&Self)) {
        Self::of(text).visit_encoded(2, visitor);
    }

    fn of(text: &str) -> Self {
        let byte = |(at, value)| Byte {
            value,
            written: at..at + 1,
        };
        Self {
            bytes: (0..).zip(text.bytes()).map(byte).collect(),
            spacing: Spacing::Kept,
            end: Some(text.len()),
        }
    }

    fn visit_encoded(&self, depth: usize, visitor: &mut impl FnMut(&Self)) {
        self.visit_runs(visitor);
        if let Some(squeezed) = self.squeezed() {
            squeezed.visit_encoded(depth, visitor);
        }
        if depth > 0 {
            for view in Encoding::ALL.into_iter().filter_map(|encoding| self.decode(encoding)) {
                view.visit_encoded(depth - 1, visitor);
            }
        }
    }

    fn visit_runs(&self, visitor: &mut impl FnMut(&Self)) {
        visitor(self);
        self.visit_digits(6, sextet, visitor);
        self.visit_digits(4, nibble, visitor);
    }

    /// The bytes of a text without its markup, blanks and invisible characters.
    pub(super) fn squeezed_bytes(text: &str) -> Vec<u8> {
        let decoded = Self::of(text);
        let bytes = decoded.squeezed().unwrap_or(decoded).bytes;
        bytes.into_iter().map(|byte| byte.value).collect()
    }

    /// The places in the text where these bytes are written.
    pub(super) fn find(&self, bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
        self.bytes.windows(bytes.len()).filter_map(|window| {
            let (first, last) = (window.first()?, window.last()?);
            let is_it = window.iter().map(|byte| byte.value).eq(bytes.iter().copied());
            is_it.then_some(first.written.start..last.written.end)
        })
    }

    /// The place at the end of the text where at least `shortest` of the first of these bytes are written, and not all.
    pub(super) fn find_beginning(&self, bytes: &[u8], shortest: usize) -> Option<Range<usize>> {
        let end = self.end?;
        let place = |start: usize| {
            let rest = self.bytes.get(start..)?;
            let same = rest.iter().zip(bytes).take_while(|(byte, own)| byte.value == **own);
            let same = Some(same.count()).filter(|same| *same < bytes.len())?;
            // Why one less: the sign of an encoding may be a letter of the secret, too.
            let mut lengths = (same.saturating_sub(1)..=same).filter(|length| *length >= shortest);
            let is_it = lengths.any(|length| rest.get(length..).is_some_and(is_rest_of_cut));
            is_it.then_some(rest.first()?.written.start..end)
        };
        let first = self.bytes.len().saturating_sub(bytes.len() + LONGEST_ESCAPE);
        (first..self.bytes.len()).find_map(place)
    }

    /// The text without its markup, blanks and invisible characters; none if it has none, or was squeezed before.
    fn squeezed(&self) -> Option<Self> {
        if self.spacing == Spacing::Squeezed {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut rest = self.bytes.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let skipped = spacing(rest);
            if skipped == 0 {
                bytes.push(first.clone());
                rest = after;
            } else {
                rest = rest.get(skipped..).unwrap_or_default();
            }
        }
        (bytes.len() < self.bytes.len()).then_some(Self {
            bytes,
            spacing: Spacing::Squeezed,
            end: self.end,
        })
    }

    /// The text that this one encodes; none if nothing in it is encoded.
    fn decode(&self, encoding: Encoding) -> Option<Self> {
        let mut decoded = Vec::with_capacity(self.bytes.len());
        let mut rest = self.bytes.as_slice();
        let mut is_encoded = false;
        while let Some((first, after)) = rest.split_first() {
            let found = match encoding {
                Encoding::Form if first.value == b'+' => Some((vec![b' '], 1)),
                Encoding::Percent | Encoding::Form => signed(b'%', rest),
                Encoding::Json => escape(rest),
                Encoding::Html => entity(rest),
                Encoding::QuotedPrintable => signed(b'=', rest),
            };
            let Some((values, length)) = found else {
                decoded.push(first.clone());
                rest = after;
                continue;
            };
            let (used, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            let end = used.last().map_or(first.written.end, |byte| byte.written.end);
            decoded.extend(values.into_iter().map(|value| Byte {
                value,
                written: first.written.start..end,
            }));
            is_encoded = true;
            rest = after;
        }
        is_encoded.then_some(Self {
            bytes: decoded,
            spacing: self.spacing,
            end: self.end,
        })
    }

    /// Shows the bytes of each run of digits of so many bits, read from each of its first digits: where in the run the
    /// encoding begins is not known. A byte is written with the whole run, unless words were pushed together in it.
    fn visit_digits(&self, width: u32, digit: fn(u8) -> Option<u32>, visitor: &mut impl FnMut(&Self)) {
        for run in self
            .bytes
            .split(|byte| digit(byte.value).is_none() && byte.value != b'=')
        {
            let (Some(first), Some(run_end)) = (run.first(), run.last()) else {
                continue;
            };
            let whole = first.written.start..run_end.written.end;
            let after = self.bytes.partition_point(|byte| byte.written.end <= whole.end);
            let is_last = self.bytes.get(after..).is_some_and(is_rest_of_cut);
            for start in 0..4 {
                let (mut bits, mut count) = (0_u32, 0);
                let mut bytes = Vec::new();
                let mut before = whole.start;
                let digits = run.iter().filter_map(|byte| Some((digit(byte.value)?, &byte.written)));
                for (value, written) in digits.skip(start) {
                    bits = (bits << width | value) & 0xffff;
                    if count == 0 {
                        before = written.start;
                    }
                    count += width;
                    if count >= 8 {
                        count -= 8;
                        let [.., value] = (bits >> count).to_be_bytes();
                        let own = before..written.end;
                        before = written.start;
                        let written = match self.spacing {
                            Spacing::Kept => whole.clone(),
                            Spacing::Squeezed => own,
                        };
                        bytes.push(Byte { value, written });
                    }
                }
                visitor(&Self {
                    bytes,
                    spacing: self.spacing,
                    end: self.end.filter(|_| is_last),
                });
            }
        }
    }
}

/// True for what may stand at the end of a cut text: a part of an encoding, a tag or a character, and dots.
fn is_rest_of_cut(bytes: &[Byte]) -> bool {
    let rest: Vec<u8> = bytes.iter().take(2 * LONGEST_ESCAPE).map(|byte| byte.value).collect();
    let rest = rest.strip_suffix("…".as_bytes()).unwrap_or(&rest).trim_ascii_end();
    let dots = rest.iter().rev().take_while(|byte| **byte == b'.').count();
    let rest = rest.get(..rest.len() - dots).unwrap_or_default();
    let Some(first) = rest.first() else { return true };
    if *first == b'<' {
        return bytes.iter().all(|byte| byte.value != b'>');
    }
    let longest = match first {
        b'%' | b'=' => 2,
        b'\\' => 5,
        b'&' => LONGEST_ESCAPE,
        0xc2.. => 3,
        _ => 0,
    };
    let goes_on = |byte: &u8| matches!(byte, b'#' | 0x80..) || byte.is_ascii_alphanumeric();
    rest.len() <= longest && rest.iter().skip(1).all(goes_on)
}

/// The number of bytes at the beginning that show nothing: a tag, a blank, or an invisible character.
fn spacing(bytes: &[Byte]) -> usize {
    let [first, rest @ ..] = bytes else { return 0 };
    match first.value {
        b'<' => rest.iter().position(|byte| byte.value == b'>').map_or(0, |at| at + 2),
        0..=b' ' | 0x7f => 1,
        _ => {
            let mut start = [0; 3];
            for (value, byte) in start.iter_mut().zip(bytes) {
                *value = byte.value;
            }
            match start {
                // No-break space and soft hyphen.
                [0xc2, 0xa0 | 0xad, _] => 2,
                // U+2000 to U+200F, U+2028 to U+202F, U+2060 to U+206F, and U+FEFF.
                [0xe2, 0x80, 0x80..=0x8f | 0xa8..=0xaf] | [0xe2, 0x81, 0xa0..=0xaf] | [0xef, 0xbb, 0xbf] => 3,
                _ => 0,
            }
        }
    }
}

/// A sign with two hex digits at the beginning, as `%2F`, and the number of bytes that it takes.
fn signed(sign: u8, bytes: &[Byte]) -> Option<(Vec<u8>, usize)> {
    let [first, high, low, ..] = bytes else { return None };
    let value = digit(high)? << 4 | digit(low)?;
    (first.value == sign).then(|| (vec![u8::try_from(value).unwrap_or_default()], 3))
}

/// A character reference of HTML at the beginning, and the number of bytes that it takes.
fn entity(bytes: &[Byte]) -> Option<(Vec<u8>, usize)> {
    let [sign, rest @ ..] = bytes else { return None };
    if sign.value != b'&' {
        return None;
    }
    let length = rest.iter().take(LONGEST_ESCAPE).position(|byte| byte.value == b';')?;
    let name = rest.get(..length)?.iter().map(|byte| char::from(byte.value));
    let name = name.collect::<String>().to_ascii_lowercase();
    let letter = match name.as_str() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "shy" => '\u{ad}',
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(number)?
        }
    };
    Some((letter.to_string().into_bytes(), length + 2))
}

/// An escape of JSON at the beginning, and the number of bytes that it takes.
fn escape(bytes: &[Byte]) -> Option<(Vec<u8>, usize)> {
    let [sign, kind, ..] = bytes else { return None };
    if sign.value != b'\\' {
        return None;
    }
    let value = match kind.value {
        b'u' => return unicode(bytes),
        b'x' => {
            let (value, length) = signed(b'x', bytes.get(1..)?)?;
            return Some((value, length + 1));
        }
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        own @ (b'"' | b'\\' | b'/') => own,
        _ => return None,
    };
    Some((vec![value], 2))
}

/// `\u002f`, or two of them for one character, at the beginning.
fn unicode(bytes: &[Byte]) -> Option<(Vec<u8>, usize)> {
    let first = unit(bytes)?;
    let second = bytes.get(6..).and_then(unit);
    let units = std::iter::once(first).chain(second);
    let letter = char::decode_utf16(units).next()?.ok()?;
    Some((letter.to_string().into_bytes(), 6 * letter.len_utf16()))
}

fn unit(bytes: &[Byte]) -> Option<u16> {
    let [sign, kind, digits @ ..] = bytes else { return None };
    let digits = digits.get(..4)?;
    if (sign.value, kind.value) != (b'\\', b'u') {
        return None;
    }
    let mut unit = 0;
    for byte in digits {
        unit = unit << 4 | digit(byte)?;
    }
    u16::try_from(unit).ok()
}

fn digit(byte: &Byte) -> Option<u32> {
    char::from(byte.value).to_digit(16)
}

/// The four bits that a digit of hex stands for.
fn nibble(digit: u8) -> Option<u32> {
    char::from(digit).to_digit(16)
}

/// The six bits that a letter of base64 stands for, in the standard and in the URL-safe alphabet.
fn sextet(letter: u8) -> Option<u32> {
    let (first, value) = match letter {
        b'A'..=b'Z' => (b'A', 0),
        b'a'..=b'z' => (b'a', 26),
        b'0'..=b'9' => (b'0', 52),
        b'+' | b'-' => return Some(62),
        b'/' | b'_' => return Some(63),
        _ => return None,
    };
    Some(value + u32::from(letter - first))
}
