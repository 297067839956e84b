//! What other systems are told of a change.

use std::time::SystemTime;

use domain::document::{Difference, diff};
use domain::json::Document;
use domain::{Collision, Evidence, Version};

use crate::ledger::{Author, DocumentRef, EntryId, IntentRecord, OutcomeRecord};

/// A change that was applied, as sinks are told of it. The same event is told in the same words on each try.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id: the same on each try, and no other event's.
    pub id: String,
    /// The document.
    pub document: DocumentRef,
    /// When it was applied.
    pub at: SystemTime,
    /// The number of the update in the ledger.
    pub entry: EntryId,
    /// The hash that stands for the whole ledger up to the entry, if entries are chained: kept elsewhere, it shows
    /// whether the ledger's end was cut off.
    pub head: Option<String>,
    /// Who.
    pub author: Author,
    /// How it is known that it was applied.
    pub evidence: Option<Evidence>,
    /// The version that it was written under; none where the content guards the write.
    pub version_before: Option<Version>,
    /// The version of what was applied, where it is known.
    pub version_after: Option<Version>,
    /// What it changed.
    pub diff: Vec<Difference>,
    /// What of theirs it overwrote, by the user's own words.
    pub overwrites: Vec<Collision>,
    /// The document before.
    pub before: Document,
    /// The document afterwards: as the server showed it, or else as it was written.
    pub after: Document,
}

impl Event {
    /// The event about an update that was applied.
    #[must_use]
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
            diff: diff(&intent.base, &intent.ours),
            overwrites: intent.overwrites.clone(),
            before: intent.base.clone(),
            after: outcome.after.clone().unwrap_or_else(|| intent.ours.clone()),
        }
    }
}
