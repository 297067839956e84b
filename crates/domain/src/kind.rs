//! What the update protocol knows of a kind of document, and no more.

use std::fmt::{Debug, Display};

use crate::change::RuleChange;
use crate::code::Code;
use crate::diff::Difference;
use crate::draft::{Draft, Field};
use crate::finding::{Finding, Findings};
use crate::json::{Document, TextError};
use crate::limits::EngineLimits;
use crate::merge::{CrossFieldMerge, Merged};
use crate::reversal::{Reversal, Taken};
use crate::rule::TriggerRule;
use crate::rule_id::RuleId;
use crate::version::Version;

/// A kind of document that can be updated safely. The protocol and the ports know a document through this; none of
/// them knows a member of a rule.
pub trait Kind: Clone + Debug + PartialEq + Send + Sync + Sized + 'static {
    /// What it is stored under.
    type Id: Clone + Debug + Display + PartialEq + Send + Sync + 'static;
    /// What somebody wants, before it is held against a stored document.
    type Wish: Clone + Debug + Send + Sync + 'static;
    /// What somebody wants of one stored document.
    type Change: Clone + Debug + Send + Sync + 'static;

    /// The document, whole.
    fn document(&self) -> &Document;

    /// What a wish means for this document.
    ///
    /// # Errors
    ///
    /// What is wrong with the wish.
    fn change(&self, wish: &Self::Wish) -> Result<Self::Change, Findings>;

    /// The version that a wish was made from, where it states one.
    fn made_from(wish: &Self::Wish) -> Option<Version>;

    /// The document with a change.
    ///
    /// # Errors
    ///
    /// If the result would be larger than a document may be.
    fn apply(&self, change: &Self::Change) -> Result<Self, TextError>;

    /// What is wrong with this document if it is to replace the stored one.
    fn check(&self, stored: &Self) -> Findings;

    /// What is different in the other. What the server keeps for itself does not count.
    fn diff(&self, other: &Self) -> Vec<Difference>;

    /// What a change names and this document does not say: a finding for each.
    fn lacks(&self, change: &Self::Change) -> Vec<Finding>;

    /// Puts together a change of `base` and what others made of it.
    ///
    /// # Errors
    ///
    /// If the merged document would be larger than a document may be.
    fn merge(
        base: &Self,
        change: &Self::Change,
        theirs: &Self,
        group: CrossFieldMerge,
    ) -> Result<Merged<Self>, TextError>;

    /// The change that brings what these steps touched, first to last, back to how it is in `goal`. Nothing if there
    /// is no step.
    ///
    /// # Errors
    ///
    /// If a document would be larger than a document may be.
    fn reverse(goal: &Self, steps: &[Taken<Self>]) -> Result<Option<Reversal<Self>>, TextError>;

    /// A document of this kind from what was kept of it; nothing if it is none.
    fn of_document(document: Document) -> Option<Self>;

    /// The change as a document, to be kept until its outcome is known. A member that it takes away is `null`.
    fn write_down(change: &Self::Change) -> Document;

    /// A change that was written down.
    fn read_back(document: &Document) -> Self::Change;
}

/// A place where two people want different things. A side that has nothing there is absent.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Collision {
    /// Where.
    #[serde(rename = "path")]
    pub pointer: crate::pointer::Pointer,
    /// What stood there when the change was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Document>,
    /// What the change wants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ours: Option<Document>,
    /// What stands there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theirs: Option<Document>,
}

impl Kind for TriggerRule {
    type Id = RuleId;
    type Wish = Draft;
    type Change = RuleChange;

    fn document(&self) -> &Document {
        self.document()
    }

    fn change(&self, wish: &Draft) -> Result<RuleChange, Findings> {
        wish.change(self, &EngineLimits::TRIGGER_RULES)
    }

    fn made_from(wish: &Draft) -> Option<Version> {
        wish.made_from()
    }

    fn apply(&self, change: &RuleChange) -> Result<Self, TextError> {
        change.apply(self)
    }

    fn check(&self, stored: &Self) -> Findings {
        crate::check::check(self, Some(stored), &EngineLimits::TRIGGER_RULES)
    }

    fn diff(&self, other: &Self) -> Vec<Difference> {
        self.diff(other)
    }

    fn lacks(&self, change: &RuleChange) -> Vec<Finding> {
        let stored_otherwise = |field: Field| {
            let stored = self
                .member(field.name())
                .map_or("nothing".to_owned(), crate::json::Node::compact);
            let shown: String = stored.chars().take(200).collect();
            let message = format!("the server stored `{shown}` as `{}`", field.name());
            Finding::new(Code::StoredOtherwise, field.pointer(), message)
        };
        change.missing_in(self).map(stored_otherwise).collect()
    }

    fn merge(
        base: &Self,
        change: &RuleChange,
        theirs: &Self,
        group: CrossFieldMerge,
    ) -> Result<Merged<Self>, TextError> {
        crate::merge::merge(base, change, theirs, group)
    }

    fn reverse(goal: &Self, steps: &[Taken<Self>]) -> Result<Option<Reversal<Self>>, TextError> {
        crate::reversal::reverse(goal, steps)
    }

    fn of_document(document: Document) -> Option<Self> {
        Self::try_from(document).ok()
    }

    fn write_down(change: &RuleChange) -> Document {
        let members: Vec<_> = change
            .named()
            .map(|(field, value)| (field.name(), value.map_or("null", Document::text)))
            .collect();
        let empty = Document::empty_object();
        empty.with_members(&members).unwrap_or(empty)
    }

    fn read_back(document: &Document) -> RuleChange {
        let mut change = RuleChange::default();
        for field in Field::ALL {
            let value = document.root().get(field.name());
            if let Some(value) = value {
                let value = Document::from_node(value).ok().filter(|_| !value.is_null());
                change.put(field, value);
            }
        }
        change
    }
}
