//! A naive reading of the merge table: where a change collides with what others did. It shares nothing with the merge.

use domain::testing::Specimen;

use crate::content::{Content, SLOTS, Wanted};
use crate::vocabulary::{Group, Vocabulary};

/// The slots in which a change made from `first` collides with `theirs`, if `merged` is what is written.
pub(crate) fn collisions<K: Specimen>(
    vocabulary: &Vocabulary<K>,
    asked: Wanted,
    accepts_group_merge: bool,
    [first, theirs, merged]: [Content; 3],
) -> Vec<usize> {
    let collides = |slot: &usize| {
        let (first, theirs) = (first.0[*slot], theirs.0[*slot]);
        first != theirs && asked.0[*slot].is_some_and(|ours| ours != theirs)
    };
    let mut found: Vec<usize> = (0..SLOTS).filter(collides).collect();
    if accepts_group_merge {
        return found;
    }
    let ours = first.with(asked);
    for Group { slots, off } in vocabulary.groups() {
        let touched = |side: Content| {
            slots
                .iter()
                .copied()
                .filter(move |slot| side.0[*slot] != first.0[*slot])
        };
        let member = |slot| vocabulary.member_of(slot);
        let on_the_same = touched(ours).all(|ours| touched(theirs).all(|theirs| member(ours) == member(theirs)));
        let is_off = off.is_some_and(|(slot, digit)| merged.0[slot] == digit);
        if !on_the_same && !is_off {
            found.extend(touched(theirs));
        }
    }
    found
}
