//! The route of a method and a path.

use http::Method;
use serde::Deserialize;

use crate::{HostedDocument, ReferenceCollection};

/// The path that access tokens are asked for at.
const TOKEN_PATH: &str = "/oauth/token";

/// The path that the organization of a token is asked for at.
pub(crate) const ORGANIZATION_PATH: &str = "/api/v2/organizations/me";

const ASSISTANTS_PATH: &str = "/api/v2/assistants";

/// The kind of a request, without its subject.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An access token.
    Token,
    /// A page of rules, assistants or variations.
    List,
    /// One rule, assistant, Copilot or variation.
    Get,
    /// To replace a rule, a Copilot or a variation.
    Put,
    /// Anything that a Copilot refers to: a list or an element.
    Reference,
    /// The organization of the token.
    Organization,
    /// Nothing that the emulator has.
    #[serde(skip)]
    Other,
}

/// [`Kind`] with what is needed to carry it out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Route {
    Token,
    List,
    Get {
        id: String,
    },
    Put {
        id: String,
    },
    Organization,
    ListAssistants,
    GetAssistant {
        id: String,
    },
    ListVariations {
        assistant: String,
    },
    GetDocument(HostedDocument),
    PutDocument(HostedDocument),
    ListReferences(ReferenceCollection),
    GetReference {
        collection: ReferenceCollection,
        id: String,
    },
    WrongMethod {
        allow: &'static str,
    },
    Nowhere,
}

impl Route {
    /// The route of `method` and `path` where rules live under `rules_path`.
    pub(crate) fn of(method: &Method, path: &str, rules_path: &str) -> Self {
        if path == TOKEN_PATH {
            return if method == Method::POST {
                Self::Token
            } else {
                Self::WrongMethod { allow: "POST" }
            };
        }
        if path == ORGANIZATION_PATH {
            return Self::read_only(method, Self::Organization);
        }
        let Some(rest) = path.strip_prefix(rules_path) else {
            return Self::of_reference(method, path)
                .or_else(|| Self::of_assistant(method, path))
                .unwrap_or(Self::Nowhere);
        };
        if rest.is_empty() {
            return Self::read_only(method, Self::List);
        }
        match rest.strip_prefix('/') {
            Some(id) if !id.is_empty() && !id.contains('/') => Self::of_rule(method, id.to_owned()),
            Some(_) | None => Self::Nowhere,
        }
    }

    fn of_rule(method: &Method, id: String) -> Self {
        Self::read_or_put(method, id, |id| Self::Get { id }, |id| Self::Put { id })
    }

    fn of_reference(method: &Method, path: &str) -> Option<Self> {
        let (collection, id) = ReferenceCollection::of_path(path)?;
        let read = match id {
            Some(id) => Self::GetReference {
                collection,
                id: id.to_owned(),
            },
            None => Self::ListReferences(collection),
        };
        Some(Self::read_only(method, read))
    }

    fn of_assistant(method: &Method, path: &str) -> Option<Self> {
        let mut segments = path.strip_prefix(ASSISTANTS_PATH)?.split('/');
        if segments.next() != Some("") {
            return None;
        }
        let segments: Vec<&str> = segments.collect();
        if segments.contains(&"") {
            return None;
        }
        let document = |document| Self::read_or_put(method, document, Self::GetDocument, Self::PutDocument);
        Some(match *segments {
            [] => Self::read_only(method, Self::ListAssistants),
            [id] => Self::read_only(method, Self::GetAssistant { id: id.to_owned() }),
            [assistant, "copilot"] => document(HostedDocument::Copilot {
                assistant: assistant.to_owned(),
            }),
            [assistant, "variations"] => {
                let assistant = assistant.to_owned();
                Self::read_only(method, Self::ListVariations { assistant })
            }
            [assistant, "variations", variation] => document(HostedDocument::Variation {
                assistant: assistant.to_owned(),
                variation: variation.to_owned(),
            }),
            _ => return None,
        })
    }

    fn read_only(method: &Method, read: Self) -> Self {
        if method == Method::GET {
            read
        } else {
            Self::WrongMethod { allow: "GET" }
        }
    }

    fn read_or_put<T>(method: &Method, subject: T, get: impl FnOnce(T) -> Self, put: impl FnOnce(T) -> Self) -> Self {
        if method == Method::GET {
            get(subject)
        } else if method == Method::PUT {
            put(subject)
        } else {
            Self::WrongMethod { allow: "GET, PUT" }
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Token => Kind::Token,
            Self::List | Self::ListAssistants | Self::ListVariations { .. } => Kind::List,
            Self::Get { .. } | Self::GetAssistant { .. } | Self::GetDocument(_) => Kind::Get,
            Self::Put { .. } | Self::PutDocument(_) => Kind::Put,
            Self::ListReferences(_) | Self::GetReference { .. } => Kind::Reference,
            Self::Organization => Kind::Organization,
            Self::WrongMethod { .. } | Self::Nowhere => Kind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_as_it_stands() {
        let get = |id: &str| Route::Get { id: id.to_owned() };
        let assistant = || "a".to_owned();
        let copilot = || HostedDocument::Copilot { assistant: assistant() };
        let variation = || HostedDocument::Variation {
            assistant: assistant(),
            variation: "b".to_owned(),
        };
        let variations = Route::ListVariations { assistant: assistant() };
        for (method, path, route) in [
            (Method::POST, "/oauth/token", Route::Token),
            (Method::GET, "/oauth/token", Route::WrongMethod { allow: "POST" }),
            (Method::GET, "/api/v2/organizations/me", Route::Organization),
            (
                Method::PUT,
                "/api/v2/organizations/me",
                Route::WrongMethod { allow: "GET" },
            ),
            (Method::GET, "/api/v2/organizations", Route::Nowhere),
            (Method::GET, "/api/v2/organizations/me/", Route::Nowhere),
            (Method::GET, "/rules", Route::List),
            (Method::PUT, "/rules", Route::WrongMethod { allow: "GET" }),
            (Method::GET, "/rules/a", get("a")),
            (Method::GET, "/rules/..", get("..")),
            (Method::PUT, "/rules/a", Route::Put { id: "a".to_owned() }),
            (Method::PATCH, "/rules/a", Route::WrongMethod { allow: "GET, PUT" }),
            (Method::GET, "/rules/", Route::Nowhere),
            (Method::GET, "/rules/a/b", Route::Nowhere),
            (Method::GET, "/rulesa", Route::Nowhere),
            (Method::GET, "/", Route::Nowhere),
            (Method::GET, "/api/v2/assistants", Route::ListAssistants),
            (Method::GET, "/api/v2/assistants/", Route::Nowhere),
            (Method::GET, "/api/v2/assistantsa", Route::Nowhere),
            (
                Method::GET,
                "/api/v2/assistants/a",
                Route::GetAssistant { id: "a".to_owned() },
            ),
            (Method::PUT, "/api/v2/assistants/a", Route::WrongMethod { allow: "GET" }),
            (
                Method::GET,
                "/api/v2/assistants/a/copilot",
                Route::GetDocument(copilot()),
            ),
            (
                Method::PUT,
                "/api/v2/assistants/a/copilot",
                Route::PutDocument(copilot()),
            ),
            (
                Method::PATCH,
                "/api/v2/assistants/a/copilot",
                Route::WrongMethod { allow: "GET, PUT" },
            ),
            (Method::GET, "/api/v2/assistants/a/queues", Route::Nowhere),
            (Method::GET, "/api/v2/assistants/a/variations", variations),
            (
                Method::GET,
                "/api/v2/assistants/a/variations/b",
                Route::GetDocument(variation()),
            ),
            (
                Method::PUT,
                "/api/v2/assistants/a/variations/b",
                Route::PutDocument(variation()),
            ),
            (
                Method::GET,
                "/api/v2/assistants/agentchecklists",
                Route::ListReferences(ReferenceCollection::Checklists),
            ),
            (Method::PUT, "/api/v2/scripts/a", Route::WrongMethod { allow: "GET" }),
        ] {
            assert_eq!(Route::of(&method, path, "/rules"), route, "{method} {path}");
        }
    }
}
