//! A document with ids in place of names.

use super::portable::json_text;
use super::reference_text::{ParseReferenceError, PortableText, ReferenceText};
use super::{IdPlace, IdTarget, ReferenceKind, UnlistedValue};
use crate::document::DocumentKind;
use crate::json::{Document, Node, Span, TextError};
use crate::pointer::Pointer;

/// A question to a table of names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReferenceQuery {
    /// The reference.
    pub text: ReferenceText,
    /// The id of the library, script or knowledge base that it is within, where the document says so.
    pub within: Option<String>,
}

/// A name in a document and the id that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedReference {
    /// The place.
    pub pointer: Pointer,
    /// The reference.
    pub text: ReferenceText,
    /// The id.
    pub id: String,
}

/// A document with ids in place of names.
#[derive(Clone, Debug)]
pub struct ResolvedDocument {
    /// The document.
    pub document: Document,
    /// The names that became ids, in the order of the document.
    pub references: Vec<ResolvedReference>,
    /// The values without a listing that stand as they are: another organization has other ones.
    pub unlisted: Vec<UnlistedValue>,
}

/// A text where an id stands that became none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved<E> {
    /// The place.
    pub pointer: Pointer,
    /// The text as the document has it.
    pub text: String,
    /// The cause.
    pub cause: UnresolvedCause<E>,
}

/// The reason why a text became no id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnresolvedCause<E> {
    /// No reference, though it begins as one does.
    Malformed(ParseReferenceError),
    /// A reference to a thing of another kind than belongs there: none does where something without a listing stands.
    OtherKind {
        /// The kind that belongs there.
        expected: Option<ReferenceKind>,
        /// The reference.
        found: ReferenceText,
    },
    /// The thing that it is within, which the document names beside it, became no id either.
    Within(ReferenceText),
    /// The table does not know it.
    Unknown(ReferenceText, E),
}

/// The reason why a document cannot be resolved.
#[derive(Clone, Debug)]
pub enum ResolveError<E> {
    /// Some texts became no ids, in the order of the document.
    Unresolved(Vec<Unresolved<E>>),
    /// The document would be larger than a document may be.
    TooLarge(TextError),
}

/// True if a reference, or what begins as one does, stands where an id stands.
pub fn has_references<K: DocumentKind>(document: &Document) -> bool {
    let is_one = |place: &IdPlace<'_>| match place.value.as_str().map(PortableText::read) {
        Some(PortableText::Reference(_) | PortableText::Malformed(_)) => true,
        Some(PortableText::Literal(_)) | None => false,
    };
    K::reference_places(document.root()).ids.iter().any(is_one)
}

/// The document with ids in place of names, by what a table says of each. All else stays, byte for byte; a text that is marked
/// as meaning itself loses the mark.
///
/// # Errors
///
/// If a text begins as a reference does and becomes no id: each of them is told. So a document that comes out has none.
pub fn resolve<K: DocumentKind, E>(
    document: &Document,
    mut lookup: impl FnMut(&ReferenceQuery) -> Result<String, E>,
) -> Result<ResolvedDocument, ResolveError<E>> {
    let (mut references, mut unlisted, mut unresolved) = (Vec::new(), Vec::new(), Vec::new());
    let mut changes: Vec<(Span, String)> = Vec::new();
    for place in K::reference_places(document.root()).ids {
        let Some(text) = place.value.as_str() else {
            unlisted.extend(UnlistedValue::at(&place));
            continue;
        };
        match id_at(text, &place.target, &mut lookup) {
            Ok(Found::Literal(literal)) => {
                if literal != text {
                    changes.push((place.value.span(), unmarked(place.value)));
                }
                unlisted.extend(UnlistedValue::at(&place));
            }
            Ok(Found::Id(text, id)) => {
                changes.push((place.value.span(), json_text(&id)));
                let pointer = place.pointer;
                references.push(ResolvedReference { pointer, text, id });
            }
            Err(cause) => unresolved.push(Unresolved {
                pointer: place.pointer,
                text: text.to_owned(),
                cause,
            }),
        }
    }
    if !unresolved.is_empty() {
        return Err(ResolveError::Unresolved(unresolved));
    }
    Ok(ResolvedDocument {
        document: document.spliced(changes).map_err(ResolveError::TooLarge)?,
        references,
        unlisted,
    })
}

/// The id that a text where one stands means, beside a document: the `assistant` of a file, an argument. With it the reference,
/// if the text is one.
///
/// # Errors
///
/// If it begins as a reference does and becomes no id.
pub fn resolve_text<E>(
    text: &str,
    kind: ReferenceKind,
    lookup: impl FnMut(&ReferenceQuery) -> Result<String, E>,
) -> Result<(String, Option<ReferenceText>), UnresolvedCause<E>> {
    let mut lookup = lookup;
    let target = IdTarget::Listed { kind, owner: None };
    Ok(match id_at(text, &target, &mut lookup)? {
        Found::Literal(literal) => (literal, None),
        Found::Id(reference, id) => (id, Some(reference)),
    })
}

enum Found {
    Literal(String),
    Id(ReferenceText, String),
}

fn id_at<E>(
    text: &str,
    target: &IdTarget<'_>,
    lookup: &mut impl FnMut(&ReferenceQuery) -> Result<String, E>,
) -> Result<Found, UnresolvedCause<E>> {
    let reference = match PortableText::read(text) {
        PortableText::Literal(literal) => return Ok(Found::Literal(literal)),
        PortableText::Malformed(error) => return Err(UnresolvedCause::Malformed(error)),
        PortableText::Reference(reference) => reference,
    };
    let (expected, owner) = match target {
        IdTarget::Listed { kind, owner } => (Some(*kind), *owner),
        IdTarget::Unlisted | IdTarget::Unknown => (None, None),
    };
    let within = match &reference {
        ReferenceText::Value(_) => None,
        ReferenceText::Named { kind, .. } if Some(*kind) == expected => match within(expected, owner, lookup) {
            Ok(within) => within,
            Err(()) => return Err(UnresolvedCause::Within(reference)),
        },
        ReferenceText::Named { .. } => {
            let found = reference;
            return Err(UnresolvedCause::OtherKind { expected, found });
        }
    };
    let query = ReferenceQuery {
        text: reference,
        within,
    };
    match lookup(&query) {
        Ok(id) => Ok(Found::Id(query.text, id)),
        Err(error) => Err(UnresolvedCause::Unknown(query.text, error)),
    }
}

/// The id of what a thing of a kind is within, by the text that stands beside it.
fn within<E>(
    kind: Option<ReferenceKind>,
    owner: Option<Node<'_>>,
    lookup: &mut impl FnMut(&ReferenceQuery) -> Result<String, E>,
) -> Result<Option<String>, ()> {
    let owners = kind.and_then(ReferenceKind::owner);
    let text = owner.and_then(Node::as_str).filter(|text| !text.is_empty());
    let (Some(kind), Some(text)) = (owners, text) else {
        return Ok(None);
    };
    let target = IdTarget::Listed { kind, owner: None };
    match id_at(text, &target, lookup) {
        Ok(Found::Literal(id) | Found::Id(_, id)) => Ok(Some(id)),
        Err(_) => Err(()),
    }
}

/// A text that is marked as meaning itself, as it is written, without the mark.
fn unmarked(value: Node<'_>) -> String {
    let inside = value.raw().strip_prefix('"').unwrap_or_default();
    let is_escaped = inside.starts_with("\\u");
    // Why: an escape for `@` has six characters.
    let rest = inside.get(if is_escaped { 6 } else { 1 }..).unwrap_or_default();
    format!("\"{rest}")
}
