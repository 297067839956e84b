//! The values that the documents of a world may have: those of the kind's specimen.
//!
//! A member whose value merges as a whole is one slot, with a digit for each of its values. A list that merges by element
//! has a slot for each element that any of its values has: 0 while the element is not there, then a digit for each form
//! of it. The last slot is a member that the kind does not know, which only people in the platform's own pages change.
//!
//! If an element of one value is a part of an element of another value, only the first of the two values is taken: an
//! author's element with fewer members means the stored one, so what is wanted would depend on what is stored.

mod copilot;
mod member_values;
mod rule;

use std::fmt::Write;
use std::ops::Range;

use domain::document::{Guard, ListIdentity, MemberSpec, MergeGroup};
use domain::json::{Document, Node, array_of};
use domain::testing::Specimen;
pub(crate) use member_values::MemberValues;

use crate::content::{Content, SLOTS, STRANGE, Wanted};

/// The member that the kind does not know.
const UNKNOWN_MEMBER: (&str, &[&str]) = ("x-stranger", &["0", "1", "2"]);

/// The values of a kind.
pub(crate) struct Vocabulary<K: Specimen> {
    start: K,
    members: Vec<Member>,
    slots: Vec<Slot>,
    /// The members that the server changes with every write.
    stamped: Vec<&'static str>,
}

/// A member that changes.
struct Member {
    name: &'static str,
    values: Vec<Document>,
    spec: Option<&'static MemberSpec>,
    /// True if it has a slot for each element.
    is_list: bool,
    slots: Range<usize>,
}

/// A value of its own.
struct Slot {
    member: usize,
    /// The values, or the forms of an element.
    values: Vec<Document>,
}

/// A merge group.
pub(crate) struct Group {
    pub(crate) slots: Vec<usize>,
    /// The slot and the digit that switch it off.
    pub(crate) off: Option<(usize, u8)>,
}

impl<K: Specimen> Vocabulary<K> {
    /// The values of the specimen.
    pub(crate) fn of_specimen() -> Self {
        let specimen = K::specimen();
        let with_first = |(name, values): &(&'static str, &[&'static str])| {
            let first = specimen.member(name).map_or("null", Node::raw).to_owned();
            let others = values.iter().map(|value| (*value).to_owned());
            (*name, std::iter::once(first).chain(others).collect())
        };
        Self::new(K::VALUES.iter().map(with_first).collect())
    }

    /// Members with their values, the one at the start first.
    fn new(mut members: Vec<(&'static str, Vec<String>)>) -> Self {
        members.push((
            UNKNOWN_MEMBER.0,
            UNKNOWN_MEMBER.1.iter().map(|value| (*value).to_owned()).collect(),
        ));
        let at_start: Vec<(&str, &str)> = members
            .iter()
            .map(|(name, values)| (*name, values[0].as_str()))
            .collect();
        let start = K::specimen().document().with_members(&at_start).unwrap();
        let is_text = |name: &&&str| start.root().get(name).is_some_and(|value| value.as_str().is_some());
        let owned = K::SERVER_OWNED.iter().filter(|name| **name != K::ID_MEMBER);
        let mut vocabulary = Self {
            stamped: owned.filter(is_text).copied().collect(),
            start: K::from_document(start.clone()).unwrap(),
            members: Vec::new(),
            slots: Vec::new(),
        };
        for (name, values) in members {
            let mut taken: Vec<Document> = Vec::new();
            for value in values {
                let value: Document = value.parse().unwrap();
                if !taken.iter().any(|other| have_parts_of_each_other(other, &value)) {
                    taken.push(value);
                }
            }
            vocabulary.add(name, taken);
        }
        assert!(
            vocabulary.slots.len() <= SLOTS,
            "{} has more than {SLOTS} slots",
            K::NAME
        );
        vocabulary
    }

    fn add(&mut self, name: &'static str, values: Vec<Document>) {
        let spec = K::MEMBERS.iter().find(|member| member.name == name);
        let identity = spec.map_or(ListIdentity::Whole, |member| member.list);
        let elements = || values.iter().flat_map(|value| value.root().elements());
        let has_id = |element: Node<'_>| match identity {
            ListIdentity::Whole | ListIdentity::Like(_) => false,
            ListIdentity::Id(id) => element.get(id).and_then(Node::as_str).is_some(),
            ListIdentity::Content => true,
        };
        let is_list = values.iter().all(|value| value.root().is_array()) && elements().all(has_id);
        let member = self.members.len();
        let first = self.slots.len();
        if is_list {
            for element in elements() {
                let known = self.slots[first..]
                    .iter()
                    .position(|slot| slot.is_of(element, identity));
                let place = known.map_or(self.slots.len(), |known| first + known);
                if known.is_none() {
                    let values = Vec::new();
                    self.slots.push(Slot { member, values });
                }
                let forms = &mut self.slots[place].values;
                if !forms.iter().any(|form| form.root().eq_value(element)) {
                    forms.push(Document::from_node(element).unwrap());
                }
            }
        } else {
            let values = values.clone();
            self.slots.push(Slot { member, values });
        }
        self.members.push(Member {
            name,
            values,
            spec,
            is_list,
            slots: first..self.slots.len(),
        });
    }

    /// A document of a world as it is at the start. Documents are numbered from 0.
    pub(crate) fn start(&self, document: usize) -> K {
        let stated = self.start.member(K::ID_MEMBER);
        let quote = if stated.is_none_or(|id| id.as_str().is_some()) {
            "\""
        } else {
            ""
        };
        let id = format!("{quote}{}{quote}", id_of::<K>(document));
        K::from_document(self.start.document().with_members(&[(K::ID_MEMBER, &id)]).unwrap()).unwrap()
    }

    pub(crate) fn content(&self, document: &K) -> Content {
        let mut content = Content::default();
        for (number, member) in self.members.iter().enumerate() {
            self.read(number, document.member(member.name), &mut content);
        }
        content
    }

    /// Reads the digits of one member.
    fn read(&self, number: usize, value: Option<Node<'_>>, content: &mut Content) {
        let member = &self.members[number];
        if !member.is_list {
            content.0[member.slots.start] = digit_of(&self.slots[member.slots.start], value);
            return;
        }
        for element in value.into_iter().flat_map(Node::elements) {
            let place = self.slot_of(member, element).unwrap_or(member.slots.start);
            content.0[place] = match digit_of(&self.slots[place], Some(element)) {
                STRANGE => STRANGE,
                form => form + 1,
            };
        }
    }

    fn slot_of(&self, member: &Member, element: Node<'_>) -> Option<usize> {
        let identity = member.spec?.list;
        member
            .slots
            .clone()
            .find(|slot| self.slots[*slot].is_of(element, identity))
    }

    /// The document with these digits, and all else as it was.
    pub(crate) fn set(&self, document: &K, wanted: Wanted) -> K {
        let named = |member: &&Member| member.slots.clone().any(|slot| wanted.names(slot));
        let members = self.members.iter().filter(named);
        let set: Vec<(&str, Document)> = members
            .map(|member| (member.name, self.value(document, member, wanted)))
            .collect();
        let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.text())).collect();
        K::from_document(document.document().with_members(&set).unwrap()).unwrap()
    }

    /// The value of a member with these digits.
    fn value(&self, document: &K, member: &Member, wanted: Wanted) -> Document {
        if !member.is_list {
            let digit = wanted.0[member.slots.start].unwrap_or_default();
            return self.slots[member.slots.start].values[usize::from(digit)].clone();
        }
        let form = |slot: usize, digit: u8| self.slots[slot].values[usize::from(digit) - 1].text();
        let mut left = wanted;
        let mut elements = Vec::new();
        for element in document.member(member.name).into_iter().flat_map(Node::elements) {
            let slot = self.slot_of(member, element);
            match slot.and_then(|slot| Some((slot, left.0[slot].take()?))) {
                None => elements.push(element.raw()),
                Some((_, 0)) => {}
                Some((slot, digit)) => elements.push(form(slot, digit)),
            }
        }
        for slot in member.slots.clone() {
            if let Some(digit @ 1..) = left.0[slot] {
                elements.push(form(slot, digit));
            }
        }
        array_of(elements).unwrap()
    }

    /// The document as a listing shows it: without the member that the kind does not know.
    pub(crate) fn as_listed(document: &K) -> K {
        let members = document.document().root().members();
        let kept = members.filter(|member| member.name != UNKNOWN_MEMBER.0);
        let kept: Vec<(&str, &str)> = kept.map(|member| (member.name, member.value.raw())).collect();
        let empty: Document = "{}".parse().unwrap();
        K::from_document(empty.with_members(&kept).unwrap()).unwrap()
    }

    /// The document as the server stores it: with stamps of its own.
    pub(crate) fn stamped(&self, document: &K, state: usize) -> K {
        if self.stamped.is_empty() {
            return document.clone();
        }
        let stamp = format!("\"{state}\"");
        let set: Vec<(&str, &str)> = self.stamped.iter().map(|name| (*name, stamp.as_str())).collect();
        K::from_document(document.document().with_members(&set).unwrap()).unwrap()
    }

    /// True if only people in the platform's own pages change a slot.
    pub(crate) fn is_unknown_member(&self, slot: usize) -> bool {
        slot + 1 == self.slots.len()
    }

    /// The slots of the members that collisions are about.
    pub(crate) fn slots_of(&self, collisions: &[domain::Collision]) -> Vec<usize> {
        let names: Vec<_> = collisions
            .iter()
            .filter_map(|collision| collision.pointer.tokens().next())
            .collect();
        let is_named = |member: &&Member| names.iter().any(|name| *name == member.name);
        self.members
            .iter()
            .filter(is_named)
            .flat_map(|member| member.slots.clone())
            .collect()
    }

    pub(crate) fn member_of(&self, slot: usize) -> usize {
        self.slots[slot].member
    }

    /// The merge groups.
    pub(crate) fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<(MergeGroup, Vec<usize>)> = Vec::new();
        for member in &self.members {
            let Some(group) = member.spec.and_then(|spec| spec.group) else {
                continue;
            };
            match groups.iter_mut().find(|(known, _)| *known == group) {
                Some((_, slots)) => slots.extend(member.slots.clone()),
                None => groups.push((group, member.slots.clone().collect())),
            }
        }
        let off = |group: MergeGroup| {
            let member = self.members.iter().find(|member| Some(member.name) == group.switch)?;
            let is_off = |value: &Document| value.root().as_bool() == Some(false);
            let off = self.slots[member.slots.start].values.iter().position(is_off)?;
            Some((member.slots.start, u8::try_from(off).unwrap()))
        };
        groups
            .into_iter()
            .map(|(group, slots)| Group { off: off(group), slots })
            .collect()
    }

    /// The name of a slot.
    pub(crate) fn name(&self, slot: usize) -> String {
        let member = &self.members[self.slots[slot].member];
        match (member.is_list, self.slots[slot].values.first()) {
            (true, Some(form)) => format!("{}[{}]", member.name, form.compact()),
            _ => member.name.to_owned(),
        }
    }

    pub(crate) fn show(&self, wanted: Wanted) -> String {
        let mut text = String::new();
        for (slot, digit) in wanted.0.iter().enumerate().take(self.slots.len()) {
            if let Some(digit) = digit {
                let separator = if text.is_empty() { "" } else { " " };
                write!(text, "{separator}{}={digit}", self.name(slot)).unwrap();
            }
        }
        text
    }

    pub(crate) fn show_content(&self, content: Content) -> String {
        self.show(Wanted(content.0.map(Some)))
    }
}

impl Slot {
    /// True if an element of a list is the one of this slot.
    fn is_of(&self, element: Node<'_>, identity: ListIdentity) -> bool {
        let known = self.values.first().map(Document::root);
        known.is_some_and(|known| match identity {
            ListIdentity::Id(id) => known.get(id).and_then(Node::as_str) == element.get(id).and_then(Node::as_str),
            ListIdentity::Content | ListIdentity::Whole | ListIdentity::Like(_) => {
                known.raw() == element.raw() || known.eq_value(element)
            }
        })
    }
}

/// True if an element of one of two lists is a proper part of an element of the other.
fn have_parts_of_each_other(one: &Document, other: &Document) -> bool {
    let is_part =
        |ours: Node<'_>, theirs: Node<'_>| ours.is_object() && ours.is_subset_of(theirs) && !ours.eq_value(theirs);
    let mut pairs = one
        .root()
        .elements()
        .flat_map(|ours| other.root().elements().map(move |theirs| (ours, theirs)));
    pairs.any(|(ours, theirs)| is_part(ours, theirs) || is_part(theirs, ours))
}

fn digit_of(slot: &Slot, value: Option<Node<'_>>) -> u8 {
    let Some(value) = value else { return STRANGE };
    let is_as_written = |known: &Document| known.text() == value.raw();
    let is_equal = |known: &Document| known.root().eq_value(value);
    let place = slot.values.iter().position(is_as_written);
    let place = place.or_else(|| slot.values.iter().position(is_equal));
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or(STRANGE)
}

/// The id of a document by its number.
pub(crate) fn id_of<K: Specimen>(document: usize) -> K::Id {
    let id = (document + 1).to_string();
    id.parse().ok().unwrap()
}

/// The number of the document with an id.
pub(crate) fn number_of<K: Specimen>(id: &K::Id) -> usize {
    id.to_string().parse::<usize>().map_or(usize::MAX, |number| number - 1)
}

/// True if the server checks versions.
pub(crate) fn has_versions<K: Specimen>() -> bool {
    K::GUARD == Guard::Version
}
