//! One document of a file, rewritten in its place.
//!
//! Changes are found between the document that the text holds and the wanted one; only the values that differ are
//! written anew, in the style that the file has. The result is read again before it is given back: it holds the wanted
//! document, every other one as it was, and every comment but those that went with their element. An edit that cannot
//! be made so is refused, never written.

mod alignment;
mod block_edit;
mod editor;
mod flow_edit;
mod json_tree;
mod lines;
mod patches;
mod render;
mod scalar_text;
mod tree;
mod yaml_tree;

use domain::json::Document;

use super::Syntax;
use super::yaml;
use editor::{Editor, Spacing};
use lines::Lines;
use patches::Patches;
use render::{Style, Texts};
use tree::Tree;

/// A rewritten text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// The comments that went with their element or member, in the order of the text.
    pub(crate) removed_comments: Vec<String>,
}

/// The reason why a document stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsafe {
    /// The edit cannot be made in its place.
    Layout,
    /// A comment would be lost.
    Comments,
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Rewrites the document with this index in a text, so that it reads as `wanted`.
///
/// Documents are counted as the reader counts them: an empty one beside others is none. The text may have a byte order
/// mark, and keeps it.
///
/// # Errors
///
/// If the edit is not safe: the change lies in an anchored value, an alias or a map with a merge key, or the result would
/// not read as it should.
pub(crate) fn rewrite(text: &str, syntax: Syntax, index: usize, wanted: &Document) -> Result<Rewritten, Unsafe> {
    let bare = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mark = text.strip_suffix(bare).unwrap_or_default();
    let documents = read(bare, syntax).ok_or(Unsafe::Layout)?;
    let old = documents.get(index).ok_or(Unsafe::Layout)?;
    if old == wanted {
        return Ok(Rewritten {
            text: text.to_owned(),
            removed_comments: Vec::new(),
        });
    }
    let mut refused = Unsafe::Layout;
    // Why not once: a text in lines of its own would take in a comment that stands below it and is indented further.
    for (texts, spacing) in [
        (Texts::Lines, Spacing::Kept),
        (Texts::Quoted, Spacing::Kept),
        (Texts::Lines, Spacing::Tight),
        (Texts::Quoted, Spacing::Tight),
    ] {
        let edit = Edit {
            text: bare,
            syntax,
            index,
            documents: &documents,
            wanted,
        };
        match edit.made(texts, spacing) {
            Ok(rewritten) => {
                return Ok(Rewritten {
                    text: mark.to_owned() + &rewritten.text,
                    ..rewritten
                });
            }
            Err(Unsafe::Comments) => refused = Unsafe::Comments,
            Err(Unsafe::Layout) => {}
        }
    }
    Err(refused)
}

fn read(text: &str, syntax: Syntax) -> Option<Vec<Document>> {
    match syntax {
        Syntax::Json => Document::parse(text).ok().map(|document| vec![document]),
        Syntax::Yaml => {
            let read = yaml::parse(text).ok()?;
            Some(read.into_iter().map(|read| read.document).collect())
        }
    }
}

/// An edit of one document, and the text that it is made in.
struct Edit<'a> {
    text: &'a str,
    syntax: Syntax,
    index: usize,
    documents: &'a [Document],
    wanted: &'a Document,
}

impl Edit<'_> {
    fn made(&self, texts: Texts, spacing: Spacing) -> Result<Rewritten, Unsafe> {
        // A line break that stands alone as `\r` is one to YAML and none to us.
        if self.text.replace("\r\n", "").contains('\r') {
            return Err(Unsafe::Layout);
        }
        let has_last_break = self.text.ends_with('\n');
        let eol = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let whole = if has_last_break {
            self.text.to_owned()
        } else {
            self.text.to_owned() + eol
        };
        let (tree, old) = self.tree(&whole)?;
        let lines = Lines::new(&whole, &tree.comments);
        let editor = Editor {
            lines,
            style: Style::new(&tree, &lines, self.syntax, texts),
            spacing,
        };
        let mut patches = Patches::default();
        editor.document(&tree, old.root(), self.wanted.root(), &mut patches)?;
        let mut removed_comments = std::mem::take(&mut patches.removed_comments);
        let text = patches.applied(&whole, 0..whole.len()).ok_or(Unsafe::Layout)?;
        let bare = text.strip_suffix(eol).filter(|_| !has_last_break);
        // A text that keeps the line breaks at its end may stand last now, and needs this one.
        let bare = bare.filter(|bare| self.check(&tree, bare, &removed_comments).is_ok());
        let text = match bare {
            Some(bare) => bare.to_owned(),
            None => self.check(&tree, &text, &removed_comments).map(|()| text)?,
        };
        sort_as_in(&tree, &whole, &mut removed_comments);
        Ok(Rewritten { text, removed_comments })
    }

    /// The places of the document's values, and the document that they are of.
    fn tree(&self, whole: &str) -> Result<(Tree, Document), Unsafe> {
        let old = self.documents.get(self.index).ok_or(Unsafe::Layout)?;
        match self.syntax {
            Syntax::Json => {
                let old = Document::parse(whole).map_err(|_| Unsafe::Layout)?;
                Ok((json_tree::tree(&old).ok_or(Unsafe::Layout)?, old))
            }
            Syntax::Yaml => {
                let (tree, count) = yaml_tree::tree(whole, self.index).ok_or(Unsafe::Layout)?;
                let is_counted = count == self.documents.len();
                is_counted.then(|| (tree, old.clone())).ok_or(Unsafe::Layout)
            }
        }
    }

    /// Holds the new text against all that it promises.
    fn check(&self, tree: &Tree, text: &str, removed_comments: &[String]) -> Result<(), Unsafe> {
        let documents = read(text, self.syntax).ok_or(Unsafe::Layout)?;
        let is_read_as = |(index, document): (usize, &Document)| {
            let expected = if index == self.index {
                Some(self.wanted)
            } else {
                self.documents.get(index)
            };
            expected == Some(document)
        };
        if documents.len() != self.documents.len() || !documents.iter().enumerate().all(is_read_as) {
            return Err(Unsafe::Layout);
        }
        let before = self.text.get(..tree.body.start).unwrap_or_default();
        let after = self.text.get(tree.body.end..).unwrap_or_default();
        if !text.starts_with(before) || !text.ends_with(after) {
            return Err(Unsafe::Layout);
        }
        if self.syntax == Syntax::Json {
            return Ok(());
        }
        let mut expected = comments(self.text).ok_or(Unsafe::Layout)?;
        for removed in removed_comments {
            let place = expected.iter().position(|comment| comment == removed);
            expected.swap_remove(place.ok_or(Unsafe::Comments)?);
        }
        let mut found = comments(text).ok_or(Unsafe::Layout)?;
        expected.sort();
        found.sort();
        (expected == found).then_some(()).ok_or(Unsafe::Comments)
    }
}

/// The comments of a text, each from its `#` on.
fn comments(text: &str) -> Option<Vec<String>> {
    let places = yaml_tree::comments(text)?.into_iter();
    Some(places.filter_map(|place| text.get(place).map(str::to_owned)).collect())
}

/// Puts comments into the order of the text that they were taken from.
fn sort_as_in(tree: &Tree, text: &str, removed: &mut Vec<String>) {
    let mut left = std::mem::take(removed);
    for comment in &tree.comments {
        let comment = text.get(comment.clone()).unwrap_or_default();
        if let Some(place) = left.iter().position(|other| other == comment) {
            removed.push(left.swap_remove(place));
        }
    }
}

#[cfg(test)]
mod tests;
