//! Agent Copilot: the document of an assistant that says what an agent is shown when something happens.

mod copilot_id;
mod limits;
mod lints;
mod references;
mod rule;
mod schema;

use std::str::FromStr;

use serde::{Serialize, Serializer};

pub use copilot_id::{CopilotId, ParseCopilotIdError};
pub use limits::CopilotLimits;
pub use rule::{RuleLookupError, rule_hash};

use crate::document::{
    Audience, DocumentKind, Guard, KindName, Likeness, ListIdentity, MemberSpec, NestedList, ParseError,
};
use crate::finding::Findings;
use crate::json::{Document, Node, Precision};
use crate::reference::ReferencePlaces;

/// The rules of a document: some have an id, others none.
const RULES: Likeness = Likeness {
    id: "id",
    content: &["rule", "participantRoles"],
    switch: Some("enabled"),
};

/// The lists in a document whose elements have an identity. Conditions and actions have none: who changed which cannot be
/// told where both sides changed those of one rule.
const LISTS: &[NestedList] = &[NestedList {
    path: "ruleEngineConfig/rules",
    identity: ListIdentity::Like(RULES),
}];

const fn required(name: &'static str) -> MemberSpec {
    MemberSpec::new(name).in_parts(LISTS)
}

const fn optional(name: &'static str) -> MemberSpec {
    MemberSpec::clearable(name).in_parts(LISTS)
}

/// The Copilot document of an assistant, or of a variation of it, as the server keeps it: a JSON object, of which nothing is
/// lost.
///
/// The platform keeps the members that are known here and others that no published model has, so a document is never made
/// anew from its parts: the one that was read is written back with what was changed.
///
/// ```
/// use assist_rules_domain::{Copilot, DocumentKind, Edit};
///
/// let text = r#"{"liveOnQueue": true, "defaultLanguage": "de-DE", "newer": {"than": "this"}, "ruleEngineConfig": {"rules": [
///     {"enabled": true, "rule": {"conditions": [{"conditionType": "Intent", "conditionValues": ["Refund"]}],
///         "actions": [{"actionType": "ThirdPartyAction"}]}, "participantRoles": ["Customer"]}]}}"#;
/// let stored: Copilot = text.parse()?;
/// assert_eq!(stored.rules().count(), 1);
/// let edit = Edit::<Copilot>::new(r#"{"nluConfig": {"intentConfidenceThreshold": 0.6}}"#.parse()?).map_err(|it| it.message)?;
/// let patch = edit.resolve(&stored).map_err(|findings| format!("{findings:?}"))?;
/// assert_eq!(patch.apply(&stored)?.member("newer").map(|newer| newer.compact()).as_deref(), Some(r#"{"than":"this"}"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Copilot(Document);

impl Copilot {
    /// The rules, in order.
    pub fn rules(&self) -> impl Iterator<Item = Node<'_>> {
        let config = self.member("ruleEngineConfig");
        let rules = config.and_then(|config| config.get("rules"));
        rules.into_iter().flat_map(Node::elements)
    }

    /// The language, as a tag: `de-DE`.
    pub fn default_language(&self) -> Option<&str> {
        self.member("defaultLanguage").and_then(Node::as_str)
    }
}

impl DocumentKind for Copilot {
    const NAME: KindName = KindName::new("copilot");

    const MEMBERS: &'static [MemberSpec] = &[
        required("liveOnQueue"),
        required("defaultLanguage"),
        optional("summaryGenerationConfig"),
        optional("wrapupCodePredictionConfig"),
        optional("nluEngineType"),
        optional("nluConfig"),
        optional("ruleEngineConfig"),
        optional("voiceTranscriptionConfig"),
        optional("autoSearchConfig"),
        optional("manualSearchConfig"),
        optional("queryProcessingConfig"),
        optional("knowledgeAnswerConfig"),
        optional("answerGenerationConfig"),
    ];

    const SERVER_OWNED: &'static [&'static str] = &[
        "enabled",
        "selfUri",
        "version",
        "dateCreated",
        "dateModified",
        "createdBy",
        "modifiedBy",
    ];

    const ID_MEMBER: &'static str = "assistant";

    const IDENTITY: &'static [&'static str] = &["selfUri"];

    const VERSION: Option<&'static str> = None;

    /// None: a document does not know the name of its assistant.
    const TITLE: Option<&'static str> = None;

    const SWITCHES: &'static [&'static str] = &["liveOnQueue", "ruleEngineConfig/fallback/enabled"];

    const PRECISION: Precision = Precision::Single;

    const GUARD: Guard = Guard::Content;

    type Id = CopilotId;

    fn from_document(document: Document) -> Result<Self, ParseError> {
        if document.root().is_object() {
            Ok(Self(document.with_precision(Self::PRECISION)))
        } else {
            Err(ParseError::NotAnObject)
        }
    }

    fn document(&self) -> &Document {
        &self.0
    }

    /// The listing shows the document of each assistant, and none of its variations.
    fn is_listed(id: &CopilotId) -> bool {
        id.variation().is_none()
    }

    fn reference_places(document: Node<'_>) -> ReferencePlaces<'_> {
        references::places(document)
    }

    fn validate(&self, stored: Option<&Self>, audience: Audience) -> Findings {
        schema::validate(self, stored, audience, &CopilotLimits::PUBLISHED)
    }
}

impl FromStr for Copilot {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_document(Document::parse(text)?)
    }
}

impl Serialize for Copilot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
