//! The matching of the elements of a list with those that it is to have.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use domain::document::common_sequence;
use domain::json::Node;

/// The place in the old list that an element of the new one comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The element stays where it is among those that stay, changed or not.
    Kept(usize),
    /// The element stands elsewhere now, changed or not.
    Moved(usize),
    New,
}

/// Members by which people know an element.
const NAMES: [&str; 4] = ["id", "name", "key", "title"];

/// Pairs of elements that are compared, at most. Of longer lists only the beginning and the end are.
const MAX_PAIRS: usize = 1 << 18;

/// The origin of each new element.
///
/// Equal elements are matched first, as many as can stay in order, then those of one `id` or name, then those in one gap
/// that share the most members, then those that stand in one gap alone with as many others: a comment stays with its place.
pub(super) fn origins(old: &[Node<'_>], new: &[Node<'_>]) -> Vec<Origin> {
    let mut matches: Vec<Option<usize>> = vec![None; new.len()];
    let stayed = common_sequence(old, new, MAX_PAIRS);
    let mut free: BTreeSet<usize> = (0..old.len()).collect();
    for (one, other) in &stayed {
        set(&mut matches, &mut free, *one, *other);
    }
    let is_small = old.len().saturating_mul(new.len()) <= MAX_PAIRS;
    if is_small {
        match_first(old, new, &mut matches, &mut free, |one, other| one == other);
        match_first(old, new, &mut matches, &mut free, has_name_of);
    }
    match_similar(old, new, &stayed, &mut matches, &mut free);
    match_placed(&stayed, &mut matches, &mut free);
    let in_place = increasing(&matches, &stayed);
    let origin = |(index, found): (usize, &Option<usize>)| match found {
        Some(one) if in_place.contains(&index) => Origin::Kept(*one),
        Some(one) => Origin::Moved(*one),
        None => Origin::New,
    };
    matches.iter().enumerate().map(origin).collect()
}

fn set(matches: &mut [Option<usize>], free: &mut BTreeSet<usize>, one: usize, other: usize) {
    if let Some(place) = matches.get_mut(other) {
        *place = Some(one);
        free.remove(&one);
    }
}

/// Matches each element with the first free one that is like it.
fn match_first(
    old: &[Node<'_>],
    new: &[Node<'_>],
    matches: &mut [Option<usize>],
    free: &mut BTreeSet<usize>,
    is_like: impl Fn(Node<'_>, Node<'_>) -> bool,
) {
    for (other, node) in new.iter().enumerate() {
        if matches.get(other).is_some_and(Option::is_none) {
            let is_found = |one: &&usize| old.get(**one).is_some_and(|old| is_like(*old, *node));
            if let Some(one) = free.iter().find(is_found).copied() {
                set(matches, free, one, other);
            }
        }
    }
}

/// True if two objects have one `id`, or one name.
fn has_name_of(one: Node<'_>, other: Node<'_>) -> bool {
    let first = NAMES.iter().find(|name| one.get(name).is_some());
    first.is_some_and(|name| match (one.get(name), other.get(name)) {
        (Some(one), Some(other)) => one.eq_value(other),
        _ => false,
    })
}

/// Matches elements in one gap between those that stayed, the most similar first.
fn match_similar(
    old: &[Node<'_>],
    new: &[Node<'_>],
    stayed: &[(usize, usize)],
    matches: &mut [Option<usize>],
    free: &mut BTreeSet<usize>,
) {
    let unmatched: Vec<usize> = (0..new.len())
        .filter(|index| matches.get(*index).is_some_and(Option::is_none))
        .collect();
    if free.len().saturating_mul(unmatched.len()) > MAX_PAIRS {
        return;
    }
    let mut pairs = Vec::new();
    for one in free.iter().copied() {
        let gap = stayed.partition_point(|(kept, _)| *kept < one);
        for other in unmatched.iter().copied() {
            if stayed.partition_point(|(_, kept)| *kept < other) == gap
                && let (Some(before), Some(after)) = (old.get(one), new.get(other))
                && let Some(similarity) = similarity(*before, *after)
            {
                pairs.push((Reverse(similarity), one.abs_diff(other), one, other));
            }
        }
    }
    pairs.sort_unstable();
    for (_, _, one, other) in pairs {
        if free.contains(&one) && matches.get(other).is_some_and(Option::is_none) {
            set(matches, free, one, other);
        }
    }
}

/// Matches what is left in a gap, in order, if as many elements went as came.
fn match_placed(stayed: &[(usize, usize)], matches: &mut [Option<usize>], free: &mut BTreeSet<usize>) {
    for gap in 0..=stayed.len() {
        let start = gap.checked_sub(1).and_then(|before| stayed.get(before));
        let (old_start, new_start) = start.map_or((0, 0), |(one, other)| (one + 1, other + 1));
        let (old_end, new_end) = stayed.get(gap).copied().unwrap_or((usize::MAX, matches.len()));
        let gone: Vec<usize> = free.range(old_start..old_end.max(old_start)).copied().collect();
        let is_free = |other: &usize| matches.get(*other).is_some_and(Option::is_none);
        let came: Vec<usize> = (new_start..new_end).filter(is_free).collect();
        if gone.len() == came.len() {
            for (one, other) in gone.into_iter().zip(came) {
                set(matches, free, one, other);
            }
        }
    }
}

/// The number of members that two elements share; none if one cannot have become the other.
fn similarity(one: Node<'_>, other: Node<'_>) -> Option<usize> {
    if one.is_object() != other.is_object() || one.is_array() != other.is_array() {
        return None;
    }
    if !one.is_object() {
        return Some(0);
    }
    let is_shared =
        |member: &domain::json::Member<'_>| other.get(member.name).is_some_and(|value| value.eq_value(member.value));
    let shared = one.members().filter(is_shared).count();
    (shared > 0).then_some(shared)
}

/// The new elements that stay in order: those that are equal, and between them as many as fit.
fn increasing(matches: &[Option<usize>], stayed: &[(usize, usize)]) -> BTreeSet<usize> {
    let mut kept: BTreeSet<usize> = stayed.iter().map(|(_, other)| *other).collect();
    let mut least = 0;
    for (other, found) in matches.iter().enumerate() {
        let Some(one) = *found else { continue };
        let next = stayed.get(stayed.partition_point(|(_, kept)| *kept <= other));
        let most = next.map_or(usize::MAX, |(one, _)| *one);
        if kept.contains(&other) || (least..most).contains(&one) {
            kept.insert(other);
            least = one + 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use domain::json::Document;

    use super::*;

    #[test]
    fn elements_are_matched_by_value_by_name_and_by_likeness() {
        use Origin::{Kept, Moved, New};
        for (old, new, expected) in [
            ("[1,2,3]", "[1,3]", &[Kept(0), Kept(2)][..]),
            ("[1,2,3]", "[0,1,2,3]", &[New, Kept(0), Kept(1), Kept(2)]),
            ("[1,2,3]", "[3,1,2]", &[Moved(2), Kept(0), Kept(1)]),
            ("[1,2,3]", "[1,5,3]", &[Kept(0), Kept(1), Kept(2)]),
            ("[1,1]", "[1]", &[Kept(0)]),
            (
                r#"[{"id":1,"a":1},{"id":2,"a":1}]"#,
                r#"[{"id":2,"a":5},{"id":1,"a":1}]"#,
                &[Moved(1), Kept(0)],
            ),
            (r#"[{"a":1,"b":1}]"#, r#"[{"a":2,"b":1}]"#, &[Kept(0)]),
            (r#"[{"a":1}]"#, r#"[{"b":1}]"#, &[Kept(0)]),
            (r#"[{"a":1},2]"#, "[[3],2]", &[Kept(0), Kept(1)]),
            (r#"[{"a":1},2]"#, "[[3],4,2]", &[New, New, Kept(1)]),
        ] {
            let (before, after): (Document, Document) = (old.parse().unwrap(), new.parse().unwrap());
            let before: Vec<Node<'_>> = before.root().elements().collect();
            let after: Vec<Node<'_>> = after.root().elements().collect();
            assert_eq!(origins(&before, &after), expected, "{old} {new}");
        }
    }
}
