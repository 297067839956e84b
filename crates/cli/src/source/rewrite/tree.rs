//! The places of the values of one document in its text.

use std::ops::Range;

/// A document's values, and the comments of the whole text.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) root: Value,
    /// The comments in the order of the text, each from its `#` to the end of its line.
    pub(super) comments: Vec<Range<usize>>,
    /// The part of the text that is this document's and no other's.
    pub(super) body: Range<usize>,
}

/// One value.
#[derive(Debug)]
pub(super) struct Value {
    /// The bytes from its tag or anchor to its end, a last line break left out. A value that is not written is empty,
    /// behind its indicator.
    pub(super) range: Range<usize>,
    pub(super) form: Form,
    /// True if nothing in it can be changed: an anchor, an alias, a merge key or a key that is no plain word stands there.
    pub(super) is_pinned: bool,
}

/// A value, by how it is written.
#[derive(Debug)]
pub(super) enum Form {
    /// Null, by saying nothing.
    Missing,
    Scalar(Quoting),
    Block(BlockScalar),
    List(Layout, Vec<Entry>),
    Map(Layout, Vec<Entry>),
    Alias,
}

/// The style of a scalar on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    Plain,
    Single,
    Double,
}

/// A scalar whose text stands in the lines below it.
#[derive(Clone, Debug)]
pub(super) struct BlockScalar {
    /// The bytes of `|` or `>` with its indicators.
    pub(super) header: Range<usize>,
    /// The whole lines below, up to the last one that is no blank line.
    pub(super) filled: Range<usize>,
    /// The blanks before each line.
    pub(super) indent: Option<usize>,
}

/// Lists and maps in lines, or in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Block,
    Flow,
}

/// An element of a list or a member of a map.
#[derive(Debug)]
pub(super) struct Entry {
    /// The first byte: `-`, the key, or in a flow list the value.
    pub(super) start: usize,
    /// The name of a member.
    pub(super) name: Option<String>,
    /// The byte after `-` or `:`; in a flow list the first one.
    pub(super) mark: usize,
    pub(super) value: Value,
    /// The comma behind it.
    pub(super) comma: Option<usize>,
}

impl Value {
    /// The elements or members.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.form {
            Form::List(_, entries) | Form::Map(_, entries) => entries,
            Form::Missing | Form::Scalar(_) | Form::Block(_) | Form::Alias => &[],
        }
    }

    /// True if it is pinned, or anything in it is.
    pub(super) fn holds_pinned(&self) -> bool {
        self.is_pinned || self.entries().iter().any(|entry| entry.value.holds_pinned())
    }
}

impl Entry {
    /// The byte after its last one.
    pub(super) fn end(&self) -> usize {
        self.value.range.end.max(self.mark)
    }

    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.end()
    }
}
