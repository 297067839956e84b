//! A kind of document, as data.

use std::cmp::Reverse;
use std::fmt::{self, Debug, Display};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::diff::{Difference, diff};
use super::likeness::Likeness;
use crate::finding::Findings;
use crate::json::{Document, Node, Precision, TextError};
use crate::pointer::Pointer;
use crate::reference::ReferencePlaces;
use crate::version::Version;

/// A kind of document that can be updated safely: the data that edit, patch, diff, merge, revert, protocol, store, ledger
/// and command line are generic over.
///
/// A document is a JSON object whose [members](Self::MEMBERS) an author can change. All other members are kept as the
/// server sent them. The feature `testing` has a complete kind of about thirty lines, `Toy`, without a version.
///
/// A kind MUST
/// - keep the document that it was made from, byte for byte ([`document`](Self::document));
/// - take every JSON object in [`from_document`](Self::from_document): what is wrong with its members is for
///   [`validate`](Self::validate) to say;
/// - name each member in [`MEMBERS`](Self::MEMBERS) once, none of them in [`SERVER_OWNED`](Self::SERVER_OWNED);
/// - name the member of [`VERSION`](Self::VERSION), if it has one, in [`SERVER_OWNED`](Self::SERVER_OWNED) too.
pub trait DocumentKind: Clone + Debug + PartialEq + Send + Sync + Sized + 'static {
    /// The name: ledger column, prefix on the command line, event type, metric label.
    const NAME: KindName;
    /// The members that an author can change, in the order of a document.
    const MEMBERS: &'static [MemberSpec];
    /// The members that the server keeps for itself: never compared, never part of a change.
    const SERVER_OWNED: &'static [&'static str];
    /// The member that states the id, as a text or a number. In a partial edit it names the document.
    const ID_MEMBER: &'static str;
    /// The members of a whole document that say what it is. An author's document that has one of them is a whole document;
    /// one without is a partial edit.
    const IDENTITY: &'static [&'static str];
    /// The member that states the version as a text, if the kind has one. An edit that has it must be of the version that
    /// is read, whatever the [guard](Self::GUARD): under [`Guard::Content`] that is the version which the document states.
    const VERSION: Option<&'static str>;
    /// The member with the name that people know a document by, if its kind has one.
    const TITLE: Option<&'static str>;
    /// The places of the switches of a document, as members joined by `/`: true or false, and false turns off what the
    /// document does, or a part of it.
    const SWITCHES: &'static [&'static str] = &[];
    /// The precision in which the server keeps fractions.
    const PRECISION: Precision = Precision::Exact;
    /// The protection of a write against overwriting the work of others. Stores give a version with a document only under
    /// [`Guard::Version`].
    const GUARD: Guard;

    /// The id that a document is stored under: one segment of a URL's path.
    type Id: Clone + Debug + Display + FromStr + Ord + Send + Sync + 'static;

    /// The document as this kind.
    ///
    /// # Errors
    ///
    /// If it is no JSON object.
    fn from_document(document: Document) -> Result<Self, ParseError>;

    /// The whole document.
    fn document(&self) -> &Document;

    /// The name that people know it by.
    fn title(&self) -> Option<&str> {
        self.member(Self::TITLE?).and_then(Node::as_str)
    }

    /// True if the listing of the kind shows the document with this id. One that it does not show is there all the same.
    fn is_listed(id: &Self::Id) -> bool {
        let _ = id;
        true
    }

    /// Everything wrong with the document's members, in document order, by the rules of this kind alone. With the
    /// `stored` document, its identity is held against that one's.
    ///
    /// [`check`](super::check) adds what holds for every kind.
    fn validate(&self, stored: Option<&Self>, audience: Audience) -> Findings;

    /// The places of a document of this kind, whole or partial, where ids of other things stand. By default there are none.
    fn reference_places(document: Node<'_>) -> ReferencePlaces<'_> {
        let _ = document;
        ReferencePlaces::default()
    }

    /// The stored element that each authored element of a list means. By default [`match_by_content`].
    fn match_elements(member: &str, authored: Node<'_>, stored: Node<'_>) -> Matching {
        let _ = member;
        match_by_content(authored, stored)
    }

    /// The version that a document of this kind states, if it states one.
    fn stated_version(document: Node<'_>) -> Option<Version> {
        document.get(Self::VERSION?)?.as_str()?.parse().ok()
    }

    /// A member by its name in the document.
    fn member(&self, name: &str) -> Option<Node<'_>> {
        self.document().root().get(name)
    }

    /// The differences of `other`, without the members that the server owns.
    fn diff(&self, other: &Self) -> Vec<Difference> {
        let mut differences = diff(self.document(), other.document());
        differences.retain(|found| {
            let member = found.pointer.tokens().next();
            !member.is_some_and(|member| Self::SERVER_OWNED.contains(&member.as_ref()))
        });
        differences
    }

    /// True if `other` has the same content: all but the members that the server owns.
    fn has_content_of(&self, other: &Self) -> bool {
        self.document() == other.document() || self.diff(other).is_empty()
    }
}

/// The name of a kind: lower-case ASCII letters and `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindName(&'static str);

impl KindName {
    /// A name.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name as text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for KindName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// A member that an author can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberSpec {
    /// The name in documents.
    pub name: &'static str,
    /// The members that it makes sense with only, if there are any.
    pub group: Option<MergeGroup>,
    /// The identity of the elements where its value is a list.
    pub list: ListIdentity,
    /// The lists in its value, where objects in it merge member by member, at any depth. None where its value merges as a
    /// whole, or as a list.
    pub nested: Option<&'static [NestedList]>,
    /// True if a document can be without it, so that an author can clear it.
    pub is_clearable: bool,
}

impl MemberSpec {
    /// A member of no group, whose value merges as a whole, and that every document keeps.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            group: None,
            list: ListIdentity::Whole,
            nested: None,
            is_clearable: false,
        }
    }

    /// A member of no group, whose value merges as a whole, and that an author can clear.
    pub const fn clearable(name: &'static str) -> Self {
        Self {
            is_clearable: true,
            ..Self::new(name)
        }
    }

    /// The same member, of which an author names parts: what an object leaves out, at any depth, is untouched.
    #[must_use]
    pub const fn in_parts(self, lists: &'static [NestedList]) -> Self {
        Self {
            nested: Some(lists),
            ..self
        }
    }

    /// The member's place in a document.
    pub fn pointer(&self) -> Pointer {
        Pointer::root().member(self.name)
    }
}

/// Members that make sense only together: where both sides of a merge changed different members of one group, they do not
/// merge by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergeGroup {
    /// The name of the group, unique within the kind.
    pub name: &'static str,
    /// A member of true or false: while it is false in the merged document, nothing of the group has an effect, and it
    /// merges.
    pub switch: Option<&'static str>,
}

/// The identity of the elements of a list in a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListIdentity {
    /// Not at all: the list merges as a whole, never by index.
    Whole,
    /// By this member, where every element on every side has one of its own; else the list merges as a whole.
    Id(&'static str),
    /// By all that they say: an element that is changed is another one. Where one stands twice, the list merges as a
    /// whole.
    Content,
    /// By an id where both sides have one, else by what is most alike. Elements that are one thing merge member by member.
    Like(Likeness),
}

/// A list inside the value of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NestedList {
    /// The members that lead to it from the document, joined by `/`, with `*` for any element of a list.
    pub path: &'static str,
    /// The identity of its elements.
    pub identity: ListIdentity,
}

impl NestedList {
    /// The identity of the elements of the list at a path; of one that is not named it is the whole list.
    pub(super) fn identity_at(lists: &[Self], path: &str) -> ListIdentity {
        let list = lists.iter().find(|list| list.path == path);
        list.map_or(ListIdentity::Whole, |list| list.identity)
    }
}

/// The protection of a write against overwriting the work of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The server: it refuses a write under another version than the stored one.
    Version,
    /// A comparison of the content, right before the write and after it. It narrows the race to one round trip and does
    /// not close it.
    Content,
}

impl Guard {
    /// The guard, as results and records name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Version => "etag",
            Self::Content => "content",
        }
    }
}

/// Which of the two forms of a document an author wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A whole document: all that the kind requires must be there.
    Whole,
    /// An edit: members that it does not name are not touched.
    Partial,
}

/// Whose document is validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The server's: unknown members and words are kept.
    Server,
    /// An author's: unknown members are faults, unless the stored document has them with the same value.
    Author(Form),
}

/// The document is none of this kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The text is no JSON document.
    #[error("the text is no JSON document")]
    Text(#[from] TextError),
    /// The document is no JSON object.
    #[error("expected a JSON object")]
    NotAnObject,
}

/// For each authored element the place of the stored element that it means, if it means one. No place occurs twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching(pub Vec<Option<usize>>);

/// Matches elements by what they say. A list of which each stored element says all that the authored one at its place says
/// is that list. Else an element means the stored one that is written like it, or else one that it equals, or else one that
/// has all its members. Each stored one is meant once; authored elements that name the most members choose first, so that
/// one which names less does not take what another describes.
///
/// ```
/// use assist_rules_domain::document::{Matching, match_by_content};
/// use assist_rules_domain::json::Document;
///
/// let authored: Document = r#"[{"a": 2}, {"a": 1}]"#.parse()?;
/// let stored: Document = r#"[{"a": 1, "x": 7}]"#.parse()?;
/// assert_eq!(match_by_content(authored.root(), stored.root()), Matching(vec![None, Some(0)]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn match_by_content(authored: Node<'_>, stored: Node<'_>) -> Matching {
    let authored: Vec<Node<'_>> = authored.elements().collect();
    let mut free: Vec<Option<Node<'_>>> = stored.elements().map(Some).collect();
    let mut matched: Vec<Option<usize>> = vec![None; authored.len()];
    if is_in_place(&authored, stored) {
        return Matching((0..authored.len()).map(Some).collect());
    }
    let identical: fn(Node<'_>, Node<'_>) -> bool = |ours, theirs| ours.raw() == theirs.raw();
    let equal: fn(Node<'_>, Node<'_>) -> bool = |ours, theirs| ours.eq_value(theirs);
    let subset: fn(Node<'_>, Node<'_>) -> bool = |ours, theirs| ours.is_object() && ours.is_subset_of(theirs);
    for means in [identical, equal, subset] {
        let mut choosing: Vec<_> = authored
            .iter()
            .zip(&mut matched)
            .filter(|(_, matched)| matched.is_none())
            .collect();
        choosing.sort_by_key(|(ours, _)| Reverse(ours.members().count()));
        for (ours, matched) in choosing {
            let is_meant = |theirs: &Option<Node<'_>>| theirs.is_some_and(|theirs| means(*ours, theirs));
            let place = free.iter().position(is_meant);
            if let Some(free) = place.and_then(|place| free.get_mut(place)) {
                *free = None;
                *matched = place;
            }
        }
    }
    Matching(matched)
}

/// True if each stored element says all that the authored one at its place says.
fn is_in_place(authored: &[Node<'_>], stored: Node<'_>) -> bool {
    let says_all = |(ours, theirs): (&Node<'_>, Node<'_>)| {
        ours.eq_value(theirs) || (ours.is_object() && theirs.is_object() && ours.is_subset_of(theirs))
    };
    authored.len() == stored.elements().count() && authored.iter().zip(stored.elements()).all(says_all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger_rule::TriggerRule;

    #[test]
    fn the_content_is_all_but_what_the_server_owns() {
        let rule = |text: &str| -> TriggerRule { text.parse().unwrap() };
        let stored = rule(r#"{"id":"r1","etag":"1","name":"a","stranger":1.50}"#);
        for (other, is_same) in [
            (r#"{"id":"r1","etag":"2","name":"a","stranger":1.50}"#, true),
            (r#"{"name":"a","stranger":1.5,"id":"r1"}"#, true),
            (r#"{"id":"r1","etag":"1","name":"a","stranger":1.51}"#, false),
            (r#"{"id":"r1","etag":"1","name":"a"}"#, false),
            (r#"{"id":"r1","etag":"1","name":"b","stranger":1.50}"#, false),
        ] {
            assert_eq!(stored.has_content_of(&rule(other)), is_same, "{other}");
        }
    }

    #[test]
    fn an_element_means_the_one_that_is_written_like_it_before_one_that_it_equals() {
        for (authored, stored, expected) in [
            (
                r#"[{"v":1},{"v":1.0},8]"#,
                r#"[{"v":1.0},{"v":1},9]"#,
                &[Some(1), Some(0), None][..],
            ),
            (
                r#"[{"v":1},{"v":1},8]"#,
                r#"[{"v":1,"x":2},{"v":1.0},9]"#,
                &[Some(1), Some(0), None],
            ),
            (r#"[7,{"v":1}]"#, r#"[{"v":1,"x":2},7.0]"#, &[Some(1), Some(0)]),
        ] {
            assert_eq!(matched(authored, stored), expected, "{authored} {stored}");
        }
    }

    fn matched(authored: &str, stored: &str) -> Vec<Option<usize>> {
        let (ours, theirs): (Document, Document) = (authored.parse().unwrap(), stored.parse().unwrap());
        match_by_content(ours.root(), theirs.root()).0
    }

    /// The list that was made of another is never made of it once more, in another order.
    #[test]
    fn a_list_that_says_all_of_another_place_by_place_is_that_list() {
        for (authored, stored) in [
            (r#"[{"v":1},{"v":1}]"#, r#"[{"v":1,"x":2},{"v":1.0}]"#),
            (r#"[{"v":1},{"v":1}]"#, r#"[{"v":1.0},{"v":1,"x":2}]"#),
            (r#"[{"v":1},{"v":1.0}]"#, r#"[{"v":1.0},{"v":1}]"#),
        ] {
            assert_eq!(matched(authored, stored), [Some(0), Some(1)], "{authored} {stored}");
        }
    }
}
