//! Replacements in a text, collected and then made at once.

use std::ops::Range;

/// Replacements of parts of a text that do not overlap, and the comments that go with them.
#[derive(Debug, Default)]
pub(super) struct Patches {
    replacements: Vec<(Range<usize>, String)>,
    pub(super) removed_comments: Vec<String>,
}

impl Patches {
    pub(super) fn replace(&mut self, range: Range<usize>, with: impl Into<String>) {
        self.replacements.push((range, with.into()));
    }

    pub(super) fn delete(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.replace(range, "");
        }
    }

    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    /// A part of the text with the replacements in it; none if two overlap, or one reaches outside.
    ///
    /// At one place insertions stand in the order in which they were made, before what is replaced there.
    pub(super) fn applied(mut self, text: &str, part: Range<usize>) -> Option<String> {
        self.replacements
            .sort_by_key(|(range, _)| (range.start, !range.is_empty()));
        let (mut out, mut at) = (String::new(), part.start);
        for (range, with) in &self.replacements {
            if range.end > part.end {
                return None;
            }
            // What one deletion has taken, another one may take, too.
            let start = if with.is_empty() {
                range.start.max(at).min(range.end.max(at))
            } else {
                range.start
            };
            out.push_str(text.get(at..start)?);
            out.push_str(with);
            at = range.end.max(at);
        }
        out.push_str(text.get(at..part.end)?);
        Some(out)
    }
}
