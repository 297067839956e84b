//! The kinds of things that a document refers to.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A kind of thing that has a listing in the organization, by which a name becomes an id and an id a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// An assistant.
    Assistant,
    /// A trigger rule.
    Rule,
    /// An NLU domain.
    Domain,
    /// A library of canned responses.
    Library,
    /// A canned response, within a library.
    Response,
    /// A script.
    Script,
    /// A page, within a script.
    Page,
    /// A checklist for agents.
    Checklist,
    /// A knowledge base.
    KnowledgeBase,
    /// A document, within a knowledge base.
    Document,
}

/// The text is no kind of thing that has a listing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of thing that can be referred to")]
pub struct ParseReferenceKindError(pub(super) String);

impl ReferenceKind {
    /// Every kind; what others are within comes before them.
    pub const ALL: [Self; 10] = [
        Self::Assistant,
        Self::Rule,
        Self::Domain,
        Self::Library,
        Self::Response,
        Self::Script,
        Self::Page,
        Self::Checklist,
        Self::KnowledgeBase,
        Self::Document,
    ];

    /// The kind as it is written in `@{kind:name}`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assistant => "assistant",
            Self::Rule => "rule",
            Self::Domain => "domain",
            Self::Library => "library",
            Self::Response => "response",
            Self::Script => "script",
            Self::Page => "page",
            Self::Checklist => "checklist",
            Self::KnowledgeBase => "knowledge-base",
            Self::Document => "document",
        }
    }

    /// The kind in words, for messages.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Assistant => "assistant",
            Self::Rule => "trigger rule",
            Self::Domain => "NLU domain",
            Self::Library => "response library",
            Self::Response => "canned response",
            Self::Script => "script",
            Self::Page => "script page",
            Self::Checklist => "checklist",
            Self::KnowledgeBase => "knowledge base",
            Self::Document => "knowledge document",
        }
    }

    /// Several of the kind in words.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Assistant => "assistants",
            Self::Rule => "trigger rules",
            Self::Domain => "NLU domains",
            Self::Library => "response libraries",
            Self::Response => "canned responses",
            Self::Script => "scripts",
            Self::Page => "script pages",
            Self::Checklist => "checklists",
            Self::KnowledgeBase => "knowledge bases",
            Self::Document => "knowledge documents",
        }
    }

    /// The kind of thing that one of this kind is within, where it has its name only there.
    pub fn owner(self) -> Option<Self> {
        match self {
            Self::Response => Some(Self::Library),
            Self::Page => Some(Self::Script),
            Self::Document => Some(Self::KnowledgeBase),
            Self::Assistant
            | Self::Rule
            | Self::Domain
            | Self::Library
            | Self::Script
            | Self::Checklist
            | Self::KnowledgeBase => None,
        }
    }
}

impl FromStr for ReferenceKind {
    type Err = ParseReferenceKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| ParseReferenceKindError(text.chars().take(80).collect()))
    }
}

impl fmt::Display for ReferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ReferenceKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_as_it_is_written_and_comes_after_its_owner() {
        for (place, kind) in ReferenceKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            let owner = kind
                .owner()
                .map(|owner| ReferenceKind::ALL.iter().position(|other| *other == owner));
            assert!(owner.is_none_or(|owner| owner < Some(place)), "{kind}");
        }
        assert!("value".parse::<ReferenceKind>().is_err());
        assert!("Script".parse::<ReferenceKind>().is_err());
    }
}
