//! The content of a document as a few digits, one for each [slot](crate::vocabulary::Vocabulary) that may change.

/// The most slots that a kind may have; those that it does not have stay 0.
pub(crate) const SLOTS: usize = 16;

/// The digit of a value that was never written.
pub(crate) const STRANGE: u8 = 9;

/// The content of a document: a digit a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Content(pub(crate) [u8; SLOTS]);

/// The digits that a writer wants: one for each slot that it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Wanted(pub(crate) [Option<u8>; SLOTS]);

impl Content {
    pub(crate) fn with(mut self, wanted: Wanted) -> Self {
        for (digit, wanted) in self.0.iter_mut().zip(wanted.0) {
            *digit = wanted.unwrap_or(*digit);
        }
        self
    }

    pub(crate) fn says(self, wanted: Wanted) -> bool {
        self.with(wanted) == self
    }

    /// The digits of another in which it differs.
    pub(crate) fn changes_to(self, other: Self) -> Wanted {
        let mut wanted = Wanted::default();
        self.differs(other)
            .for_each(|slot| wanted.0[slot] = Some(other.0[slot]));
        wanted
    }

    /// The slots in which it differs from another.
    pub(crate) fn differs(self, other: Self) -> impl Iterator<Item = usize> {
        (0..SLOTS).filter(move |slot| self.0[*slot] != other.0[*slot])
    }
}

impl Wanted {
    pub(crate) fn names(self, slot: usize) -> bool {
        self.0[slot].is_some()
    }
}
