//! The tree of a YAML document, read along the events of the parser that our reader uses.
//!
//! The parser says where scalars, comments and properties stand; indicators stand between them. A text that does not
//! go along with its events has no tree.

use std::collections::VecDeque;
use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, Tag};

use super::lines::Lines;
use super::tree::{BlockScalar, Entry, Form, Layout, Quoting, Tree, Value};

/// The key that merges another object into the one that it stands in.
const MERGE_KEY: &str = "<<";

/// The tree of the document with this index, and the number of documents; none if the text is not understood.
///
/// A document that is null is none, as the reader has it.
pub(super) fn tree(text: &str, index: usize) -> Option<(Tree, usize)> {
    let mut comments = comments(text)?;
    comments.sort_by_key(|comment| comment.start);
    let mut documents = Vec::new();
    let (mut after_last, mut start) = (0, 0);
    let mut events = VecDeque::new();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.ok()?;
        match event {
            Event::DocumentStart(is_explicit, _) => {
                let place = span.byte_range()?;
                start = if is_explicit { place.end } else { after_last };
            }
            Event::DocumentEnd => {
                let place = span.byte_range()?;
                after_last = place.end;
                let events = std::mem::take(&mut events);
                if !is_null(&events) {
                    documents.push((start..place.start, events));
                }
            }
            Event::Scalar(..)
            | Event::Alias(_)
            | Event::SequenceStart(..)
            | Event::SequenceEnd
            | Event::MappingStart(..)
            | Event::MappingEnd => events.push_back((event, span)),
            Event::StreamStart
            | Event::StreamEnd
            | Event::Comment(..)
            | Event::Anchor(..)
            | Event::UnresolvedAlias(_)
            | _ => {}
        }
    }
    let count = documents.len();
    let (body, events) = documents.into_iter().nth(index)?;
    let mut reading = Builder {
        text,
        comments: &comments,
        events,
        at: body.start,
    };
    let root = reading.value()?;
    let is_whole = reading.events.is_empty();
    let tree = Tree { root, comments, body };
    is_whole.then_some((tree, count))
}

/// The comments of a text, in no order.
pub(super) fn comments(text: &str) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.ok()?;
        if let Event::Comment(..) = event {
            found.push(span.byte_range()?);
        }
    }
    Some(found)
}

fn is_null(events: &VecDeque<(Event<'_>, Span)>) -> bool {
    let Some((Event::Scalar(text, ScalarStyle::Plain, _, tag), _)) = events.front() else {
        return false;
    };
    let is_null = matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
    tag.as_ref().map_or(is_null, |tag| tag.is_yaml_core_schema_tag("null"))
}

/// A place in the text, and the events that are still to come.
struct Builder<'t> {
    text: &'t str,
    comments: &'t [Range<usize>],
    events: VecDeque<(Event<'t>, Span)>,
    at: usize,
}

impl Builder<'_> {
    fn next_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn is_at(&self, byte: u8) -> bool {
        self.next_byte() == Some(byte)
    }

    /// Goes over an indicator.
    fn take(&mut self, byte: u8) -> Option<()> {
        self.is_at(byte).then(|| self.at += 1)
    }

    /// Goes over white space, line breaks and comments.
    fn skip_blanks(&mut self) {
        loop {
            match self.next_byte() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'#') => {
                    let found = self.comments.binary_search_by_key(&self.at, |comment| comment.start);
                    let Some(comment) = found.ok().and_then(|index| self.comments.get(index)) else {
                        return;
                    };
                    self.at = comment.end;
                }
                // The byte order mark of a document after the first.
                Some(0xef)
                    if self
                        .text
                        .get(self.at..)
                        .is_some_and(|rest| rest.starts_with('\u{feff}')) =>
                {
                    self.at += 3;
                }
                Some(_) | None => return,
            }
        }
    }

    /// Goes over blanks, tags and anchors; the first byte of a tag or an anchor, or else of what follows.
    fn skip_properties(&mut self, has_some: bool) -> usize {
        self.skip_blanks();
        let start = self.at;
        while has_some && matches!(self.next_byte(), Some(b'&' | b'!')) {
            while !matches!(
                self.next_byte(),
                None | Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b'[' | b']' | b'{' | b'}')
            ) {
                self.at += 1;
            }
            let end = self.at;
            self.skip_blanks();
            if !matches!(self.next_byte(), Some(b'&' | b'!')) && self.is_missing_next() {
                self.at = end;
                break;
            }
        }
        start
    }

    /// True if the next event is a scalar that is not written.
    fn is_missing_next(&self) -> bool {
        matches!(
            self.events.front(),
            Some((Event::Scalar(_, ScalarStyle::Plain, ..), span)) if span.byte_range().is_some_and(|range| range.is_empty())
        )
    }

    fn value(&mut self) -> Option<Value> {
        let indicator = self.at;
        let is_missing = self.is_missing_next();
        let (event, span) = self.events.pop_front()?;
        let place = span.byte_range()?;
        match event {
            Event::Scalar(_, style, anchor, tag) => {
                if is_missing && anchor == 0 && tag.is_none() {
                    return Some(value(indicator..indicator, Form::Missing, false));
                }
                if is_missing {
                    // Put back, so that what follows the properties stays where it is.
                    self.events
                        .push_front((Event::Scalar("".into(), style, anchor, None), span));
                    let start = self.skip_properties(true);
                    self.events.pop_front();
                    let form = Form::Scalar(Quoting::Plain);
                    return Some(value(start..self.at, form, anchor != 0));
                }
                let start = self.skip_properties(anchor != 0 || tag.is_some());
                self.scalar(start, style, &place, anchor != 0)
            }
            Event::Alias(_) => {
                let start = self.skip_properties(false);
                self.at = place.end;
                Some(value(start..place.end, Form::Alias, true))
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.collection(style, &place, is_property(anchor, tag.as_deref()), Builder::list)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.collection(style, &place, is_property(anchor, tag.as_deref()), Builder::map)
            }
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::DocumentEnd
            | Event::Anchor(..)
            | Event::UnresolvedAlias(_)
            | Event::Comment(..)
            | Event::SequenceEnd
            | Event::MappingEnd
            | _ => None,
        }
    }

    fn scalar(&mut self, start: usize, style: ScalarStyle, place: &Range<usize>, is_pinned: bool) -> Option<Value> {
        let quoting = match style {
            ScalarStyle::Plain => Quoting::Plain,
            ScalarStyle::SingleQuoted => Quoting::Single,
            ScalarStyle::DoubleQuoted => Quoting::Double,
            ScalarStyle::Literal | ScalarStyle::Folded => return self.block_scalar(start, place, is_pinned),
        };
        (self.at == place.start).then_some(())?;
        self.at = place.end;
        Some(value(start..place.end, Form::Scalar(quoting), is_pinned))
    }

    fn block_scalar(&mut self, start: usize, place: &Range<usize>, is_pinned: bool) -> Option<Value> {
        let first = self.at;
        matches!(self.next_byte(), Some(b'|' | b'>')).then_some(())?;
        let header = self.text.get(first..)?;
        let length = header.find([' ', '\t', '\r', '\n']).unwrap_or(header.len());
        let header = first..first + length;
        let keeps = self.text.get(header.clone())?.contains('+');
        let lines = Lines::new(self.text, self.comments);
        let body_start = lines.next_line(header.end);
        // The parser stands before what follows, maybe behind its indentation.
        let is_filled = place.start >= body_start && !self.text.get(place.clone())?.trim().is_empty();
        let body_end = lines.line_start(place.end.max(body_start)).max(body_start);
        let indent = is_filled.then(|| place.start - lines.line_start(place.start));
        let mut filled_end = body_end;
        while filled_end > body_start {
            let last = lines.line_start(filled_end - 1);
            let line = self.text.get(last..filled_end)?.trim_end_matches(['\n', '\r']);
            let says_nothing = line.trim_matches(' ').is_empty() && line.len() <= indent.unwrap_or(usize::MAX);
            if !says_nothing {
                break;
            }
            filled_end = last.max(body_start);
        }
        let filled = body_start..filled_end;
        let body = body_start..if keeps { body_end } else { filled_end };
        let end = if body.is_empty() {
            lines.line_end(header.end)
        } else {
            lines.line_end(lines.line_start(body.end - 1))
        };
        self.at = if body.is_empty() { header.end } else { end };
        let end = if body.is_empty() { header.end } else { end };
        let form = Form::Block(BlockScalar { header, filled, indent });
        Some(value(start..end, form, is_pinned))
    }

    fn collection(
        &mut self,
        style: StructureStyle,
        place: &Range<usize>,
        has_properties: bool,
        entries: fn(&mut Self, Layout, bool) -> Option<(Form, bool)>,
    ) -> Option<Value> {
        let start = self.skip_properties(has_properties);
        self.skip_blanks();
        let layout = match style {
            StructureStyle::Block => Layout::Block,
            StructureStyle::Flow => Layout::Flow,
        };
        // Why not in lines: of a list that is not indented, the parser knows its first element.
        (layout == Layout::Block || self.at == place.start).then_some(())?;
        // A pair in a flow list has no brackets.
        let is_bare = layout == Layout::Flow && !(self.is_at(b'[') || self.is_at(b'{'));
        let (form, is_pinned) = entries(self, layout, is_bare)?;
        let end = match (&form, layout) {
            (Form::List(_, entries) | Form::Map(_, entries), Layout::Block) => {
                entries.last().map_or(self.at, Entry::end)
            }
            _ => self.at,
        };
        Some(value(start..end, form, has_properties || is_bare || is_pinned))
    }

    fn list(&mut self, layout: Layout, _is_bare: bool) -> Option<(Form, bool)> {
        let mut entries: Vec<Entry> = Vec::new();
        if layout == Layout::Flow {
            self.take(b'[')?;
        }
        loop {
            if matches!(self.events.front()?.0, Event::SequenceEnd) {
                break;
            }
            self.skip_blanks();
            if layout == Layout::Flow && self.take_comma(&mut entries) {
                continue;
            }
            let start = self.at;
            if layout == Layout::Block {
                self.take(b'-')?;
            }
            let mark = self.at;
            let value = self.value()?;
            entries.push(Entry {
                start,
                name: None,
                mark,
                value,
                comma: None,
            });
        }
        self.close(layout, b']', &mut entries)?;
        Some((Form::List(layout, entries), false))
    }

    fn map(&mut self, layout: Layout, is_bare: bool) -> Option<(Form, bool)> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut is_pinned = is_bare;
        if layout == Layout::Flow && !is_bare {
            self.take(b'{')?;
        }
        loop {
            if matches!(self.events.front()?.0, Event::MappingEnd) {
                break;
            }
            self.skip_blanks();
            if layout == Layout::Flow && self.take_comma(&mut entries) {
                continue;
            }
            let start = self.at;
            let is_explicit = self.is_at(b'?')
                && matches!(
                    self.text.as_bytes().get(self.at + 1),
                    None | Some(b' ' | b'\t' | b'\n' | b'\r')
                );
            if is_explicit {
                self.at += 1;
            }
            let name = match self.events.front() {
                Some((Event::Scalar(name, style, 0, None), _)) => {
                    is_pinned |= name == MERGE_KEY && *style == ScalarStyle::Plain;
                    Some(name.clone().into_owned())
                }
                _ => None,
            };
            let key = self.value()?;
            let is_word = matches!(key.form, Form::Scalar(_)) && name.is_some();
            is_pinned |= is_explicit || !is_word;
            let key_end = self.at;
            self.skip_blanks();
            if self.take(b':').is_none() {
                // `{a}`, or `? a` without a value.
                is_pinned = true;
                self.at = key_end;
            }
            let mark = self.at;
            let value = self.value()?;
            entries.push(Entry {
                start,
                name,
                mark,
                value,
                comma: None,
            });
        }
        if is_bare {
            self.events.pop_front();
        } else {
            self.close(layout, b'}', &mut entries)?;
        }
        Some((Form::Map(layout, entries), is_pinned))
    }

    /// Notes the comma behind the last entry; true if one stands here.
    fn take_comma(&mut self, entries: &mut [Entry]) -> bool {
        let place = self.at;
        let is_there = self.take(b',').is_some();
        if let Some(last) = entries.last_mut().filter(|_| is_there) {
            last.comma = Some(place);
        }
        is_there
    }

    fn close(&mut self, layout: Layout, bracket: u8, entries: &mut [Entry]) -> Option<()> {
        self.events.pop_front();
        if layout == Layout::Flow {
            self.skip_blanks();
            if self.take_comma(entries) {
                self.skip_blanks();
            }
            self.take(bracket)?;
        }
        Some(())
    }
}

fn is_property(anchor: usize, tag: Option<&Tag>) -> bool {
    anchor != 0 || tag.is_some()
}

fn value(range: Range<usize>, form: Form, is_pinned: bool) -> Value {
    Value { range, form, is_pinned }
}
