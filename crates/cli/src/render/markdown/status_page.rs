//! A status as a comment.

use super::code::span;
use super::comment::Comment;
use super::page::{Block, Page};
use super::parts;
use crate::render::status::{State, StatusDocument, StatusOfDocument, summary};

/// The status: what others changed first.
pub(crate) fn status(status: &StatusDocument, comment: &Comment) -> String {
    comment.set_target(&status.target);
    let order = [
        State::Invalid,
        State::Unread,
        State::Missing,
        State::ChangedInBoth,
        State::ChangedInOrg,
        State::Differs,
        State::ChangedInFiles,
    ];
    let of_state = |state| status.documents.iter().filter(move |document| document.state == state);
    let page = Page {
        head: vec![
            comment.marker(),
            format!("## Status of {}\n", span(&status.target.shown())),
            format!("**{}**\n", summary(status)),
        ],
        title: "Not in sync",
        documents: order.into_iter().flat_map(of_state).map(block).collect(),
        foot: Vec::new(),
    };
    page.fitted(comment.max_chars())
}

fn block(document: &StatusOfDocument) -> Block {
    let name = match (&document.change, &document.document, &document.file) {
        (Some(change), _, _) => parts::name_of(change),
        (None, Some(name), _) | (None, None, Some(name)) => span(name),
        (None, None, None) => String::new(),
    };
    let head = format!("#### {}: {name}\n\n", document.state.label());
    let Some(change) = &document.change else {
        return Block {
            name,
            head,
            ..Block::default()
        };
    };
    let mut tail = parts::drift(change);
    tail.extend(change.findings.iter().map(parts::finding));
    tail.extend(change.error.as_ref().map(parts::saved_error));
    Block {
        name,
        head: format!("{head}{}\n\n", parts::origin(change)),
        changes: parts::changes(change),
        tail,
    }
}
