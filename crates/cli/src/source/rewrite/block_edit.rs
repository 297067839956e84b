//! Lists and maps in lines: entries that come, go and move, each with its own lines.

use std::ops::Range;

use super::Unsafe;
use super::editor::{Around, Editor, Item, Spacing};
use super::lines::is_blank;
use super::patches::Patches;
use super::render::{Holder, Rendered};
use super::tree::{Entry, Value};

impl Editor<'_> {
    /// The lines of an entry, with the comments that belong to it. The first entry of a list or a map that begins beside
    /// the indicator of another one has no comments above: they belong to that one.
    fn chunk(&self, entry: &Entry) -> Range<usize> {
        let start = if self.lines.is_first(entry.start) {
            self.lines.first_own_line(entry.start)
        } else {
            entry.start
        };
        start..self.lines.next_line(entry.end())
    }

    /// Puts a list or a map in lines into this order.
    pub(super) fn arrange_lines(
        &self,
        holder: &Value,
        entries: &[Entry],
        items: &[Item<'_>],
        patches: &mut Patches,
    ) -> Result<(), Unsafe> {
        let first = entries.first().ok_or(Unsafe::Layout)?;
        let is_compact = !self.lines.is_first(first.start);
        let column = self.lines.column(first.start);
        let stays = |index: usize| items.iter().any(|item| item.kept() == Some(index));
        let moves = |index: usize| {
            items
                .iter()
                .any(|item| matches!(item, Item::Moved(from, ..) if *from == index))
        };
        for (index, entry) in entries.iter().enumerate().filter(|(index, _)| !stays(*index)) {
            let chunk = self.chunk(entry);
            if !moves(index) {
                self.remove_comments(&chunk, patches);
            }
            let is_closed_up = is_compact && index == 0 && matches!(items.first(), Some(Item::Kept(_)));
            if !is_closed_up {
                self.tighten(chunk.end, column, patches);
                patches.delete(chunk);
            }
        }
        if is_compact
            && !stays(0)
            && let Some(next) = items.first().and_then(Item::kept)
        {
            self.close_up(entries, next, patches)?;
        }
        let groups = items.split_inclusive(|item| item.kept().is_some());
        let mut at = if is_compact {
            first.start
        } else {
            self.chunk(first).start
        };
        for group in groups {
            let (kept, comers) = match group.split_last() {
                Some((Item::Kept(index), comers)) => (Some(*index), comers),
                _ => (None, group),
            };
            let mut text = String::new();
            for item in comers {
                text.push_str(&self.item_lines(holder, entries, item, column, patches)?);
            }
            if is_compact && at == first.start && !text.is_empty() {
                self.insert_beside(first, &text, column, stays(0), patches);
            } else if !text.is_empty() {
                patches.insert(at, text);
                self.tighten(at, column, patches);
            }
            if let Some(entry) = kept.and_then(|index| entries.get(index)) {
                at = self.lines.next_line(entry.end());
            }
        }
        Ok(())
    }

    /// Makes the lines from a place on such that a text above does not go on in them.
    fn tighten(&self, mut at: usize, column: usize, patches: &mut Patches) {
        let lines = &self.lines;
        while self.spacing == Spacing::Tight && at < lines.text.len() {
            let next = lines.next_line(at);
            let first = lines.after_blanks(at);
            if first == lines.line_end(at) {
                patches.delete(at..next);
            } else if lines.slice(first..next).starts_with('#') {
                patches.delete((at + column).min(first)..first);
            } else {
                return;
            }
            at = next;
        }
    }

    /// The whole lines of an entry that comes.
    fn item_lines(
        &self,
        holder: &Value,
        entries: &[Entry],
        item: &Item<'_>,
        column: usize,
        patches: &mut Patches,
    ) -> Result<String, Unsafe> {
        match item {
            Item::Kept(_) => Ok(String::new()),
            Item::New(name, value) => Ok(self.style.entry_lines(*name, *value, column)),
            Item::Moved(index, old, new) => {
                let entry = entries.get(*index).ok_or(Unsafe::Layout)?;
                let chunk = self.chunk(entry);
                let is_beside = !self.lines.is_first(entry.start);
                let text = self.moved(holder, entry, (*old, *new), chunk, patches)?;
                let indent = if is_beside { " ".repeat(column) } else { String::new() };
                Ok(indent + &text)
            }
        }
    }

    /// Puts lines before the first entry, which stands beside the indicator of what holds it.
    fn insert_beside(&self, first: &Entry, text: &str, column: usize, first_stays: bool, patches: &mut Patches) {
        let mut text = text.to_owned();
        if first_stays {
            text.extend(std::iter::repeat_n(' ', column));
        }
        let bare = text.trim_start_matches(' ');
        if bare.starts_with('#') {
            // A comment above an entry stays above it.
            let blanks = self.lines.before_blanks(first.start);
            patches.replace(blanks..first.start, format!("{}{text}", self.style.eol));
        } else {
            patches.insert(first.start, bare);
        }
    }

    /// Lets the entry with this index begin where the first one did, which goes.
    fn close_up(&self, entries: &[Entry], next: usize, patches: &mut Patches) -> Result<(), Unsafe> {
        let (first, next) = entries.first().zip(entries.get(next)).ok_or(Unsafe::Layout)?;
        let lines = &self.lines;
        let gone: Vec<&Entry> = entries.iter().take_while(|entry| entry.start < next.start).collect();
        let mut is_empty_between = true;
        let mut at = lines.next_line(first.end());
        for entry in gone.iter().skip(1) {
            let chunk = self.chunk(entry);
            is_empty_between &= is_empty(lines.slice(at..chunk.start));
            at = chunk.end;
        }
        is_empty_between &= is_empty(lines.slice(at..next.start));
        if is_empty_between {
            let mut at = first.start;
            for entry in gone.iter().skip(1) {
                let chunk = self.chunk(entry);
                patches.delete(at..chunk.start);
                at = chunk.end;
            }
            patches.delete(at..next.start);
        } else {
            patches.delete(lines.before_blanks(first.start)..lines.line_end(first.end()));
        }
        Ok(())
    }

    /// Takes all entries away, and puts a value in their place.
    pub(super) fn clear(&self, entries: &[Entry], rendered: &Rendered, around: Around, patches: &mut Patches) {
        let Some(first) = entries.first() else { return };
        let lines = &self.lines;
        let is_compact = !lines.is_first(first.start);
        for entry in entries {
            let chunk = self.chunk(entry);
            self.remove_comments(&chunk, patches);
            if is_compact && entry.start == first.start {
                continue;
            }
            patches.delete(chunk);
        }
        if is_compact {
            let text = match rendered {
                Rendered::OnALine(text) => text.clone(),
                Rendered::Text { header, body } => format!("{header}{}{body}", self.style.eol),
                Rendered::Lines(text) => text.trim_start_matches(' ').to_owned(),
            };
            let text = text.trim_end_matches(['\r', '\n']);
            patches.replace(first.start..lines.line_end(first.end()), text);
            return;
        }
        let at = self.chunk(first).start;
        let (beside, below) = match rendered {
            Rendered::OnALine(text) => (text, ""),
            Rendered::Text { header, body } => (header, body.as_str()),
            Rendered::Lines(text) => {
                patches.insert(at, text.clone());
                return;
            }
        };
        if around.holder == Holder::Root {
            patches.insert(at, format!("{beside}{}{below}", self.style.eol));
            return;
        }
        patches.insert(around.mark, format!(" {beside}"));
        if !below.is_empty() {
            patches.insert(lines.next_line(around.mark), below);
        }
    }
}

fn is_empty(text: &str) -> bool {
    text.lines().all(is_blank)
}
