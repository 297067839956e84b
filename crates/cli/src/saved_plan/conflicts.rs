//! The conflicts of a plan, for reports: `apply` carries none of them out, so they are no part of the plan as it is read.

use std::collections::BTreeMap;

use domain::document::{Difference, ElementDifference};
use domain::json::Document;
use domain::{Collision, Pointer};
use serde::Deserialize;

use super::SavedPlan;
use super::document::some_document;

/// The conflict of one document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conflicts {
    /// The places where both sides collide.
    pub(crate) collisions: Vec<Collision>,
    /// The changes of others.
    pub(crate) theirs_changed: Vec<ElementDifference>,
}

#[derive(Deserialize)]
struct Plan {
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    document: String,
    #[serde(default)]
    conflicts: Vec<Sides>,
    #[serde(default)]
    theirs_changed: Vec<Sides>,
}

/// The sides of a conflict or of a difference.
#[derive(Deserialize)]
struct Sides {
    path: String,
    /// The place before, of an element that moved.
    #[serde(default)]
    from: Option<String>,
    #[serde(default, deserialize_with = "some_document")]
    base: Option<Document>,
    #[serde(default, deserialize_with = "some_document")]
    ours: Option<Document>,
    #[serde(default, deserialize_with = "some_document")]
    theirs: Option<Document>,
    #[serde(default, deserialize_with = "some_document")]
    before: Option<Document>,
    #[serde(default, deserialize_with = "some_document")]
    after: Option<Document>,
}

impl SavedPlan {
    /// The conflicts by the references of their documents.
    pub(crate) fn conflicts(&self) -> BTreeMap<String, Conflicts> {
        let plan = serde_json::from_str(self.text()).unwrap_or(Plan { changes: Vec::new() });
        let is_conflict = |change: &Change| !change.conflicts.is_empty() || !change.theirs_changed.is_empty();
        let conflicts = |change: Change| Conflicts {
            collisions: change.conflicts.into_iter().map(Sides::collision).collect(),
            theirs_changed: change.theirs_changed.into_iter().map(Sides::difference).collect(),
        };
        let changes = plan.changes.into_iter().filter(is_conflict);
        changes
            .map(|change| (change.document.clone(), conflicts(change)))
            .collect()
    }
}

impl Sides {
    fn collision(self) -> Collision {
        Collision {
            pointer: pointer(&self.path),
            base: self.base,
            ours: self.ours,
            theirs: self.theirs,
        }
    }

    fn difference(self) -> ElementDifference {
        ElementDifference {
            from: self.from.as_deref().map(pointer),
            difference: Difference {
                pointer: pointer(&self.path),
                before: self.before,
                after: self.after,
            },
        }
    }
}

/// The place; a plan that was made by this program has no other than places.
fn pointer(path: &str) -> Pointer {
    path.parse().unwrap_or_default()
}
