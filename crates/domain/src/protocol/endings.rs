//! The ends of an update: each makes the verdict that says what is known.

use std::time::Duration;

use super::{Confirmation, Conflict, Outcome, Phase, Step, Update, Verdict};
use crate::code::Code;
use crate::failure::{Failure, FailureClass};
use crate::finding::{Finding, Findings};
use crate::kind::{Collision, Kind};
use crate::stored::Stored;

impl<K: Kind> Update<K> {
    /// The server has it, and showed it as `shown` where it did.
    pub(super) fn applied(&mut self, shown: Option<Stored<K>>, by: Confirmation, lacks: Vec<Finding>) -> Step<K> {
        let mut verdict = self.verdict_of_made(Outcome::Applied);
        if let Some(shown) = shown {
            verdict.version_after = shown.version;
            verdict.after = Some(shown.value);
        }
        verdict.confirmed_by = Some(by);
        verdict.findings.extend(lacks);
        self.done(verdict)
    }

    /// Somebody else already made it so.
    pub(super) fn unchanged_by_others(&mut self, theirs: Stored<K>) -> Step<K> {
        self.done(Verdict {
            ours: Some(theirs.value.clone()),
            base: Some(theirs),
            ..Verdict::of(Outcome::Unchanged)
        })
    }

    /// The document moved, and the change is not made: where both sides collide is shown, and what others did.
    pub(super) fn conflict(&mut self, theirs: Option<Stored<K>>, collisions: Vec<Collision>) -> Step<K> {
        let theirs_changed = match (&self.asked, &theirs) {
            (Some(asked), Some(theirs)) => asked.base.diff(&theirs.value),
            _ => Vec::new(),
        };
        // Without a document of ours it is the first read that shows what others did.
        let base = theirs.clone().filter(|_| self.made.is_none());
        let read = base.as_ref().map(|base| &base.version);
        let expected = self
            .named_version()
            .filter(|named| read.is_some_and(|read| read.as_ref() != Some(named)));
        let conflict = Conflict {
            theirs,
            expected,
            collisions,
            theirs_changed,
        };
        let mut verdict = self.verdict_of_made(Outcome::Conflict(conflict));
        verdict.base = verdict.base.or(base);
        self.done(verdict)
    }

    /// The document is not at the version that the change was made from. That version's content is not known.
    pub(super) fn not_the_expected_version(&mut self, theirs: Stored<K>, ours: &K) -> Step<K> {
        let collisions = theirs.value.diff(ours).into_iter().map(|difference| Collision {
            pointer: difference.pointer,
            base: None,
            ours: difference.after,
            theirs: difference.before,
        });
        let conflict = Conflict {
            collisions: collisions.collect(),
            theirs_changed: Vec::new(),
            expected: self.named_version(),
            theirs: Some(theirs.clone()),
        };
        self.done(Verdict {
            base: Some(theirs),
            ..Verdict::of(Outcome::Conflict(conflict))
        })
    }

    /// Without a version to write under a write could overwrite somebody's change.
    pub(super) fn no_version(&mut self, base: Stored<K>, findings: Vec<Finding>) -> Step<K> {
        let message = "the server gave no version to write under, so a write could overwrite somebody's change";
        self.done(Verdict {
            base: Some(base),
            findings,
            failure: Some(Failure::new(FailureClass::Malformed, message)),
            code: Some(Code::NoVersion),
            ..Verdict::of(Outcome::Failed)
        })
    }

    /// Without a durable intent nothing is written.
    pub(super) fn not_recorded(&mut self, why: &str) -> Step<K> {
        let message = format!("the intent cannot be recorded, so nothing is written: {why}");
        let mut verdict = self.verdict_of_made(Outcome::Failed);
        verdict.failure = Some(Failure::new(FailureClass::Rejected, message));
        verdict.code = Some(Code::NotRecorded);
        self.done(verdict)
    }

    pub(super) fn rejected(&mut self, base: Option<Stored<K>>, findings: Findings) -> Step<K> {
        self.done(Verdict {
            base,
            findings: findings.into_vec(),
            ..Verdict::of(Outcome::Rejected)
        })
    }

    pub(super) fn failed(&mut self, failure: Failure) -> Step<K> {
        let outcome = match failure.class {
            FailureClass::Denied | FailureClass::Unauthenticated => Outcome::Denied,
            FailureClass::Rejected => Outcome::Rejected,
            FailureClass::NotFound
            | FailureClass::PreconditionFailed
            | FailureClass::Throttled { .. }
            | FailureClass::NotSent
            | FailureClass::Untrusted
            | FailureClass::Indeterminate { .. }
            | FailureClass::Malformed
            | FailureClass::IdMismatch
            | FailureClass::Redirected => Outcome::Failed,
        };
        let mut verdict = self.verdict_of_made(outcome);
        verdict.failure = Some(failure);
        self.done(verdict)
    }

    pub(super) fn deferred(&mut self, failure: Failure, wait: Duration) -> Step<K> {
        let mut verdict = self.verdict_of_made(Outcome::Deferred { wait });
        verdict.failure = Some(failure);
        self.done(verdict)
    }

    pub(super) fn unknown(&mut self, failure: Failure) -> Step<K> {
        let mut verdict = self.verdict_of_made(Outcome::Unknown);
        verdict.code = Some(Code::Unclear);
        verdict.failure = Some(failure);
        self.done(verdict)
    }

    pub(super) fn unknown_as_it_was(&mut self) -> Step<K> {
        let lost = || {
            Failure::new(
                FailureClass::Indeterminate { wait: None },
                "the answer to the write was lost",
            )
        };
        let failure = self.unclear.clone().unwrap_or_else(lost);
        self.unknown(failure)
    }

    pub(super) fn verdict_of_made(&self, outcome: Outcome<K>) -> Verdict<K> {
        let made = self.made.as_ref();
        Verdict {
            base: made.map(|made| made.base.clone()),
            ours: made.map(|made| made.ours.clone()),
            findings: made.map_or_else(Vec::new, |made| made.findings.clone()),
            overwrites: made.map_or_else(Vec::new, |made| made.overwrites.clone()),
            ..Verdict::of(outcome)
        }
    }

    pub(super) fn done(&mut self, mut verdict: Verdict<K>) -> Step<K> {
        self.phase = Phase::Done;
        verdict.attempts = self.attempts;
        verdict.merges = self.merges;
        verdict.waited = self.waited;
        Step::Done(Box::new(verdict))
    }
}
