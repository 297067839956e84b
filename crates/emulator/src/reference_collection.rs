//! Collections of what a Copilot refers to: intents, canned responses, scripts, checklists, knowledge.

use crate::Permission;

/// A collection, with the owner of its elements where they have one.
///
/// ```
/// use assist_rules_emulator::ReferenceCollection;
///
/// let pages = ReferenceCollection::ScriptPages { script: "7".to_owned() };
/// assert_eq!(pages.path(), "/api/v2/scripts/7/pages");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReferenceCollection {
    /// NLU domains.
    NluDomains,
    /// The versions of an NLU domain, with their intents.
    NluDomainVersions {
        /// The id of the domain.
        domain: String,
    },
    /// Libraries of canned responses.
    Libraries,
    /// Canned responses, each with its `libraries`.
    Responses,
    /// Scripts.
    Scripts,
    /// The pages of a script.
    ScriptPages {
        /// The id of the script.
        script: String,
    },
    /// Checklists for agents.
    Checklists,
    /// Knowledge bases.
    KnowledgeBases,
    /// The documents of a knowledge base.
    KnowledgeDocuments {
        /// The id of the knowledge base.
        knowledge_base: String,
    },
}

/// The form of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Paging {
    /// Numbered pages of at most so many.
    Numbered(usize),
    /// Pages of at most so many, each with the cursor of the next.
    Cursor(usize),
    /// A bare array of all.
    None,
}

/// The selection of elements that a list offers. None of them is by an exact name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Selection {
    /// All of them.
    All,
    /// Those whose name has the text of this parameter somewhere in it, in any case.
    Contains(&'static str),
    /// Those whose name starts with the text of this parameter, in any case.
    Prefix(&'static str),
    /// Those of the library that the parameter `libraryId` names; without it there is no list.
    Library,
}

impl ReferenceCollection {
    /// The path of its list.
    pub fn path(&self) -> String {
        match self {
            Self::NluDomains => "/api/v2/languageunderstanding/domains".to_owned(),
            Self::NluDomainVersions { domain } => format!("/api/v2/languageunderstanding/domains/{domain}/versions"),
            Self::Libraries => "/api/v2/responsemanagement/libraries".to_owned(),
            Self::Responses => "/api/v2/responsemanagement/responses".to_owned(),
            Self::Scripts => "/api/v2/scripts".to_owned(),
            Self::ScriptPages { script } => format!("/api/v2/scripts/{script}/pages"),
            Self::Checklists => "/api/v2/assistants/agentchecklists".to_owned(),
            Self::KnowledgeBases => "/api/v2/knowledge/knowledgebases".to_owned(),
            Self::KnowledgeDocuments { knowledge_base } => {
                format!("/api/v2/knowledge/knowledgebases/{knowledge_base}/documents")
            }
        }
    }

    /// The collection of a path, and the element of it, if the path names one.
    pub(crate) fn of_path(path: &str) -> Option<(Self, Option<&str>)> {
        let segments: Vec<&str> = path.strip_prefix("/api/v2/")?.split('/').collect();
        if segments.contains(&"") {
            return None;
        }
        Some(match *segments {
            ["languageunderstanding", "domains", ref rest @ ..] => match *rest {
                [domain, "versions", ref rest @ ..] => {
                    let domain = domain.to_owned();
                    (Self::NluDomainVersions { domain }, element(rest)?)
                }
                ref rest => (Self::NluDomains, element(rest)?),
            },
            ["responsemanagement", "libraries", ref rest @ ..] => (Self::Libraries, element(rest)?),
            ["responsemanagement", "responses", ref rest @ ..] => (Self::Responses, element(rest)?),
            ["scripts", script, "pages", ref rest @ ..] => {
                let script = script.to_owned();
                (Self::ScriptPages { script }, element(rest)?)
            }
            ["scripts", ref rest @ ..] => (Self::Scripts, element(rest)?),
            ["assistants", "agentchecklists", ref rest @ ..] => (Self::Checklists, element(rest)?),
            [
                "knowledge",
                "knowledgebases",
                knowledge_base,
                "documents",
                ref rest @ ..,
            ] => {
                let knowledge_base = knowledge_base.to_owned();
                (Self::KnowledgeDocuments { knowledge_base }, element(rest)?)
            }
            ["knowledge", "knowledgebases", ref rest @ ..] => (Self::KnowledgeBases, element(rest)?),
            _ => return None,
        })
    }

    /// The collection and the id of what its elements belong to.
    pub(crate) fn owner(&self) -> Option<(Self, &str)> {
        match self {
            Self::NluDomainVersions { domain } => Some((Self::NluDomains, domain)),
            Self::ScriptPages { script } => Some((Self::Scripts, script)),
            Self::KnowledgeDocuments { knowledge_base } => Some((Self::KnowledgeBases, knowledge_base)),
            Self::NluDomains
            | Self::Libraries
            | Self::Responses
            | Self::Scripts
            | Self::Checklists
            | Self::KnowledgeBases => None,
        }
    }

    /// The permission to read it.
    pub(crate) fn permission(&self) -> Permission {
        match self {
            Self::NluDomains => Permission::NluDomainView,
            Self::NluDomainVersions { .. } => Permission::NluDomainVersionView,
            Self::Libraries => Permission::LibraryView,
            Self::Responses => Permission::ResponseView,
            Self::Scripts | Self::ScriptPages { .. } => Permission::ScriptView,
            Self::Checklists => Permission::ChecklistView,
            Self::KnowledgeBases => Permission::KnowledgeBaseView,
            Self::KnowledgeDocuments { .. } => Permission::KnowledgeDocumentView,
        }
    }

    pub(crate) fn paging(&self) -> Paging {
        match self {
            Self::NluDomains | Self::NluDomainVersions { .. } | Self::Libraries | Self::Responses | Self::Scripts => {
                Paging::Numbered(100)
            }
            Self::ScriptPages { .. } => Paging::None,
            Self::Checklists | Self::KnowledgeBases => Paging::Cursor(100),
            Self::KnowledgeDocuments { .. } => Paging::Cursor(200),
        }
    }

    pub(crate) fn selection(&self) -> Selection {
        match self {
            Self::Libraries => Selection::Prefix("libraryPrefix"),
            Self::Responses => Selection::Library,
            Self::Scripts | Self::KnowledgeBases => Selection::Contains("name"),
            Self::Checklists => Selection::Prefix("namePrefix"),
            Self::NluDomains
            | Self::NluDomainVersions { .. }
            | Self::ScriptPages { .. }
            | Self::KnowledgeDocuments { .. } => Selection::All,
        }
    }
}

/// The element that the rest of a path names, if it names one; none at all for a longer path.
#[expect(clippy::option_option, reason = "no such path, a list, or an element of it")]
fn element<'path>(rest: &[&'path str]) -> Option<Option<&'path str>> {
    match *rest {
        [] => Some(None),
        [id] => Some(Some(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_its_collection_are_one_to_one() {
        let owner = || "7".to_owned();
        for collection in [
            ReferenceCollection::NluDomains,
            ReferenceCollection::NluDomainVersions { domain: owner() },
            ReferenceCollection::Libraries,
            ReferenceCollection::Responses,
            ReferenceCollection::Scripts,
            ReferenceCollection::ScriptPages { script: owner() },
            ReferenceCollection::Checklists,
            ReferenceCollection::KnowledgeBases,
            ReferenceCollection::KnowledgeDocuments {
                knowledge_base: owner(),
            },
        ] {
            let path = collection.path();
            let found = ReferenceCollection::of_path(&path);
            assert_eq!(found, Some((collection.clone(), None)), "{path}");
            let of_element = format!("{path}/9");
            let found = ReferenceCollection::of_path(&of_element);
            assert_eq!(found, Some((collection, Some("9"))), "{of_element}");
            for none in [format!("{path}/"), format!("{path}/9/other"), format!("{path}s")] {
                assert_eq!(ReferenceCollection::of_path(&none), None, "{none}");
            }
        }
    }
}
