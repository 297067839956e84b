//! The change that takes back what others did in steps, for a document that may have moved on since.

use crate::change::RuleChange;
use crate::draft::Field;
use crate::json::{Document, TextError};
use crate::kind::Kind;
use crate::rule::TriggerRule;

/// What takes some steps back: a change, and the document that it is a change of.
#[derive(Clone, Debug, PartialEq)]
pub struct Reversal<K: Kind> {
    /// The members that the steps touched, as they are to be again.
    pub change: K::Change,
    /// What stood there when the steps were done: each member as the last step that touched it left it. What is
    /// otherwise now was changed by somebody else.
    pub made_from: K,
}

/// One step: the document before it and after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken<K: Kind> {
    /// Before.
    pub before: K,
    /// After.
    pub after: K,
}

/// The change that brings the fields which these steps touched, first to last, back to how they are in `goal`.
///
/// # Errors
///
/// If a document would be larger than a document may be.
///
/// ```
/// use assist_rules_domain::TriggerRule;
/// use assist_rules_domain::reversal::{Taken, reverse};
///
/// let before: TriggerRule = r#"{"id": "r1", "name": "old"}"#.parse()?;
/// let after: TriggerRule = r#"{"id": "r1", "name": "new", "description": "more"}"#.parse()?;
/// let reversal = reverse(&before, &[Taken { before: before.clone(), after: after.clone() }])?.ok_or("no step")?;
/// assert_eq!(reversal.change.apply(&after)?, before);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn reverse(goal: &TriggerRule, steps: &[Taken<TriggerRule>]) -> Result<Option<Reversal<TriggerRule>>, TextError> {
    let Some(last) = steps.last() else { return Ok(None) };
    let mut change = RuleChange::default();
    let mut left = RuleChange::default();
    for field in Field::ALL {
        let touched = |step: &&Taken<TriggerRule>| value(&step.before, field) != value(&step.after, field);
        let Some(step) = steps.iter().rev().find(touched) else {
            continue;
        };
        let (wanted, stood) = (value(goal, field), value(&step.after, field));
        if wanted != stood {
            change.put(field, wanted);
        }
        left.put(field, stood);
    }
    let made_from = left.apply(&last.after)?;
    Ok(Some(Reversal { change, made_from }))
}

fn value(rule: &TriggerRule, field: Field) -> Option<Document> {
    rule.member(field.name())
        .and_then(|node| Document::from_node(node).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::{CrossFieldMerge, merge};

    fn rule(members: &str) -> TriggerRule {
        format!(r#"{{"id":"r1","ruleType":"conversation"{members}}}"#)
            .parse()
            .unwrap()
    }

    fn taken(before: &str, after: &str) -> Taken<TriggerRule> {
        Taken {
            before: rule(before),
            after: rule(after),
        }
    }

    /// What the steps are, what the rule is now, and what it is once they are taken back, or where that collides.
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
            let reversal = reverse(&rule(goal), &steps).unwrap().unwrap();
            let now = rule(now);
            let merged = merge(&reversal.made_from, &reversal.change, &now, CrossFieldMerge::Refuse).unwrap();
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
        assert_eq!(reverse(&rule(""), &[]).unwrap(), None);
    }

    #[test]
    fn what_was_taken_away_is_written_down_and_read_back() {
        let steps = [taken(r#","name":"a""#, r#","name":"b","description":"d""#)];
        let change = reverse(&steps[0].before, &steps).unwrap().unwrap().change;
        let read = TriggerRule::read_back(&TriggerRule::write_down(&change));
        assert_eq!(read, change);
        assert!(!read.is_in(&steps[0].after));
        assert!(read.is_in(&rule(r#","name":"a","description":null"#)));
    }
}
