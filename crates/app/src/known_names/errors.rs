//! The reasons why a name has no id, or an id no name.

use domain::reference::{ReferenceKind, ReferenceText, UnlistedValue, Unresolved, UnresolvedCause};
use domain::{Code, FailureClass, Finding, RequestError};
use ports::NamedThing;

use super::candidates::visible;

/// The reason why a name has no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindNameError {
    /// Nothing has the name.
    #[error("no {} has the name `{}`", kind.noun(), visible(name))]
    Absent {
        /// The kind.
        kind: ReferenceKind,
        /// The name.
        name: String,
        /// The thing that had it when a file with it was last applied or pulled.
        renamed: Option<NamedThing>,
        /// The names that may have been meant, at most five.
        candidates: Vec<String>,
    },
    /// Several things have it.
    #[error("{} {} have the name `{}`", ids.len(), kind.plural(), visible(name))]
    Ambiguous {
        /// The kind.
        kind: ReferenceKind,
        /// The name.
        name: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// The permission to read the listing is missing.
    #[error("the listing of {} cannot be read", kind.plural())]
    Denied {
        /// The kind.
        kind: ReferenceKind,
        /// The permissions that the platform names.
        permissions: Vec<String>,
    },
    /// The listing could not be read.
    #[error("the listing of {} cannot be read", kind.plural())]
    Unread {
        /// The kind.
        kind: ReferenceKind,
        /// The failure.
        #[source]
        error: RequestError,
    },
    /// No value of this name was given.
    #[error("no value `{}` is given", visible(.0))]
    NoValue(String),
}

/// The reason why an id has no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameOfError {
    /// No listing has the id.
    #[error("no listing has it")]
    Absent,
    /// Another thing is found by the name, or several are.
    #[error("its name `{}` is not unique", visible(.0))]
    NotUnique(String),
    /// The listing could not be read.
    #[error("its listing cannot be read")]
    Listing(#[source] RequestError),
}

impl FindNameError {
    pub(super) fn of(kind: ReferenceKind, error: RequestError) -> Self {
        if error.class == FailureClass::Denied {
            let permissions = error.metadata.missing_permissions;
            return Self::Denied { kind, permissions };
        }
        Self::Unread { kind, error }
    }

    /// Advice on what to do.
    pub fn help(&self) -> Option<String> {
        let quoted = |names: &[String]| {
            let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", visible(name))).collect();
            quoted.join(", ")
        };
        match self {
            Self::Absent {
                name,
                renamed: Some(thing),
                ..
            } => Some(format!("`{}` is now `{}`", visible(name), visible(&thing.name))),
            Self::Absent { candidates, .. } if candidates.is_empty() => None,
            Self::Absent { candidates, .. } => Some(format!("did you mean {}?", quoted(candidates))),
            Self::Ambiguous { ids, .. } => Some(format!("they are {}; give one of them another name", quoted(ids))),
            Self::Denied { permissions, .. } => Some(missing_permissions(permissions)),
            Self::Unread { error, .. } => Some(error.message.clone()),
            Self::NoValue(_) => Some("`--values FILE` gives it".to_owned()),
        }
    }

    /// The error finding of a text that became no id, at its place.
    pub fn finding(unresolved: &Unresolved<Self>) -> Finding {
        let at = unresolved.pointer.clone();
        match &unresolved.cause {
            UnresolvedCause::Malformed(error) => {
                let message = format!("`{}` is no reference: {error}", visible(&unresolved.text));
                Finding::new(Code::BadReference, at, message).with_help(error.help())
            }
            UnresolvedCause::OtherKind { expected, found } => {
                let expected = expected.map_or("value", ReferenceKind::as_str);
                let message = format!("expected `@{{{expected}:…}}`, found `{}`", visible(&found.to_string()));
                Finding::new(Code::BadReference, at, message)
            }
            UnresolvedCause::Within(text) => {
                let owner = match text {
                    ReferenceText::Named { kind, .. } => kind.owner(),
                    ReferenceText::Value(_) => None,
                };
                let owner = owner.map_or("thing", ReferenceKind::noun);
                let message = format!(
                    "the {owner} that `{}` is within is not found",
                    visible(&text.to_string())
                );
                Finding::new(Code::UnresolvedReference, at, message)
            }
            UnresolvedCause::Unknown(_, error) => {
                let finding = Finding::new(Code::UnresolvedReference, at, error.to_string());
                match error.help() {
                    Some(help) => finding.with_help(help),
                    None => finding,
                }
            }
        }
    }
}

/// The error finding of a value without a listing in a file that comes from another organization.
pub fn foreign_value(value: &UnlistedValue) -> Finding {
    // Why without the value: the address of a webhook may have a secret in it.
    let message = "the value comes from another organization, and has no listing by which it could be found here";
    Finding::new(Code::ForeignValue, value.pointer.clone(), message)
        .with_help("write `@{value:NAME}`, and give it by `--values FILE`")
}

/// The permissions that a role lacks, in words.
pub(super) fn missing_permissions(permissions: &[String]) -> String {
    if permissions.is_empty() {
        return "the role of the OAuth client lacks the permission to view it".to_owned();
    }
    let permissions: Vec<String> = permissions.iter().map(|permission| format!("`{permission}`")).collect();
    format!("the role of the OAuth client lacks {}", permissions.join(" or "))
}
