//! A place in a document that costs nothing until something is wrong there.

use crate::pointer::Pointer;

/// A [`Pointer`] that is not written yet: the place that it lies in, and one step into it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LazyPointer<'p> {
    around: Option<&'p LazyPointer<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Member(&'p str),
    Index(usize),
}

impl<'p> LazyPointer<'p> {
    /// The place of a member of the document.
    pub(crate) fn of_member(name: &'p str) -> Self {
        Self {
            around: None,
            step: Step::Member(name),
        }
    }

    /// The place of a member of the object here.
    pub(crate) fn member(&'p self, name: &'p str) -> Self {
        Self {
            around: Some(self),
            step: Step::Member(name),
        }
    }

    /// The place of an element of the list here.
    pub(crate) fn index(&'p self, index: usize) -> Self {
        Self {
            around: Some(self),
            step: Step::Index(index),
        }
    }

    /// The place, written.
    pub(crate) fn pointer(&self) -> Pointer {
        let around = self.around.map_or_else(Pointer::root, Self::pointer);
        match self.step {
            Step::Member(name) => around.member(name),
            Step::Index(index) => around.index(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_the_pointer_to_it() {
        let rules = LazyPointer::of_member("rules");
        let first = rules.index(0);
        let odd = first.member("a/b~");
        assert_eq!(odd.pointer().as_str(), "/rules/0/a~1b~0");
        assert_eq!(rules.pointer().as_str(), "/rules");
    }
}
