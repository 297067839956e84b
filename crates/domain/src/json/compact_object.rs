//! An object without white space: what is held of many documents at a time.

use super::{Document, Node};

/// A JSON object as its compact text, with the places of its members: a part of the room that a [`Document`] takes, whose
/// index is larger than its text.
///
/// ```
/// use assist_rules_domain::json::{CompactObject, Document};
///
/// let document: Document = r#"{"name": "Refund", "weight": 1.50}"#.parse()?;
/// let compact = CompactObject::new(document.root());
/// assert_eq!(compact.text(), r#"{"name":"Refund","weight":1.50}"#);
/// assert_eq!(compact.to_document(), document);
///
/// let other: Document = r#"{"id": "r1", "weight": 1.50, "name": "Refund"}"#.parse()?;
/// assert!(compact.is_written_in(other.root()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CompactObject {
    text: Box<str>,
    members: Box<[Place]>,
}

/// The places of a member in the text. Its name begins there, and its value ends where the next member's comma is.
#[derive(Clone, Copy, Debug)]
struct Place {
    name: u32,
    value: u32,
    end: u32,
}

impl CompactObject {
    /// The members of an object; none of any other value.
    pub fn new(object: Node<'_>) -> Self {
        let mut text = String::with_capacity(object.raw().len());
        let mut members = Vec::with_capacity(object.members().count());
        text.push('{');
        for member in object.members() {
            if !members.is_empty() {
                text.push(',');
            }
            let name = place(&text);
            text.push_str(member.raw_name());
            text.push(':');
            let value = place(&text);
            member.value.write_compact(&mut text);
            let end = place(&text);
            members.push(Place { name, value, end });
        }
        text.push('}');
        Self {
            text: text.into(),
            members: members.into(),
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The object as a document.
    pub fn to_document(&self) -> Document {
        // Why never: it is the text of a document, in its order.
        Document::parse(&self.text).unwrap_or_else(|_| Document::empty_object())
    }

    /// Each member: its name as it is written, with its quotes, and its value without white space.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().map(|place| {
            let between = |start: u32, end: u32| self.text.get(start as usize..end as usize).unwrap_or_default();
            (
                between(place.name, place.value.saturating_sub(1)),
                between(place.value, place.end),
            )
        })
    }

    /// True if another object has each member with the same value, letter by letter: quick to say, and values that are equal
    /// may be written in another way.
    pub fn is_written_in(&self, other: Node<'_>) -> bool {
        // Both sides usually have the same order, so the search goes on where it last found something.
        let mut ahead = other.members();
        self.members().all(|(name, value)| {
            let is_it = |member: &super::Member<'_>| member.raw_name() == name;
            let found = ahead.find(is_it).or_else(|| {
                ahead = other.members();
                ahead.find(is_it)
            });
            found.is_some_and(|member| member.value.raw() == value)
        })
    }
}

/// The place after a text, which is no longer than that of a document.
fn place(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{rule_edit, served_rule};
    use crate::{DocumentKind, Edit, TriggerRule};

    fn compact(text: &str) -> CompactObject {
        CompactObject::new(Document::parse(text).unwrap().root())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Nothing is lost, and what is written in another document is in it.
        #[test]
        fn a_compact_object_says_what_its_document_says(edit in rule_edit(), stored in served_rule()) {
            let document = edit.document();
            let compact = CompactObject::new(document.root());
            prop_assert_eq!(compact.text(), document.compact());
            prop_assert_eq!(&compact.to_document(), document);
            let members: Vec<String> = compact.members().map(|(name, value)| format!("{name}:{value}")).collect();
            prop_assert_eq!(format!("{{{}}}", members.join(",")), document.compact());
            prop_assert!(compact.is_written_in(compact.to_document().root()));
            if compact.is_written_in(stored.document().root()) {
                prop_assert!(document.root().is_subset_of(stored.document().root()));
            }
        }

        /// A file with some of the members of a stored document, in their order or in another, is written in it.
        #[test]
        fn a_part_of_a_document_is_written_in_it(
            stored in served_rule(),
            kept in prop::collection::vec(any::<bool>(), 16),
            is_reversed in any::<bool>(),
        ) {
            let whole: Document = stored.document().compact().parse().unwrap();
            let mut members: Vec<String> = whole
                .root()
                .members()
                .zip(kept)
                .filter(|(_, kept)| *kept)
                .map(|(member, _)| format!("{} : {}", member.raw_name(), member.value.pretty()))
                .collect();
            if is_reversed {
                members.reverse();
            }
            let part = compact(&format!("{{{}}}", members.join(" , ")));
            prop_assert!(part.is_written_in(whole.root()));
        }
    }

    #[test]
    fn what_is_written_otherwise_is_not_written_there() {
        let other = |text: &str| Document::parse(text).unwrap();
        for (text, there, expected) in [
            ("{}", "{}", true),
            ("{}", "[]", true),
            (r#"{"a":1}"#, "[]", false),
            (r#"{"a":1}"#, r#"{"b":1,"a":1}"#, true),
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, true),
            (r#"{"a":1}"#, r#"{"a":1.0}"#, false),
            (r#"{"a":1}"#, r#"{"a":12}"#, false),
            (r#"{"a":1}"#, r#"{"\u0061":1}"#, false),
            (r#"{"a":[1]}"#, r#"{"a":[ 1 ]}"#, false),
            (r#"{"a":{"b":1}}"#, r#"{"b":1}"#, false),
        ] {
            assert_eq!(
                compact(text).is_written_in(other(there).root()),
                expected,
                "{text} {there}"
            );
        }
    }

    #[test]
    fn no_object_has_no_members() {
        assert_eq!(compact("[1]").text(), "{}");
        assert!(Edit::<TriggerRule>::new(compact("[1]").to_document()).is_ok());
    }
}
