//! What becomes of a change when the document moved and no write of ours is in doubt.

use super::{MAX_MERGES, Made, OnConflict, Step, Update};
use crate::code::Code;
use crate::finding::{Finding, Findings};
use crate::kind::Kind;
use crate::pointer::Pointer;
use crate::stored::Stored;

impl<K: Kind> Update<K> {
    /// Merges as the user allows, and goes on under the new version with a new intent; or it is a conflict.
    ///
    /// A version that moved while the content did not is nobody's change, and goes on whatever the policy: but not
    /// where the user named the version that it must be.
    pub(super) fn moved(&mut self, theirs: Stored<K>) -> Step<K> {
        let Some(made) = &self.made else {
            return self.conflict(Some(theirs), Vec::new());
        };
        let asked = made.asked.clone();
        let merged = K::merge(&asked.base, &asked.change, &theirs.value, self.terms.group);
        let merged = match merged {
            Ok(merged) => merged,
            Err(error) => {
                let mut findings = Findings::default();
                findings.add(Finding::new(Code::TooLarge, Pointer::root(), error.to_string()));
                return self.rejected(Some(theirs), findings);
            }
        };
        let only_the_version_moved = asked.base.diff(&theirs.value).is_empty() && !self.names_a_version();
        let goes_on = match self.terms.on_conflict {
            OnConflict::Fail => only_the_version_moved,
            OnConflict::Merge => merged.collisions.is_empty(),
            OnConflict::Ours => true,
        };
        if !goes_on || self.merges == MAX_MERGES {
            return self.conflict(Some(theirs), merged.collisions);
        }
        let findings = merged.document.check(&theirs.value);
        if findings.reaches(self.terms.fail_on) {
            return self.rejected(Some(theirs), findings);
        }
        let findings = findings.into_vec();
        let Some(version) = theirs.version.clone() else {
            return self.no_version(theirs, findings);
        };
        self.merges += 1;
        self.record(Made {
            asked,
            base: theirs,
            version,
            change: merged.change,
            ours: merged.document,
            findings,
            overwrites: merged.collisions,
        })
    }

    fn names_a_version(&self) -> bool {
        self.terms.expected.is_some() || K::made_from(&self.wish).is_some()
    }
}
