//! Three-way merge of lists whose elements have an identity.

use std::borrow::Cow;

use super::{Likeness, ListIdentity};
use crate::json::{Document, Node, TextError, array_of};

/// The elements of a list, each under its identity, in order.
pub(crate) struct Elements<'d>(Vec<(Cow<'d, str>, Node<'d>)>);

impl<'d> Elements<'d> {
    /// The elements of a list, if each of them has an identity of its own.
    pub(crate) fn new(list: Node<'d>, identity: ListIdentity) -> Option<Self> {
        if !list.is_array() {
            return None;
        }
        let mut elements = Vec::new();
        for element in list.elements() {
            let id: Cow<'d, str> = match identity {
                ListIdentity::Whole | ListIdentity::Like(_) => return None,
                ListIdentity::Id(member) => element.get(member)?.as_str()?.into(),
                ListIdentity::Content => element.identity().into(),
            };
            elements.push((id, element));
        }
        let mut ids: Vec<&str> = elements.iter().map(|(id, _)| id.as_ref()).collect();
        ids.sort_unstable();
        let are_unique = ids.windows(2).all(|pair| pair.first() != pair.last());
        are_unique.then_some(Self(elements))
    }

    /// The elements of three versions of a list, each element under one identity on all sides that have it.
    pub(super) fn alike(likeness: Likeness, base: Node<'d>, ours: Node<'d>, theirs: Node<'d>) -> (Self, Self, Self) {
        let lists = [base, ours, theirs].map(|list| list.elements().collect::<Vec<_>>());
        let [base, ours, theirs] = lists;
        let of_ours = likeness.match_elements(&base, &ours).0;
        let of_theirs = likeness.match_elements(&base, &theirs).0;
        let added = |elements: &[Node<'d>], places: &[Option<usize>]| -> Vec<(usize, Node<'d>)> {
            let pairs = elements.iter().zip(places).enumerate();
            pairs
                .filter(|(_, (_, place))| place.is_none())
                .map(|(at, (element, _))| (at, *element))
                .collect()
        };
        // Both may have added the same one.
        let mut added_by_us = added(&ours, &of_ours);
        let mut added_by_both = vec![None; theirs.len()];
        for (at, element) in added(&theirs, &of_theirs) {
            if let Some(same) = added_by_us.iter().position(|(_, known)| known.eq_value(element))
                && let Some(place) = added_by_both.get_mut(at)
            {
                *place = Some(added_by_us.remove(same).0);
            }
        }
        let name = |place: &Option<usize>, other: String| place.map_or(other, |place| format!("base {place}"));
        let of_base = base
            .iter()
            .enumerate()
            .map(|(at, element)| (format!("base {at}").into(), *element))
            .collect();
        let ours_named = ours.iter().zip(&of_ours).enumerate();
        let ours_named = ours_named.map(|(at, (element, place))| (name(place, format!("ours {at}")).into(), *element));
        let theirs_named = theirs.iter().zip(&of_theirs).zip(added_by_both).enumerate();
        let theirs_named = theirs_named.map(|(at, ((element, place), same))| {
            let new = same.map_or_else(|| format!("theirs {at}"), |same| format!("ours {same}"));
            (name(place, new).into(), *element)
        });
        (Self(of_base), Self(ours_named.collect()), Self(theirs_named.collect()))
    }

    pub(super) fn get(&self, id: &str) -> Option<Node<'d>> {
        self.0
            .iter()
            .find(|(known, _)| known == id)
            .map(|(_, element)| *element)
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(id, _)| id.as_ref())
    }

    /// The order of those that stand in all three lists.
    fn order_of_common(&self, others: [&Self; 2]) -> Vec<&str> {
        self.ids()
            .filter(|id| others.iter().all(|other| other.get(id).is_some()))
            .collect()
    }
}

/// The identities of all elements of the three lists, in the order of the merged one; none if both sides put the elements in
/// another order. Those that one side deleted are last.
pub(super) fn merged_order(base: &Elements<'_>, ours: &Elements<'_>, theirs: &Elements<'_>) -> Option<Vec<String>> {
    let order = base.order_of_common([ours, theirs]);
    let we_reordered = ours.order_of_common([base, theirs]) != order;
    let they_reordered = theirs.order_of_common([base, ours]) != order;
    if we_reordered && they_reordered {
        return None;
    }
    let (first, second) = if we_reordered { (ours, theirs) } else { (theirs, ours) };
    let added = second
        .ids()
        .filter(|id| first.get(id).is_none() && base.get(id).is_none());
    let deleted_by_first = base.ids().filter(|id| first.get(id).is_none());
    let order = first.ids().chain(added).chain(deleted_by_first);
    Some(order.map(str::to_owned).collect())
}

/// The merged list, or none if the sides collide: on an element, or because both put the elements in another order.
pub(crate) fn merge(
    base: &Elements<'_>,
    ours: &Elements<'_>,
    theirs: &Elements<'_>,
) -> Result<Option<Document>, TextError> {
    let Some(order) = merged_order(base, ours, theirs) else {
        return Ok(None);
    };
    let mut merged = Vec::new();
    for id in &order {
        match element(base.get(id), ours.get(id), theirs.get(id)) {
            Some(Some(element)) => merged.push(element.raw()),
            Some(None) => {}
            None => return Ok(None),
        }
    }
    array_of(merged).map(Some)
}

/// The merge of one element: nothing inside if the element goes, none if the sides collide.
#[expect(
    clippy::option_option,
    reason = "an element that goes and one that collides are two things"
)]
fn element<'d>(base: Option<Node<'d>>, ours: Option<Node<'d>>, theirs: Option<Node<'d>>) -> Option<Option<Node<'d>>> {
    if ours == theirs || base == ours {
        return Some(theirs);
    }
    (base == theirs).then_some(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_merge_where_one_side_changed_them() {
        let list = |text: &str| -> Document {
            let element = |word: &str| {
                let (id, value) = word.split_at(1);
                format!(r#"{{"id":"{id}","v":"{value}"}}"#)
            };
            format!(
                "[{}]",
                text.split_whitespace().map(element).collect::<Vec<_>>().join(",")
            )
            .parse()
            .unwrap()
        };
        for (base, ours, theirs, merged) in [
            ("a b", "a b", "a b", Some("a b")),
            ("a b", "a1 b", "a b2", Some("a1 b2")),
            ("a b", "a1 b", "a1 b", Some("a1 b")),
            ("a b", "a1 b", "a2 b", None),
            ("a b", "b", "a b", Some("b")),
            ("a b", "a b", "b", Some("b")),
            ("a b", "b", "a2 b", None),
            ("a b", "a1 b", "b", None),
            ("a b", "b", "b", Some("b")),
            ("a b", "a b c", "a b d", Some("a b d c")),
            ("a b", "a b c", "a b c", Some("a b c")),
            ("a b", "a b c1", "a b c2", None),
            ("a b", "b a", "a b c", Some("b a c")),
            ("a b", "a b c", "b a", Some("b a c")),
            ("a b c", "b a c", "a c b", None),
            ("a b c", "b a c", "b a c", None),
            ("", "a", "b", Some("b a")),
        ] {
            let (base, ours, theirs) = (list(base), list(ours), list(theirs));
            let of =
                |document: &'_ Document| -> bool { Elements::new(document.root(), ListIdentity::Id("id")).is_some() };
            assert!(of(&base) && of(&ours) && of(&theirs));
            let found = merge(
                &Elements::new(base.root(), ListIdentity::Id("id")).unwrap(),
                &Elements::new(ours.root(), ListIdentity::Id("id")).unwrap(),
                &Elements::new(theirs.root(), ListIdentity::Id("id")).unwrap(),
            );
            assert_eq!(found.unwrap(), merged.map(list), "{base:?} {ours:?} {theirs:?}");
        }
    }

    #[test]
    fn elements_without_ids_are_told_apart_by_what_they_say_where_the_kind_allows_it() {
        let [base, ours, theirs]: [Document; 3] =
            [r#"[{"v":1,"w":0},2]"#, r#"[{"w":0,"v":1.0}]"#, r#"[{"v":1,"w":0},2,3]"#]
                .map(|text| text.parse().unwrap());
        let elements = |document| Elements::new(Document::root(document), ListIdentity::Content).unwrap();
        let merged = merge(&elements(&base), &elements(&ours), &elements(&theirs)).unwrap();
        assert_eq!(merged.unwrap().compact(), r#"[{"v":1,"w":0},3]"#);
        assert!(Elements::new(base.root(), ListIdentity::Whole).is_none());
    }

    #[test]
    fn only_ids_of_their_own_make_elements() {
        for (text, are_elements) in [
            (r#"[{"id":"a"},{"id":"b"}]"#, true),
            (r#"[{"id":"a"},{"id":"a"}]"#, false),
            (r#"[{"id":"a"},{}]"#, false),
            (r#"[{"id":1}]"#, false),
            ("[]", true),
            ("{}", false),
        ] {
            let document: Document = text.parse().unwrap();
            assert_eq!(
                Elements::new(document.root(), ListIdentity::Id("id")).is_some(),
                are_elements,
                "{text}"
            );
        }
    }
}
