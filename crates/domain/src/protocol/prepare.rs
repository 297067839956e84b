//! From the request to the intent: the change is made from what was read or reviewed, checked, and handed on to be written.

use super::outcome::{Failed, Outcome, RecordError};
use super::state::{AfterWait, Attempt, Now, Polling, ReadPurpose, Record, Requested, Step, Update};
use super::{Mode, OnConflict, PendingWrite, Precondition, PriorWrite, UpdateRequest};
use crate::document::{DocumentKind, Guard, Merged, Patch, Stored, check, shown_changes};
use crate::request_error::RequestError;

impl<K: DocumentKind> Update<K> {
    /// Makes the change from what was read, and writes it if it is sound and changes something.
    pub(super) fn prepare(self, read: Stored<K>) -> Step<K> {
        let named = self.named_version();
        let is_as_named = named.is_none() || read.stated_version() == named;
        let (resolved, older_base) = match &self.request {
            UpdateRequest::EditOf { edit, base } if !is_as_named && self.options.expected_version.is_none() => {
                (edit.resolve(base), Some(base.clone()))
            }
            UpdateRequest::Edit(edit) | UpdateRequest::EditOf { edit, .. } => (edit.resolve(&read.value), None),
            UpdateRequest::Patch { patch, base } => {
                let has_moved = is_as_named && !base.has_content_of(&read.value);
                (Ok(patch.clone()), has_moved.then(|| base.clone()))
            }
            UpdateRequest::Planned { base, patch, .. } => (Ok(patch.clone()), Some(base.value.clone())),
        };
        let patch = match resolved {
            Ok(patch) => patch,
            Err(findings) => return self.invalid(read, findings, 0),
        };
        if let Some(base) = older_base {
            return self.rebase(Requested { base, patch }, 0, None, read);
        }
        let ours = match patch.apply(&read.value) {
            Ok(ours) => ours,
            Err(error) => return self.too_large(read, &error, 0),
        };
        if !is_as_named {
            return self.not_the_named_version(read, &ours);
        }
        self.write_if_changed(read, patch, ours)
    }

    /// Writes a reviewed patch under its reviewed precondition, unless the record knows of a write since.
    pub(super) fn write_planned(self, base: Stored<K>, patch: Patch<K>, prior: &PriorWrite<K>) -> Step<K> {
        let attempt = match patch.apply(&base.value) {
            Ok(ours) => self.attempt_if_changed(base, patch, ours),
            Err(error) => return self.too_large(base, &error, 0),
        };
        let (update, attempt) = match attempt {
            Ok(attempt) => attempt,
            Err(end) => return end,
        };
        match (update.options.mode, prior) {
            (Mode::Write, PriorWrite::None) => update.record(attempt),
            (Mode::Write, PriorWrite::Unsettled) => update.look_for_what_was_left_open(attempt, Polling::default()),
            (Mode::DryRun, _) | (Mode::Write, PriorWrite::Applied { .. } | PriorWrite::Overwritten) => {
                update.read(ReadPurpose::Reviewed(attempt, Polling::default()))
            }
        }
    }

    /// Reads whether an earlier run has written it.
    pub(super) fn look_for_what_was_left_open(mut self, mut attempt: Box<Attempt<K>>, polling: Polling) -> Step<K> {
        self.may_have_arrived = true;
        let lost = "an earlier run sent it, and its outcome is not known";
        attempt.indeterminate = Some(RequestError::no_answer(lost));
        self.read(ReadPurpose::Verify(attempt, polling))
    }

    /// The document of a reviewed patch, where the record knows of a write since, or nothing is to be written.
    pub(super) fn compare_with_reviewed(
        mut self,
        attempt: Box<Attempt<K>>,
        polling: Polling,
        stored: Stored<K>,
        now: Now,
    ) -> Step<K> {
        let UpdateRequest::Planned { prior, .. } = &self.request else {
            return self.prepare(stored);
        };
        let prior = prior.clone();
        let is_unmoved = attempt.write.is_unmoved(&stored);
        if is_unmoved && matches!(prior, PriorWrite::None | PriorWrite::Unsettled) {
            return self.plan(*attempt);
        }
        // Why: a read right after a write may show the document as it was before it.
        if is_unmoved && let Some(pause) = self.pause_of(polling, now) {
            let again = ReadPurpose::Reviewed(attempt, polling.next());
            return self.wait(pause, AfterWait::Read(again), now);
        }
        // Why: what others' runs wrote may have been recorded after the review that saw it. The lock is the fence.
        let is_fenced = matches!(attempt.write.precondition, Precondition::Version(_));
        if is_unmoved && is_fenced && self.options.mode == Mode::Write && prior.is_of_another_plan() {
            return self.record_and_write(attempt);
        }
        if prior.is_evident_in(&attempt.write, &stored.value) {
            let findings = attempt.write.patch.stored_otherwise(&stored.value);
            return self.done(Outcome::Unchanged { stored, findings }, 0);
        }
        if prior.forbids_merge() {
            self.options.on_conflict = OnConflict::Fail;
        }
        self.rebase(attempt.requested, 0, Some(attempt.write), stored)
    }

    fn write_if_changed(self, base: Stored<K>, patch: Patch<K>, ours: K) -> Step<K> {
        match self.attempt_if_changed(base, patch, ours) {
            Ok((update, attempt)) => update.start_attempt(attempt),
            Err(end) => end,
        }
    }

    #[expect(clippy::result_large_err, reason = "a step is what follows either way")]
    fn attempt_if_changed(self, base: Stored<K>, patch: Patch<K>, ours: K) -> Result<(Self, Box<Attempt<K>>), Step<K>> {
        if base.value.has_content_of(&ours) && !self.options.saves_unchanged {
            let findings = check(&ours, Some(&base.value)).into_vec();
            return Err(self.done(Outcome::Unchanged { stored: base, findings }, 0));
        }
        let requested = Requested {
            base: base.value.clone(),
            patch: patch.clone(),
        };
        let content = Merged {
            patch,
            document: ours,
            collisions: Vec::new(),
        };
        self.attempt(requested, base, content, 0)
    }

    /// Writes the merged document in place of `base` if it is sound, the intent first. A dry run ends here.
    pub(super) fn send(self, requested: Requested<K>, base: Stored<K>, content: Merged<K>, merges: u32) -> Step<K> {
        match self.attempt(requested, base, content, merges) {
            Ok((update, attempt)) => update.start_attempt(attempt),
            Err(end) => end,
        }
    }

    /// The write of the merged document in place of `base`, or the end of the update if it is not sound.
    #[expect(clippy::result_large_err, reason = "a step is what follows either way")]
    fn attempt(
        self,
        requested: Requested<K>,
        base: Stored<K>,
        content: Merged<K>,
        merges: u32,
    ) -> Result<(Self, Box<Attempt<K>>), Step<K>> {
        let Merged {
            document: ours,
            patch,
            collisions: overwrites,
        } = content;
        let findings = check(&ours, Some(&base.value));
        if findings.reaches(self.options.fail_on) {
            return Err(self.invalid(base, findings, merges));
        }
        let findings = findings.into_vec();
        let precondition = match (K::GUARD, &base.version) {
            (Guard::Content, _) => Precondition::Content(base.value.clone()),
            (Guard::Version, Some(version)) => Precondition::Version(version.clone()),
            (Guard::Version, None) => {
                let no_version = Failed::NoVersion { base, findings };
                return Err(self.done(Outcome::Failed(no_version), merges));
            }
        };
        let theirs_changed = if merges == 0 {
            Vec::new()
        } else {
            shown_changes(&requested.base, &base.value)
        };
        let write = PendingWrite {
            base,
            precondition,
            patch,
            ours,
            findings,
            overwrites,
            theirs_changed,
            merges,
        };
        let attempt = Attempt {
            is_recorded: false,
            write,
            requested,
            sends: 0,
            indeterminate: None,
            refusal: None,
        };
        Ok((self, Box::new(attempt)))
    }

    fn start_attempt(self, attempt: Box<Attempt<K>>) -> Step<K> {
        match self.options.mode {
            Mode::DryRun => self.plan(*attempt),
            Mode::Write => self.record(attempt),
        }
    }

    fn plan(self, attempt: Attempt<K>) -> Step<K> {
        let merges = attempt.write.merges;
        self.done(Outcome::Planned(attempt.write), merges)
    }

    fn record(self, attempt: Box<Attempt<K>>) -> Step<K> {
        Step::Record(Record { update: self, attempt })
    }

    /// Writes it, its intent first unless that is recorded.
    pub(super) fn record_and_write(self, attempt: Box<Attempt<K>>) -> Step<K> {
        if attempt.is_recorded {
            self.start_write(attempt)
        } else {
            self.record(attempt)
        }
    }

    /// Writes what is recorded, after a wait too. Where the content guards it, it is compared right before.
    pub(super) fn start_write(self, attempt: Box<Attempt<K>>) -> Step<K> {
        match &attempt.write.precondition {
            Precondition::Version(_) => self.write(attempt, None),
            // Why not earlier: the record holds the lease, and a comparison made before it or before a wait proves
            // nothing.
            Precondition::Content(_) => self.read(ReadPurpose::Guard(attempt)),
        }
    }

    pub(super) fn not_recorded(self, attempt: Attempt<K>, error: RecordError) -> Step<K> {
        let Attempt { write, .. } = attempt;
        let merges = write.merges;
        self.done(Outcome::Failed(Failed::NotRecorded { write, error }), merges)
    }
}
