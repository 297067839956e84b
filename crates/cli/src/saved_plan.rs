//! Plans as files: one line of JSON, whose last member is the hash of all before it.

mod conflicts;
mod document;
mod drift;
mod hashes;
mod verify;

use std::path::Path;

use domain::ContentHash;
use serde::Deserialize;

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::output::FORMAT_VERSION;
use crate::source;

pub(crate) use conflicts::Conflicts;
pub(crate) use document::{
    Action, ChangeDocument, DiffLine, InSyncDocument, PlanDocument, ReferenceDocument, SafetyDocument, SeenDocument,
    SummaryDocument, UndoDocument, paths,
};
pub(crate) use drift::{BaseDocument, By, DriftDocument, TakenBackDocument};
pub(crate) use hashes::{changes_hash, identity};
pub(crate) use verify::{Contents, KindContents, reread};

/// The member that ends a plan.
const HASH: &str = ",\"hash\":\"";

/// A plan and its text.
#[derive(Clone, Debug)]
pub(crate) struct SavedPlan {
    pub(crate) document: PlanDocument,
    pub(crate) hash: ContentHash,
    text: String,
}

/// A plan with its contents.
pub(crate) struct WholePlan {
    pub(crate) saved: SavedPlan,
    pub(crate) contents: Contents,
}

impl SavedPlan {
    /// A plan that was made now.
    pub(crate) fn new(document: PlanDocument) -> Result<Self, CliError> {
        let text = serde_json::to_string(&document);
        let mut text =
            text.map_err(|error| CliError::new(ErrorCode::Bug, format!("cannot print the plan: {error}")))?;
        // The brace that comes after the hash.
        text.pop();
        let hash = ContentHash::of(text.as_bytes());
        text.push_str(HASH);
        text.push_str(&hash.to_string());
        text.push_str("\"}");
        Ok(Self { document, hash, text })
    }

    /// The plan as it is saved, without a line break.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The plan as a value, its hash included.
    pub(crate) fn as_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// True if a file is a plan, by its first bytes.
    pub(crate) fn is_at(path: &Path) -> bool {
        let mut head = [0; 400];
        let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read(&mut file, &mut head));
        let read = read.ok().and_then(|length| head.get(..length));
        read.is_some_and(|head| looks_like_plan(&String::from_utf8_lossy(head)))
    }

    /// Reads a plan from a file, or from stdin for `-`. None if the file is no plan.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or the plan is damaged or of another format.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, CliError> {
        Self::parse(&path.display().to_string(), &source::read_text(path)?)
    }

    /// The plan of a text, named in errors. None if the text is no plan.
    fn parse(name: &str, text: &str) -> Result<Option<Self>, CliError> {
        let text = text.trim_end_matches(['\r', '\n']);
        if !looks_like_plan(text) {
            return Ok(None);
        }
        let (content, hash) =
            split(text).ok_or_else(|| damaged(&format!("`{name}` has no hash at its end: it was cut")))?;
        let found = ContentHash::of(content.as_bytes());
        if found != hash {
            let message = format!("`{name}` is not as it was saved: its hash says {hash}, and its content has {found}");
            return Err(damaged(&message));
        }
        let version: Version = serde_json::from_str(text).map_err(|error| damaged(&format!("`{name}`: {error}")))?;
        if !is_readable(&version.format_version) {
            let message = format!(
                "`{name}` has the format {}, and this program reads {FORMAT_VERSION}",
                version.format_version
            );
            return Err(damaged(&message).with_help("make the plan and apply it with the same version of the program"));
        }
        let document = serde_json::from_str(text).map_err(|error| damaged(&format!("`{name}`: {error}")))?;
        Ok(Some(Self {
            document,
            hash,
            text: text.to_owned(),
        }))
    }
}

/// The format of a plan, read before anything else in it.
#[derive(Deserialize)]
struct Version {
    format_version: String,
}

/// True for a format of the same major version.
fn is_readable(version: &str) -> bool {
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    major(version) == major(FORMAT_VERSION)
}

/// True for one JSON object that says that it is a plan, even if it is cut.
fn looks_like_plan(text: &str) -> bool {
    let head: String = text
        .chars()
        .take(400)
        .filter(|letter| !letter.is_whitespace())
        .collect();
    head.starts_with('{') && head.contains("\"kind\":\"plan\"")
}

/// The text before the hash, and the hash.
fn split(text: &str) -> Option<(&str, ContentHash)> {
    let (content, end) = text.rsplit_once(HASH)?;
    let hash = end.strip_suffix("\"}")?;
    Some((content, hash.strip_prefix("sha256:")?.parse().ok()?))
}

/// The error of a plan that cannot be trusted.
pub(crate) fn damaged(message: &str) -> CliError {
    CliError::new(ErrorCode::UnfitPlan, message).with_help("nothing was sent: plan again, and review that plan")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> SavedPlan {
        let document = r#"{"format_version":"1.0","kind":"plan","plan_id":"p","created_at":"2026-11-28T12:00:00Z",
            "tool":"assist-rules","exit_code":0,"target":{"api":"https://api.example.org","org":{"id":"o","name":null},
            "sandbox":false},"changes":[],"in_sync":[],"summary":{"update":0,"unchanged":1,"conflict":0,"missing":0,
            "invalid":0,"unread":0,"documents":1,"not_in_files":null},"safety":{"change":{"count":0,"limit":5},
            "disable":{"count":0,"limit":1},"remove":{"count":0,"limit":1},"empty":{"count":0,"limit":0}},
            "changes_hash":"sha256:0"}"#;
        SavedPlan::new(serde_json::from_str(document).unwrap()).unwrap()
    }

    /// True if the text is read as a plan.
    fn is_taken(text: &str) -> bool {
        matches!(SavedPlan::parse("p", text), Ok(Some(_)))
    }

    #[test]
    fn a_plan_is_read_as_it_was_saved_and_line_breaks_at_its_end_do_not_count() {
        let plan = plan();
        for end in ["", "\n", "\r\n"] {
            let read = SavedPlan::parse("p", &format!("{}{end}", plan.text()))
                .unwrap()
                .unwrap();
            assert_eq!((read.text(), &read.hash), (plan.text(), &plan.hash));
        }
    }

    #[test]
    fn each_changed_and_each_missing_byte_is_found() {
        let text = plan().text().to_owned();
        for (at, letter) in text.char_indices() {
            let (before, rest) = text.split_at_checked(at).unwrap();
            let after = rest.get(1..).unwrap();
            let other = if letter == '1' { '2' } else { '1' };
            for changed in [
                format!("{before}{other}{after}"),
                format!("{before}{after}"),
                before.to_owned(),
            ] {
                assert!(!is_taken(&changed), "{at}: {changed}");
            }
        }
    }
}
