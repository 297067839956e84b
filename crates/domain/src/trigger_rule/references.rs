//! The things that a rule refers to: itself, and what its actions show or call.

use super::TriggerRule;
use crate::document::DocumentKind;
use crate::json::Node;
use crate::pointer::Pointer;
use crate::reference::{ReferenceKind, ReferencePlaces};

/// The members of an action that name a thing of the organization without a listing.
const UNLISTED: [&str; 2] = ["templateId", "url"];

/// The places of a rule where ids stand.
pub(super) fn places(root: Node<'_>) -> ReferencePlaces<'_> {
    let mut places = ReferencePlaces::default();
    for member in root.members() {
        let (name, at) = (member.name, Pointer::root().member(member.name));
        match name {
            TriggerRule::ID_MEMBER => places.listed(at, member.value, ReferenceKind::Rule, None),
            // Why: what is said in a conversation is compared with these texts, so each means itself.
            "conditions" => {}
            "actions" => {
                for (index, action) in member.value.elements().enumerate() {
                    self::action(&mut places, &at.index(index), action);
                }
            }
            _ if TriggerRule::SERVER_OWNED.contains(&name) => {}
            _ => places.named_as_ids(name, &at, member.value),
        }
    }
    places
}

fn action<'d>(places: &mut ReferencePlaces<'d>, place: &Pointer, action: Node<'d>) {
    for member in action.members() {
        let at = place.member(member.name);
        match member.name {
            // Why: it is the action's own, and means nothing elsewhere.
            "id" => {}
            name if UNLISTED.contains(&name) => places.unlisted(at, member.value),
            name => places.named_as_ids(name, &at, member.value),
        }
    }
}
