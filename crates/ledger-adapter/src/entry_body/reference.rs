//! A name that stood for an id, as an entry has it.

use ports::KnownReference;
use serde::{Deserialize, Serialize};

/// A name that stood for an id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReferenceBody {
    text: String,
    id: String,
}

impl ReferenceBody {
    pub(super) fn of(reference: &KnownReference) -> Self {
        let KnownReference { text, id } = reference.clone();
        Self { text, id }
    }

    pub(crate) fn read(&self) -> KnownReference {
        let Self { text, id } = self.clone();
        KnownReference { text, id }
    }
}
