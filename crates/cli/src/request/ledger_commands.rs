//! Requests about the record: reading it, settling it, passing it on, proving it.

use std::path::PathBuf;
use std::time::SystemTime;

use app::PersonsWord;
use domain::OutcomeKind;
use ports::EntryId;

use crate::document_argument::DocumentArgument;

/// A look at the entries of the ledger.
#[derive(Clone, Debug)]
pub(crate) struct HistoryCommand {
    /// Only those of this document.
    pub(crate) document: Option<DocumentArgument>,
    /// The greatest number of entries.
    pub(crate) limit: u32,
    /// Only those that are not older.
    pub(crate) since: Option<SystemTime>,
    /// Only those that ended so.
    pub(crate) outcome: Option<OutcomeKind>,
    /// One entry, at length.
    pub(crate) entry: Option<EntryId>,
}

/// A settlement of entries whose outcome is not known.
#[derive(Clone, Debug)]
pub(crate) struct ReconcileCommand {
    /// One entry by a person's word; all by what can be read, if there is none.
    pub(crate) close: Option<ClosedEntry>,
    pub(crate) reason: Option<String>,
}

/// An entry, and what a person says became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClosedEntry {
    pub(crate) entry: EntryId,
    pub(crate) word: PersonsWord,
}

/// A count of updates.
#[derive(Clone, Debug)]
pub(crate) struct StatsCommand {
    /// Only those of this document.
    pub(crate) document: Option<DocumentArgument>,
    /// Only those that are not older.
    pub(crate) since: Option<SystemTime>,
}

/// A delivery of what the outbox holds.
#[derive(Clone, Debug)]
pub(crate) struct DeliverCommand {
    /// An event to deliver once more.
    pub(crate) replay: Option<String>,
    /// The only sink to deliver to.
    pub(crate) sink: Option<String>,
    /// Sinks to take up again.
    pub(crate) enable: Vec<String>,
}

/// A proof or a print of the whole record.
#[derive(Clone, Debug)]
pub(crate) enum AuditCommand {
    Verify {
        /// A head that one of the entries must have.
        head: Option<String>,
        /// An export in place of the ledger; `-` is stdin.
        export: Option<PathBuf>,
    },
    Export,
    Upgrade,
}
