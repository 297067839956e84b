//! New values for some members of a document.

use domain::json::Document;
use domain::testing::Specimen;
use domain::{Edit, Patch};

use super::{Member, Vocabulary};
use crate::content::{Content, Wanted};
use crate::rng::Rng;

/// New values for members, by their numbers, as an author writes them.
pub(crate) type MemberValues = Vec<(usize, Document)>;

impl<K: Specimen> Vocabulary<K> {
    /// The values for these digits of a document.
    pub(crate) fn member_values(&self, document: &K, wanted: Wanted) -> MemberValues {
        let named = |(_, member): &(usize, &Member)| member.slots.clone().any(|slot| wanted.names(slot));
        let members = self.members.iter().enumerate().filter(named);
        members
            .map(|(number, member)| (number, self.value(document, member, wanted)))
            .collect()
    }

    /// One of a member's values, by its number.
    pub(crate) fn member_values_of(&self, members: &[(usize, usize)]) -> MemberValues {
        let value = |(member, value): &(usize, usize)| (*member, self.members[*member].values[*value].clone());
        members.iter().map(value).collect()
    }

    /// One or two members that an author can change, with any of their values, or with a list in which something is
    /// changed.
    pub(crate) fn any_member_values(&self, document: &K, rng: &mut Rng) -> MemberValues {
        let mut member_values = MemberValues::new();
        for _ in 0..=rng.below(2) {
            let number = rng.below(self.members.len() - 1);
            let member = &self.members[number];
            let value = if member.is_list && rng.in_thousand(500) {
                let mut wanted = Wanted::default();
                let slot = member.slots.start + rng.below(member.slots.len());
                wanted.0[slot] = Some(self.any_digit(slot, rng));
                self.value(document, member, wanted)
            } else {
                member.values[rng.below(member.values.len())].clone()
            };
            member_values.retain(|(named, _)| *named != number);
            member_values.push((number, value));
        }
        member_values
    }

    /// One or two slots that people in the platform's own pages change.
    pub(crate) fn any_change(&self, rng: &mut Rng) -> Wanted {
        let mut wanted = Wanted::default();
        for _ in 0..=rng.below(2) {
            let slot = rng.below(self.slots.len());
            wanted.0[slot] = Some(self.any_digit(slot, rng));
        }
        wanted
    }

    fn any_digit(&self, slot: usize, rng: &mut Rng) -> u8 {
        let forms = self.slots[slot].values.len() + usize::from(self.members[self.slots[slot].member].is_list);
        u8::try_from(rng.below(forms)).unwrap()
    }

    pub(crate) fn wanted(&self, member_values: &MemberValues) -> Wanted {
        let mut wanted = Wanted::default();
        for (member, value) in member_values {
            let mut content = Content::default();
            self.read(*member, Some(value.root()), &mut content);
            for slot in self.members[*member].slots.clone() {
                wanted.0[slot] = Some(content.0[slot]);
            }
        }
        wanted
    }

    pub(crate) fn edit(&self, member_values: &MemberValues) -> Edit<K> {
        Edit::new(self.document(member_values)).unwrap()
    }

    pub(crate) fn patch(&self, member_values: &MemberValues) -> Patch<K> {
        Patch::from_document(&self.document(member_values))
    }

    fn document(&self, member_values: &MemberValues) -> Document {
        let members: Vec<(&str, &str)> = member_values
            .iter()
            .map(|(member, value)| (self.members[*member].name, value.text()))
            .collect();
        Document::empty_object().with_members(&members).unwrap()
    }

    /// The digits that are asked of a document which was seen as `first`: a list names the elements that it adds, changes or
    /// takes away.
    pub(crate) fn asked(&self, wanted: Wanted, first: Content) -> Wanted {
        let mut asked = wanted;
        for (slot, digit) in asked.0.iter_mut().enumerate() {
            let is_element = self
                .slots
                .get(slot)
                .is_some_and(|slot| self.members[slot.member].is_list);
            if is_element && *digit == Some(first.0[slot]) {
                *digit = None;
            }
        }
        asked
    }
}
