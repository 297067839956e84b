//! References: the ids in a document of other things of its organization, and the names that stand for them in portable files.
//!
//! Documents say which of their places are ids ([`DocumentKind::reference_places`]). [`references`] lists what a document
//! refers to, [`portable`] puts names in place of ids, and [`resolve`] ids in place of names. Nothing here knows what an
//! organization has: that is an argument.

mod place;
mod portable;
mod reference_kind;
mod reference_text;
mod resolve;

use crate::document::DocumentKind;
use crate::json::{Document, Node};
use crate::pointer::Pointer;

pub(crate) use place::is_id_name;
pub use place::{IdPlace, IdTarget, IntentDomain, IntentPlace, ReferencePlaces};
pub use portable::{PortableDocument, portable};
pub use reference_kind::{ParseReferenceKindError, ReferenceKind};
pub use reference_text::{ParseReferenceError, ReferenceText};
pub use resolve::{
    ReferenceQuery, ResolveError, ResolvedDocument, ResolvedReference, Unresolved, UnresolvedCause, has_references,
    resolve, resolve_text,
};

/// An id in a document, of a thing that has a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The place.
    pub pointer: Pointer,
    /// The kind of the thing.
    pub kind: ReferenceKind,
    /// Its id.
    pub id: String,
    /// The id of the library, script or knowledge base that it is within, where the document says so.
    pub within: Option<String>,
}

/// The name of an intent in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentReference {
    /// The place.
    pub pointer: Pointer,
    /// The name.
    pub name: String,
}

/// A value in a document that is the id of a thing without a listing, or looks like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlistedValue {
    /// The place.
    pub pointer: Pointer,
    /// The value: a text as it is, a number as it is written.
    pub value: String,
}

/// The ids of listed things in a document, in its order.
///
/// ```
/// use assist_rules_domain::Copilot;
/// use assist_rules_domain::reference::{ReferenceKind, references};
///
/// let text = r#"{"ruleEngineConfig": {"fallback": {"enabled": true, "actions": [
///     {"actionType": "Script", "attributes": {"scriptId": "s1", "pageId": "p1"}}]}}}"#;
/// let found = references::<Copilot>(&text.parse()?);
/// assert_eq!(found[1].pointer.as_str(), "/ruleEngineConfig/fallback/actions/0/attributes/pageId");
/// assert_eq!((found[1].kind, found[1].id.as_str(), found[1].within.as_deref()), (ReferenceKind::Page, "p1", Some("s1")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn references<K: DocumentKind>(document: &Document) -> Vec<Reference> {
    let places = K::reference_places(document.root());
    places.ids.iter().filter_map(Reference::at).collect()
}

/// The intents that a document names, in its order, and the NLU domain that has them.
pub fn intents<K: DocumentKind>(document: &Document) -> (Option<IntentDomain>, Vec<IntentReference>) {
    let places = K::reference_places(document.root());
    let owned = |place: IntentPlace<'_>| IntentReference {
        pointer: place.pointer,
        name: place.name.to_owned(),
    };
    (places.intent_domain, places.intents.into_iter().map(owned).collect())
}

/// The values in a document that name something and have no listing, in its order: another organization has other ones.
pub fn unlisted<K: DocumentKind>(document: &Document) -> Vec<UnlistedValue> {
    let places = K::reference_places(document.root());
    places.ids.iter().filter_map(UnlistedValue::at).collect()
}

impl Reference {
    /// The reference at a place, if something is referred to.
    fn at(place: &IdPlace<'_>) -> Option<Self> {
        let IdTarget::Listed { kind, owner } = place.target else {
            return None;
        };
        // Why: a text with half a character is none of the platform's ids, and reads like others that have another half.
        let id = place
            .value
            .as_str()
            .filter(|id| !id.is_empty() && !place.value.has_lone_surrogate())?;
        let within = owner.and_then(Node::as_str).filter(|id| !id.is_empty());
        Some(Self {
            pointer: place.pointer.clone(),
            kind,
            id: id.to_owned(),
            within: within.map(str::to_owned),
        })
    }
}

impl UnlistedValue {
    /// The value at a place, if it is one of a thing without a listing.
    fn at(place: &IdPlace<'_>) -> Option<Self> {
        let value = place.value.as_str().unwrap_or(place.value.raw());
        let is_one = match place.target {
            IdTarget::Listed { .. } => false,
            IdTarget::Unlisted => !value.is_empty(),
            IdTarget::Unknown => place::looks_like_an_id(value),
        };
        is_one.then(|| Self {
            pointer: place.pointer.clone(),
            value: value.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
