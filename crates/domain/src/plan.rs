//! The plan of one document: what an author's document would make of the stored one, bound to the state that was read.
//!
//! A plan is decided here and nothing is chosen later: carrying it out writes the patch under the reviewed precondition
//! ([`UpdateRequest::Planned`]).

mod safety;

pub use safety::{Effects, Safety, SafetyCount, SafetyKind, SafetyLimits};

use crate::document::{Difference, DocumentKind, Edit, Patch, Stored, check};
use crate::finding::{Finding, Findings};
use crate::protocol::UpdateRequest;
use crate::severity::Severity;
use crate::version::Version;

/// The change that is planned for a document that is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum PlannedChange<K: DocumentKind> {
    /// The document says so already.
    Unchanged(Stored<K>),
    /// The document would be written.
    Update(Box<PlannedUpdate<K>>),
    /// The author names another version than the stored one, whose content is not known.
    Stale {
        /// The document as it is stored.
        stored: Stored<K>,
        /// The version that the author's document was made from.
        expected: Version,
    },
    /// The stored document shows that the author's cannot be written.
    Invalid {
        /// The document as it is stored.
        stored: Stored<K>,
        /// The findings, errors among them.
        findings: Findings,
    },
}

/// A write that can be reviewed.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedUpdate<K: DocumentKind> {
    /// The document as it was read, with the version under which it would be written.
    pub before: Stored<K>,
    /// The patch.
    pub patch: Patch<K>,
    /// The document with the patch.
    pub after: K,
    /// The findings that do not keep it from being sent.
    pub findings: Vec<Finding>,
}

/// Plans what an author's document makes of a stored one.
///
/// ```
/// use assist_rules_domain::json::Document;
/// use assist_rules_domain::plan::{PlannedChange, plan};
/// use assist_rules_domain::{Edit, Stored, TriggerRule};
///
/// let stored = Stored {
///     id: "r1".parse()?,
///     version: Some("7".parse()?),
///     value: r#"{"id": "r1", "ruleType": "conversation", "enabled": true, "name": "old"}"#.parse::<TriggerRule>()?,
/// };
/// let file = Document::parse(r#"{"id": "r1", "name": "new"}"#)?;
/// let edit = Edit::new(file).map_err(|finding| format!("{finding:?}"))?;
/// let PlannedChange::Update(update) = plan(&edit, stored) else { panic!("it changes the name") };
/// assert_eq!(update.after.name(), Some("new"));
/// assert!(update.after.is_enabled() == Some(true), "what the file leaves out stays");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn plan<K: DocumentKind>(edit: &Edit<K>, stored: Stored<K>) -> PlannedChange<K> {
    let patch = match edit.resolve(&stored.value) {
        Ok(patch) => patch,
        Err(findings) => return PlannedChange::Invalid { stored, findings },
    };
    if let Some(expected) = edit
        .base_version()
        .filter(|named| stored.stated_version().as_ref() != Some(named))
    {
        return PlannedChange::Stale { stored, expected };
    }
    let after = match patch.apply(&stored.value) {
        Ok(after) => after,
        Err(error) => {
            let findings = Findings::too_large(&error);
            return PlannedChange::Invalid { stored, findings };
        }
    };
    if stored.value.has_content_of(&after) {
        return PlannedChange::Unchanged(stored);
    }
    let findings = check(&after, Some(&stored.value));
    if findings.reaches(Severity::Error) {
        return PlannedChange::Invalid { stored, findings };
    }
    PlannedChange::Update(Box::new(PlannedUpdate {
        before: stored,
        patch,
        after,
        findings: findings.into_vec(),
    }))
}

impl<K: DocumentKind> PlannedUpdate<K> {
    /// The differences that it makes.
    pub fn diff(&self) -> Vec<Difference> {
        self.before.value.diff(&self.after)
    }

    /// The effects that the safety stop counts.
    pub fn effects(&self) -> Effects {
        Effects::between(&self.before.value, &self.after)
    }

    /// The request that carries it out: without a read, under the reviewed precondition.
    #[must_use]
    pub fn into_request(self) -> UpdateRequest<K> {
        UpdateRequest::Planned {
            base: self.before,
            patch: self.patch,
        }
    }
}
