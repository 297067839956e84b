//! The report of a pull, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli_error::{CliError, ErrorDocument};
use crate::exit::Exit;
use crate::output::{BOLD, DIM, ERROR, FORMAT_VERSION, PLACE, SUCCESS, visible};
use crate::render::mask;
use crate::render::result::TargetDocument;

/// The state of a document of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PulledState {
    Written,
    Unchanged,
    Kept,
    Missing,
    Failed,
}

impl PulledState {
    /// Every state, in the order in which they are counted.
    const ALL: [Self; 5] = [Self::Written, Self::Unchanged, Self::Kept, Self::Missing, Self::Failed];

    fn name(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Unchanged => "unchanged",
            Self::Kept => "kept",
            Self::Missing => "missing",
            Self::Failed => "failed",
        }
    }
}

/// The reason for which a file is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// The author edited it, and the organization has something else.
    Edited,
    /// The file differs, and no base tells who changed what.
    NoBase,
    /// The file cannot be edited safely in its place.
    Layout,
    /// A comment would be lost.
    Comments,
    /// An id has no name that could stand for it.
    Reference,
}

impl Reason {
    fn sentence(self) -> &'static str {
        match self {
            Self::Edited => "it was edited since it was pulled or applied; --overwrite takes the organization's",
            Self::NoBase => "it differs, and nothing tells who changed it; --overwrite takes the organization's",
            Self::Layout => "it cannot be edited safely in its place; change it by hand",
            Self::Reference => "an id has no name of its own; nothing was written",
            Self::Comments => "a comment would be lost; change it by hand",
        }
    }
}

/// A document of a folder.
#[derive(Debug, Serialize)]
pub(crate) struct PulledDocument {
    pub(crate) document: String,
    pub(crate) name: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) state: PulledState,
    pub(crate) reason: Option<Reason>,
    pub(crate) error: Option<ErrorDocument>,
    /// The comments that went with what was removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) removed_comments: Vec<String>,
    /// The ids for which no name could be written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) nameless: Vec<NamelessId>,
    /// The places of values that have no listing: they stand as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unlisted: Vec<String>,
    #[serde(skip)]
    pub(crate) exit: Exit,
}

/// An id for which no name could be written.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NamelessId {
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) why: String,
}

impl PulledDocument {
    pub(crate) fn new(document: String, name: Option<String>, file: Option<String>, state: PulledState) -> Self {
        Self {
            document,
            name,
            file,
            state,
            reason: None,
            error: None,
            removed_comments: Vec::new(),
            nameless: Vec::new(),
            unlisted: Vec::new(),
            exit: match state {
                PulledState::Kept => Exit::Conflict,
                PulledState::Written | PulledState::Unchanged | PulledState::Missing | PulledState::Failed => {
                    Exit::Done
                }
            },
        }
    }

    pub(crate) fn kept(self, reason: Reason) -> Self {
        Self {
            state: PulledState::Kept,
            reason: Some(reason),
            exit: Exit::Conflict,
            ..self
        }
    }

    pub(crate) fn failed(self, problem: &CliError) -> Self {
        Self {
            state: PulledState::Failed,
            error: Some(problem.document()),
            exit: problem.exit(),
            ..self
        }
    }
}

/// A part of an organization that is in no file.
#[derive(Debug, Serialize)]
pub(crate) struct PassedOver {
    pub(crate) what: String,
    pub(crate) why: String,
}

/// The documents of a folder.
#[derive(Debug, Serialize)]
pub(crate) struct PulledReport {
    format_version: &'static str,
    kind: &'static str,
    exit_code: u8,
    target: TargetDocument,
    documents: Vec<PulledDocument>,
    passed_over: Vec<PassedOver>,
    summary: Summary,
}

#[derive(Debug)]
struct Summary([usize; PulledState::ALL.len()]);

impl Serialize for Summary {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts = PulledState::ALL.into_iter().zip(&self.0);
        serializer.collect_map(counts.map(|(state, count)| (state.name(), count)))
    }
}

impl PulledReport {
    pub(crate) fn new(target: TargetDocument, documents: Vec<PulledDocument>, passed_over: Vec<PassedOver>) -> Self {
        let count = |state| documents.iter().filter(|document| document.state == state).count();
        Self {
            format_version: FORMAT_VERSION,
            kind: "pulled",
            exit_code: Exit::worst(documents.iter().map(|document| document.exit)).code(),
            target,
            summary: Summary(PulledState::ALL.map(count)),
            documents,
            passed_over,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        Exit::of_code(self.exit_code)
    }

    /// The report in lines: what was written or needs a person, and the counts at the end.
    pub(crate) fn human(&self) -> String {
        let mut text = String::new();
        for document in &self.documents {
            one(&mut text, document);
        }
        for PassedOver { what, why } in &self.passed_over {
            let _ = writeln!(text, "{DIM}passed over{DIM:#} {}: {}", visible(what), visible(why));
        }
        let counts = PulledState::ALL.into_iter().zip(self.summary.0);
        let counts: Vec<String> = counts
            .filter(|(state, count)| *count > 0 || *state == PulledState::Written)
            .map(|(state, count)| format!("{count} {}", state.name()))
            .collect();
        let sandbox = if self.target.sandbox { " (sandbox)" } else { "" };
        let _ = writeln!(text, "{BOLD}{}{BOLD:#}{sandbox}", counts.join(", "));
        text
    }
}

fn one(text: &mut String, document: &PulledDocument) {
    let style = match document.state {
        PulledState::Unchanged => return,
        PulledState::Written => SUCCESS,
        PulledState::Kept | PulledState::Missing => PLACE,
        PulledState::Failed => ERROR,
    };
    let id = document.document.split_once('/').map_or("", |(_, id)| id);
    let name = match &document.name {
        Some(name) => format!("{} ({})", visible(&mask::title(name)), visible(id)),
        None => visible(id),
    };
    let file = document.file.as_deref().map(visible);
    let file = file.map_or_else(String::new, |file| format!("  {DIM}{file}{DIM:#}"));
    let _ = writeln!(text, "{style}{:<9}{style:#} {name}{file}", document.state.name());
    // Why: a fault says more.
    if let (Some(reason), None) = (document.reason, &document.error) {
        let _ = writeln!(text, "  {}", reason.sentence());
    }
    if document.state == PulledState::Missing {
        let _ = writeln!(text, "  the organization does not have it; the file stays");
    }
    for NamelessId { path, id, why } in &document.nameless {
        let _ = writeln!(text, "  {}: {}: {}", visible(path), visible(id), visible(why));
    }
    for path in &document.unlisted {
        let _ = writeln!(
            text,
            "  {} has no listing, and stays as it is; `@{{value:NAME}}` gives it by a name",
            visible(path)
        );
    }
    for comment in &document.removed_comments {
        let _ = writeln!(text, "  a comment went with what was removed: {}", visible(comment));
    }
    if let Some(error) = &document.error {
        let _ = writeln!(text, "  {}", visible(&error.message));
    }
}
