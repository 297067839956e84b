//! A collision as an entry has it.

use domain::Collision;
use domain::json::Document;
use serde::{Deserialize, Serialize};

use super::{EntryBodyError, document, unreadable};

/// A collision. Its values are texts, because canonical JSON would spell their numbers anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CollisionBody {
    path: String,
    base: Option<String>,
    ours: Option<String>,
    theirs: Option<String>,
}

impl CollisionBody {
    pub(super) fn of(collision: &Collision) -> Self {
        let text = |side: &Option<Document>| side.as_ref().map(|side| side.text().to_owned());
        Self {
            path: collision.pointer.to_string(),
            base: text(&collision.base),
            ours: text(&collision.ours),
            theirs: text(&collision.theirs),
        }
    }

    pub(super) fn read(&self) -> Result<Collision, EntryBodyError> {
        let side = |side: &Option<String>| side.as_deref().map(document).transpose();
        Ok(Collision {
            pointer: self.path.parse().map_err(|error| unreadable("its path", &error))?,
            base: side(&self.base)?,
            ours: side(&self.ours)?,
            theirs: side(&self.theirs)?,
        })
    }
}
