//! From the request to the intent: the change is made from what was read or reviewed, checked, and handed on to be written.

use super::outcome::{Failed, Outcome, RecordError};
use super::state::{Attempt, ReadPurpose, Record, Requested, Step, Update};
use super::{Mode, PendingWrite, Precondition, UpdateRequest};
use crate::document::{DocumentKind, Guard, Merged, Patch, Stored, check};

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
            UpdateRequest::Planned { base, patch } => (Ok(patch.clone()), Some(base.value.clone())),
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

    /// Writes a reviewed patch under its reviewed precondition.
    pub(super) fn write_planned(self, base: Stored<K>, patch: Patch<K>) -> Step<K> {
        match patch.apply(&base.value) {
            Ok(ours) => self.write_if_changed(base, patch, ours),
            Err(error) => self.too_large(base, &error, 0),
        }
    }

    fn write_if_changed(self, base: Stored<K>, patch: Patch<K>, ours: K) -> Step<K> {
        if base.value.has_content_of(&ours) {
            let findings = check(&ours, Some(&base.value)).into_vec();
            return self.done(Outcome::Unchanged { stored: base, findings }, 0);
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
        self.send(requested, base, content, 0)
    }

    /// Writes the merged document in place of `base` if it is sound, the intent first. A dry run ends here.
    pub(super) fn send(self, requested: Requested<K>, base: Stored<K>, content: Merged<K>, merges: u32) -> Step<K> {
        let Merged {
            document: ours,
            patch,
            collisions: overwrites,
        } = content;
        let findings = check(&ours, Some(&base.value));
        if findings.reaches(self.options.fail_on) {
            return self.invalid(base, findings, merges);
        }
        let findings = findings.into_vec();
        let precondition = match (K::GUARD, &base.version) {
            (Guard::Content, _) => Precondition::Content(base.value.clone()),
            (Guard::Version, Some(version)) => Precondition::Version(version.clone()),
            (Guard::Version, None) => {
                return self.done(Outcome::Failed(Failed::NoVersion { base, findings }), merges);
            }
        };
        let theirs_changed = if merges == 0 {
            Vec::new()
        } else {
            requested.base.diff(&base.value)
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
        match self.options.mode {
            Mode::DryRun => self.done(Outcome::Planned(write), merges),
            Mode::Write => Step::Record(Record {
                update: self,
                attempt: Box::new(Attempt {
                    write,
                    requested,
                    sends: 0,
                    indeterminate: None,
                    refusal: None,
                }),
            }),
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
