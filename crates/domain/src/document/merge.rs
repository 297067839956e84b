//! Three-way merge of a patch with what others did meanwhile.
//!
//! Pure: the base that the patch was made from, the patch, and theirs. A member that only one side changed merges; one
//! that both changed to different values never does. Members of one [group](super::MergeGroup) that both sides touched
//! do not merge by themselves. Lists merge by element only where their [identity](super::ListIdentity) allows it. Members
//! that the kind does not know are theirs.

use super::merge_list::{self, Elements};
use super::merge_parts::{self, PartsMerge};
use super::parts::Place;
use super::{Collision, DocumentKind, MemberSpec, MergeGroup, Patch};
use crate::json::{Document, Node, TextError};

/// The policy for a merge whose two sides touch different members of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CrossFieldMerge {
    /// They may not: it is a conflict.
    #[default]
    Refuse,
    /// They may: the user said so.
    Accept,
}

/// The result of a merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged<K: DocumentKind> {
    /// Theirs with ours in it. Where both sides collide, ours.
    pub document: K,
    /// The patch as it stands in that document: a list that was merged by element has theirs in it too.
    pub patch: Patch<K>,
    /// The places where both sides collide. If there are any, only the user's own words let the document be written.
    pub collisions: Vec<Collision>,
}

/// Merges a patch of `base` into `theirs`.
///
/// # Errors
///
/// If the merged document would be larger than a document may be.
///
/// ```
/// use assist_rules_domain::document::{CrossFieldMerge, merge};
/// use assist_rules_domain::{DocumentKind, Edit, TriggerRule};
///
/// let base: TriggerRule = r#"{"id": "r1", "name": "a", "description": "b"}"#.parse()?;
/// let theirs: TriggerRule = r#"{"id": "r1", "name": "a", "description": "theirs"}"#.parse()?;
/// let edit = Edit::<TriggerRule>::default().name("ours")?;
/// let patch = edit.resolve(&base).map_err(|findings| format!("{findings:?}"))?;
/// let merged = merge(&base, &patch, &theirs, CrossFieldMerge::Refuse)?;
/// assert!(merged.collisions.is_empty());
/// assert_eq!(merged.document.document().compact(), r#"{"id":"r1","name":"ours","description":"theirs"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn merge<K: DocumentKind>(
    base: &K,
    patch: &Patch<K>,
    theirs: &K,
    cross_field: CrossFieldMerge,
) -> Result<Merged<K>, TextError> {
    let sides = Sides { base, patch, theirs };
    let mut wanted = Patch::default();
    let mut collisions = Vec::new();
    for (member, ours) in patch.changes() {
        match sides.merge_member(member, ours)? {
            MemberMerge::Ours => wanted.put(member.name, ours.cloned()),
            MemberMerge::Theirs => {}
            MemberMerge::Both(list) => wanted.put(member.name, Some(list)),
            MemberMerge::Parts(value, inside) => {
                wanted.put(member.name, value);
                collisions.extend(inside);
            }
            MemberMerge::Collide => {
                wanted.put(member.name, ours.cloned());
                collisions.push(sides.collision(member, ours.cloned()));
            }
        }
    }
    let document = wanted.apply(theirs)?;
    if cross_field == CrossFieldMerge::Refuse {
        for collision in sides.group_collisions(&document) {
            if !collisions.iter().any(|known| known.pointer == collision.pointer) {
                collisions.push(collision);
            }
        }
    }
    let mut merged = Patch::default();
    for (member, value) in patch.changes() {
        let in_document = document.member(member.name).and_then(copy);
        merged.put(member.name, in_document.or_else(|| value.cloned()));
    }
    Ok(Merged {
        document,
        patch: merged,
        collisions,
    })
}

/// The result for one member that the patch names.
enum MemberMerge {
    Ours,
    Theirs,
    Both(Document),
    /// Merged part by part, with the places where the sides collide; none where the member goes.
    Parts(Option<Document>, Vec<Collision>),
    Collide,
}

struct Sides<'s, K: DocumentKind> {
    base: &'s K,
    patch: &'s Patch<K>,
    theirs: &'s K,
}

impl<K: DocumentKind> Sides<'_, K> {
    fn merge_member(&self, member: &MemberSpec, ours: Option<&Document>) -> Result<MemberMerge, TextError> {
        let (base, ours, theirs) = (
            self.base.member(member.name),
            ours.map(Document::root),
            self.theirs.member(member.name),
        );
        if base == theirs {
            return Ok(MemberMerge::Ours);
        }
        if theirs == ours {
            return Ok(MemberMerge::Theirs);
        }
        // Why not what is named as it was: its author asks for it, and others have changed it.
        if let Some(lists) = member.nested.filter(|_| base != ours) {
            let mut merge = PartsMerge::default();
            let sides = merge_parts::Sides { base, ours, theirs };
            let value = merge.merge(&Place::new(lists, member.name), &member.pointer(), sides)?;
            let value = value.map(|text| Document::parse(&text)).transpose()?;
            let value = value.map(|value| value.with_precision(K::PRECISION));
            return Ok(MemberMerge::Parts(value, merge.into_collisions()));
        }
        let sides = (
            base.and_then(|list| Elements::new(list, member.list)),
            ours.and_then(|list| Elements::new(list, member.list)),
            theirs.and_then(|list| Elements::new(list, member.list)),
        );
        if let (Some(base), Some(ours), Some(theirs)) = sides {
            let merged = merge_list::merge(&base, &ours, &theirs)?;
            return Ok(merged.map_or(MemberMerge::Collide, MemberMerge::Both));
        }
        Ok(MemberMerge::Collide)
    }

    /// The members of each group of which both sides changed different ones: each that either side changed.
    fn group_collisions(&self, merged: &K) -> Vec<Collision> {
        let mut groups: Vec<MergeGroup> = Vec::new();
        for group in K::MEMBERS.iter().filter_map(|member| member.group) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        let is_off = |group: &MergeGroup| {
            let switch = group.switch.and_then(|switch| merged.member(switch));
            switch.and_then(Node::as_bool) == Some(false)
        };
        let live = groups.into_iter().filter(|group| !is_off(group));
        live.flat_map(|group| self.collisions_of(group)).collect()
    }

    fn collisions_of(&self, group: MergeGroup) -> Vec<Collision> {
        let members = || K::MEMBERS.iter().filter(move |member| member.group == Some(group));
        let base = |member: &MemberSpec| self.base.member(member.name);
        let ours = |member: &MemberSpec| self.patch.value_of(member).map(|value| value.map(Document::root));
        let ours_changed = |member: &&MemberSpec| ours(member).is_some_and(|ours| base(member) != ours);
        let theirs_changed = |member: &&MemberSpec| base(member) != self.theirs.member(member.name);
        let by_us: Vec<&MemberSpec> = members().filter(ours_changed).collect();
        let by_them: Vec<&MemberSpec> = members().filter(theirs_changed).collect();
        let is_one_member = by_us.iter().all(|ours| by_them.iter().all(|theirs| ours == theirs));
        if is_one_member {
            return Vec::new();
        }
        members()
            .filter(|member| by_us.contains(member) || by_them.contains(member))
            .map(|member| {
                let ours = ours(member).unwrap_or_else(|| base(member));
                self.collision(member, ours.and_then(copy))
            })
            .collect()
    }

    fn collision(&self, member: &MemberSpec, ours: Option<Document>) -> Collision {
        Collision {
            pointer: member.pointer(),
            base: self.base.member(member.name).and_then(copy),
            ours,
            theirs: self.theirs.member(member.name).and_then(copy),
        }
    }
}

fn copy(node: Node<'_>) -> Option<Document> {
    Document::from_node(node).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger_rule::TriggerRule;

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
        TriggerRule::from_document(document).unwrap()
    }

    fn patch(members: &[(&str, &str)]) -> Patch<TriggerRule> {
        let mut patch = Patch::default();
        for (name, value) in members {
            patch.put(name, Some(value.parse().unwrap()));
        }
        patch
    }

    #[test]
    fn a_collision_shows_all_three_sides() {
        let (base, theirs) = (rule(&[]), rule(&[("name", "\"t\"")]));
        let merged = merge(&base, &patch(&[("name", "\"o\"")]), &theirs, CrossFieldMerge::Refuse).unwrap();
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
            let merged = merge(&base, &patch(ours), &theirs_rule, CrossFieldMerge::Refuse).unwrap();
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
        let ours = patch(&[("conditions", C1)]);
        let merged = merge(&base, &ours, &theirs, CrossFieldMerge::Accept).unwrap();
        assert_eq!(merged.collisions, []);
        assert_eq!(merged.document, rule(&[("conditions", C1), ("actions", C2)]));
    }

    #[test]
    fn lists_with_ids_merge_by_element() {
        let list = |text: &str| rule(&[("conditions", text), ("enabled", "false")]);
        let base = list(r#"[{"id":"a","v":1},{"id":"b","v":1}]"#);
        let theirs = list(r#"[{"id":"a","v":1},{"id":"b","v":2},{"id":"c","v":1}]"#);
        let ours = patch(&[("conditions", r#"[{"id":"a","v":3},{"id":"b","v":1}]"#)]);
        let merged = merge(&base, &ours, &theirs, CrossFieldMerge::Refuse).unwrap();
        assert_eq!(merged.collisions, []);
        assert_eq!(
            merged.document,
            list(r#"[{"id":"a","v":3},{"id":"b","v":2},{"id":"c","v":1}]"#)
        );
    }
}
