//! The route of a method and a path.

use http::Method;
use serde::Deserialize;

/// The path that access tokens are asked for at.
const TOKEN_PATH: &str = "/oauth/token";

/// The path that the organization of a token is asked for at.
pub(crate) const ORGANIZATION_PATH: &str = "/api/v2/organizations/me";

/// The kind of a request, without its subject.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An access token.
    Token,
    /// A page of rules.
    List,
    /// One rule.
    Get,
    /// To replace a rule.
    Put,
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
    Get { id: String },
    Put { id: String },
    Organization,
    WrongMethod { allow: &'static str },
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
            return if method == Method::GET {
                Self::Organization
            } else {
                Self::WrongMethod { allow: "GET" }
            };
        }
        let Some(rest) = path.strip_prefix(rules_path) else {
            return Self::Nowhere;
        };
        if rest.is_empty() {
            return if method == Method::GET {
                Self::List
            } else {
                Self::WrongMethod { allow: "GET" }
            };
        }
        match rest.strip_prefix('/') {
            Some(id) if !id.is_empty() && !id.contains('/') => Self::of_rule(method, id.to_owned()),
            Some(_) | None => Self::Nowhere,
        }
    }

    fn of_rule(method: &Method, id: String) -> Self {
        if method == Method::GET {
            Self::Get { id }
        } else if method == Method::PUT {
            Self::Put { id }
        } else {
            Self::WrongMethod { allow: "GET, PUT" }
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Token => Kind::Token,
            Self::List => Kind::List,
            Self::Get { .. } => Kind::Get,
            Self::Put { .. } => Kind::Put,
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
        ] {
            assert_eq!(Route::of(&method, path, "/rules"), route, "{method} {path}");
        }
    }
}
