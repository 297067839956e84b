//! Lists and maps in brackets: entries that come, go and move, with their commas.

use std::fmt::Write;
use std::ops::Range;

use super::Unsafe;
use super::editor::{Editor, Item};
use super::patches::Patches;
use super::tree::{Entry, Value};

/// An entry that comes, with the comments that come with it.
struct Comer {
    above: Vec<String>,
    text: String,
    behind: Option<String>,
}

impl Editor<'_> {
    /// Puts a list or a map in brackets into this order.
    pub(super) fn arrange_in_brackets(
        &self,
        holder: &Value,
        entries: &[Entry],
        items: &[Item<'_>],
        patches: &mut Patches,
    ) -> Result<(), Unsafe> {
        let (first, last) = entries.first().zip(entries.last()).ok_or(Unsafe::Layout)?;
        let stays = |index: usize| items.iter().any(|item| item.kept() == Some(index));
        let moves = |index: usize| {
            items
                .iter()
                .any(|item| matches!(item, Item::Moved(from, ..) if *from == index))
        };
        let gone: Vec<(usize, &Entry)> = entries.iter().enumerate().filter(|(index, _)| !stays(*index)).collect();
        for (index, entry) in &gone {
            if !moves(*index) {
                for comment in self.own_comments(entry) {
                    self.remove_comments(&comment, patches);
                }
            }
        }
        let inside = holder.range.start + 1..holder.range.end.saturating_sub(1);
        let owned: Vec<Range<usize>> = entries.iter().flat_map(|entry| self.own_comments(entry)).collect();
        let is_owned = |comment: &Range<usize>| {
            let mut owned = owned.iter();
            owned.any(|part| part.start <= comment.start && comment.end <= part.end)
        };
        let has_foreign = self.lines.comments_in(&inside).any(|comment| !is_owned(&comment));
        if items.is_empty() && !has_foreign {
            patches.delete(inside);
            return Ok(());
        }
        let is_vertical = self.lines.is_first(first.start);
        let indent = self.lines.slice(self.lines.line_start(first.start)..first.start);
        let indent = if is_vertical { indent } else { "" };
        for (_, entry) in &gone {
            self.remove(entry, patches);
        }
        let segments = segments(items);
        let last_segment = segments.len().saturating_sub(1);
        for (index, (kept, coming)) in segments.into_iter().enumerate() {
            let comma = if index < last_segment || last.comma.is_some() {
                Comma::Yes
            } else {
                Comma::No
            };
            let comers = self.comers(holder, entries, coming, indent, patches)?;
            let Some(entry) = kept.and_then(|kept| entries.get(kept)) else {
                self.insert_first(first, &comers, is_vertical.then_some(indent), comma, patches);
                continue;
            };
            if comers.is_empty() {
                set_comma(entry, comma, patches);
            } else if is_vertical && self.lines.is_last(entry.end()) {
                set_comma(entry, Comma::Yes, patches);
                let at = self.lines.next_line(entry.end());
                patches.insert(at, self.comer_lines(&comers, indent, comma));
            } else {
                // The comma behind the entry stands behind the last that comes.
                for comer in &comers {
                    let (before, behind) = self.beside(comer);
                    patches.insert(
                        entry.end(),
                        format!("{}{before}{}{behind}", self.style.comma(), comer.text),
                    );
                }
                set_comma(entry, comma, patches);
            }
        }
        Ok(())
    }

    /// True if an entry has its lines to itself.
    fn is_alone(&self, entry: &Entry) -> bool {
        let until = entry.comma.map_or(entry.end(), |comma| comma + 1);
        self.lines.is_first(entry.start)
            && self.lines.is_last(entry.end())
            && self.lines.line_start(until) == self.lines.line_start(entry.end())
    }

    /// The parts of the text that have the comments of an entry: above, within and behind it.
    fn own_comments(&self, entry: &Entry) -> Vec<Range<usize>> {
        let lines = &self.lines;
        let mut found = vec![entry.range()];
        if lines.is_first(entry.start) {
            found.push(lines.first_own_line(entry.start)..entry.start);
        }
        found.extend(lines.comment_behind(entry.end()));
        found
    }

    /// Takes an entry away, with its comma and its comments.
    fn remove(&self, entry: &Entry, patches: &mut Patches) {
        let lines = &self.lines;
        if self.is_alone(entry) {
            patches.delete(lines.first_own_line(entry.start)..lines.next_line(entry.end()));
            return;
        }
        let (mut start, mut end) = (entry.start, entry.end());
        if lines.is_first(start) {
            patches.delete(lines.first_own_line(start)..lines.line_start(start));
        }
        match entry.comma {
            Some(comma) if comma == lines.after_blanks(end) => {
                end = lines.after_blanks(comma + 1);
                let is_last = lines.slice(end..end + 1).starts_with([']', '}']);
                if is_last || end == lines.line_end(end) || lines.comment_behind(entry.end()).is_some() {
                    end = comma + 1;
                    start = lines.before_blanks(start).max(lines.line_start(start));
                }
            }
            Some(comma) => patches.delete(comma..lines.after_blanks(comma + 1)),
            None => start = lines.before_blanks(start),
        }
        if let Some(comment) = lines.comment_behind(entry.end()) {
            patches.delete(lines.before_blanks(comment.start).max(end)..comment.end);
        }
        patches.delete(start..end);
    }

    fn comers(
        &self,
        holder: &Value,
        entries: &[Entry],
        items: &[Item<'_>],
        indent: &str,
        patches: &mut Patches,
    ) -> Result<Vec<Comer>, Unsafe> {
        let mut found = Vec::new();
        for item in items {
            found.push(match item {
                Item::Kept(_) => continue,
                Item::New(name, value) => Comer {
                    above: Vec::new(),
                    text: self
                        .style
                        .flow_entry(*name, *value, (!indent.is_empty()).then_some(indent)),
                    behind: None,
                },
                Item::Moved(index, old, new) => {
                    let entry = entries.get(*index).ok_or(Unsafe::Layout)?;
                    let lines = &self.lines;
                    let above = if lines.is_first(entry.start) {
                        lines.first_own_line(entry.start)..entry.start
                    } else {
                        entry.start..entry.start
                    };
                    let slice = |comment: Range<usize>| lines.slice(comment).to_owned();
                    Comer {
                        above: lines.comments_in(&above).map(slice).collect(),
                        text: self.moved(holder, entry, (*old, *new), entry.range(), patches)?,
                        behind: lines.comment_behind(entry.end()).map(slice),
                    }
                }
            });
        }
        Ok(found)
    }

    /// Entries in lines of their own, each with its break.
    fn comer_lines(&self, comers: &[Comer], indent: &str, last_comma: Comma) -> String {
        let eol = self.style.eol;
        let mut text = String::new();
        for (index, comer) in comers.iter().enumerate() {
            for comment in &comer.above {
                let _ = write!(text, "{indent}{comment}{eol}");
            }
            let is_closed = index + 1 < comers.len() || last_comma == Comma::Yes;
            let comma = if is_closed { "," } else { "" };
            let behind = comer.behind.as_ref().map(|behind| format!(" {behind}"));
            let behind = behind.unwrap_or_default();
            let _ = write!(text, "{indent}{}{comma}{behind}{eol}", comer.text);
        }
        text
    }

    /// An entry on a line with others. A comment ends the line.
    fn beside(&self, comer: &Comer) -> (String, String) {
        let eol = self.style.eol;
        let mut before = String::new();
        for comment in &comer.above {
            let _ = write!(before, "{eol} {comment}{eol} ");
        }
        let behind = comer.behind.as_ref().map(|behind| format!(" {behind}{eol} "));
        (before, behind.unwrap_or_default())
    }

    fn insert_first(&self, first: &Entry, comers: &[Comer], indent: Option<&str>, comma: Comma, patches: &mut Patches) {
        if comers.is_empty() {
            return;
        }
        if let Some(indent) = indent {
            let at = self.lines.first_own_line(first.start);
            patches.insert(at, self.comer_lines(comers, indent, comma));
            return;
        }
        let mut text = String::new();
        for (index, comer) in comers.iter().enumerate() {
            let (before, behind) = self.beside(comer);
            let is_closed = index + 1 < comers.len() || comma == Comma::Yes;
            let comma = match (is_closed, behind.is_empty()) {
                (true, true) => self.style.comma(),
                (true, false) => ",",
                (false, _) => "",
            };
            let _ = write!(text, "{before}{}{comma}{behind}", comer.text);
        }
        patches.insert(first.start, text);
    }
}

/// The presence of a comma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comma {
    Yes,
    No,
}

/// The entries that stay, each with those that come behind it; first those that come before all.
fn segments<'i, 'd>(items: &'i [Item<'d>]) -> Vec<(Option<usize>, &'i [Item<'d>])> {
    let mut found = Vec::new();
    let (mut kept, mut rest) = (None, items);
    loop {
        let length = rest.iter().take_while(|item| item.kept().is_none()).count();
        let (coming, others) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        found.push((kept, coming));
        let Some((next, others)) = others.split_first() else {
            return found;
        };
        (kept, rest) = (next.kept(), others);
    }
}

/// Gives an entry that stays its comma, or takes it.
fn set_comma(entry: &Entry, wanted: Comma, patches: &mut Patches) {
    match (entry.comma, wanted) {
        (None, Comma::Yes) => patches.insert(entry.end(), ","),
        (Some(comma), Comma::No) => patches.delete(comma..comma + 1),
        (Some(_), Comma::Yes) | (None, Comma::No) => {}
    }
}
