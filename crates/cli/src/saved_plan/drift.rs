//! The members of a plan and a status about drift: the base, and what others changed since.

use app::{BaseInfo, BaseOrigin, DriftLine, KnownChange};
use domain::json::Document;
use ports::Author;
use serde::{Deserialize, Serialize};

use super::document::some_document;
use crate::time;

/// The base of a document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BaseDocument {
    pub(crate) sha256: String,
    /// The time of the read behind it, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
    /// The source: `apply`, `pull` or `dir`.
    pub(crate) by: String,
}

impl BaseDocument {
    pub(crate) fn of(base: &BaseInfo) -> Self {
        Self {
            sha256: base.hash.digits(),
            at: base.at.map(time::exact),
            by: match base.by {
                BaseOrigin::Apply => "apply",
                BaseOrigin::Pull => "pull",
                BaseOrigin::Directory => "dir",
            }
            .to_owned(),
        }
    }
}

/// The author of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    /// The file.
    File,
    /// Others, whose change the line takes back.
    Drift,
    /// Not known: no base tells.
    Unknown,
}

/// A change by others. An absent side is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DriftDocument {
    pub(crate) path: String,
    /// The place before, of an element that moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_document")]
    pub(crate) base: Option<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_document")]
    pub(crate) theirs: Option<Document>,
    /// The entry that made it, where the record knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) entry: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl DriftDocument {
    pub(crate) fn of(line: &DriftLine) -> Self {
        let found = &line.difference;
        Self {
            path: found.difference.pointer.to_string(),
            from: found.from.as_ref().map(ToString::to_string),
            base: found.difference.before.clone(),
            theirs: found.difference.after.clone(),
            entry: line.change.as_ref().map(|change| change.entry.0),
            author: line.change.as_ref().map(|change| shown(&change.author)),
            reason: line.change.as_ref().and_then(|change| change.author.reason.clone()),
        }
    }

    /// The member that changed.
    pub(crate) fn member(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }
}

/// The entry that replaced what a line of a diff would bring back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TakenBackDocument {
    pub(crate) entry: u64,
    pub(crate) author: String,
    pub(crate) at: String,
}

impl TakenBackDocument {
    pub(crate) fn of(change: &KnownChange) -> Self {
        Self {
            entry: change.entry.0,
            author: shown(&change.author),
            at: time::exact(change.at),
        }
    }
}

/// An author in a line: the user and the machine, or else the client.
fn shown(author: &Author) -> String {
    match (&author.user, &author.host) {
        (Some(user), Some(host)) => format!("{user}@{host}"),
        (Some(user), None) => user.clone(),
        (None, _) => author.client.clone(),
    }
}
