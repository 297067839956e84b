//! The comparison of a request with what a listing shows of its document, which may be less than the document has.

use domain::document::MemberSpec;
use domain::json::{CompactObject, Node};
use domain::plan::plan;
use domain::protocol::{Outcome, UpdateRequest};
use domain::{DocumentKind, Edit, Stored, Version};
use ports::Listed;

use super::PlanRequest;

/// A document that the listing shows to be as it is asked for.
pub(crate) struct Equal<K> {
    pub(super) title: Option<String>,
    pub(super) listed: Option<K>,
    pub(super) version: Option<Version>,
}

/// The document as the listing shows it, if that is enough to know that a request changes nothing.
pub(crate) fn surely_equal<K: DocumentKind>(
    request: &PlanRequest<K>,
    listed: &Listed<K>,
    keeps: bool,
) -> Option<Equal<K>> {
    let is_equal = || {
        let UpdateRequest::Edit(edit) = request.request.make() else {
            return false;
        };
        if is_shown(&edit, &listed.value) {
            return true;
        }
        let may_be_left_out = |(member, value): (&MemberSpec, Node<'_>)| {
            says_nothing(value) || (member.nested.is_some() && clears_a_part(value))
        };
        let may_be_left_out = edit.named_members().any(may_be_left_out);
        !may_be_left_out && listed.id.is_some() && {
            let stored = Stored {
                id: request.id.clone(),
                version: listed.version.clone(),
                value: listed.value.clone(),
            };
            matches!(plan(UpdateRequest::Edit(edit), stored), Outcome::Unchanged { .. })
        }
    };
    let edited = request.request.edited();
    let is_equal = edited.is_some_and(|edited| is_written(edited, &listed.value)) || is_equal();
    is_equal.then(|| Equal {
        title: listed.title.clone(),
        listed: keeps.then(|| listed.value.clone()),
        version: listed.version.clone(),
    })
}

/// True for an element of a listing that has a document: an assistant may have none.
pub(crate) fn has_document<K: DocumentKind>(listed: &Listed<K>) -> bool {
    listed.value.document().root().members().next().is_some()
}

/// True if each member of an edit stands in the listing letter by letter: then [`is_shown`] would say so.
fn is_written<K: DocumentKind>(edited: &CompactObject, listed: &K) -> bool {
    let mut members = edited.members();
    members.all(|(_, value)| !matches!(value, "null" | "[]")) && edited.is_written_in(listed.document().root())
}

/// True if each member of an edit stands in the listing with the same value.
fn is_shown<K: DocumentKind>(edit: &Edit<K>, listed: &K) -> bool {
    let mut members = edit.document().root().members();
    members.all(|member| {
        let shown = listed.member(member.name);
        !says_nothing(member.value) && shown.is_some_and(|shown| shown.eq_value(member.value))
    })
}

/// True if a value clears a member of an object in it.
fn clears_a_part(value: Node<'_>) -> bool {
    value
        .members()
        .any(|member| member.value.is_null() || clears_a_part(member.value))
        || value.elements().any(clears_a_part)
}

/// True for a value that a listing which shows less than the whole document may show though it is another one.
fn says_nothing(value: Node<'_>) -> bool {
    value.is_null() || (value.is_array() && value.elements().next().is_none())
}
