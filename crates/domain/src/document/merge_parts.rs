//! Three-way merge of values part by part: objects member by member at any depth, lists by their elements.

use super::Collision;
use super::kind::ListIdentity;
use super::merge_list::{self, Elements};
use super::parts::Place;
use crate::json::{Document, Node, TextError};
use crate::pointer::Pointer;

/// The three sides of a merge, of which each may have nothing.
#[derive(Clone, Copy)]
pub(super) struct Sides<'d> {
    pub(super) base: Option<Node<'d>>,
    pub(super) ours: Option<Node<'d>>,
    pub(super) theirs: Option<Node<'d>>,
}

/// True if a value has the whole change from one value to another in it: to merge the change into it alters nothing.
pub(super) fn has_change(
    place: &Place,
    base: Option<Node<'_>>,
    ours: Option<Node<'_>>,
    theirs: Option<Node<'_>>,
) -> bool {
    let mut merge = PartsMerge::default();
    let Ok(merged) = merge.merge(place, &Pointer::root(), Sides { base, ours, theirs }) else {
        return false;
    };
    let precision = theirs.map(Node::precision).unwrap_or_default();
    let merged = merged.and_then(|text| Document::parse(&text).ok());
    let merged = merged.map(|merged| merged.with_precision(precision));
    merge.collisions.is_empty() && merged.as_ref().map(Document::root) == theirs
}

/// The merge of values, and where they collide.
#[derive(Default)]
pub(super) struct PartsMerge {
    collisions: Vec<Collision>,
}

impl PartsMerge {
    /// The places where both sides collide.
    pub(super) fn into_collisions(self) -> Vec<Collision> {
        self.collisions
    }

    /// The merged value as JSON, none where it goes. Where the sides collide it is ours.
    pub(super) fn merge(
        &mut self,
        place: &Place,
        pointer: &Pointer,
        sides: Sides<'_>,
    ) -> Result<Option<String>, TextError> {
        let Sides { base, ours, theirs } = sides;
        let raw = |node: Option<Node<'_>>| node.map(|node| node.raw().to_owned());
        if ours == theirs || base == ours {
            return Ok(raw(theirs));
        }
        if base == theirs {
            return Ok(raw(ours));
        }
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            if ours.is_object() && theirs.is_object() && base.is_none_or(Node::is_object) {
                return self.merge_objects(place, pointer, base, ours, theirs).map(Some);
            }
            if let Some(base) = base
                && [base, ours, theirs].iter().all(|side| side.is_array())
                && let Some(list) = self.merge_lists(place, pointer, base, ours, theirs)?
            {
                return Ok(Some(list));
            }
        }
        self.collide(pointer, sides);
        Ok(raw(ours))
    }

    fn merge_objects(
        &mut self,
        place: &Place,
        pointer: &Pointer,
        base: Option<Node<'_>>,
        ours: Node<'_>,
        theirs: Node<'_>,
    ) -> Result<String, TextError> {
        let mut names: Vec<(&str, &str)> = theirs
            .members()
            .map(|member| (member.name, member.raw_name()))
            .collect();
        let added = ours.members().filter(|member| theirs.get(member.name).is_none());
        names.extend(added.map(|member| (member.name, member.raw_name())));
        let mut members = Vec::new();
        for (name, raw_name) in names {
            let sides = Sides {
                base: base.and_then(|base| base.get(name)),
                ours: ours.get(name),
                theirs: theirs.get(name),
            };
            if let Some(value) = self.merge(&place.member(name), &pointer.member(name), sides)? {
                members.push(format!("{raw_name}:{value}"));
            }
        }
        Ok(format!("{{{}}}", members.join(",")))
    }

    /// The merged list; none if the sides collide on the list as a whole.
    fn merge_lists(
        &mut self,
        place: &Place,
        pointer: &Pointer,
        base: Node<'_>,
        ours: Node<'_>,
        theirs: Node<'_>,
    ) -> Result<Option<String>, TextError> {
        let ListIdentity::Like(likeness) = place.identity() else {
            let elements = |list| Elements::new(list, place.identity());
            let (Some(base), Some(ours), Some(theirs)) = (elements(base), elements(ours), elements(theirs)) else {
                return Ok(None);
            };
            let merged = merge_list::merge(&base, &ours, &theirs)?;
            return Ok(merged.map(|list| list.text().to_owned()));
        };
        let (base, ours, theirs) = Elements::alike(likeness, base, ours, theirs);
        let Some(order) = merge_list::merged_order(&base, &ours, &theirs) else {
            return Ok(None);
        };
        let mut merged = Vec::new();
        for id in order {
            let sides = Sides {
                base: base.get(&id),
                ours: ours.get(&id),
                theirs: theirs.get(&id),
            };
            // Why the length: the place that the element gets in the merged list.
            if let Some(element) = self.merge(&place.element(), &pointer.index(merged.len()), sides)? {
                merged.push(element);
            }
        }
        Ok(Some(format!("[{}]", merged.join(","))))
    }

    fn collide(&mut self, pointer: &Pointer, sides: Sides<'_>) {
        let copy = |side: Option<Node<'_>>| side.and_then(|side| Document::from_node(side).ok());
        self.collisions.push(Collision {
            pointer: pointer.clone(),
            base: copy(sides.base),
            ours: copy(sides.ours),
            theirs: copy(sides.theirs),
        });
    }
}
