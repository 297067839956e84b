//! A page of Markdown that keeps to a number of characters: the parts that always stand, and the documents between them, of
//! which as many are shown as there is room for.

use super::code;
use crate::render::counted::counted;

/// The least that is left of a line that is cut, in characters.
const SHORTEST_LINE: usize = 120;

/// The characters that are shown before the place where two long values differ.
const SHOWN_BEFORE: usize = 40;

/// The least room of a document that is cut inside itself.
const SHORTEST_DOCUMENT: usize = 1_000;

/// The room for the names of documents that are left out.
const NAMES: usize = 500;

/// The room for the sentence about what is cut inside a document.
const NOTE: usize = 160;

/// A page.
pub(super) struct Page {
    /// The parts that are never cut and come first, each with a blank line after it.
    pub(super) head: Vec<String>,
    /// The heading above the documents.
    pub(super) title: &'static str,
    /// The documents, the most important first.
    pub(super) documents: Vec<Block>,
    /// The parts that are never cut and come last.
    pub(super) foot: Vec<String>,
}

/// A document on the page.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// The name of the document where it is left out.
    pub(super) name: String,
    pub(super) head: String,
    /// The changes, each as lines of a diff.
    pub(super) changes: Vec<Vec<String>>,
    pub(super) tail: String,
}

/// The characters of a text, counted as those systems do that count the most: an emoji is two.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

impl Page {
    /// The page in at most so many characters, as far as the parts that are never cut leave room.
    pub(super) fn fitted(&self, max: usize) -> String {
        let part = |parts: &[String]| -> String { parts.iter().flat_map(|part| [part.as_str(), "\n"]).collect() };
        let (mut text, foot) = (part(&self.head), part(&self.foot));
        if !self.documents.is_empty() {
            let title = format!("### {}\n\n", self.title);
            let room = max.saturating_sub(units(&text) + units(&foot) + units(&title));
            let shown = self.shown(room);
            if !shown.is_empty() {
                text.push_str(&title);
                text.push_str(&shown);
            }
        }
        text + &foot
    }

    /// The documents in at most so many characters.
    fn shown(&self, room: usize) -> String {
        let whole: Vec<String> = self.documents.iter().map(Block::whole).collect();
        let lengths: Vec<usize> = whole.iter().map(|text| units(text)).collect();
        if lengths.iter().sum::<usize>() <= room {
            return whole.concat();
        }
        // Why a quarter: one document that is too large by itself leaves room for others.
        let names = NAMES.min(room / 10);
        let room = room.saturating_sub(units(&self.left_out(0, 0)) + names);
        let longest = level(&lengths, room).max((room / 4).max(SHORTEST_DOCUMENT));
        let (mut text, mut left, mut number) = (String::new(), room, 0);
        for (block, (whole, length)) in self.documents.iter().zip(whole.iter().zip(lengths)) {
            let cut = (length > longest).then(|| block.cut(longest));
            let shown = cut.as_ref().unwrap_or(whole);
            let Some(rest) = left.checked_sub(units(shown)) else {
                break;
            };
            text.push_str(shown);
            left = rest;
            number += 1;
        }
        if number < self.documents.len() {
            text.push_str(&self.left_out(number, left + names));
        }
        text
    }

    /// The sentence about the documents from a number on, with the names of as many as there is room for.
    fn left_out(&self, number: usize, room: usize) -> String {
        let names: Vec<&str> = self
            .documents
            .iter()
            .skip(number)
            .map(|block| block.name.as_str())
            .collect();
        let (mut shown, mut left) = (Vec::new(), room);
        for name in &names {
            let Some(rest) = left.checked_sub(units(name) + 2) else {
                break;
            };
            left = rest;
            shown.push(*name);
        }
        let count = counted(names.len(), "more document");
        let more = names.len() - shown.len();
        let more = match (shown.is_empty(), more) {
            (_, 0) => String::new(),
            (true, _) => "not shown, since the comment would be too long".to_owned(),
            (false, more) => format!(" and {more} more"),
        };
        format!("**{count}**: {}{more}\n\n", shown.join(", "))
    }
}

impl Block {
    fn whole(&self) -> String {
        let lines: Vec<&str> = self.changes.iter().flatten().map(String::as_str).collect();
        self.with_diff(&lines, "")
    }

    fn with_diff(&self, lines: &[&str], remainder: &str) -> String {
        let diff = match self.changes.as_slice() {
            [] => String::new(),
            _ => code::fence("diff", lines.iter().copied()),
        };
        let parts = [&self.head, &diff, remainder, &self.tail].map(|part| part.trim_end_matches('\n'));
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.flat_map(|part| [part, "\n\n"]).collect()
    }

    /// The document in at most so many characters: as many of its changes as there is room for, long lines cut to a fair
    /// share each. What is not shown is counted.
    fn cut(&self, longest: usize) -> String {
        let around = units(&self.with_diff(&[], ""));
        let room = longest.saturating_sub(around + NOTE);
        let lengths = |change: &[String]| change.iter().map(|line| units(line) + 1).collect::<Vec<_>>();
        let all: Vec<usize> = self.changes.iter().flat_map(|change| lengths(change)).collect();
        let widest = level(&all, room).max(SHORTEST_LINE);
        let (mut shown, mut left, mut number) = (Vec::new(), room, 0);
        for change in &self.changes {
            let lines = within(change, widest);
            let Some(rest) = left.checked_sub(lengths(&lines).iter().sum()) else {
                break;
            };
            left = rest;
            number += 1;
            shown.extend(lines);
        }
        let total: usize = all.iter().sum();
        let remainder = format!(
            "This diff is cut: {number} of {}, and {} of {total} characters are shown.",
            counted(self.changes.len(), "change"),
            room - left
        );
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        self.with_diff(&shown, &remainder)
    }
}

/// The length up to which each may go so that all of them have room together: what short ones leave goes to the others.
fn level(lengths: &[usize], room: usize) -> usize {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let mut left = room;
    for (length, number) in sorted.iter().zip((1..=sorted.len()).rev()) {
        let share = left / number;
        if *length > share {
            return share;
        }
        left -= length;
    }
    usize::MAX
}

/// The lines of a change, each within so many characters. Of two long values that begin alike, what they share is left out:
/// the place where they differ is what the change is about.
fn within(change: &[String], widest: usize) -> Vec<String> {
    let is_long = |line: &String| units(line) >= widest;
    if let [place, old, new] = change
        && is_long(old)
        && is_long(new)
        && let (Some(before), Some(after)) = (old.strip_prefix("- "), new.strip_prefix("+ "))
    {
        let alike = before
            .chars()
            .zip(after.chars())
            .take_while(|(old, new)| old == new)
            .count();
        let skipped = alike.saturating_sub(SHOWN_BEFORE);
        if skipped > SHOWN_BEFORE {
            let from = |text: &str| text.chars().skip(skipped).collect::<String>();
            let shown = [("-", before), ("+", after)].map(|(sign, text)| {
                let line = format!("{sign} ({skipped} characters alike) …{}", from(text));
                start(&line, widest)
            });
            return std::iter::once(start(place, widest)).chain(shown).collect();
        }
    }
    change.iter().map(|line| start(line, widest)).collect()
}

/// The start of a line that is longer than so many characters, with its length.
fn start(line: &str, widest: usize) -> String {
    let length = units(line) + 1;
    if length <= widest {
        return line.to_owned();
    }
    let end = format!("… ({length} characters)");
    let mut left = widest.saturating_sub(units(&end) + 1);
    let fits = |letter: &char| {
        let rest = left.checked_sub(letter.len_utf16());
        left = rest.unwrap_or_default();
        rest.is_some()
    };
    let start: String = line.chars().take_while(fits).collect();
    start + &end
}
