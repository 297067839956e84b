//! The request for an update, and the write that comes of it.

use crate::document::{Collision, DocumentKind, Edit, ElementDifference, Patch, Stored};
use crate::finding::Finding;
use crate::version::Version;

/// The change that an update is asked to make.
#[derive(Clone, Debug)]
pub enum UpdateRequest<K: DocumentKind> {
    /// An edit of the document as it is read. If the edit names the version that it was made from, that must be the
    /// version read.
    Edit(Edit<K>),
    /// An edit made from a version that it names and whose content is known. If another version is read, the edit is
    /// merged with what was done since.
    EditOf {
        /// The edit.
        edit: Edit<K>,
        /// The document at the version that it names.
        base: K,
    },
    /// A patch of a document that may have moved on since: it is merged with what was done since.
    Patch {
        /// The patch.
        patch: Patch<K>,
        /// The document that it is a patch of.
        base: K,
    },
    /// A patch that was reviewed against a stored document. It is written without a read, under the reviewed precondition;
    /// any move of the document is a conflict, even if its content is the reviewed one again, unless
    /// [`OnConflict::Merge`](super::OnConflict::Merge) lets it go on.
    Planned {
        /// The document as it was reviewed.
        base: Stored<K>,
        /// The patch.
        patch: Patch<K>,
        /// The newest write of the document since the review, as the record has it.
        prior: PriorWrite<K>,
    },
}

/// A write of a document after a patch of it was reviewed, as the record has it: so that the same patch can be asked for
/// again, and is written once.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PriorWrite<K> {
    /// None is recorded: the patch is written without a read.
    #[default]
    None,
    /// A write was applied. The document is read, and nothing is sent if the patch is in it.
    Applied {
        /// The plan that it belongs to.
        of: PlanOfWrite,
        /// The document as the server stored it, if the patch was in what was sent.
        stored: Option<K>,
    },
    /// A write of this patch was overwritten by others in the same moment: it is a conflict.
    Overwritten,
    /// A write of this patch was sent, and its outcome is not known. The document is read: it is applied if the patch is in
    /// it; the identical bytes are sent again under a version that has not moved, or, where only the content guards it, after
    /// [`MAX_STALE_READS`](super::MAX_STALE_READS) reads that all show what was reviewed; else it stays unknown.
    Unsettled,
}

impl<K: DocumentKind> PriorWrite<K> {
    /// True if a document that was read has all that is to be written, or what the server made of it before.
    pub(super) fn is_evident_in(&self, write: &PendingWrite<K>, read: &K) -> bool {
        let is_as_stored = |stored: &K| {
            let mut members = write.patch.changes().map(|(member, _)| member.name);
            members.all(|name| stored.member(name) == read.member(name))
        };
        match self {
            Self::Overwritten => false,
            Self::Applied { stored, .. } => write.is_evident_in(read) || stored.as_ref().is_some_and(is_as_stored),
            Self::None | Self::Unsettled => write.is_evident_in(read),
        }
    }

    /// True if what is recorded is a write that is not of the same plan.
    pub(super) fn is_of_another_plan(&self) -> bool {
        match self {
            Self::Applied { of, .. } => *of == PlanOfWrite::Other,
            Self::None | Self::Overwritten | Self::Unsettled => false,
        }
    }

    /// True if what was done since the review is no reason to merge: the patch was written once, and others undid or
    /// overwrote it.
    pub fn forbids_merge(&self) -> bool {
        match self {
            Self::Overwritten => true,
            Self::Applied { of, .. } => *of == PlanOfWrite::Same,
            Self::None | Self::Unsettled => false,
        }
    }
}

/// The plan that a recorded write belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanOfWrite {
    /// The same one: what was done since is never merged with it.
    Same,
    /// Another one, or none: a document that has moved since is a conflict, as any other. One that has not is written under
    /// its version: the write was reviewed, and recorded later.
    Other,
}

/// The precondition of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Precondition<K> {
    /// The stored version is this one. The server enforces it.
    Version(Version),
    /// The stored content is this one. The protocol compares right before the write and after it.
    Content(K),
}

impl<K> Precondition<K> {
    /// The version that must be stored, if it is a version that guards the write.
    pub fn version(&self) -> Option<&Version> {
        match self {
            Self::Version(version) => Some(version),
            Self::Content(_) => None,
        }
    }
}

/// A checked document that is about to be written, or was.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingWrite<K: DocumentKind> {
    /// The document as it is stored.
    pub base: Stored<K>,
    /// The precondition of the write.
    pub precondition: Precondition<K>,
    /// The patch.
    pub patch: Patch<K>,
    /// The document with the patch.
    pub ours: K,
    /// The findings that do not keep it from being sent.
    pub findings: Vec<Finding>,
    /// The collisions in which it overwrites theirs, as the user chose.
    pub overwrites: Vec<Collision>,
    /// The differences that others made to what the change was asked of, as far as it was merged with them.
    pub theirs_changed: Vec<ElementDifference>,
    /// The number of times the patch was merged with what others did.
    pub merges: u32,
}

impl<K: DocumentKind> PendingWrite<K> {
    /// Adds a warning, unless it is among the findings.
    pub(super) fn warn_once(&mut self, warning: Finding) {
        if !self.findings.contains(&warning) {
            self.findings.push(warning);
        }
    }

    /// True if a document that was read proves that this was accepted.
    pub(super) fn is_evident_in(&self, read: &K) -> bool {
        self.patch.is_evident_in(&self.base.value, &self.ours, read)
    }

    /// True if a document that was read proves that this was accepted: of a write that changes nothing no document does.
    pub(super) fn is_proved_by(&self, read: &K) -> bool {
        !self.patch.is_empty() && self.is_evident_in(read)
    }

    /// True if the document that was read is the one that the precondition asks for.
    pub(super) fn is_unmoved(&self, read: &Stored<K>) -> bool {
        match &self.precondition {
            Precondition::Version(version) => read.version.as_ref() == Some(version),
            Precondition::Content(base) => base.has_content_of(&read.value),
        }
    }

    /// True if the document that was read is exactly what was written: else it is also the work of others.
    pub(super) fn is_stored_as_written(&self, read: &Stored<K>) -> bool {
        let is_new = match &self.precondition {
            Precondition::Version(version) => read.version.as_ref() != Some(version),
            Precondition::Content(_) => true,
        };
        is_new && self.ours.has_content_of(&read.value)
    }
}
