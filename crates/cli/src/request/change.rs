//! Requests that change a document.

use std::path::PathBuf;

use domain::document::CrossFieldMerge;
use domain::protocol::OnConflict;
use domain::{Severity, Version};
use ports::EntryId;

use crate::render::report::Asked;

/// The part of a change that is recorded with it.
#[derive(Clone, Debug)]
pub(crate) struct ChangeRequest {
    /// The operation that the user asked for: an update or a dry run.
    pub(crate) asked: Asked,
    /// The command.
    pub(crate) command: &'static str,
    /// Why, if a reason was given.
    pub(crate) reason: Option<String>,
    /// The entries that it undoes.
    pub(crate) undoes: Vec<EntryId>,
}

impl ChangeRequest {
    /// Since when others may have changed the rule.
    pub(crate) fn since(&self) -> &'static str {
        if self.command == "rollback" {
            "since"
        } else {
            "meanwhile"
        }
    }

    /// The verb for error messages: `update` or `roll back`.
    pub(crate) fn doing(&self) -> &'static str {
        if self.command == "rollback" {
            "roll back"
        } else {
            "update"
        }
    }
}

/// The terms on which a document is changed.
#[derive(Clone, Debug)]
pub(crate) struct ChangeTerms {
    /// The version that the document must be at.
    pub(crate) if_version: Option<Version>,
    /// True if changes that were not made have an exit code of their own.
    pub(crate) detailed_exitcode: bool,
    /// The severity from which on findings end the run.
    pub(crate) fail_on: Severity,
    pub(crate) on_conflict: OnConflict,
    pub(crate) cross_field_merge: CrossFieldMerge,
    /// True if the document is saved once more as it is.
    pub(crate) saves_unchanged: bool,
}

/// An update of a document from a file, from single values, or from both.
#[derive(Clone, Debug)]
pub(crate) struct UpdateCommand {
    /// The file; `-` is stdin.
    pub(crate) from: Option<PathBuf>,
    /// The files of values that are given by names; the last wins.
    pub(crate) values: Vec<PathBuf>,
    /// True for the sample change of the sandbox, in place of a file.
    pub(crate) is_sample: bool,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) enabled: Option<bool>,
    /// The rule in the document that is switched, in place of the document.
    pub(crate) rule: Option<String>,
    pub(crate) terms: ChangeTerms,
    pub(crate) request: ChangeRequest,
}

/// An edit of a document in an editor.
#[derive(Clone, Debug)]
pub(crate) struct EditCommand {
    pub(crate) terms: ChangeTerms,
    pub(crate) request: ChangeRequest,
}

/// A rollback of a document to an earlier entry of its history.
#[derive(Clone, Debug)]
pub(crate) struct RollbackCommand {
    /// The entry; the one before the last that was applied, where none is named.
    pub(crate) to: Option<u64>,
    pub(crate) terms: ChangeTerms,
    pub(crate) request: ChangeRequest,
}
