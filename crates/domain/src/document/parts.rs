//! A member of which an author names parts: what an object leaves out, at any depth, is the stored one's.

use super::kind::{ListIdentity, NestedList, match_by_content};
use super::notes::is_note;
use crate::json::{Document, Node};

/// The place of a value: the lists that its kind knows, and the members that lead to it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    lists: &'static [NestedList],
    path: String,
}

impl Place {
    pub(super) fn new(lists: &'static [NestedList], member: &str) -> Self {
        Self {
            lists,
            path: member.to_owned(),
        }
    }

    pub(super) fn member(&self, name: &str) -> Self {
        Self {
            lists: self.lists,
            path: format!("{}/{name}", self.path),
        }
    }

    pub(super) fn element(&self) -> Self {
        self.member("*")
    }

    pub(super) fn identity(&self) -> ListIdentity {
        NestedList::identity_at(self.lists, &self.path)
    }
}

/// For each authored element of a list the place of the stored one that it means.
fn meant_elements(
    place: &Place,
    authored: &[Node<'_>],
    stored: &[Node<'_>],
    list: (Node<'_>, Node<'_>),
) -> Vec<Option<usize>> {
    match place.identity() {
        ListIdentity::Like(likeness) => likeness.match_elements(stored, authored).0,
        ListIdentity::Whole | ListIdentity::Id(_) | ListIdentity::Content => match_by_content(list.0, list.1).0,
    }
}

/// An author's value as JSON, with what it leaves out as it is stored. A member of an object that is `null` goes. An element
/// of a list that is known by likeness is the stored one with what the author says of it; any other is the stored one if
/// that has all that the author says, and else as it was written.
pub(super) fn complete(place: &Place, authored: Node<'_>, stored: Node<'_>) -> String {
    if authored.eq_value(stored) {
        return stored.raw().to_owned();
    }
    if authored.is_object() && stored.is_object() {
        return complete_object(place, authored, stored);
    }
    if authored.is_array() && stored.is_array() {
        let ours: Vec<Node<'_>> = authored.elements().collect();
        let theirs: Vec<Node<'_>> = stored.elements().collect();
        let meant = meant_elements(place, &ours, &theirs, (authored, stored));
        let is_like = matches!(place.identity(), ListIdentity::Like(_));
        let elements = ours.iter().zip(meant).map(|(ours, meant)| {
            let meant = meant.and_then(|meant| theirs.get(meant));
            match meant {
                Some(theirs) if is_like => complete(&place.element(), *ours, *theirs),
                Some(theirs) => theirs.raw().to_owned(),
                None => ours.raw().to_owned(),
            }
        });
        return format!("[{}]", elements.collect::<Vec<_>>().join(","));
    }
    authored.raw().to_owned()
}

fn complete_object(place: &Place, authored: Node<'_>, stored: Node<'_>) -> String {
    let mut members = Vec::new();
    for theirs in stored.members() {
        let value = match authored.get(theirs.name) {
            None => theirs.value.raw().to_owned(),
            Some(ours) if ours.is_null() && !theirs.value.is_null() => continue,
            Some(ours) => complete(&place.member(theirs.name), ours, theirs.value),
        };
        members.push(format!("{}:{value}", theirs.raw_name()));
    }
    for ours in authored.members() {
        if stored.get(ours.name).is_none() && !ours.value.is_null() {
            members.push(format!("{}:{}", ours.raw_name(), ours.value.raw()));
        }
    }
    format!("{{{}}}", members.join(","))
}

/// A stored value, as JSON, without the members of objects that an author leaves out, at any depth. Elements that the author
/// does not mean, and a `null`, are as they are stored.
pub(super) fn as_far_as_named(place: &Place, authored: Node<'_>, stored: Node<'_>) -> String {
    if authored.is_object() && stored.is_object() {
        let named = stored.members().filter_map(|theirs| {
            let ours = authored.get(theirs.name)?;
            let value = as_far_as_named(&place.member(theirs.name), ours, theirs.value);
            Some(format!("{}:{value}", theirs.raw_name()))
        });
        return format!("{{{}}}", named.collect::<Vec<_>>().join(","));
    }
    if authored.is_array() && stored.is_array() {
        let ours: Vec<Node<'_>> = authored.elements().collect();
        let theirs: Vec<Node<'_>> = stored.elements().collect();
        let places = meant_elements(place, &ours, &theirs, (authored, stored));
        let elements = theirs.iter().enumerate().map(|(index, theirs)| {
            let meaning = places.iter().position(|found| *found == Some(index));
            match meaning.and_then(|at| ours.get(at)) {
                Some(ours) => as_far_as_named(&place.element(), *ours, *theirs),
                None => theirs.raw().to_owned(),
            }
        });
        return format!("[{}]", elements.collect::<Vec<_>>().join(","));
    }
    stored.raw().to_owned()
}

/// An author's value, as JSON, brought to the stored one: what the author left out stays out, the author's notes stay.
/// `written` has the notes, `meant` is the same without them.
pub(super) fn follow(place: &Place, written: Node<'_>, meant: Node<'_>, stored: Node<'_>) -> String {
    if is_complete_in(place, meant, stored) {
        return written.raw().to_owned();
    }
    if written.is_object() && stored.is_object() {
        let mut members = Vec::new();
        for ours in written.members() {
            let value = match (meant.get(ours.name), stored.get(ours.name)) {
                (None, _) if is_note(ours.name) => ours.value.raw().to_owned(),
                (Some(meant), Some(theirs)) => follow(&place.member(ours.name), ours.value, meant, theirs),
                (_, Some(theirs)) => theirs.raw().to_owned(),
                (Some(meant), None) if meant.is_null() => ours.value.raw().to_owned(),
                (_, None) => continue,
            };
            members.push(format!("{}:{value}", ours.raw_name()));
        }
        return format!("{{{}}}", members.join(","));
    }
    if written.is_array() && stored.is_array() {
        let ours: Vec<Node<'_>> = written.elements().collect();
        let without_notes: Vec<Node<'_>> = meant.elements().collect();
        let theirs: Vec<Node<'_>> = stored.elements().collect();
        let places = meant_elements(place, &without_notes, &theirs, (meant, stored));
        let elements = theirs.iter().enumerate().map(|(index, theirs)| {
            let at = places.iter().position(|found| *found == Some(index));
            let pair = at.and_then(|at| Some((*ours.get(at)?, *without_notes.get(at)?)));
            match pair {
                Some((written, meant)) => follow(&place.element(), written, meant, *theirs),
                None => theirs.raw().to_owned(),
            }
        });
        return format!("[{}]", elements.collect::<Vec<_>>().join(","));
    }
    stored.raw().to_owned()
}

/// True if a stored value has all that an author says of it.
fn is_complete_in(place: &Place, authored: Node<'_>, stored: Node<'_>) -> bool {
    let text = complete(place, authored, stored);
    let precision = stored.precision();
    Document::parse(&text).is_ok_and(|whole| whole.with_precision(precision).root().eq_value(stored))
}
