//! Members that stand twice in one object: found while the text is read, named when it has been.

use std::collections::BTreeSet;

use super::{Parser, after};
use crate::json::{Document, JsonError, Shape, TextError};
use crate::pointer::Pointer;

/// The most members whose names are compared with each other: beyond that, a set of names is cheaper.
pub(super) const FEW_MEMBERS: usize = 16;

pub(super) fn refuse_duplicates(document: Document, mut duplicates: Vec<u32>) -> Result<Document, TextError> {
    let mut faults = Vec::new();
    duplicates.sort_unstable();
    if !duplicates.is_empty() {
        document.root().visit_names(&Pointer::root(), &mut |pointer, name| {
            if duplicates.binary_search(&name.place()).is_ok() {
                faults.push(JsonError::Duplicate {
                    pointer: pointer.clone(),
                    name: name.as_str().unwrap_or_default().to_owned(),
                    span: name.span(),
                });
            }
        });
    }
    let mut faults = faults.into_iter();
    match faults.next() {
        None => Ok(document),
        Some(first) => Err(TextError {
            first,
            rest: faults.collect(),
        }),
    }
}

impl Parser<'_> {
    /// True if the object has an earlier member of this name.
    pub(super) fn stands_before(&self, object: u32, name: u32) -> bool {
        let text = self.text_of(name);
        // Why the length: it tells most names apart, without a look at the text.
        let length = self.plain_length_of(name);
        let may_be_same = |at: u32| match (length, self.plain_length_of(at)) {
            (Some(ours), Some(theirs)) => ours == theirs,
            (None, _) | (_, None) => true,
        };
        self.names(object)
            .take_while(|&at| at < name)
            .any(|at| may_be_same(at) && self.text_of(at) == text)
    }

    /// Finds the duplicates among the members after the first [`FEW_MEMBERS`].
    pub(super) fn find_late_duplicates(&mut self, object: u32) {
        let mut seen = BTreeSet::new();
        let mut late = Vec::new();
        for (index, name) in self.names(object).enumerate() {
            if !seen.insert(self.text_of(name)) && index >= FEW_MEMBERS {
                late.push(name);
            }
        }
        self.duplicates.extend(late);
    }

    /// The slots of the names of an object whose last member may still be open.
    fn names(&self, object: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(object + 1), |&name| Some(after(&self.slots, name + 1)))
            .take_while(|&name| (name as usize) < self.slots.len())
    }

    /// The length of a text without escapes.
    fn plain_length_of(&self, place: u32) -> Option<u32> {
        let slot = self.slots.get(place as usize)?;
        (slot.shape == Shape::PlainText).then(|| slot.end - slot.start)
    }

    fn text_of(&self, place: u32) -> &str {
        let Some(slot) = self.slots.get(place as usize) else {
            return "";
        };
        if slot.shape == Shape::EscapedText {
            return self.decoded.get(slot.link as usize).map_or("", |text| text);
        }
        self.text
            .get(slot.start as usize + 1..slot.end as usize - 1)
            .unwrap_or_default()
    }
}
