//! The members of a plan, as they are printed and read.

use std::fmt;

use domain::document::ElementDifference;
use domain::json::Document;
use domain::plan::{Safety, SafetyCount, SafetyKind};
use domain::{Collision, ContentHash, Pointer};
use ports::KnownReference;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::drift::{BaseDocument, By, DriftDocument, TakenBackDocument};
use crate::error_code::AnyCode;
use crate::exit::Exit;
use crate::render::result::TargetDocument;

/// A plan, all but its hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PlanDocument {
    pub(crate) format_version: String,
    pub(crate) kind: String,
    pub(crate) plan_id: String,
    pub(crate) created_at: String,
    pub(crate) tool: String,
    pub(crate) exit_code: u8,
    pub(crate) target: TargetDocument,
    /// The change that an undo takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) undo: Option<UndoDocument>,
    pub(crate) changes: Vec<ChangeDocument>,
    pub(crate) in_sync: Vec<InSyncDocument>,
    pub(crate) summary: SummaryDocument,
    pub(crate) safety: SafetyDocument,
    pub(crate) changes_hash: String,
}

/// The run or the plan that is undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UndoDocument {
    Run(String),
    Plan(String),
}

/// The plan of one document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ChangeDocument {
    pub(crate) document: String,
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    pub(crate) action: Action,
    pub(crate) guard: String,
    /// The tag as it came, quotes included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_document")]
    pub(crate) before: Option<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_document")]
    pub(crate) after: Option<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_document")]
    pub(crate) authored: Option<Document>,
    pub(crate) diff: Vec<DiffLine>,
    pub(crate) base: Option<BaseDocument>,
    pub(crate) drift: Vec<DriftDocument>,
    pub(crate) disables: Vec<String>,
    pub(crate) removes: Vec<String>,
    pub(crate) empties: Vec<String>,
    pub(crate) findings: Vec<serde_json::Value>,
    /// The names in the file that became ids and values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) references: Vec<ReferenceDocument>,
    /// The collisions of a conflict.
    #[serde(default, skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub(crate) conflicts: Vec<Collision>,
    /// The changes of others in a conflict.
    #[serde(default, skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub(crate) theirs_changed: Vec<ElementDifference>,
    /// The newest entry of the document in the ledger of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<SeenDocument>,
    /// The intents that the document names and that its NLU domain does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) absent_intents: Vec<String>,
    /// The cause of what could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<serde_json::Value>,
}

impl ChangeDocument {
    /// The exit that the document stands for, where nothing worse happens.
    pub(crate) fn exit(&self) -> Exit {
        match self.action {
            Action::Update | Action::Unchanged => Exit::Done,
            Action::Conflict => Exit::Conflict,
            Action::Missing => Exit::Failed,
            Action::Invalid => Exit::Findings,
            Action::Unread => {
                let code = self.error.as_ref().and_then(|error| error.get("code")?.as_str());
                code.and_then(AnyCode::find).map_or(Exit::Failed, Exit::from)
            }
        }
    }
}

/// A name in a file, and the id that it became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReferenceDocument {
    pub(crate) path: String,
    /// The reference as the file has it.
    pub(crate) text: String,
    pub(crate) id: String,
    pub(crate) name: String,
}

impl ReferenceDocument {
    /// True for a value that was given by its name.
    pub(crate) fn is_value(&self) -> bool {
        self.text.starts_with("@{value:")
    }

    /// The names among references, for the record: a given value may be a secret.
    pub(crate) fn known(references: &[Self]) -> Vec<KnownReference> {
        let named = references.iter().filter(|reference| !reference.is_value());
        let known = named.map(|Self { text, id, .. }| KnownReference {
            text: text.clone(),
            id: id.clone(),
        });
        known.collect()
    }

    /// The reference for people. A given value may be a secret, so it is not told.
    pub(crate) fn shown_id(&self) -> &str {
        if self.is_value() { "a value" } else { &self.id }
    }
}

/// An entry of the ledger, known by its number and its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SeenDocument {
    pub(crate) entry: u64,
    pub(crate) at: String,
}

/// A line of a diff, as it is printed: an absent side is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DiffLine {
    pub(crate) path: String,
    /// The place before, of an element that moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_document")]
    pub(crate) before: Option<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_document")]
    pub(crate) after: Option<Document>,
    pub(crate) by: By,
    /// The entry that replaced what the line would bring back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) takes_back: Option<TakenBackDocument>,
}

impl DiffLine {
    /// The lines of differences of which no base tells who made them.
    pub(crate) fn of(differences: Vec<ElementDifference>) -> Vec<Self> {
        let line = |ElementDifference { difference, from, .. }: ElementDifference| Self {
            path: difference.pointer.to_string(),
            from: from.map(|from| from.to_string()),
            before: difference.before,
            after: difference.after,
            by: By::Unknown,
            takes_back: None,
        };
        differences.into_iter().map(line).collect()
    }
}

/// The action that a plan has for a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Update,
    Unchanged,
    Conflict,
    Missing,
    Invalid,
    Unread,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Update => "update",
            Self::Unchanged => "unchanged",
            Self::Conflict => "conflict",
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Unread => "unread",
        })
    }
}

/// A document that is as its file says, and of which no base says so.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InSyncDocument {
    pub(crate) document: String,
    pub(crate) sha256: ContentHash,
    #[serde(deserialize_with = "document")]
    pub(crate) authored: Document,
    /// The names in the file that became ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) references: Vec<ReferenceDocument>,
}

/// The counts of documents by action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SummaryDocument {
    pub(crate) update: usize,
    pub(crate) unchanged: usize,
    pub(crate) conflict: usize,
    pub(crate) missing: usize,
    pub(crate) invalid: usize,
    pub(crate) unread: usize,
    /// The documents of the files, before a selection.
    pub(crate) documents: usize,
    pub(crate) not_in_files: Option<u64>,
}

impl SummaryDocument {
    /// The documents that have an action: those that were selected.
    pub(crate) fn selected(&self) -> usize {
        let Self {
            update,
            unchanged,
            conflict,
            missing,
            invalid,
            unread,
            documents: _,
            not_in_files: _,
        } = self;
        update + unchanged + conflict + missing + invalid + unread
    }

    /// The counter of an action.
    pub(crate) fn counter(&mut self, action: Action) -> &mut usize {
        match action {
            Action::Update => &mut self.update,
            Action::Unchanged => &mut self.unchanged,
            Action::Conflict => &mut self.conflict,
            Action::Missing => &mut self.missing,
            Action::Invalid => &mut self.invalid,
            Action::Unread => &mut self.unread,
        }
    }
}

/// The counts of the safety stop, each beside its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SafetyDocument {
    pub(crate) change: CountDocument,
    pub(crate) disable: CountDocument,
    pub(crate) remove: CountDocument,
    pub(crate) empty: CountDocument,
}

/// A count beside its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CountDocument {
    pub(crate) count: usize,
    pub(crate) limit: usize,
}

impl SafetyDocument {
    pub(crate) fn of(safety: Safety) -> Self {
        let count = |kind: SafetyKind| {
            let found = safety.counts().find(|count| count.kind == kind);
            found.map_or_else(CountDocument::default, |SafetyCount { count, limit, .. }| {
                CountDocument { count, limit }
            })
        };
        Self {
            change: count(SafetyKind::Changed),
            disable: count(SafetyKind::Disabled),
            remove: count(SafetyKind::Removed),
            empty: count(SafetyKind::Emptied),
        }
    }

    /// The counts, without the limits, which each program takes from its own settings.
    pub(crate) fn counts(&self) -> [usize; 4] {
        [
            self.change.count,
            self.disable.count,
            self.remove.count,
            self.empty.count,
        ]
    }
}

/// Places as they are printed.
pub(crate) fn paths(pointers: &[Pointer]) -> Vec<String> {
    pointers.iter().map(ToString::to_string).collect()
}

/// Reads a value digit by digit, as it stands.
fn document<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Document, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Document::parse(raw.get()).map_err(D::Error::custom)
}

pub(super) fn some_document<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Document>, D::Error> {
    document(deserializer).map(Some)
}
