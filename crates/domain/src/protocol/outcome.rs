//! The outcome of an update, with all that belongs to it.

use std::time::Duration;

use super::PendingWrite;
use super::state::{Attempt, Step, Update};
use crate::document::{Collision, DocumentKind, ElementDifference, Stored, shown_changes};
use crate::evidence::Evidence;
use crate::finding::{Finding, Findings};
use crate::json::TextError;
use crate::outcome_kind::OutcomeKind;
use crate::request_error::{FailureClass, RequestError};
use crate::version::Version;

/// The end of an update: its outcome, and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion<K: DocumentKind> {
    /// The outcome.
    pub outcome: Outcome<K>,
    /// The number of times it was merged with what others did.
    pub merges: u32,
    /// The number of writes that were sent.
    pub attempts: u32,
    /// The time that it waited, on purpose.
    pub waited: Duration,
}

/// The outcome of an update.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<K: DocumentKind> {
    /// The server has it.
    Applied {
        /// The document that was written.
        write: PendingWrite<K>,
        /// The document as the server showed it, where it did: what was written, and what the server made of it.
        after: Option<K>,
        /// The version of what was applied, where the server showed it.
        version_after: Option<Version>,
        /// The evidence for it.
        evidence: Evidence,
        /// Warnings: members that the server stored otherwise than they were sent, and what else is to be known.
        warnings: Vec<Finding>,
    },
    /// The server took it, and others wrote over it in the same moment.
    Overwritten {
        /// The document that was written.
        write: PendingWrite<K>,
        /// The document as it is now.
        after: Stored<K>,
    },
    /// The document said so already; nothing was sent.
    Unchanged {
        /// The document.
        stored: Stored<K>,
        /// The findings in the document.
        findings: Vec<Finding>,
    },
    /// The document would be written: this was a dry run.
    Planned(PendingWrite<K>),
    /// Others changed the document. Nothing was overwritten.
    Conflict(Conflict<K>),
    /// Our own checks refuse the document.
    Invalid {
        /// The stored document, if it was read.
        base: Option<Stored<K>>,
        /// The findings, errors among them.
        findings: Findings,
    },
    /// The server refuses the document.
    Rejected {
        /// The document that was to be written, if it came to that.
        write: Option<PendingWrite<K>>,
        /// The server's words.
        failure: RequestError,
    },
    /// The credentials do not suffice.
    Denied {
        /// The document that was to be written, if it came to that.
        write: Option<PendingWrite<K>>,
        /// The server's words.
        failure: RequestError,
    },
    /// The update could not be done; nothing was changed.
    Failed(Failed<K>),
    /// The update could be done later; nothing was changed.
    Deferred {
        /// The document that was to be written, if it came to that.
        write: Option<PendingWrite<K>>,
        /// Why not now.
        failure: RequestError,
        /// The time to wait, from now, before trying again.
        wait: Duration,
    },
    /// A write was sent, and its outcome is not known.
    Unknown {
        /// The document that was written.
        write: PendingWrite<K>,
        /// The failure after which the outcome is not known.
        failure: RequestError,
    },
    /// The update was stopped before anything was written.
    NotAttempted {
        /// The document that was to be written, if it came to that.
        write: Option<PendingWrite<K>>,
    },
}

/// Why an update could not be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Failed<K: DocumentKind> {
    /// A request failed.
    Request {
        /// The document that was to be written, if it came to that.
        write: Option<PendingWrite<K>>,
        /// The failure.
        failure: RequestError,
    },
    /// The server gave no version to write under, so a write could overwrite the work of others.
    NoVersion {
        /// The document as it was read.
        base: Stored<K>,
        /// The findings in the document that was to be written.
        findings: Vec<Finding>,
    },
    /// The intent could not be recorded, and without a durable intent nothing is written.
    NotRecorded {
        /// The document that was to be written.
        write: PendingWrite<K>,
        /// Why not.
        error: RecordError,
    },
}

/// The failure of the record of an intent, by what the caller can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Others are at work, on the document or in the ledger: the same update may be recorded later.
    #[error("{0}")]
    Busy(String),
    /// The ledger does not work.
    #[error("{0}")]
    Unusable(String),
}

/// A conflict with the changes of others.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict<K: DocumentKind> {
    /// The document that the update was made from: as it was read, or as it is now where it was not read before.
    pub base: Option<Stored<K>>,
    /// The document that was to be written, if it came to that.
    pub ours: Option<K>,
    /// The document as it is now, if it can be read.
    pub theirs: Option<Stored<K>>,
    /// The version that the update was made from, where it is not the one that was read.
    pub expected: Option<Version>,
    /// The places where both sides collide.
    pub collisions: Vec<Collision>,
    /// The differences from the content that the update was made from to `theirs`; empty if either is not known.
    pub theirs_changed: Vec<ElementDifference>,
    /// The findings in the document that was to be written.
    pub findings: Vec<Finding>,
}

impl<K: DocumentKind> Conflict<K> {
    /// True if the update was made from a version whose content is not known.
    pub fn is_base_unknown(&self) -> bool {
        self.expected.is_some() && self.theirs_changed.is_empty()
    }
}

impl<K: DocumentKind> Outcome<K> {
    /// The outcome in a word.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Applied { .. } => OutcomeKind::Applied,
            Self::Overwritten { .. } => OutcomeKind::Overwritten,
            Self::Unchanged { .. } => OutcomeKind::Unchanged,
            Self::Planned(_) => OutcomeKind::Planned,
            Self::Conflict(_) => OutcomeKind::Conflict,
            Self::Invalid { .. } | Self::Rejected { .. } => OutcomeKind::Rejected,
            Self::Denied { .. } => OutcomeKind::Denied,
            Self::Failed(_) => OutcomeKind::Failed,
            Self::Deferred { .. } => OutcomeKind::Deferred,
            Self::Unknown { .. } => OutcomeKind::Unknown,
            Self::NotAttempted { .. } => OutcomeKind::NotAttempted,
        }
    }

    /// The document that was written, was to be written, or would be.
    pub fn write(&self) -> Option<&PendingWrite<K>> {
        match self {
            Self::Applied { write, .. }
            | Self::Overwritten { write, .. }
            | Self::Planned(write)
            | Self::Unknown { write, .. }
            | Self::Failed(Failed::NotRecorded { write, .. }) => Some(write),
            Self::Rejected { write, .. }
            | Self::Denied { write, .. }
            | Self::Deferred { write, .. }
            | Self::NotAttempted { write }
            | Self::Failed(Failed::Request { write, .. }) => write.as_ref(),
            Self::Unchanged { .. }
            | Self::Conflict(_)
            | Self::Invalid { .. }
            | Self::Failed(Failed::NoVersion { .. }) => None,
        }
    }

    /// The stored document that the update was made from, if it was read.
    pub fn base(&self) -> Option<&Stored<K>> {
        match self {
            Self::Unchanged { stored, .. } => Some(stored),
            Self::Conflict(conflict) => conflict.base.as_ref(),
            Self::Invalid { base, .. } => base.as_ref(),
            Self::Failed(Failed::NoVersion { base, .. }) => Some(base),
            Self::Applied { .. }
            | Self::Overwritten { .. }
            | Self::Planned(_)
            | Self::Rejected { .. }
            | Self::Denied { .. }
            | Self::Failed(Failed::Request { .. } | Failed::NotRecorded { .. })
            | Self::Deferred { .. }
            | Self::Unknown { .. }
            | Self::NotAttempted { .. } => self.write().map(|write| &write.base),
        }
    }

    /// The document as it was to be, or as it already was.
    pub fn ours(&self) -> Option<&K> {
        match self {
            Self::Conflict(conflict) => conflict.ours.as_ref(),
            Self::Unchanged { stored, .. } => Some(&stored.value),
            Self::Applied { .. }
            | Self::Overwritten { .. }
            | Self::Planned(_)
            | Self::Invalid { .. }
            | Self::Rejected { .. }
            | Self::Denied { .. }
            | Self::Failed(_)
            | Self::Deferred { .. }
            | Self::Unknown { .. }
            | Self::NotAttempted { .. } => self.write().map(|write| &write.ours),
        }
    }

    /// The name that people know the document by.
    pub fn title(&self) -> Option<&str> {
        let document = self.ours().or_else(|| self.base().map(|base| &base.value));
        document.and_then(K::title)
    }

    /// The differences that the update made, was to make, or would make: place by place, but of a kind whose elements are
    /// known by likeness with the elements as things.
    pub fn diff(&self) -> Vec<ElementDifference> {
        let (Some(base), Some(ours)) = (self.base(), self.ours()) else {
            return Vec::new();
        };
        shown_changes(&base.value, ours)
    }

    /// The changes of others that stood in the way, were merged with, or went over what was written.
    pub fn theirs_changed(&self) -> Vec<ElementDifference> {
        match self {
            Self::Conflict(conflict) => conflict.theirs_changed.clone(),
            Self::Overwritten { write, after } => shown_changes(&write.ours, &after.value),
            Self::Applied { .. }
            | Self::Unchanged { .. }
            | Self::Planned(_)
            | Self::Invalid { .. }
            | Self::Rejected { .. }
            | Self::Denied { .. }
            | Self::Failed(_)
            | Self::Deferred { .. }
            | Self::Unknown { .. }
            | Self::NotAttempted { .. } => {
                let write = self.write();
                write.map_or_else(Vec::new, |write| write.theirs_changed.clone())
            }
        }
    }

    /// The findings, warnings about what the server stored included.
    pub fn findings(&self) -> Vec<Finding> {
        let own: &[Finding] = match self {
            Self::Applied { warnings, .. } => warnings,
            Self::Unchanged { findings, .. } | Self::Failed(Failed::NoVersion { findings, .. }) => findings,
            Self::Conflict(conflict) => &conflict.findings,
            Self::Invalid { findings, .. } => findings.as_slice(),
            Self::Overwritten { .. }
            | Self::Planned(_)
            | Self::Rejected { .. }
            | Self::Denied { .. }
            | Self::Failed(Failed::Request { .. } | Failed::NotRecorded { .. })
            | Self::Deferred { .. }
            | Self::Unknown { .. }
            | Self::NotAttempted { .. } => &[],
        };
        let of_write = self.write().map_or(&[][..], |write| &write.findings);
        of_write.iter().chain(own).cloned().collect()
    }

    /// The failure, where a request failed.
    pub fn failure(&self) -> Option<&RequestError> {
        match self {
            Self::Rejected { failure, .. }
            | Self::Denied { failure, .. }
            | Self::Failed(Failed::Request { failure, .. })
            | Self::Deferred { failure, .. }
            | Self::Unknown { failure, .. } => Some(failure),
            Self::Applied { .. }
            | Self::Overwritten { .. }
            | Self::Unchanged { .. }
            | Self::Planned(_)
            | Self::Conflict(_)
            | Self::Invalid { .. }
            | Self::Failed(Failed::NoVersion { .. } | Failed::NotRecorded { .. })
            | Self::NotAttempted { .. } => None,
        }
    }

    /// The evidence that it was applied.
    pub fn evidence(&self) -> Option<Evidence> {
        match self {
            Self::Applied { evidence, .. } => Some(*evidence),
            Self::Overwritten { .. } => Some(Evidence::Answer),
            Self::Unchanged { .. }
            | Self::Planned(_)
            | Self::Conflict(_)
            | Self::Invalid { .. }
            | Self::Rejected { .. }
            | Self::Denied { .. }
            | Self::Failed(_)
            | Self::Deferred { .. }
            | Self::Unknown { .. }
            | Self::NotAttempted { .. } => None,
        }
    }

    /// The document as the server showed it after the write, where it did, and its version.
    pub fn after(&self) -> (Option<&K>, Option<&Version>) {
        match self {
            Self::Applied {
                after, version_after, ..
            } => (after.as_ref(), version_after.as_ref()),
            Self::Overwritten { after, .. } => (Some(&after.value), None),
            Self::Unchanged { .. }
            | Self::Planned(_)
            | Self::Conflict(_)
            | Self::Invalid { .. }
            | Self::Rejected { .. }
            | Self::Denied { .. }
            | Self::Failed(_)
            | Self::Deferred { .. }
            | Self::Unknown { .. }
            | Self::NotAttempted { .. } => (None, None),
        }
    }
}

/// The ends of an update, each with the data that belongs to its outcome.
impl<K: DocumentKind> Update<K> {
    pub(super) fn applied(
        self,
        write: PendingWrite<K>,
        shown: Option<Stored<K>>,
        evidence: Evidence,
        warnings: Vec<Finding>,
    ) -> Step<K> {
        let merges = write.merges;
        let (after, version_after) = shown.map_or((None, None), |shown| (Some(shown.value), shown.version));
        let outcome = Outcome::Applied {
            write,
            after,
            version_after,
            evidence,
            warnings,
        };
        self.done(outcome, merges)
    }

    /// A read after the write has ours in it: by this write, or by an identical one of others.
    pub(super) fn applied_by_read(self, write: PendingWrite<K>, stored: &Stored<K>) -> Step<K> {
        let shown = write.is_stored_as_written(stored).then(|| stored.clone());
        self.applied(write, shown, Evidence::Read, vec![Finding::confirmed_by_read()])
    }

    /// The answer to the write shows what the server made of it.
    pub(super) fn applied_as_answered(
        self,
        write: PendingWrite<K>,
        shown: Option<Stored<K>>,
        mut warnings: Vec<Finding>,
    ) -> Step<K> {
        if let Some(shown) = &shown {
            warnings.extend(write.patch.stored_otherwise(&shown.value));
        }
        self.applied(write, shown, Evidence::Answer, warnings)
    }

    /// The document already says all that was to be written: by others, unless a write of ours may have reached the
    /// server.
    pub(super) fn already_so(self, write: Option<PendingWrite<K>>, stored: Stored<K>, merges: u32) -> Step<K> {
        let merges = write.as_ref().map_or(merges, |write| write.merges);
        match write {
            Some(write) if self.may_have_arrived => self.applied_by_read(write, &stored),
            Some(_) | None => {
                let findings = Vec::new();
                self.done(Outcome::Unchanged { stored, findings }, merges)
            }
        }
    }

    pub(super) fn not_attempted(self, write: PendingWrite<K>) -> Step<K> {
        let merges = write.merges;
        self.done(Outcome::NotAttempted { write: Some(write) }, merges)
    }

    pub(super) fn unknown(self, attempt: Attempt<K>) -> Step<K> {
        let lost = || RequestError::no_answer("the answer to the write was lost");
        let failure = attempt.indeterminate.unwrap_or_else(lost);
        let merges = attempt.write.merges;
        let outcome = Outcome::Unknown {
            write: attempt.write,
            failure,
        };
        self.done(outcome, merges)
    }

    pub(super) fn invalid(self, base: Stored<K>, findings: Findings, merges: u32) -> Step<K> {
        let base = Some(base);
        self.done(Outcome::Invalid { base, findings }, merges)
    }

    pub(super) fn too_large(self, base: Stored<K>, error: &TextError, merges: u32) -> Step<K> {
        self.invalid(base, Findings::too_large(error), merges)
    }

    pub(super) fn failed(self, write: Option<PendingWrite<K>>, failure: RequestError) -> Step<K> {
        let merges = write.as_ref().map_or(0, |write| write.merges);
        let outcome = match failure.class {
            FailureClass::Denied | FailureClass::Unauthenticated => Outcome::Denied { write, failure },
            FailureClass::Rejected
            | FailureClass::PreconditionFailed
            | FailureClass::Conflict
            | FailureClass::TransactionCancelled => Outcome::Rejected { write, failure },
            FailureClass::NotFound
            | FailureClass::Throttled { .. }
            | FailureClass::NotSent
            | FailureClass::Untrusted
            | FailureClass::Indeterminate { .. }
            | FailureClass::Malformed
            | FailureClass::IdMismatch
            | FailureClass::OtherOrganization
            | FailureClass::Redirected => Outcome::Failed(Failed::Request { write, failure }),
        };
        self.done(outcome, merges)
    }

    pub(super) fn deferred(self, write: Option<PendingWrite<K>>, failure: RequestError, wait: Duration) -> Step<K> {
        let merges = write.as_ref().map_or(0, |write| write.merges);
        let outcome = Outcome::Deferred { write, failure, wait };
        self.done(outcome, merges)
    }

    pub(super) fn done(self, outcome: Outcome<K>, merges: u32) -> Step<K> {
        Step::Done(Box::new(Completion {
            outcome,
            merges,
            attempts: self.attempts,
            waited: self.waited,
        }))
    }
}
