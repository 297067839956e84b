//! Places in a text, by line and column.

use std::ops::Range;

use serde::Serialize;

/// A range of a text: from one place up to another, which is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TextRange {
    pub(crate) start: Place,
    pub(crate) end: Place,
}

/// A place in a text; both numbers are from 1, and columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// One line of a text, with its line break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'t> {
    /// From 1.
    pub(crate) number: usize,
    pub(crate) text: &'t str,
    start: usize,
}

/// The number of bytes from one count of characters to the next.
const STRIDE: usize = 256;

/// The lines of a text, for many places in it: each is found without another look at the text before it.
pub(crate) struct Lines {
    /// The byte offsets at which they start.
    starts: Vec<usize>,
    /// The characters before each stride.
    characters: Vec<usize>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let mut before = 0;
        let counts = text.as_bytes().chunks(STRIDE).map(|chunk| {
            let here = before;
            before += count(chunk);
            here
        });
        let mut characters: Vec<usize> = counts.collect();
        characters.push(before);
        Self {
            starts: std::iter::once(0).chain(after_breaks).collect(),
            characters,
        }
    }

    pub(crate) fn range(&self, text: &str, range: &Range<usize>) -> TextRange {
        TextRange {
            start: self.place(text, range.start),
            end: self.place(text, range.end),
        }
    }

    /// The line that a byte stands in.
    pub(crate) fn around<'t>(&self, text: &'t str, at: usize) -> Line<'t> {
        let number = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts.get(number - 1).copied().unwrap_or(0);
        let end = self.starts.get(number).copied().unwrap_or(text.len());
        let line = text.get(start..end).unwrap_or_default();
        Line {
            number,
            text: line,
            start,
        }
    }

    fn place(&self, text: &str, at: usize) -> Place {
        let line = self.around(text, at);
        let before = self.characters_before(text, at) - self.characters_before(text, line.start);
        Place {
            line: line.number,
            column: before + 1,
        }
    }

    fn characters_before(&self, text: &str, at: usize) -> usize {
        let at = at.min(text.len());
        let stride = at / STRIDE;
        let rest = text.as_bytes().get(stride * STRIDE..at).unwrap_or_default();
        self.characters.get(stride).copied().unwrap_or(0) + count(rest)
    }
}

impl Line<'_> {
    /// The part of a range of the text that stands on this line, without the line break if it begins before it.
    pub(crate) fn part(&self, range: &Range<usize>) -> Range<usize> {
        let on_line = |at: usize| at.saturating_sub(self.start).min(self.text.len());
        let start = on_line(range.start);
        let shown = self.text.trim_end_matches(['\r', '\n']).len();
        start..on_line(range.end).min(shown).max(start)
    }
}

/// The characters of which a text of these bytes has the first ones.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_lines_and_characters_from_one() {
        let text = "{\n  \"é\": 1\n}";
        let lines = Lines::of(text);
        for (at, line, column) in [(0, 1, 1), (2, 2, 1), (9, 2, 7), (text.len(), 3, 2), (99, 3, 2)] {
            assert_eq!(lines.place(text, at), Place { line, column }, "{at}");
        }
        let long = format!("a\n{}x", "é".repeat(1_000));
        let place = Lines::of(&long).place(&long, long.len() - 1);
        assert_eq!(place, Place { line: 2, column: 1_001 });
        assert_eq!(Lines::of("").around("", 7).number, 1);
    }

    #[test]
    fn a_part_that_goes_on_ends_with_its_line() {
        let text = "a: [\r\n  b]\n";
        let line = Lines::of(text).around(text, 3);
        assert_eq!((line.number, line.text, line.part(&(3..10))), (1, "a: [\r\n", 3..4));
    }
}
