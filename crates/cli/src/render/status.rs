//! The status of files beside the organization, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::error_code::AnyCode;
use crate::exit::Exit;
use crate::output::{BOLD, DIM, ERROR, FORMAT_VERSION, PLACE, SUCCESS, visible};
use crate::render::plan_report;
use crate::render::result::TargetDocument;
use crate::saved_plan::{BaseDocument, By, ChangeDocument, DiffLine, DriftDocument};

/// The state of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    InSync,
    ChangedInFiles,
    ChangedInOrg,
    ChangedInBoth,
    Differs,
    Missing,
    Invalid,
    Unread,
}

impl State {
    /// Every state, in the order in which they are counted.
    const ALL: [Self; 8] = [
        Self::InSync,
        Self::ChangedInFiles,
        Self::ChangedInOrg,
        Self::ChangedInBoth,
        Self::Differs,
        Self::Missing,
        Self::Invalid,
        Self::Unread,
    ];

    /// The name in the summary and in figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InSync => "in_sync",
            Self::ChangedInFiles => "changed_in_files",
            Self::ChangedInOrg => "changed_in_org",
            Self::ChangedInBoth => "changed_in_both",
            Self::Differs => "differs",
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Unread => "unread",
        }
    }

    /// The state in words.
    pub(crate) fn label(self) -> String {
        self.name().replace('_', " ")
    }
}

/// The status of one document.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StatusOfDocument {
    /// The kind and the id; none of a file in which no document can be told.
    pub(crate) document: Option<String>,
    name: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) state: State,
    base: Option<BaseDocument>,
    diff: Vec<DiffLine>,
    drift: Vec<DriftDocument>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<serde_json::Value>,
    /// The whole comparison, for people.
    #[serde(skip)]
    pub(crate) change: Option<Box<ChangeDocument>>,
}

impl StatusOfDocument {
    pub(crate) fn of_change(change: ChangeDocument, state: State) -> Self {
        let whole = (state != State::InSync).then(|| Box::new(shown(change.clone(), state)));
        let ChangeDocument {
            document,
            name,
            file,
            base,
            diff,
            drift,
            findings,
            error,
            ..
        } = change;
        Self {
            document: Some(document),
            name,
            file,
            state,
            base,
            diff,
            drift,
            findings,
            error,
            change: whole,
        }
    }

    /// A document, or a file, that is not sound by itself.
    pub(crate) fn invalid(document: Option<String>, file: &str) -> Self {
        Self {
            document,
            name: None,
            file: Some(file.to_owned()),
            state: State::Invalid,
            base: None,
            diff: Vec::new(),
            drift: Vec::new(),
            findings: Vec::new(),
            error: None,
            change: None,
        }
    }

    /// The exit that the document stands for, where nothing worse happens.
    pub(crate) fn exit(&self) -> Exit {
        match self.state {
            State::Missing => Exit::Failed,
            State::Invalid => Exit::Findings,
            State::Unread => {
                let code = self.error.as_ref().and_then(|error| error.get("code")?.as_str());
                code.and_then(AnyCode::find).map_or(Exit::Failed, Exit::from)
            }
            State::InSync | State::ChangedInFiles | State::ChangedInOrg | State::ChangedInBoth | State::Differs => {
                Exit::Done
            }
        }
    }
}

/// The comparison as people see it: nothing is taken back by looking, and what others changed is shown as theirs.
fn shown(mut change: ChangeDocument, state: State) -> ChangeDocument {
    if state == State::ChangedInOrg {
        change.diff.clear();
    }
    for line in &mut change.diff {
        line.by = By::File;
        line.takes_back = None;
    }
    change
}

/// The number of documents in each state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatusSummary([usize; State::ALL.len()]);

impl StatusSummary {
    /// Each state with its count.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (State, usize)> {
        State::ALL.into_iter().zip(self.0)
    }
}

impl Serialize for StatusSummary {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.counts().map(|(state, count)| (state.name(), count)))
    }
}

/// The status of all documents.
#[derive(Debug, Serialize)]
pub(crate) struct StatusDocument {
    format_version: &'static str,
    kind: &'static str,
    exit_code: u8,
    pub(crate) target: TargetDocument,
    pub(crate) documents: Vec<StatusOfDocument>,
    pub(crate) summary: StatusSummary,
}

impl StatusDocument {
    pub(crate) fn new(target: TargetDocument, exit: Exit, documents: Vec<StatusOfDocument>) -> Self {
        let count = |state| documents.iter().filter(|document| document.state == state).count();
        Self {
            format_version: FORMAT_VERSION,
            kind: "status",
            exit_code: exit.code(),
            target,
            summary: StatusSummary(State::ALL.map(count)),
            documents,
        }
    }

    /// True if every document is in sync.
    pub(crate) fn is_in_sync(&self) -> bool {
        self.documents.iter().all(|document| document.state == State::InSync)
    }
}

/// The status in lines: what is not in sync, and the counts at the end.
pub(crate) fn human(status: &StatusDocument) -> String {
    let mut text = String::new();
    for document in &status.documents {
        one(&mut text, document);
    }
    let _ = writeln!(text, "{BOLD}{}{BOLD:#}", summary(status));
    text
}

/// The counts in a sentence: `996 in sync, 3 changed in files, 1 changed in org`.
pub(crate) fn summary(status: &StatusDocument) -> String {
    let sandbox = if status.target.sandbox { " (sandbox)" } else { "" };
    let counts = status.summary.counts();
    let shown = counts.filter(|(state, count)| *count > 0 || *state == State::InSync);
    let shown: Vec<String> = shown
        .map(|(state, count)| format!("{count} {}", state.label()))
        .collect();
    format!("{}{sandbox}", shown.join(", "))
}

fn one(text: &mut String, document: &StatusOfDocument) {
    let style = match document.state {
        State::InSync => return,
        State::ChangedInFiles => SUCCESS,
        State::ChangedInOrg | State::ChangedInBoth | State::Differs => PLACE,
        State::Missing | State::Invalid | State::Unread => ERROR,
    };
    let file = document
        .file
        .as_deref()
        .map(|file| format!("  {DIM}{}{DIM:#}", visible(file)));
    let name = match (&document.change, &document.document) {
        (Some(change), _) => plan_report::name(change),
        (None, Some(document)) => visible(document),
        (None, None) => String::new(),
    };
    let label = document.state.label();
    let _ = writeln!(text, "{style}{label:<16}{style:#} {name}{}", file.unwrap_or_default());
    if let Some(change) = &document.change {
        plan_report::details(text, change);
    }
}
