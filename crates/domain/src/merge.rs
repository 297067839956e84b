//! Putting together what we want and what others did meanwhile.
//!
//! Three-way and pure: the base that the change was made from, the change, and theirs. A field that only one side
//! changed merges; a field that both changed to different values never does. `enabled`, `conditions` and `actions`
//! belong together: what they rewrote may not be what we switched on. Lists merge by element only where every
//! element on every side carries an id of its own from the server. Members that nobody here knows are theirs.

use crate::change::RuleChange;
use crate::draft::Field;
use crate::json::{Document, Node, TextError};
use crate::kind::{Collision, Kind};
use crate::merge_list::{self, Elements};
use crate::rule::TriggerRule;

/// What the user allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CrossFieldMerge {
    /// Both sides may not touch different members of the group.
    #[default]
    Refuse,
    /// They may: the user said so.
    Accept,
}

/// What came of a merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged<K: Kind> {
    /// Theirs with ours in it. Where both sides collide, ours.
    pub document: K,
    /// The change as it stands in that document: a list that was merged by element has theirs in it too.
    pub change: K::Change,
    /// Where they collide. If there is any, only the user's own words let the document be written.
    pub collisions: Vec<Collision>,
}

/// The fields that make sense only together.
const GROUP: [Field; 3] = [Field::Enabled, Field::Conditions, Field::Actions];

/// Merges a change of `base` into `theirs`.
///
/// # Errors
///
/// If the merged rule would be larger than a document may be.
///
/// ```
/// use assist_rules_domain::merge::{CrossFieldMerge, merge};
/// use assist_rules_domain::{RuleChange, TriggerRule};
///
/// let base: TriggerRule = r#"{"id": "r1", "name": "a", "description": "b"}"#.parse()?;
/// let theirs: TriggerRule = r#"{"id": "r1", "name": "a", "description": "theirs"}"#.parse()?;
/// let ours = RuleChange::default().name("ours")?;
/// let merged = merge(&base, &ours, &theirs, CrossFieldMerge::Refuse)?;
/// assert!(merged.collisions.is_empty());
/// assert_eq!(merged.document.document().compact(), r#"{"id":"r1","name":"ours","description":"theirs"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn merge(
    base: &TriggerRule,
    change: &RuleChange,
    theirs: &TriggerRule,
    group: CrossFieldMerge,
) -> Result<Merged<TriggerRule>, TextError> {
    let mut wanted = RuleChange::default();
    let mut collisions = Vec::new();
    for (field, ours) in change.named() {
        match merge_field(member(base, field), ours.map(Document::root), member(theirs, field))? {
            FieldMerge::Ours => wanted.put(field, ours.cloned()),
            FieldMerge::Theirs => {}
            FieldMerge::Both(list) => wanted.set(field, list),
            FieldMerge::Collide => {
                wanted.put(field, ours.cloned());
                collisions.push(collision(base, field, ours.cloned(), theirs));
            }
        }
    }
    let document = wanted.apply(theirs)?;
    if group == CrossFieldMerge::Refuse && document.is_enabled() != Some(false) {
        for collision in group_collisions(base, change, theirs) {
            if !collisions.iter().any(|known| known.pointer == collision.pointer) {
                collisions.push(collision);
            }
        }
    }
    let mut change_in_it = RuleChange::default();
    for (field, value) in change.named() {
        let merged = member(&document, field).and_then(copy);
        change_in_it.put(field, merged.or_else(|| value.cloned()));
    }
    Ok(Merged {
        document,
        change: change_in_it,
        collisions,
    })
}

/// What becomes of one field that the change names.
enum FieldMerge {
    Ours,
    Theirs,
    Both(Document),
    Collide,
}

fn merge_field(
    base: Option<Node<'_>>,
    ours: Option<Node<'_>>,
    theirs: Option<Node<'_>>,
) -> Result<FieldMerge, TextError> {
    if base == theirs {
        return Ok(FieldMerge::Ours);
    }
    if theirs == ours {
        return Ok(FieldMerge::Theirs);
    }
    let sides = (
        base.and_then(Elements::of),
        ours.and_then(Elements::of),
        theirs.and_then(Elements::of),
    );
    if let (Some(base), Some(ours), Some(theirs)) = sides {
        let merged = merge_list::merge(&base, &ours, &theirs)?;
        return Ok(merged.map_or(FieldMerge::Collide, FieldMerge::Both));
    }
    Ok(FieldMerge::Collide)
}

/// Both sides changed the group, and not the same member of it: each that either side changed.
fn group_collisions(base: &TriggerRule, change: &RuleChange, theirs: &TriggerRule) -> Vec<Collision> {
    let ours_of = |field| {
        let mut named = change.named().filter(|(named, _)| *named == field);
        named.next().map(|(_, value)| value.map(Document::root))
    };
    let we_touched = |field| ours_of(field).is_some_and(|ours| member(base, field) != ours);
    let they_touched = |field| member(base, field) != member(theirs, field);
    let ours: Vec<Field> = GROUP.into_iter().filter(|field| we_touched(*field)).collect();
    let others: Vec<Field> = GROUP.into_iter().filter(|field| they_touched(*field)).collect();
    let on_the_same = ours.iter().all(|ours| others.iter().all(|theirs| ours == theirs));
    if on_the_same {
        return Vec::new();
    }
    let touched = GROUP
        .into_iter()
        .filter(|field| ours.contains(field) || others.contains(field));
    touched
        .map(|field| {
            let ours = ours_of(field).unwrap_or_else(|| member(base, field));
            collision(base, field, ours.and_then(copy), theirs)
        })
        .collect()
}

fn collision(base: &TriggerRule, field: Field, ours: Option<Document>, theirs: &TriggerRule) -> Collision {
    Collision {
        pointer: field.pointer(),
        base: member(base, field).and_then(copy),
        ours,
        theirs: member(theirs, field).and_then(copy),
    }
}

fn member(rule: &TriggerRule, field: Field) -> Option<Node<'_>> {
    rule.member(field.name())
}

fn copy(node: Node<'_>) -> Option<Document> {
    Document::from_node(node).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const C1: &str = r#"[{"a":1}]"#;
    const C2: &str = r#"[{"a":2}]"#;

    fn rule(members: &[(&str, &str)]) -> TriggerRule {
        let all = [
            ("id", "\"r1\""),
            ("enabled", "true"),
            ("conditions", "[]"),
            ("actions", "[]"),
            ("name", "\"n\""),
        ];
        let document: Document = "{}".parse().unwrap();
        let document = document.with_members(&all).unwrap().with_members(members).unwrap();
        TriggerRule::try_from(document).unwrap()
    }

    fn change(members: &[(&str, &str)]) -> RuleChange {
        let mut change = RuleChange::default();
        for (name, value) in members {
            let field = Field::ALL.into_iter().find(|field| field.name() == *name).unwrap();
            change.set(field, value.parse().unwrap());
        }
        change
    }

    #[test]
    fn a_collision_shows_all_three_sides() {
        let (base, theirs) = (rule(&[]), rule(&[("name", "\"t\"")]));
        let merged = merge(&base, &change(&[("name", "\"o\"")]), &theirs, CrossFieldMerge::Refuse).unwrap();
        let [collision] = merged.collisions.as_slice() else {
            panic!("{:?}", merged.collisions)
        };
        let sides = [&collision.base, &collision.ours, &collision.theirs];
        let sides = sides.map(|side| side.as_ref().map(Document::compact));
        assert_eq!(sides, ["\"n\"", "\"o\"", "\"t\""].map(|side| Some(side.to_owned())));
    }

    /// The table of the design: what ours and theirs do, what the merged rule differs in from theirs, and where
    /// they collide.
    #[test]
    fn what_merges_by_itself_and_what_does_not() {
        let disabled = ("enabled", "false");
        for (ours, theirs, adds, collides) in [
            (&[("name", "\"o\"")][..], &[][..], &["/name"][..], &[][..]),
            (&[("name", "\"o\"")], &[("description", "\"t\"")], &["/name"], &[]),
            (&[("name", "\"o\"")], &[("stranger", "7")], &["/name"], &[]),
            (&[("name", "\"o\"")], &[("name", "\"o\"")], &[], &[]),
            (&[("name", "\"o\"")], &[("name", "\"t\"")], &["/name"], &["/name"]),
            (&[("name", "\"n\"")], &[("name", "\"t\"")], &["/name"], &["/name"]),
            (&[("name", "\"o\"")], &[("conditions", C1)], &["/name"], &[]),
            (
                &[("conditions", C1)],
                &[("conditions", C2)],
                &["/conditions/0/a"],
                &["/conditions"],
            ),
            (
                &[("conditions", C1)],
                &[("actions", C2)],
                &["/conditions/0"],
                &["/conditions", "/actions"],
            ),
            (&[("conditions", C1)], &[("enabled", "false")], &["/conditions/0"], &[]),
            (&[disabled], &[("conditions", C1)], &["/enabled"], &[]),
            (
                &[("conditions", C1), disabled],
                &[("actions", C2)],
                &["/conditions/0", "/enabled"],
                &[],
            ),
            (&[("enabled", "true")], &[("conditions", C1)], &[], &[]),
            (&[("conditions", C1)], &[("conditions", C1)], &[], &[]),
            (
                &[("conditions", C1), ("actions", C1)],
                &[("conditions", C1)],
                &["/actions/0"],
                &["/conditions", "/actions"],
            ),
        ] {
            let (base, theirs_rule) = (rule(&[]), rule(theirs));
            let merged = merge(&base, &change(ours), &theirs_rule, CrossFieldMerge::Refuse).unwrap();
            let mut added: Vec<String> = theirs_rule
                .diff(&merged.document)
                .into_iter()
                .map(|found| found.pointer.to_string())
                .collect();
            added.sort();
            let collided: Vec<String> = merged.collisions.iter().map(|it| it.pointer.to_string()).collect();
            assert_eq!(
                (added.as_slice(), collided.as_slice()),
                (adds.map_strings().as_slice(), collides.map_strings().as_slice()),
                "{ours:?} {theirs:?}"
            );
        }
    }

    trait MapStrings {
        fn map_strings(&self) -> Vec<String>;
    }

    impl MapStrings for [&str] {
        fn map_strings(&self) -> Vec<String> {
            self.iter().map(|text| (*text).to_owned()).collect()
        }
    }

    #[test]
    fn the_user_may_accept_that_the_group_was_touched_by_both() {
        let (base, theirs) = (rule(&[]), rule(&[("actions", C2)]));
        let ours = change(&[("conditions", C1)]);
        let merged = merge(&base, &ours, &theirs, CrossFieldMerge::Accept).unwrap();
        assert_eq!(merged.collisions, []);
        assert_eq!(merged.document, rule(&[("conditions", C1), ("actions", C2)]));
    }

    #[test]
    fn lists_with_ids_merge_by_element() {
        let list = |text: &str| rule(&[("conditions", text), ("enabled", "false")]);
        let base = list(r#"[{"id":"a","v":1},{"id":"b","v":1}]"#);
        let theirs = list(r#"[{"id":"a","v":1},{"id":"b","v":2},{"id":"c","v":1}]"#);
        let ours = change(&[("conditions", r#"[{"id":"a","v":3},{"id":"b","v":1}]"#)]);
        let merged = merge(&base, &ours, &theirs, CrossFieldMerge::Refuse).unwrap();
        assert_eq!(merged.collisions, []);
        assert_eq!(
            merged.document,
            list(r#"[{"id":"a","v":3},{"id":"b","v":2},{"id":"c","v":1}]"#)
        );
    }
}
