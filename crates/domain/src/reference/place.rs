//! The places of a document where ids stand, and what it names otherwise.

use crate::document::is_note;
use crate::json::{Node, Value};
use crate::pointer::Pointer;
use crate::reference::ReferenceKind;

/// The places of a document where ids stand, in document order, and what it names otherwise.
///
/// A place is one by its name alone, never by what stands there, so that a text and the reference that takes its place are at
/// the same places.
#[derive(Clone, Debug, Default)]
pub struct ReferencePlaces<'d> {
    /// The ids.
    pub ids: Vec<IdPlace<'d>>,
    /// The names of intents.
    pub intents: Vec<IntentPlace<'d>>,
    /// The NLU domain that has them.
    pub intent_domain: Option<IntentDomain>,
    /// The objects inside the document whose own `id` means nothing elsewhere.
    pub with_own_id: Vec<Node<'d>>,
}

/// A place where an id stands: a text, or a number.
#[derive(Clone, Debug)]
pub struct IdPlace<'d> {
    /// The place.
    pub pointer: Pointer,
    /// The value.
    pub value: Node<'d>,
    /// The thing that the id is of.
    pub target: IdTarget<'d>,
}

/// The thing that the id at a place is of.
#[derive(Clone, Copy, Debug)]
pub enum IdTarget<'d> {
    /// A thing that has a listing.
    Listed {
        /// Its kind.
        kind: ReferenceKind,
        /// The id of what it is within, where the document says so beside it.
        owner: Option<Node<'d>>,
    },
    /// A thing that has no listing.
    Unlisted,
    /// Unknown: it is an id if it looks like one.
    Unknown,
}

/// A place where the name of an intent stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentPlace<'d> {
    /// The place.
    pub pointer: Pointer,
    /// The name.
    pub name: &'d str,
}

/// The NLU domain whose intents a document names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentDomain {
    /// Its id.
    pub id: String,
    /// The version that the document is tied to; none if it uses the newest.
    pub version: Option<String>,
}

impl<'d> ReferencePlaces<'d> {
    /// Adds the id of a thing that has a listing, if a text stands there.
    pub(crate) fn listed(&mut self, pointer: Pointer, value: Node<'d>, kind: ReferenceKind, owner: Option<Node<'d>>) {
        if value.as_str().is_some() {
            let target = IdTarget::Listed { kind, owner };
            self.ids.push(IdPlace { pointer, value, target });
        }
    }

    /// Adds the id of a thing that has no listing, if a text or a number stands there.
    pub(crate) fn unlisted(&mut self, pointer: Pointer, value: Node<'d>) {
        self.push(pointer, value, IdTarget::Unlisted);
    }

    /// Adds a text of which nothing is known.
    pub(crate) fn unknown(&mut self, pointer: Pointer, value: Node<'d>) {
        self.push(pointer, value, IdTarget::Unknown);
    }

    /// Adds what is an id by the name of its member, in a member that is known for something else, or not at all.
    pub(crate) fn named_as_ids(&mut self, name: &str, pointer: &Pointer, value: Node<'d>) {
        if name == "selfUri" || name == "$schema" || is_note(name) {
            return;
        }
        match value.value() {
            Value::String(_) | Value::Number(_) if is_id_name(name) => self.unlisted(pointer.clone(), value),
            Value::Array(elements) => {
                for (index, element) in elements.enumerate() {
                    let at = pointer.index(index);
                    if is_ids_name(name) {
                        self.unlisted(at.clone(), element);
                    }
                    self.members_named_as_ids(&at, element);
                }
            }
            Value::Object(_) => self.members_named_as_ids(pointer, value),
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Number(_) => {}
        }
    }

    fn members_named_as_ids(&mut self, pointer: &Pointer, value: Node<'d>) {
        for member in value.members() {
            self.named_as_ids(member.name, &pointer.member(member.name), member.value);
        }
    }

    fn push(&mut self, pointer: Pointer, value: Node<'d>, target: IdTarget<'d>) {
        if matches!(value.value(), Value::String(_) | Value::Number(_)) {
            self.ids.push(IdPlace { pointer, value, target });
        }
    }
}

/// True for `id`, `queueId`, `queue_id`.
pub(crate) fn is_id_name(name: &str) -> bool {
    name == "id" || ["Id", "_id", "ID"].iter().any(|end| name.ends_with(end))
}

/// True for `ids`, `queueIds`, `queue_ids`.
fn is_ids_name(name: &str) -> bool {
    name.strip_suffix('s').is_some_and(is_id_name)
}

/// True for what looks as the platform's ids do: a UUID.
pub(crate) fn looks_like_an_id(text: &str) -> bool {
    let groups = || text.split('-');
    groups().map(str::len).eq([8, 4, 4, 4, 12])
        && groups().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_by_its_name_or_its_look() {
        for (name, is_one) in [
            ("id", true),
            ("queueId", true),
            ("queue_id", true),
            ("paid", false),
            ("idle", false),
        ] {
            assert_eq!(is_id_name(name), is_one, "{name}");
        }
        for (text, is_one) in [
            ("5f0e8b1a-aaaa-4bbb-8ccc-000000000001", true),
            ("5F0E8B1A-AAAA-4BBB-8CCC-000000000001", true),
            ("5f0e8b1a-aaaa-4bbb-8ccc-00000000000g", false),
            ("5f0e8b1a", false),
            ("", false),
        ] {
            assert_eq!(looks_like_an_id(text), is_one, "{text}");
        }
    }
}
