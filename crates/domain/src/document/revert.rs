//! The patch that takes back applied changes, for a document that may have moved on since.

use super::{DocumentKind, Patch};
use crate::json::{Document, TextError};

/// The way back: a patch, and the document that it is a patch of.
#[derive(Clone, Debug, PartialEq)]
pub struct Revert<K: DocumentKind> {
    /// The members that the changes touched, as they are to be again.
    pub patch: Patch<K>,
    /// The document as the changes left it: each member as the last change that touched it did. What differs from it now
    /// was changed by others since.
    pub base: K,
}

/// A change that was applied: the document before and after it.
#[derive(Clone, Debug, PartialEq)]
pub struct AppliedChange<K: DocumentKind> {
    /// The document before.
    pub before: K,
    /// The document after.
    pub after: K,
}

/// The patch that brings the members which these changes touched, oldest first, back to how they are in `goal`. None if
/// there is no change.
///
/// # Errors
///
/// If a document would be larger than a document may be.
///
/// ```
/// use assist_rules_domain::TriggerRule;
/// use assist_rules_domain::document::{AppliedChange, revert};
///
/// let before: TriggerRule = r#"{"id": "r1", "name": "old"}"#.parse()?;
/// let after: TriggerRule = r#"{"id": "r1", "name": "new", "description": "more"}"#.parse()?;
/// let change = AppliedChange { before: before.clone(), after: after.clone() };
/// let revert = revert(&before, &[change])?.ok_or("no change")?;
/// assert_eq!(revert.patch.apply(&after)?, before);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn revert<K: DocumentKind>(goal: &K, changes: &[AppliedChange<K>]) -> Result<Option<Revert<K>>, TextError> {
    let Some(last) = changes.last() else { return Ok(None) };
    let mut patch = Patch::default();
    let mut left = Patch::default();
    for member in K::MEMBERS {
        let value = |document: &K| value(document, member.name);
        let touched = |change: &&AppliedChange<K>| value(&change.before) != value(&change.after);
        let Some(change) = changes.iter().rev().find(touched) else {
            continue;
        };
        let (wanted, stood) = (value(goal), value(&change.after));
        if wanted != stood {
            patch.put(member.name, wanted);
        }
        left.put(member.name, stood);
    }
    let base = left.apply(&last.after)?;
    Ok(Some(Revert { patch, base }))
}

fn value<K: DocumentKind>(document: &K, member: &str) -> Option<Document> {
    Document::from_node(document.member(member)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{CrossFieldMerge, merge};
    use crate::trigger_rule::TriggerRule;

    fn rule(members: &str) -> TriggerRule {
        format!(r#"{{"id":"r1","ruleType":"conversation"{members}}}"#)
            .parse()
            .unwrap()
    }

    fn taken(before: &str, after: &str) -> AppliedChange<TriggerRule> {
        AppliedChange {
            before: rule(before),
            after: rule(after),
        }
    }

    /// The goal, the steps, the rule as it is now, and the rule once they are taken back, or the place of a collision.
    #[test]
    fn what_the_steps_touched_is_taken_back_and_nothing_else() {
        let (a, b, c) = (r#","name":"a""#, r#","name":"b""#, r#","name":"c""#);
        let (ad, bd) = (r#","name":"a","description":"d""#, r#","name":"b","description":"d""#);
        for (goal, steps, now, expected) in [
            (a, vec![taken(a, b)], b, Ok(a)),
            (a, vec![taken(a, b)], bd, Ok(ad)),
            (a, vec![taken(a, b)], a, Ok(a)),
            (a, vec![taken(a, b)], c, Err("/name")),
            (a, vec![taken(a, ad)], ad, Ok(a)),
            (ad, vec![taken(ad, a)], a, Ok(ad)),
            (a, vec![taken(a, ad)], a, Ok(a)),
            (a, vec![taken(a, b), taken(b, bd)], bd, Ok(a)),
            (a, vec![taken(a, b), taken(b, c)], c, Ok(a)),
            // Somebody named it between our steps, and the last step left that alone.
            (
                a,
                vec![taken(a, b), taken(c, r#","name":"c","description":"d""#)],
                bd,
                Ok(a),
            ),
            (
                a,
                vec![taken(a, b), taken(c, r#","name":"c","description":"d""#)],
                r#","name":"c","description":"d""#,
                Err("/name"),
            ),
        ] {
            let reverted = revert(&rule(goal), &steps).unwrap().unwrap();
            let now = rule(now);
            let merged = merge(&reverted.base, &reverted.patch, &now, CrossFieldMerge::Refuse).unwrap();
            let places: Vec<String> = merged.collisions.iter().map(|it| it.pointer.to_string()).collect();
            match expected {
                Ok(expected) => {
                    assert_eq!((merged.document, places), (rule(expected), vec![]), "{steps:?} {now:?}");
                }
                Err(place) => assert_eq!(places, [place], "{steps:?} {now:?}"),
            }
        }
    }

    #[test]
    fn without_a_step_there_is_nothing_to_take_back() {
        assert_eq!(revert(&rule(""), &[]).unwrap(), None);
    }

    #[test]
    fn what_was_taken_away_is_written_down_and_read_back() {
        let steps = [taken(r#","name":"a""#, r#","name":"b","description":"d""#)];
        let patch = revert(&steps[0].before, &steps).unwrap().unwrap().patch;
        let read = Patch::from_document(&patch.to_document());
        assert_eq!(read, patch);
        assert!(!read.is_applied_to(&steps[0].after));
        assert!(read.is_applied_to(&rule(r#","name":"a","description":null"#)));
    }
}
