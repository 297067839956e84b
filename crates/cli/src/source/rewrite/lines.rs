//! The lines of a text, and the comments above and behind a place in it.

use std::ops::Range;

/// A text whose last line has a line break, and its comments in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines<'t> {
    pub(super) text: &'t str,
    comments: &'t [Range<usize>],
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str, comments: &'t [Range<usize>]) -> Self {
        Self { text, comments }
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default()
    }

    /// The first byte of the line that a place is in.
    pub(super) fn line_start(&self, at: usize) -> usize {
        self.slice(0..at).rfind('\n').map_or(0, |found| found + 1)
    }

    /// The byte after the last one of the line that a place is in, its line break left out.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let next = self.next_line(at);
        let line = self.slice(at..next);
        at + line.trim_end_matches('\n').trim_end_matches('\r').len()
    }

    /// The first byte of the line after the one that a place is in.
    pub(super) fn next_line(&self, at: usize) -> usize {
        let rest = self.slice(at..self.text.len());
        rest.find('\n').map_or(self.text.len(), |found| at + found + 1)
    }

    /// The number of bytes before a place in its line.
    pub(super) fn column(&self, at: usize) -> usize {
        at - self.line_start(at)
    }

    /// True if nothing but blanks stands before a place in its line.
    pub(super) fn is_first(&self, at: usize) -> bool {
        is_blank(self.slice(self.line_start(at)..at))
    }

    /// The place before the blanks that stand before another one in its line.
    pub(super) fn before_blanks(&self, at: usize) -> usize {
        let start = self.line_start(at);
        start + self.slice(start..at).trim_end_matches([' ', '\t']).len()
    }

    /// The place after the blanks that stand at another one.
    pub(super) fn after_blanks(&self, at: usize) -> usize {
        let rest = self.slice(at..self.text.len());
        at + rest.len() - rest.trim_start_matches([' ', '\t']).len()
    }

    /// The first line of the comments directly above the line that begins with a value, or else that line. A comment that
    /// is indented further belongs to what stands above it.
    pub(super) fn first_own_line(&self, at: usize) -> usize {
        let mut first = self.line_start(at);
        let column = at - first;
        while let Some(comment) = self.comment_line_before(first) {
            if self.column(comment.start) > column {
                break;
            }
            first = self.line_start(comment.start);
        }
        first
    }

    /// The comment that has the line before this one to itself.
    fn comment_line_before(&self, line_start: usize) -> Option<Range<usize>> {
        let end = self.line_end(self.line_start(line_start.checked_sub(1)?));
        let index = self.comments.partition_point(|comment| comment.end < end);
        let comment = self.comments.get(index)?;
        (comment.end == end && self.is_first(comment.start)).then(|| comment.clone())
    }

    /// The comment behind a value in its line, with nothing between them but blanks and a comma.
    pub(super) fn comment_behind(&self, end: usize) -> Option<Range<usize>> {
        let line_end = self.line_end(end);
        let index = self.comments.partition_point(|comment| comment.start < end);
        let comment = self.comments.get(index).filter(|comment| comment.start < line_end)?;
        let between = self.slice(end..comment.start).trim_start_matches([' ', '\t']);
        is_blank(between.strip_prefix(',').unwrap_or(between)).then(|| comment.clone())
    }

    /// True if nothing but a comma and a comment stands behind a value in its line.
    pub(super) fn is_last(&self, end: usize) -> bool {
        let until = self
            .comment_behind(end)
            .map_or_else(|| self.line_end(end), |comment| comment.start);
        let rest = self.slice(end..until).trim_start_matches([' ', '\t']);
        is_blank(rest.strip_prefix(',').unwrap_or(rest))
    }

    /// The comments in a part of the text.
    pub(super) fn comments_in(&self, range: &Range<usize>) -> impl Iterator<Item = Range<usize>> + use<'t> {
        let first = self.comments.partition_point(|comment| comment.start < range.start);
        let end = range.end;
        let rest = self.comments.get(first..).unwrap_or_default();
        rest.iter().take_while(move |comment| comment.start < end).cloned()
    }
}

pub(super) fn is_blank(text: &str) -> bool {
    text.trim_matches([' ', '\t']).is_empty()
}
