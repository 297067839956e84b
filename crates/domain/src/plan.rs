//! The plan of one document: what a request would make of the stored one, bound to the state that was read.
//!
//! A plan is decided here and nothing is chosen later: carrying it out writes the patch under the reviewed precondition
//! ([`UpdateRequest::Planned`]).

mod safety;

use std::time::Duration;

pub use safety::{Effects, Safety, SafetyCount, SafetyKind, SafetyLimits};

use crate::document::{DocumentKind, ElementDifference, Patch, Stored, check, document_changes};
use crate::finding::Findings;
use crate::protocol::{Mode, Now, OnConflict, Outcome, PriorWrite, Step, Update, UpdateOptions, UpdateRequest};

/// The outcome of a dry run of a request on a document that was read: `planned`, `unchanged`, `conflict`, `rejected` for
/// what is not sound, or `failed` for a document without a version.
///
/// ```
/// use assist_rules_domain::json::Document;
/// use assist_rules_domain::plan::plan;
/// use assist_rules_domain::protocol::{Outcome, UpdateRequest};
/// use assist_rules_domain::{Edit, Stored, TriggerRule};
///
/// let stored = Stored {
///     id: "r1".parse()?,
///     version: Some("7".parse()?),
///     value: r#"{"id": "r1", "ruleType": "conversation", "enabled": true, "name": "old"}"#.parse::<TriggerRule>()?,
/// };
/// let file = Document::parse(r#"{"id": "r1", "name": "new"}"#)?;
/// let edit = Edit::new(file).map_err(|finding| format!("{finding:?}"))?;
/// let Outcome::Planned(write) = plan(UpdateRequest::Edit(edit), stored) else { panic!("it changes the name") };
/// assert_eq!(write.ours.name(), Some("new"));
/// assert!(write.ours.is_enabled() == Some(true), "what the file leaves out stays");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan<K: DocumentKind>(request: UpdateRequest<K>, stored: Stored<K>) -> Outcome<K> {
    let options = UpdateOptions {
        mode: Mode::DryRun,
        on_conflict: OnConflict::Merge,
        ..UpdateOptions::default()
    };
    let now = Now {
        elapsed: Duration::ZERO,
        jitter: 0.0,
    };
    let step = match Update::start(request, options) {
        Step::Read(read) => read.answered(Ok(stored), now),
        other @ (Step::Record(_) | Step::Write(_) | Step::Wait(_) | Step::Done(_)) => other,
    };
    match step {
        Step::Done(completion) => completion.outcome,
        // Why: a dry run that has read what it asked for has nothing left to do.
        Step::Read(_) | Step::Record(_) | Step::Write(_) | Step::Wait(_) => Outcome::NotAttempted { write: None },
    }
}

/// An update that can be reviewed: the document as it was read, and as it is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedUpdate<K: DocumentKind> {
    before: Stored<K>,
    after: K,
    patch: Patch<K>,
}

/// The two documents differ in more than an author can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("they differ in members that an update does not change, or not at all")]
pub struct ForeignChangeError;

impl<K: DocumentKind> PlannedUpdate<K> {
    /// The update from one document to another.
    ///
    /// # Errors
    ///
    /// If they do not differ, or differ in members that are not the kind's own.
    pub fn new(before: Stored<K>, after: K) -> Result<Self, ForeignChangeError> {
        let patch = Patch::between(&before.value, &after);
        let made = patch.apply(&before.value).map_err(|_| ForeignChangeError)?;
        let is_update = !before.value.has_content_of(&after) && made.document() == after.document();
        is_update
            .then_some(Self { before, after, patch })
            .ok_or(ForeignChangeError)
    }

    /// The document as it was read, with the version under which it would be written.
    pub fn before(&self) -> &Stored<K> {
        &self.before
    }

    /// The document as it is to be.
    pub fn after(&self) -> &K {
        &self.after
    }

    /// The patch that makes one of the other.
    pub fn patch(&self) -> &Patch<K> {
        &self.patch
    }

    /// The differences, with the elements of lists as things. The members that the server owns are left out.
    pub fn diff(&self) -> Vec<ElementDifference> {
        document_changes(&self.before.value, &self.after)
    }

    /// The effects that the safety stop counts.
    pub fn effects(&self) -> Effects {
        Effects::between(&self.before.value, &self.after)
    }

    /// True if all that it would change is what an earlier write sent, and the server stored otherwise: writing it again
    /// would change nothing.
    pub fn is_stored_otherwise(&self, sent: &K, stored: &K) -> bool {
        self.patch.changes().all(|(member, _)| {
            let [before, after, sent, stored] =
                [&self.before.value, &self.after, sent, stored].map(|document| document.member(member.name));
            after == sent && before == stored
        })
    }

    /// A warning for each member of which the server holds something else than it is to be.
    pub fn stored_otherwise(&self) -> Findings {
        let mut warnings = Findings::default();
        warnings.extend(self.patch.stored_otherwise(&self.before.value));
        warnings
    }

    /// Everything that is wrong with the document as it is to be.
    pub fn findings(&self) -> Findings {
        check(&self.after, Some(&self.before.value))
    }

    /// The request that carries it out: without a read, under the reviewed precondition, unless the record knows of a
    /// write since.
    #[must_use]
    pub fn into_request(self, prior: PriorWrite<K>) -> UpdateRequest<K> {
        UpdateRequest::Planned {
            base: self.before,
            patch: self.patch,
            prior,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger_rule::TriggerRule;

    #[test]
    fn an_update_changes_what_its_author_can_change_and_nothing_else() {
        let before = Stored {
            id: "r".parse().unwrap(),
            version: "7".parse().ok(),
            value: r#"{"id":"r","etag":"7","name":"a","x":1}"#.parse::<TriggerRule>().unwrap(),
        };
        for (after, is_update) in [
            (r#"{"id":"r","etag":"7","name":"b","x":1}"#, true),
            (r#"{"id":"r","etag":"7","x":1}"#, true),
            (r#"{"id":"r","etag":"7","name":"a","x":1.0}"#, false),
            (r#"{"id":"r","etag":"8","name":"b","x":1}"#, false),
            (r#"{"id":"r","etag":"7","name":"b","x":2}"#, false),
            (r#"{"id":"s","etag":"7","name":"b","x":1}"#, false),
            (r#"{"id":"r","etag":"7","name":"b","x":1,"y":1}"#, false),
        ] {
            let update = PlannedUpdate::new(before.clone(), after.parse().unwrap());
            assert_eq!(update.is_ok(), is_update, "{after}");
        }
    }
}
