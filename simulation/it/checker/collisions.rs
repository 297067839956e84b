//! A naive reading of the merge table: where a change collides with what others did. It shares nothing with the merge.

use crate::content::{Content, DISABLED, ENABLED, GROUP, MEMBERS, Wanted};

/// The members in which a change made from `first` collides with `theirs`, if `merged` is what is written.
pub(crate) fn collisions(
    wanted: Wanted,
    accepts_group_merge: bool,
    first: Content,
    theirs: Content,
    merged: Content,
) -> Vec<usize> {
    let collides = |member: &usize| {
        let (first, theirs) = (first.0[*member], theirs.0[*member]);
        first != theirs && wanted.0[*member].is_some_and(|ours| ours != theirs)
    };
    let mut found: Vec<usize> = (0..MEMBERS).filter(collides).collect();
    let touched = |side: Content| {
        GROUP
            .into_iter()
            .filter(move |member| side.0[*member] != first.0[*member])
    };
    let ours = first.with(wanted);
    let on_the_same = touched(ours).all(|ours| touched(theirs).all(|theirs| ours == theirs));
    if !accepts_group_merge && !on_the_same && merged.0[ENABLED] != DISABLED {
        found.extend(touched(theirs));
    }
    found
}
