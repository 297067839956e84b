//! The way from what a document says to what it is to say: which values change, come, go and move.

use domain::json::Node;

use super::Unsafe;
use super::alignment::{Origin, origins};
use super::lines::Lines;
use super::patches::Patches;
use super::render::{Holder, Rendered, Style};
use super::scalar_text::{Place, TextLines, folded, literal, on_a_line};
use super::tree::{BlockScalar, Entry, Form, Layout, Quoting, Tree, Value};

/// A text that is being rewritten.
pub(super) struct Editor<'t> {
    pub(super) lines: Lines<'t>,
    pub(super) style: Style<'t>,
    pub(super) spacing: Spacing,
}

/// Blank lines and comments below entries that come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spacing {
    /// They stay as they are.
    Kept,
    /// Blank lines go, and comments stand as far in as the entry: a text in lines of its own that ends there would take
    /// them in.
    Tight,
}

/// An entry of a list or a map as it is to be.
#[derive(Clone, Copy)]
pub(super) enum Item<'d> {
    /// An entry that stays in its order; changes within it are made already.
    Kept(usize),
    /// An entry from another place; the node that it was and the one that it is to be.
    Moved(usize, Node<'d>, Node<'d>),
    New(Option<&'d str>, Node<'d>),
}

impl Item<'_> {
    pub(super) fn kept(&self) -> Option<usize> {
        match self {
            Self::Kept(index) => Some(*index),
            Self::Moved(..) | Self::New(..) => None,
        }
    }
}

/// The place of a value among those around it.
#[derive(Clone, Copy)]
pub(super) struct Around {
    pub(super) holder: Holder,
    /// The byte behind the indicator; of a document its first one.
    pub(super) mark: usize,
    pub(super) layout: Layout,
}

impl<'t> Editor<'t> {
    /// Makes a document say what is wanted.
    pub(super) fn document(
        &self,
        tree: &Tree,
        old: Node<'_>,
        new: Node<'_>,
        patches: &mut Patches,
    ) -> Result<(), Unsafe> {
        let around = Around {
            holder: Holder::Root,
            mark: tree.body.start,
            layout: Layout::Block,
        };
        self.value(&tree.root, old, new, around, patches)
    }

    fn value(
        &self,
        value: &Value,
        old: Node<'_>,
        new: Node<'_>,
        around: Around,
        patches: &mut Patches,
    ) -> Result<(), Unsafe> {
        if old.eq_value(new) {
            return Ok(());
        }
        if value.is_pinned {
            return Err(Unsafe::Layout);
        }
        match &value.form {
            Form::Map(_, entries) if new.is_object() && !entries.is_empty() => {
                let items = self.members(value, entries, old, new, patches)?;
                self.arrange(value, &items, around, patches)
            }
            Form::List(_, entries) if new.is_array() && !entries.is_empty() => {
                let items = self.elements(value, entries, old, new, patches)?;
                self.arrange(value, &items, around, patches)
            }
            Form::Missing | Form::Scalar(_) | Form::Block(_) | Form::List(..) | Form::Map(..) | Form::Alias => {
                if value.holds_pinned() {
                    return Err(Unsafe::Layout);
                }
                self.replace(value, new, around, patches);
                Ok(())
            }
        }
    }

    /// Changes the members that stay, and says which there are to be.
    fn members<'d>(
        &self,
        map: &Value,
        entries: &[Entry],
        old: Node<'_>,
        new: Node<'d>,
        patches: &mut Patches,
    ) -> Result<Vec<Item<'d>>, Unsafe> {
        if old.members().count() != entries.len() {
            return Err(Unsafe::Layout);
        }
        let mut items: Vec<(&str, Item<'d>)> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let name = entry.name.as_deref().ok_or(Unsafe::Layout)?;
            let before = old.get(name).ok_or(Unsafe::Layout)?;
            match new.members().find(|member| member.name == name) {
                Some(after) => {
                    self.value(&entry.value, before, after.value, self.around(map, entry), patches)?;
                    items.push((after.name, Item::Kept(index)));
                }
                None if entry.value.holds_pinned() => return Err(Unsafe::Layout),
                None => {}
            }
        }
        let mut last: Option<&str> = None;
        for member in new.members() {
            if old.get(member.name).is_none() {
                let follows = last.and_then(|last| items.iter().position(|(name, _)| *name == last));
                let place = follows.map_or(items.len(), |place| place + 1);
                items.insert(place, (member.name, Item::New(Some(member.name), member.value)));
            }
            last = Some(member.name);
        }
        Ok(items.into_iter().map(|(_, item)| item).collect())
    }

    /// Changes the elements that stay, and says which there are to be.
    fn elements<'d>(
        &self,
        list: &Value,
        entries: &[Entry],
        old: Node<'d>,
        new: Node<'d>,
        patches: &mut Patches,
    ) -> Result<Vec<Item<'d>>, Unsafe> {
        let (before, after): (Vec<_>, Vec<_>) = (old.elements().collect(), new.elements().collect());
        if before.len() != entries.len() {
            return Err(Unsafe::Layout);
        }
        let origins = origins(&before, &after);
        let mut items = Vec::new();
        let mut is_kept = vec![false; entries.len()];
        for (origin, node) in origins.iter().zip(&after) {
            match *origin {
                Origin::New => items.push(Item::New(None, *node)),
                Origin::Moved(index) => {
                    let was = before.get(index).ok_or(Unsafe::Layout)?;
                    items.push(Item::Moved(index, *was, *node));
                }
                Origin::Kept(index) => {
                    let (entry, was) = entries.get(index).zip(before.get(index)).ok_or(Unsafe::Layout)?;
                    self.value(&entry.value, *was, *node, self.around(list, entry), patches)?;
                    is_kept.get_mut(index).ok_or(Unsafe::Layout).map(|it| *it = true)?;
                    items.push(Item::Kept(index));
                }
            }
        }
        let leaves_pinned = |(entry, is_kept): (&Entry, &bool)| !is_kept && entry.value.holds_pinned();
        if entries.iter().zip(&is_kept).any(leaves_pinned) {
            return Err(Unsafe::Layout);
        }
        Ok(items)
    }

    fn around(&self, holder: &Value, entry: &Entry) -> Around {
        let column = self.lines.column(entry.start);
        let (holder, layout) = match &holder.form {
            Form::List(layout, _) => (Holder::Dash(column), *layout),
            Form::Map(layout, _) => (Holder::Key(column), *layout),
            Form::Missing | Form::Scalar(_) | Form::Block(_) | Form::Alias => (Holder::Root, Layout::Block),
        };
        Around {
            holder,
            mark: entry.mark,
            layout,
        }
    }

    fn arrange(&self, value: &Value, items: &[Item<'_>], around: Around, patches: &mut Patches) -> Result<(), Unsafe> {
        match &value.form {
            Form::List(Layout::Block, entries) if items.is_empty() => {
                self.clear(entries, &Rendered::OnALine("[]".to_owned()), around, patches);
                Ok(())
            }
            Form::Map(Layout::Block, entries) if items.is_empty() => {
                self.clear(entries, &Rendered::OnALine("{}".to_owned()), around, patches);
                Ok(())
            }
            Form::List(Layout::Block, entries) | Form::Map(Layout::Block, entries) => {
                self.arrange_lines(value, entries, items, patches)
            }
            Form::List(Layout::Flow, entries) | Form::Map(Layout::Flow, entries) => {
                self.arrange_in_brackets(value, entries, items, patches)
            }
            Form::Missing | Form::Scalar(_) | Form::Block(_) | Form::Alias => Err(Unsafe::Layout),
        }
    }

    /// The text of an entry's part with the changes that it needs.
    pub(super) fn moved(
        &self,
        holder: &Value,
        entry: &Entry,
        (old, new): (Node<'_>, Node<'_>),
        part: std::ops::Range<usize>,
        patches: &mut Patches,
    ) -> Result<String, Unsafe> {
        let mut inner = Patches::default();
        self.value(&entry.value, old, new, self.around(holder, entry), &mut inner)?;
        patches.removed_comments.append(&mut inner.removed_comments);
        inner.applied(self.lines.text, part).ok_or(Unsafe::Layout)
    }

    /// Notes that the comments of a part of the text go.
    pub(super) fn remove_comments(&self, part: &std::ops::Range<usize>, patches: &mut Patches) {
        for comment in self.lines.comments_in(part) {
            patches.removed_comments.push(self.lines.slice(comment).to_owned());
        }
    }

    /// Puts a value in the place of another one.
    fn replace(&self, value: &Value, new: Node<'_>, around: Around, patches: &mut Patches) {
        let rendered = self.rendered(value, new, around);
        let lines = &self.lines;
        let range = value.range.clone();
        match (&value.form, rendered) {
            (Form::Missing, Rendered::OnALine(text)) => patches.insert(around.mark, format!(" {text}")),
            (Form::Missing, Rendered::Text { header, body }) => {
                patches.insert(around.mark, format!(" {header}"));
                patches.insert(lines.next_line(around.mark), body);
            }
            (Form::Missing, Rendered::Lines(text)) => self.put_lines(around.mark..around.mark, text, around, patches),
            (Form::Block(block), Rendered::OnALine(text)) => {
                patches.replace(range.start..block.header.end, text);
                patches.delete(block.filled.clone());
            }
            (Form::Block(block), Rendered::Text { header, body }) => {
                patches.replace(range.start..block.header.end, header);
                patches.replace(block.filled.clone(), body);
            }
            (Form::Block(block), Rendered::Lines(text)) => {
                patches.delete(block.filled.clone());
                self.put_lines(range.start..block.header.end, text, around, patches);
            }
            (Form::List(Layout::Block, entries) | Form::Map(Layout::Block, entries), rendered) => {
                self.clear(entries, &rendered, around, patches);
            }
            (_, Rendered::OnALine(text)) => {
                self.remove_comments(&range, patches);
                patches.replace(range, text);
            }
            (_, Rendered::Text { header, body }) => {
                self.remove_comments(&range, patches);
                patches.insert(lines.next_line(range.end), body);
                patches.replace(range, header);
            }
            (_, Rendered::Lines(text)) => {
                self.remove_comments(&range, patches);
                self.put_lines(range, text, around, patches);
            }
        }
    }

    /// Puts the lines of a list or a map in the place of a value on a line.
    fn put_lines(&self, range: std::ops::Range<usize>, text: String, around: Around, patches: &mut Patches) {
        let lines = &self.lines;
        let has_comment = lines.comment_behind(range.end).is_some();
        let is_beside = lines.line_start(range.start) == lines.line_start(around.mark);
        let without_break = |text: &str| text.trim_end_matches(['\r', '\n']).to_owned();
        match around.holder {
            Holder::Dash(_) if is_beside && !has_comment => {
                let gap = " ".repeat(self.style.column_gap());
                let text = without_break(text.trim_start_matches(' '));
                patches.replace(around.mark..range.end, gap + &text);
            }
            Holder::Root if lines.is_first(range.start) && !has_comment => {
                patches.replace(range, without_break(&text));
            }
            Holder::Dash(_) | Holder::Key(_) | Holder::Root => {
                patches.insert(lines.next_line(range.end), text);
                let start = lines.before_blanks(range.start).max(around.mark);
                if lines.is_first(range.start) && lines.is_last(range.end) && !has_comment {
                    patches.delete(lines.line_start(range.start)..lines.next_line(range.end));
                } else {
                    patches.delete(start..range.end);
                }
            }
        }
    }

    /// The text of a value in the style of the one that it replaces.
    fn rendered(&self, value: &Value, new: Node<'_>, around: Around) -> Rendered {
        if around.layout == Layout::Flow || self.style.is_json() {
            let text = match (new.as_str(), &value.form) {
                (Some(text), Form::Scalar(quoting)) if !self.style.is_json() => on_a_line(text, *quoting, Place::Flow),
                _ if self.style.is_json() => self.style.json_at(new, self.indent_of(around.mark)),
                _ => self.style.flow(new),
            };
            return Rendered::OnALine(text);
        }
        let Some(text) = new.as_str() else {
            let first = value
                .entries()
                .first()
                .filter(|first| !self.lines.is_first(first.start));
            return match (self.style.value(new, around.holder), first) {
                // It begins where the first entry did, beside an indicator.
                (Rendered::Lines(_), Some(first)) if is_in_lines(&value.form) => {
                    Rendered::Lines(self.style.collection_lines(new, self.lines.column(first.start)))
                }
                (rendered, _) => rendered,
            };
        };
        match &value.form {
            Form::Block(block) => self.block_text(block, text, around).map_or_else(
                || self.style.value(new, around.holder),
                |TextLines { header, body }| Rendered::Text { header, body },
            ),
            Form::Scalar(Quoting::Plain) if text.contains('\n') => self.style.value(new, around.holder),
            Form::Scalar(quoting) => Rendered::OnALine(on_a_line(text, *quoting, Place::Block)),
            Form::Missing | Form::List(..) | Form::Map(..) | Form::Alias => self.style.value(new, around.holder),
        }
    }

    /// The blanks at the beginning of a line.
    fn indent_of(&self, at: usize) -> &'t str {
        let start = self.lines.line_start(at);
        self.lines.slice(start..self.lines.after_blanks(start))
    }

    /// The text in lines of its own, folded if it was.
    fn block_text(&self, block: &BlockScalar, text: &str, around: Around) -> Option<TextLines> {
        if self.style.texts == super::render::Texts::Quoted {
            return None;
        }
        let column = around.holder.column();
        let holder_indent = match around.holder {
            Holder::Root => 0,
            Holder::Key(_) | Holder::Dash(_) => column,
        };
        let fits = |indent: &usize| *indent > holder_indent || around.holder == Holder::Root;
        let indent = block.indent.filter(fits).unwrap_or(holder_indent + self.style.step);
        let step = indent - holder_indent;
        let was = self.lines.slice(block.filled.clone());
        if self.lines.slice(block.header.clone()).starts_with('>') {
            let longest = was
                .lines()
                .map(|line| line.trim_end().chars().count())
                .max()
                .unwrap_or(0);
            let width = longest.saturating_sub(indent).max(20);
            if let Some(found) = folded(text, indent, step, width, self.style.eol) {
                return Some(found);
            }
        }
        literal(text, indent, step, self.style.eol)
    }
}

fn is_in_lines(form: &Form) -> bool {
    matches!(form, Form::List(Layout::Block, _) | Form::Map(Layout::Block, _))
}
