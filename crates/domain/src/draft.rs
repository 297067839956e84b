//! What a person wrote: a change, or a whole rule that they edited.

use crate::change::{RuleChange, adopt};
use crate::check::{Examination, Form, Unknown, check, inexact_numbers};
use crate::code::Code;
use crate::finding::{Finding, Findings};
use crate::json::{Document, TextError};
use crate::limits::EngineLimits;
use crate::pointer::Pointer;
use crate::rule::TriggerRule;
use crate::version::Version;

/// The members of a rule that a person can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// `name`
    Name,
    /// `description`
    Description,
    /// `enabled`
    Enabled,
    /// `conditions`
    Conditions,
    /// `actions`
    Actions,
}

impl Field {
    /// All of them, in the order of a document.
    pub const ALL: [Self; 5] = [
        Self::Name,
        Self::Description,
        Self::Enabled,
        Self::Conditions,
        Self::Actions,
    ];

    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Description => "description",
            Self::Enabled => "enabled",
            Self::Conditions => "conditions",
            Self::Actions => "actions",
        }
    }

    /// Its place in a document.
    #[must_use]
    pub fn pointer(self) -> Pointer {
        Pointer::root().member(self.name())
    }
}

/// What a person wants of a rule, as they wrote it. What it means for a stored rule is a [`RuleChange`].
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    form: Form,
    document: Document,
}

impl Draft {
    /// Takes a document that a person wrote: a rule if it has `id`, `etag` or `ruleType`, else a change.
    ///
    /// # Errors
    ///
    /// If it is no object.
    pub fn new(document: Document) -> Result<Self, Finding> {
        let root = document.root();
        if !root.is_object() {
            let message = "expected an object: a rule, or a change of one";
            return Err(Finding::new(Code::WrongType, Pointer::root(), message));
        }
        let is_rule = ["id", "etag", "ruleType"].iter().any(|name| root.get(name).is_some());
        let form = if is_rule { Form::Rule } else { Form::Change };
        Ok(Self { form, document })
    }

    /// The same draft with more named; what is named twice counts as it is named here.
    ///
    /// # Errors
    ///
    /// If the draft would be larger than a document may be.
    pub fn with(&self, change: &RuleChange) -> Result<Self, TextError> {
        let set: Vec<_> = change
            .fields()
            .map(|(field, value)| (field.name(), value.text()))
            .collect();
        Ok(Self {
            form: self.form,
            document: self.document.with_members(&set)?,
        })
    }

    /// Whether it is a rule or a change.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Whether it names nothing that could change.
    #[must_use]
    pub fn names_nothing(&self) -> bool {
        self.form == Form::Change && self.document.root().members().next().is_none()
    }

    /// The version that it was made from, where it states one.
    #[must_use]
    pub fn made_from(&self) -> Option<Version> {
        self.document.root().get("etag")?.as_str()?.parse().ok()
    }

    /// Everything that is wrong with it, as far as can be told without the stored rule.
    #[must_use]
    pub fn check(&self, limits: &EngineLimits) -> Findings {
        self.examine(None, limits)
    }

    /// What is wrong with it whatever is stored: nothing needs to be read to refuse it.
    #[must_use]
    pub fn certain_faults(&self, limits: &EngineLimits) -> Vec<Finding> {
        let findings = self.check(limits).into_vec();
        let is_certain = |finding: &Finding| {
            let whole_member = finding.pointer.tokens().count() <= 1;
            let is_of_the_document = [Code::WrongType, Code::MissingMember].contains(&finding.code) && whole_member;
            let is_beyond_limits = finding.code == Code::TooManyConditions && self.form == Form::Change;
            let is_of_the_text = [Code::InexactNumber, Code::NothingNamed].contains(&finding.code);
            is_of_the_document || is_beyond_limits || is_of_the_text
        };
        findings.into_iter().filter(is_certain).collect()
    }

    fn examine(&self, stored: Option<&TriggerRule>, limits: &EngineLimits) -> Findings {
        let mut findings = Findings::default();
        let examination = Examination {
            form: self.form,
            unknown: Unknown::Report { own: stored },
            limits,
        };
        examination.run(&self.document, &mut findings);
        findings.extend(inexact_numbers(&self.document));
        if self.names_nothing() {
            let message = "the document names nothing to change";
            findings.add(Finding::new(Code::NothingNamed, Pointer::root(), message));
        }
        findings
    }

    /// What it means for a stored rule.
    ///
    /// A rule's members that are as they are stored are no change. An element of a list that equals a stored one in
    /// the members that it names is that element, with whatever else it has.
    ///
    /// # Errors
    ///
    /// What is wrong with the draft itself: members that neither this crate knows nor the stored rule has, wrong
    /// types, another id or type; and then also what [`check`] says of what it would change. Without such
    /// faults the limits of the engine are not looked at here.
    pub fn change(&self, stored: &TriggerRule, limits: &EngineLimits) -> Result<RuleChange, Findings> {
        let mut change = RuleChange::default();
        for field in Field::ALL {
            let Some(ours) = self.document.root().get(field.name()) else {
                continue;
            };
            let theirs = stored.member(field.name());
            let value = adopt(ours, theirs).map_err(|error| too_large(&error))?;
            let is_as_stored = theirs.is_some_and(|theirs| theirs.eq_value(value.root()));
            if self.form == Form::Change || !is_as_stored {
                change.set(field, value);
            }
        }
        let mut faults = self.faults_beyond_the_rule(stored, limits);
        if !faults.has_errors() {
            return Ok(change);
        }
        // The draft is refused: what is wrong with the rule that it would make is told in the same go.
        let would_be = change.apply(stored).map_err(|error| too_large(&error))?;
        let known: Vec<_> = faults
            .as_slice()
            .iter()
            .map(|found| (found.code, found.pointer.clone()))
            .collect();
        let is_named = |found: &Finding| {
            let place = found.pointer.tokens().next();
            change.fields().any(|(field, _)| place.as_deref() == Some(field.name()))
        };
        let others = check(&would_be, Some(stored), limits).into_vec().into_iter();
        faults.extend(others.filter(|found| is_named(found) && !known.contains(&(found.code, found.pointer.clone()))));
        Err(faults)
    }

    /// The faults that the rule which comes out would not show: members that will not be in it.
    fn faults_beyond_the_rule(&self, stored: &TriggerRule, limits: &EngineLimits) -> Findings {
        let mut faults = Findings::default();
        for finding in self.examine(Some(stored), limits).into_vec() {
            let whole_member = finding.pointer.tokens().count() <= 1;
            let stays_out = [Code::UnknownMember, Code::InexactNumber].contains(&finding.code);
            let is_of_the_document = [Code::WrongType, Code::MissingMember].contains(&finding.code) && whole_member;
            if stays_out || is_of_the_document {
                faults.add(finding);
            }
        }
        if let (Form::Rule, Ok(stated)) = (self.form, TriggerRule::try_from(self.document.clone())) {
            let identity = |finding: &Finding| matches!(finding.code, Code::OtherId | Code::OtherRuleType);
            faults.extend(
                check(&stated, Some(stored), limits)
                    .into_vec()
                    .into_iter()
                    .filter(identity),
            );
        }
        faults
    }
}

impl From<&RuleChange> for Draft {
    fn from(change: &RuleChange) -> Self {
        let set: Vec<_> = change
            .fields()
            .map(|(field, value)| (field.name(), value.text()))
            .collect();
        let empty = Document::empty_object();
        Self {
            form: Form::Change,
            document: empty.with_members(&set).unwrap_or(empty),
        }
    }
}

fn too_large(error: &TextError) -> Findings {
    let mut findings = Findings::default();
    findings.add(Finding::new(Code::TooLarge, Pointer::root(), error.to_string()));
    findings
}
