//! The event that sinks receive about a change.

use std::time::SystemTime;

use domain::document::ElementDifference;
use domain::json::Document;
use domain::{Collision, Evidence, Version};

use crate::ledger::{Author, DocumentRef, EntryId, IntentRecord, OutcomeRecord};

/// A change that was applied, as sinks receive it. Each attempt delivers the same event with the same content.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id: the same on each try, and no other event's.
    pub id: String,
    /// The document.
    pub document: DocumentRef,
    /// The time of the outcome: for an update that was settled later, the time of the settlement.
    pub at: SystemTime,
    /// The number of the update in the ledger.
    pub entry: EntryId,
    /// The hash that stands for the whole ledger up to the entry, if entries are chained: kept elsewhere, it shows
    /// whether the ledger's end was cut off.
    pub head: Option<String>,
    /// The author.
    pub author: Author,
    /// The evidence that it was applied.
    pub evidence: Option<Evidence>,
    /// The version that it was written under; none where the content guards the write.
    pub version_before: Option<Version>,
    /// The version of what was applied, where it is known.
    pub version_after: Option<Version>,
    /// The differences between the document before and the one that was written; of a Copilot with its rules as things, which
    /// may move.
    pub diff: Vec<ElementDifference>,
    /// The collisions in which it overwrote theirs, as the user chose.
    pub overwrites: Vec<Collision>,
    /// The document before.
    pub before: Document,
    /// The document afterwards: as the server showed it, or else as it was written.
    pub after: Document,
    /// True if the server showed it. Otherwise others may have changed it in the same moment.
    pub is_after_shown: bool,
}

impl Event {
    /// The event about an update that was applied.
    pub fn of(
        id: String,
        entry: EntryId,
        head: Option<String>,
        intent: &IntentRecord,
        outcome: &OutcomeRecord,
    ) -> Self {
        Self {
            id,
            document: intent.document.clone(),
            at: outcome.at,
            entry,
            head,
            author: intent.author.clone(),
            evidence: outcome.evidence,
            version_before: intent.version.clone(),
            version_after: outcome.version_after.clone(),
            diff: intent.changes(),
            overwrites: intent.overwrites.clone(),
            before: intent.base.clone(),
            after: outcome.after.clone().unwrap_or_else(|| intent.ours.clone()),
            is_after_shown: outcome.after.is_some(),
        }
    }
}
