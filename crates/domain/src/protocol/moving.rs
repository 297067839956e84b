//! What becomes of a change when the document moved and no write of ours is in doubt.

use super::{MAX_MERGES, OnConflict, Step, Update};
use crate::kind::Kind;
use crate::stored::Stored;

impl<K: Kind> Update<K> {
    /// Merges as the user allows, and goes on under the new version with a new intent; or it is a conflict.
    ///
    /// A version that moved while the content did not is nobody's change, and goes on whatever the policy: but not
    /// where the user named the version that it must be.
    pub(super) fn moved(&mut self, theirs: Stored<K>) -> Step<K> {
        let Some(asked) = self.asked.clone() else {
            return self.conflict(Some(theirs), Vec::new());
        };
        let merged = match K::merge(&asked.base, &asked.change, &theirs.value, self.terms.group) {
            Ok(merged) => merged,
            Err(error) => return self.too_large(theirs, &error),
        };
        let only_the_version_moved = asked.base.diff(&theirs.value).is_empty() && self.named_version().is_none();
        let goes_on = match self.terms.on_conflict {
            OnConflict::Fail => only_the_version_moved,
            OnConflict::Merge => merged.collisions.is_empty(),
            OnConflict::Ours => true,
        };
        if !goes_on || self.merges == MAX_MERGES {
            return self.conflict(Some(theirs), merged.collisions);
        }
        if theirs.value.diff(&merged.document).is_empty() {
            return self.unchanged_by_others(theirs);
        }
        self.merges += 1;
        self.send(theirs, merged.change, merged.document, merged.collisions)
    }
}
