//! The differences between two documents in which the elements of lists are things: they come, go, move or change.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use super::Difference;
use super::common_sequence::{MAX_PAIRS, common_sequence};
use super::parts::Place;
use super::{DocumentKind, Likeness, ListIdentity};
use crate::json::{Document, Node};
use crate::pointer::Pointer;

/// One place where two documents differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ElementDifference {
    /// The place in the document after; of what went, in the document before.
    #[serde(flatten)]
    pub difference: Difference,
    /// The place in the document before, of an element that moved; it has no values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Pointer>,
}

impl From<Difference> for ElementDifference {
    /// The difference of what stands where it stood.
    fn from(difference: Difference) -> Self {
        Self { difference, from: None }
    }
}

/// The differences, in document order; within a list first the elements that went, then those that changed, came or moved.
///
/// Elements of a list are matched by what they say. Of the others, one that went and one that came are one that changed if
/// they stand in the same gap between those that stayed, and share a member's value. White space, the order of members and
/// the spelling of numbers do not count.
///
/// ```
/// use assist_rules_domain::document::element_diff;
/// use assist_rules_domain::json::Document;
///
/// let before: Document = r#"{"list": [{"t": 1, "v": "a"}, {"t": 1, "v": "b"}, {"t": 2}]}"#.parse()?;
/// let after: Document = r#"{"list": [{"t": 1, "v": "c"}, {"t": 2}]}"#.parse()?;
/// let found = element_diff(&before, &after);
/// let places: Vec<_> = found.iter().map(|found| found.difference.pointer.as_str()).collect();
/// assert_eq!(places, ["/list/1", "/list/0/v"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn element_diff(before: &Document, after: &Document) -> Vec<ElementDifference> {
    let mut found = Vec::new();
    let anywhere = Place::new(&[], "");
    let (before, after) = (Some(before.root()), Some(after.root()));
    compare(&anywhere, &Pointer::root(), before, after, &mut found);
    found
}

/// The differences of two documents of a kind, as [`element_diff`] has them. Elements of lists that the kind knows by
/// [likeness](super::Likeness) are matched by it: one that moved and changed has a line for the move and those of its changes.
pub fn document_diff<K: DocumentKind>(before: &K, after: &K) -> Vec<ElementDifference> {
    if K::MEMBERS.iter().all(|member| member.nested.is_none()) {
        return element_diff(before.document(), after.document());
    }
    let mut found = Vec::new();
    let (before, after) = (before.document().root(), after.document().root());
    let names = before.members().map(|member| member.name);
    let added = after
        .members()
        .map(|member| member.name)
        .filter(|name| before.get(name).is_none());
    for name in names.chain(added) {
        let lists = K::MEMBERS
            .iter()
            .find(|member| member.name == name)
            .and_then(|member| member.nested);
        let place = Place::new(lists.unwrap_or_default(), name);
        compare(
            &place,
            &Pointer::root().member(name),
            before.get(name),
            after.get(name),
            &mut found,
        );
    }
    found
}

/// The same without the members that the server owns.
pub fn document_changes<K: DocumentKind>(before: &K, after: &K) -> Vec<ElementDifference> {
    let mut differences = document_diff(before, after);
    differences.retain(|found| {
        let member = found.difference.pointer.tokens().next();
        !member.is_some_and(|member| K::SERVER_OWNED.contains(&member.as_ref()))
    });
    differences
}

/// The changes as results show them: place by place, but of a kind whose elements are known by likeness with the elements as
/// things.
pub fn shown_changes<K: DocumentKind>(before: &K, after: &K) -> Vec<ElementDifference> {
    if K::MEMBERS.iter().any(|member| member.nested.is_some()) {
        return document_changes(before, after);
    }
    before.diff(after).into_iter().map(ElementDifference::from).collect()
}

fn compare(
    place: &Place,
    pointer: &Pointer,
    before: Option<Node<'_>>,
    after: Option<Node<'_>>,
    found: &mut Vec<ElementDifference>,
) {
    if let (Some(before), Some(after)) = (before, after) {
        if before.eq_value(after) {
            return;
        }
        if before.is_object() && after.is_object() {
            for member in before.members() {
                let inside = (place.member(member.name), pointer.member(member.name));
                compare(&inside.0, &inside.1, Some(member.value), after.get(member.name), found);
            }
            for member in after.members().filter(|member| before.get(member.name).is_none()) {
                let inside = (place.member(member.name), pointer.member(member.name));
                compare(&inside.0, &inside.1, None, Some(member.value), found);
            }
            return;
        }
        if before.is_array() && after.is_array() {
            compare_lists(place, pointer, &Lists::new(place.identity(), before, after), found);
            return;
        }
    }
    found.push(ElementDifference {
        difference: Difference::between(pointer.clone(), before, after),
        from: None,
    });
}

fn compare_lists(place: &Place, pointer: &Pointer, lists: &Lists<'_>, found: &mut Vec<ElementDifference>) {
    let place = &place.element();
    let origins = lists.origins();
    let known: BTreeSet<usize> = origins.iter().filter_map(|origin| origin.index()).collect();
    for (index, element) in lists.before.iter().enumerate() {
        if !known.contains(&index) {
            compare(place, &pointer.index(index), Some(*element), None, found);
        }
    }
    for (index, (element, origin)) in lists.after.iter().zip(origins).enumerate() {
        let here = pointer.index(index);
        match origin {
            Origin::Stayed(_) => {}
            Origin::Changed(old) => compare(place, &here, lists.before.get(old).copied(), Some(*element), found),
            Origin::New => compare(place, &here, None, Some(*element), found),
            Origin::Moved(old) => {
                found.push(ElementDifference {
                    difference: Difference::between(here.clone(), None, None),
                    from: Some(pointer.index(old)),
                });
                compare(place, &here, lists.before.get(old).copied(), Some(*element), found);
            }
        }
    }
}

/// The origin of each element of a list where likeness tells which elements are one: `Changed` if it stands in the order of
/// before, `Moved` if it is not in the longest run of that order.
pub(crate) fn origins_by_likeness(likeness: Likeness, before: &[Node<'_>], after: &[Node<'_>]) -> Vec<Origin> {
    let matched = likeness.match_elements(before, after).0;
    let mut in_order: Vec<usize> = matched.iter().flatten().copied().collect();
    let in_new_order = in_order.clone();
    in_order.sort_unstable();
    let stayed: BTreeSet<usize> = common_sequence(&in_order, &in_new_order, MAX_PAIRS)
        .into_iter()
        .filter_map(|(_, new)| in_new_order.get(new).copied())
        .collect();
    let origin = |old: &Option<usize>| match old {
        None => Origin::New,
        Some(old) if stayed.contains(old) => Origin::Changed(*old),
        Some(old) => Origin::Moved(*old),
    };
    matched.iter().map(origin).collect()
}

/// The place in the list before that an element of the list after comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The same element; those around it that are the same stand in the same order.
    Stayed(usize),
    /// The same element, elsewhere.
    Moved(usize),
    /// Another element in the place of this one.
    Changed(usize),
    /// None.
    New,
}

impl Origin {
    /// The place in the list before, if the element comes from there.
    pub(crate) fn index(self) -> Option<usize> {
        match self {
            Self::Stayed(index) | Self::Moved(index) | Self::Changed(index) => Some(index),
            Self::New => None,
        }
    }
}

/// Two lists, and the identity of each element: equal numbers for equal elements.
struct Lists<'d> {
    before: Vec<Node<'d>>,
    after: Vec<Node<'d>>,
    old: Vec<usize>,
    new: Vec<usize>,
    identity: ListIdentity,
}

impl<'d> Lists<'d> {
    fn new(identity_of: ListIdentity, before: Node<'d>, after: Node<'d>) -> Self {
        let mut known = BTreeMap::new();
        let mut identity = |element: &Node<'d>| {
            let next = known.len();
            *known.entry(element.identity()).or_insert(next)
        };
        let (before, after): (Vec<_>, Vec<_>) = (before.elements().collect(), after.elements().collect());
        Self {
            old: before.iter().map(&mut identity).collect(),
            new: after.iter().map(&mut identity).collect(),
            before,
            after,
            identity: identity_of,
        }
    }

    /// The origin of each element of the list after.
    fn origins(&self) -> Vec<Origin> {
        if let ListIdentity::Like(likeness) = self.identity {
            return origins_by_likeness(likeness, &self.before, &self.after);
        }
        let mut origins = vec![Origin::New; self.after.len()];
        let stayed = common_sequence(&self.old, &self.new, MAX_PAIRS);
        for (old, new) in &stayed {
            set(&mut origins, *new, Origin::Stayed(*old));
        }
        let mut gone: BTreeSet<usize> = (0..self.before.len()).collect();
        for (old, _) in &stayed {
            gone.remove(old);
        }
        self.find_moved(&mut origins, &mut gone);
        self.find_changed(&stayed, &mut origins, gone);
        origins
    }

    /// Marks the elements that are equal to one which did not stay, and takes those away.
    fn find_moved(&self, origins: &mut [Origin], gone: &mut BTreeSet<usize>) {
        let mut free: BTreeMap<usize, VecDeque<usize>> = BTreeMap::new();
        for index in gone.iter() {
            let identity = self.old.get(*index).copied().unwrap_or_default();
            free.entry(identity).or_default().push_back(*index);
        }
        for (identity, origin) in self.new.iter().zip(origins) {
            if *origin == Origin::New
                && let Some(old) = free.get_mut(identity).and_then(VecDeque::pop_front)
            {
                *origin = Origin::Moved(old);
                gone.remove(&old);
            }
        }
    }

    /// Pairs elements that went with elements that came in the same gap, the most similar first.
    fn find_changed(&self, stayed: &[(usize, usize)], origins: &mut [Origin], mut gone: BTreeSet<usize>) {
        let new: Vec<usize> = (0..origins.len())
            .filter(|index| origins.get(*index) == Some(&Origin::New))
            .collect();
        if gone.len().saturating_mul(new.len()) > MAX_PAIRS {
            return;
        }
        let gap_before = |index: usize| stayed.partition_point(|(old, _)| *old < index);
        let gap_after = |index: usize| stayed.partition_point(|(_, new)| *new < index);
        let new: Vec<(usize, usize)> = new.into_iter().map(|index| (gap_after(index), index)).collect();
        let mut pairs = Vec::new();
        for old in &gone {
            let gap = gap_before(*old);
            for (_, new) in new.iter().filter(|(other, _)| *other == gap) {
                let nodes = (self.before.get(*old), self.after.get(*new));
                let (Some(one), Some(other)) = nodes else { continue };
                if let Some(similarity) = similarity(*one, *other) {
                    pairs.push((Reverse(similarity), old.abs_diff(*new), *old, *new));
                }
            }
        }
        pairs.sort_unstable();
        for (_, _, old, new) in pairs {
            if origins.get(new) == Some(&Origin::New) && gone.remove(&old) {
                set(origins, new, Origin::Changed(old));
            }
        }
    }
}

fn set(origins: &mut [Origin], index: usize, value: Origin) {
    if let Some(origin) = origins.get_mut(index) {
        *origin = value;
    }
}

/// The number of members that two elements have in common; none if they cannot be one that changed.
fn similarity(one: Node<'_>, other: Node<'_>) -> Option<usize> {
    if !one.is_object() && !other.is_object() {
        return Some(0);
    }
    let is_shared =
        |member: &crate::json::Member<'_>| other.get(member.name).is_some_and(|value| value.eq_value(member.value));
    let shared = one.members().filter(is_shared).count();
    (shared > 0).then_some(shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of objects, each word one: a letter for what it is and a digit for its value.
    fn list(words: &str) -> Document {
        let element = |word: &str| {
            let (kind, value) = word.split_at(1);
            format!(r#"{{"t":"{kind}","v":"{value}"}}"#)
        };
        let elements: Vec<String> = words.split_whitespace().map(element).collect();
        format!(r#"{{"l":[{}]}}"#, elements.join(",")).parse().unwrap()
    }

    fn lines(before: &Document, after: &Document) -> Vec<String> {
        let line = |found: ElementDifference| {
            let ElementDifference { difference, from } = found;
            let sign = match (&difference.before, &difference.after, from) {
                (_, _, Some(from)) => format!("<{}", from.as_str().trim_start_matches("/l/")),
                (Some(_), None, None) => "-".to_owned(),
                (None, _, None) => "+".to_owned(),
                (Some(_), Some(_), None) => "~".to_owned(),
            };
            format!("{}{sign}", difference.pointer.as_str().trim_start_matches("/l/"))
        };
        element_diff(before, after).into_iter().map(line).collect()
    }

    /// FIELD K2.
    #[test]
    fn elements_come_go_move_and_change_in_a_line_each() {
        for (before, after, expected) in [
            ("a1 b1 c1 d1", "b1 c1 d1", &["0-"][..]),
            ("a1 b1 c1", "a1 x1 b1 c1", &["1+"]),
            ("a1 b1 a1", "b1 a1", &["0-"]),
            ("a1 b1 a1", "a1 b1", &["2-"]),
            ("a1 b1 c1", "c1 b1 a1", &["1<1", "2<0"]),
            ("a1 b1 c1", "a1 b2 c1", &["1/v~"]),
            ("a1 b1 c1", "b1 c2", &["0-", "1/v~"]),
            ("a1 b1", "b1 a1", &["1<0"]),
            ("a1 a2 a3", "a1 a4 a3", &["1/v~"]),
            ("a1 b2", "c3 d4", &["0-", "1-", "0+", "1+"]),
            ("", "a1", &["0+"]),
            ("a1", "a1", &[]),
        ] {
            assert_eq!(lines(&list(before), &list(after)), expected, "{before} → {after}");
        }
    }

    #[test]
    fn texts_in_lists_change_in_their_place() {
        let (before, after) = (r#"{"l":["a","b"],"n":1}"#, r#"{"n":1.0,"l":["a","c"],"m":null}"#);
        let found = lines(&before.parse().unwrap(), &after.parse().unwrap());
        assert_eq!(found, ["1~", "/m+"]);
    }

    /// As long as a document may be, without two elements that stand far from one another.
    #[test]
    fn the_longest_list_is_compared_in_a_moment() {
        let list = |skipped: &[u32]| -> Document {
            let kept = (0..120_000_u32).filter(|number| !skipped.contains(number));
            let numbers: Vec<String> = kept.map(|number| number.to_string()).collect();
            format!(r#"{{"l":[{}]}}"#, numbers.join(",")).parse().unwrap()
        };
        let found = lines(&list(&[]), &list(&[10, 119_990]));
        let gone: Vec<_> = found.iter().filter(|line| line.ends_with('-')).collect();
        assert_eq!(gone, ["10-", "119990-"]);
    }

    #[test]
    fn what_is_too_long_to_be_compared_is_told_all_the_same() {
        let long = |digit: &str| list(&format!("a{digit} b1 ").repeat(800));
        let found = lines(&long("1"), &long("2"));
        assert!(!found.is_empty());
        assert!(lines(&long("1"), &long("1")).is_empty());
    }
}
