//! The tree of a JSON document. Lists and objects are those of YAML in brackets.

use domain::json::{self, Document, Node};

use super::tree::{Entry, Form, Layout, Quoting, Tree, Value};

/// The tree of a document in its own text; none if a colon or a comma is not found.
pub(super) fn tree(document: &Document) -> Option<Tree> {
    Some(Tree {
        root: value(document.text(), document.root())?,
        comments: Vec::new(),
        body: 0..document.text().len(),
    })
}

fn value(text: &str, node: Node<'_>) -> Option<Value> {
    let span = node.span();
    let mut entries: Vec<Entry> = Vec::new();
    let form = match node.value() {
        json::Value::Null | json::Value::Bool(_) | json::Value::Number(_) => Form::Scalar(Quoting::Plain),
        json::Value::String(_) => Form::Scalar(Quoting::Double),
        json::Value::Array(elements) => {
            for element in elements {
                let start = element.span().start;
                entries.push(Entry {
                    start,
                    name: None,
                    mark: start,
                    value: value(text, element)?,
                    comma: None,
                });
            }
            set_commas(text, &mut entries)?;
            Form::List(Layout::Flow, entries)
        }
        json::Value::Object(members) => {
            for member in members {
                entries.push(Entry {
                    start: member.name_span.start,
                    name: Some(member.name.to_owned()),
                    mark: find(text, member.name_span.end, ':')? + 1,
                    value: value(text, member.value)?,
                    comma: None,
                });
            }
            set_commas(text, &mut entries)?;
            Form::Map(Layout::Flow, entries)
        }
    };
    Some(Value {
        range: span.start..span.end,
        form,
        is_pinned: false,
    })
}

/// Finds the comma behind each entry but the last.
fn set_commas(text: &str, entries: &mut [Entry]) -> Option<()> {
    let all_but_last = entries.len().saturating_sub(1);
    for entry in entries.iter_mut().take(all_but_last) {
        entry.comma = Some(find(text, entry.end(), ',')?);
    }
    Some(())
}

/// The next byte that is no white space, if it is this one.
fn find(text: &str, from: usize, sign: char) -> Option<usize> {
    let rest = text.get(from..)?;
    let bare = rest.trim_start();
    bare.starts_with(sign).then(|| from + rest.len() - bare.len())
}
