//! An edit resolved against a stored document.

use std::marker::PhantomData;

use super::parts::Place;
use super::{DocumentKind, MemberSpec, merge_parts};
use crate::code::Code;
use crate::finding::Finding;
use crate::json::{Document, Node, TextError};

/// New values for some members of a stored document. What it does not name it does not touch.
///
/// ```
/// use assist_rules_domain::{DocumentKind, Edit, TriggerRule};
///
/// let rule: TriggerRule = r#"{"id": "r1", "enabled": true, "weight": 1.50}"#.parse()?;
/// let edit = Edit::<TriggerRule>::default().name("Refunds")?.enabled(false)?;
/// let patch = edit.resolve(&rule).map_err(|findings| format!("{findings:?}"))?;
/// let patched = patch.apply(&rule)?;
/// assert_eq!(patched.document().compact(), r#"{"id":"r1","enabled":false,"weight":1.50,"name":"Refunds"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Patch<K> {
    /// In the order of [`DocumentKind::MEMBERS`]: the place there and the new value, none for a member that goes.
    changes: Vec<(usize, Option<Document>)>,
    kind: PhantomData<fn() -> K>,
}

impl<K: DocumentKind> Patch<K> {
    /// Names the new value of a member, or none if the member goes. A name that is no member of the kind is passed over.
    pub(crate) fn put(&mut self, member: &str, value: Option<Document>) {
        let Some(place) = K::MEMBERS.iter().position(|spec| spec.name == member) else {
            return;
        };
        match self.changes.binary_search_by_key(&place, |(named, _)| *named) {
            Ok(at) => {
                if let Some((_, old)) = self.changes.get_mut(at) {
                    *old = value;
                }
            }
            Err(at) => self.changes.insert(at, (place, value)),
        }
    }

    /// The patch that makes one document into another, as far as an author can change it.
    pub fn between(before: &K, after: &K) -> Self {
        let mut patch = Self::default();
        for member in K::MEMBERS {
            let (old, new) = (before.member(member.name), after.member(member.name));
            if old != new {
                patch.put(member.name, new.and_then(|new| Document::from_node(new).ok()));
            }
        }
        patch
    }

    /// The members that it names, with their new values, in the order of the kind. A member that goes has none.
    pub fn changes(&self) -> impl Iterator<Item = (&'static MemberSpec, Option<&Document>)> {
        self.changes
            .iter()
            .filter_map(|(place, value)| Some((K::MEMBERS.get(*place)?, value.as_ref())))
    }

    /// The new value of a member: none if the patch does not name it, nothing inside if the member goes.
    #[expect(clippy::option_option, reason = "not named and taken away are two things")]
    pub(crate) fn value_of(&self, member: &MemberSpec) -> Option<Option<&Document>> {
        self.changes()
            .find(|(named, _)| named.name == member.name)
            .map(|(_, value)| value)
    }

    /// True if the patch names nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The document with these members set or taken away, and all else as it was.
    ///
    /// # Errors
    ///
    /// If the new document would be larger than a document may be.
    pub fn apply(&self, stored: &K) -> Result<K, TextError> {
        let (mut set, mut removed) = (Vec::new(), Vec::new());
        for (member, value) in self.changes() {
            match (value, stored.member(member.name)) {
                (Some(value), old) if old != Some(value.root()) => set.push((member.name, value.text())),
                (None, Some(_)) => removed.push(member.name),
                (Some(_) | None, _) => {}
            }
        }
        if set.is_empty() && removed.is_empty() {
            return Ok(stored.clone());
        }
        let mut document = stored.document().with_members(&set)?;
        if !removed.is_empty() {
            document = document.without_members(&removed)?;
        }
        Ok(K::from_document(document).unwrap_or_else(|_| stored.clone()))
    }

    /// True if a document has all that the patch names: objects may have gained members, lists have the same length and
    /// order, numbers count by value.
    pub fn is_applied_to(&self, document: &K) -> bool {
        self.unapplied_members(document).next().is_none()
    }

    /// The members that a document does not have as the patch names them.
    pub fn unapplied_members(&self, document: &K) -> impl Iterator<Item = &'static MemberSpec> {
        self.changes()
            .filter(|(member, value)| !is_as_named(*value, document.member(member.name)))
            .map(|(member, _)| member)
    }

    /// True if a document that was read proves that `written`, which is `base` with this patch, was accepted.
    ///
    /// A document proves it if all that the patch names is in it. A member that said all of it in the base already, and
    /// that the patch changes nevertheless (it takes away what stands deep inside an element), proves it only as it was
    /// written. A member of [parts](MemberSpec::nested) proves it if the change is in it, whatever others changed beside it.
    pub fn is_evident_in(&self, base: &K, written: &K, read: &K) -> bool {
        self.changes().all(|(member, value)| {
            let [before, after, now] = [base, written, read].map(|document| document.member(member.name));
            // Why only where it changes something: what is named as it was must be as it was named.
            if let Some(lists) = member.nested.filter(|_| before != after) {
                return merge_parts::has_change(&Place::new(lists, member.name), before, after, now);
            }
            let only_takes_away = before != after && is_as_named(value, before);
            if only_takes_away {
                now == after
            } else {
                is_as_named(value, now)
            }
        })
    }

    /// A warning for each member that the server stored otherwise than the patch names it.
    pub(crate) fn stored_otherwise(&self, stored: &K) -> Vec<Finding> {
        let warning = |member: &MemberSpec| {
            let value = stored.member(member.name).map_or("nothing".to_owned(), Node::compact);
            let shown: String = value.chars().take(200).collect();
            let message = format!("the server stored `{shown}` as `{}`", member.name);
            Finding::new(Code::StoredOtherwise, member.pointer(), message)
        };
        self.unapplied_members(stored).map(warning).collect()
    }

    /// The patch as a document, to be kept until its outcome is known. A member that goes is `null`.
    pub fn to_document(&self) -> Document {
        let members: Vec<_> = self
            .changes()
            .map(|(member, value)| (member.name, value.map_or("null", Document::text)))
            .collect();
        let empty = Document::empty_object();
        empty.with_members(&members).unwrap_or(empty)
    }

    /// The patch that [`to_document`](Self::to_document) made this of.
    pub fn from_document(document: &Document) -> Self {
        let mut patch = Self::default();
        for member in K::MEMBERS {
            if let Some(value) = document.root().get(member.name) {
                let value = Document::from_node(value).ok().filter(|_| !value.is_null());
                patch.put(member.name, value);
            }
        }
        patch
    }
}

/// True if a member is as a patch names it, where a value of none takes it away.
fn is_as_named(value: Option<&Document>, member: Option<Node<'_>>) -> bool {
    match value {
        Some(value) => member.is_some_and(|member| is_within(value.root(), member)),
        None => member.is_none_or(Node::is_null),
    }
}

/// True if all that is in `ours` is in `theirs`.
fn is_within(ours: Node<'_>, theirs: Node<'_>) -> bool {
    if ours.is_object() && theirs.is_object() {
        return ours.members().all(|member| {
            let theirs = theirs.get(member.name);
            theirs.is_some_and(|theirs| is_within(member.value, theirs))
        });
    }
    if ours.is_array() && theirs.is_array() {
        let (ours, theirs) = (ours.elements(), theirs.elements());
        return ours.count() == theirs.count() && ours.zip(theirs).all(|(ours, theirs)| is_within(ours, theirs));
    }
    ours.eq_value(theirs)
}

// By hand: a derive would ask the same of `K`, of which a patch holds nothing.
impl<K> Default for Patch<K> {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            kind: PhantomData,
        }
    }
}

impl<K> Clone for Patch<K> {
    fn clone(&self) -> Self {
        Self {
            changes: self.changes.clone(),
            kind: PhantomData,
        }
    }
}

impl<K> PartialEq for Patch<K> {
    fn eq(&self, other: &Self) -> bool {
        self.changes == other.changes
    }
}

impl<K: DocumentKind> std::fmt::Debug for Patch<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = self.changes().map(|(member, value)| (member.name, value));
        f.debug_map().entries(named).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger_rule::TriggerRule;

    #[test]
    fn a_patch_is_applied_where_the_document_says_all_that_it_names() {
        for (theirs, is_applied) in [
            (r#"{"conditions":[{"a":1.0,"x":2}]}"#, true),
            (r#"{"conditions":[{"x":2}]}"#, false),
            (r#"{"conditions":[{"a":1},{"a":1}]}"#, false),
            (r#"{"conditions":[]}"#, false),
            ("{}", false),
        ] {
            let mut patch = Patch::<TriggerRule>::default();
            patch.put("conditions", Some(r#"[{"a":1}]"#.parse().unwrap()));
            assert_eq!(patch.is_applied_to(&theirs.parse().unwrap()), is_applied, "{theirs}");
        }
    }

    #[test]
    fn a_patch_is_evident_where_all_that_it_changes_is_so_what_it_takes_away_included() {
        let (b, without_b) = (r#"[{"x":{"a":1,"b":2}}]"#, r#"[{"x":{"a":1}}]"#);
        let rule = |name: &str, actions: &str, more: &str| -> TriggerRule {
            format!(r#"{{"name":"{name}","enabled":true,"actions":{actions}{more}}}"#)
                .parse()
                .unwrap()
        };
        let named = format!(r#"{{"name":"ours","enabled":true,"actions":{without_b}}}"#);
        let patch = Patch::<TriggerRule>::from_document(&named.parse().unwrap());
        let base = rule("before", b, "");
        let written = patch.apply(&base).unwrap();
        for (read, is_evident) in [
            (rule("ours", without_b, ""), true),
            (rule("ours", without_b, r#","description":"theirs""#), true),
            (rule("before", b, ""), false),
            // Others gave it the same name, and `b` still stands there.
            (rule("ours", b, ""), false),
            (rule("before", without_b, ""), false),
            (rule("ours", r#"[{"x":{"a":1,"c":3}}]"#, ""), false),
        ] {
            let found = patch.is_evident_in(&base, &written, &read);
            assert_eq!(found, is_evident, "{}", read.document().text());
        }
    }
}
