//! A document with names in place of ids.

use super::reference_text::{ReferenceText, needs_mark};
use super::resolve::ResolvedReference;
use super::{Reference, UnlistedValue};
use crate::document::DocumentKind;
use crate::json::{Document, Span, TextError};

/// A document with names in place of ids, as a portable file has it.
#[derive(Clone, Debug)]
pub struct PortableDocument {
    /// The document.
    pub document: Document,
    /// The ids that became names.
    pub references: Vec<ResolvedReference>,
    /// The ids that have no name and stand as they are: a file with one of them is not portable.
    pub nameless: Vec<Reference>,
    /// The values without a listing, which stand as they are.
    pub unlisted: Vec<UnlistedValue>,
}

/// The document with names in place of ids, by what a table says of each. The ids of the rules inside it are left out, and
/// all else stays, byte for byte.
///
/// # Errors
///
/// If it would be larger than a document may be.
pub fn portable<K: DocumentKind>(
    document: &Document,
    name_of: impl Fn(&Reference) -> Option<String>,
) -> Result<PortableDocument, TextError> {
    let places = K::reference_places(document.root());
    let (mut references, mut nameless, mut unlisted) = (Vec::new(), Vec::new(), Vec::new());
    let mut changes: Vec<(Span, String)> = Vec::new();
    for object in places.with_own_id {
        changes.extend(Document::span_of_member(object, "id").map(|span| (span, String::new())));
    }
    for place in places.ids {
        unlisted.extend(UnlistedValue::at(&place));
        let reference = Reference::at(&place).map(|reference| (name_of(&reference), reference));
        match reference {
            Some((Some(name), reference)) => {
                let text = ReferenceText::named(reference.kind, name);
                changes.push((place.value.span(), json_text(&text.to_string())));
                references.push(ResolvedReference {
                    pointer: reference.pointer,
                    id: reference.id,
                    text,
                });
                continue;
            }
            Some((None, reference)) => nameless.push(reference),
            None => {}
        }
        if place.value.as_str().is_some_and(needs_mark) {
            // Why: the text behind the mark stays as it was written, half a character included.
            let marked = place.value.raw().replacen('"', "\"@", 1);
            changes.push((place.value.span(), marked));
        }
    }
    Ok(PortableDocument {
        document: document.spliced(changes)?,
        references,
        nameless,
        unlisted,
    })
}

/// A text as JSON.
pub(super) fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
