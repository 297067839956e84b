//! The history of one simulated world: the server's own log, every request, every entry of the ledger, and the outcome
//! that each writer was told.

use std::sync::Arc;
use std::time::Duration;

use domain::protocol::OnConflict;
use domain::testing::Specimen;
use domain::{Code, Evidence, OutcomeKind};
use ports::{IntentRecord, OutcomeRecord};

use crate::content::{Content, Wanted};
use crate::fault::{FAULTS, Fault, FaultRate};
use crate::vocabulary::Vocabulary;

/// A state that a document had. Its version is its place in the log.
pub(crate) struct State<K> {
    pub(crate) value: K,
    pub(crate) content: Content,
    pub(crate) by: Author,
    pub(crate) since: Duration,
}

/// The author of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// None: it was there at the start.
    Start,
    /// The update of that number, by the request of that number.
    Update {
        update: usize,
        request: usize,
        arrival: Arrival,
    },
    /// A person in the platform's own pages, who meant these slots.
    Others(Wanted),
    /// None: the version moved, and the content did not.
    TagOnly,
}

/// The arrival of a write at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// While its client waited for the answer.
    InTime,
    /// After its client had given it up.
    Late,
    /// A second time.
    Repeated,
}

/// A request to the API.
pub(crate) struct Request<K> {
    /// The update that it belongs to; none if it is reconcile's.
    pub(crate) update: Option<usize>,
    pub(crate) task: usize,
    pub(crate) document: usize,
    pub(crate) call: Call<K>,
    pub(crate) fault: Option<Fault>,
    /// True if an unsettled intent with this version and this body was in the ledger when it was sent.
    pub(crate) is_intended: bool,
    /// The answer that the client came to hear.
    pub(crate) answer: Option<Answer>,
    pub(crate) is_heard: bool,
    /// The state that a read showed.
    pub(crate) shown: Option<usize>,
    /// The newest state when it was carried out.
    pub(crate) newest: usize,
    /// The state that an accepted write made, at its first arrival.
    pub(crate) made: Option<usize>,
}

/// A call of the server.
pub(crate) enum Call<K> {
    Read,
    /// Without a version it is blind: where the server has versions, only a wrong writer sends that.
    Write {
        body: K,
        under: Option<usize>,
    },
}

/// An answer as its client hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// This state, with its version or without.
    Shown {
        state: usize,
        tag: bool,
    },
    /// The write was accepted, and the answer does not show what is stored.
    Accepted,
    NotFound,
    Moved,
    Denied,
    Unauthenticated,
    Throttled(Option<Duration>),
    NotSent,
    Indeterminate(Option<Duration>),
}

/// An update, as its writer meant it and as it was told to end.
pub(crate) struct UpdateRun {
    pub(crate) writer: usize,
    pub(crate) document: usize,
    pub(crate) wanted: Wanted,
    pub(crate) base: Base,
    pub(crate) on_conflict: OnConflict,
    pub(crate) accepts_group_merge: bool,
    pub(crate) requests: Vec<usize>,
    pub(crate) entries: Vec<usize>,
    pub(crate) reported: Option<ReportedOutcome>,
    /// True if the effect of one of its writes is unknown.
    pub(crate) is_indeterminate: bool,
}

impl UpdateRun {
    /// An update that has sent nothing yet, and names no member.
    pub(crate) fn new(writer: usize, document: usize, base: Base) -> Self {
        Self {
            writer,
            document,
            wanted: Wanted::default(),
            base,
            on_conflict: OnConflict::Fail,
            accepts_group_merge: false,
            requests: Vec::new(),
            entries: Vec::new(),
            reported: None,
            is_indeterminate: false,
        }
    }
}

/// The document that an update is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// The document as it is read.
    Read,
    /// A state that its writer saw.
    Observed(usize),
    /// A state that was reviewed: any move is a conflict.
    Reviewed(usize),
}

impl Base {
    pub(crate) fn state(self) -> Option<usize> {
        match self {
            Self::Read => None,
            Self::Observed(state) | Self::Reviewed(state) => Some(state),
        }
    }
}

/// The outcome as the writer was told it.
#[derive(Clone, Debug)]
pub(crate) struct ReportedOutcome {
    pub(crate) outcome: OutcomeKind,
    pub(crate) evidence: Option<Evidence>,
    /// True if the update named a version, and the document had another; no write was sent then.
    pub(crate) is_named_version: bool,
    /// The codes of all that its writer was warned of.
    pub(crate) warnings: Vec<Code>,
    /// The slots of theirs that it says it overwrote.
    pub(crate) overwrote: Vec<usize>,
    pub(crate) version_after: Option<usize>,
    pub(crate) attempts: usize,
    /// The time.
    pub(crate) at: Duration,
}

impl ReportedOutcome {
    pub(crate) fn is_warned_of(&self, code: Code) -> bool {
        self.warnings.contains(&code)
    }

    pub(crate) fn is_applied_by(&self, evidence: Evidence) -> bool {
        self.outcome == OutcomeKind::Applied && self.evidence == Some(evidence)
    }
}

/// The outcome of an intent as the ledger has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settlement {
    Applied(Evidence),
    Overwritten,
    NotApplied,
    Unknown,
}

impl Settlement {
    pub(crate) fn of(outcome: &OutcomeRecord) -> Self {
        match outcome.kind {
            OutcomeKind::Applied => Self::Applied(outcome.evidence.unwrap_or(Evidence::Read)),
            OutcomeKind::Unknown => Self::Unknown,
            OutcomeKind::Overwritten => Self::Overwritten,
            OutcomeKind::Unchanged
            | OutcomeKind::Planned
            | OutcomeKind::Conflict
            | OutcomeKind::Rejected
            | OutcomeKind::Denied
            | OutcomeKind::Failed
            | OutcomeKind::Deferred
            | OutcomeKind::NotAttempted
            | OutcomeKind::NotApplied => Self::NotApplied,
        }
    }
}

/// An entry of the ledger.
pub(crate) struct LedgerEntry<K> {
    pub(crate) update: usize,
    pub(crate) document: usize,
    /// The state that it was made from.
    pub(crate) under: usize,
    pub(crate) base: Content,
    pub(crate) ours: K,
    pub(crate) overwrote: Vec<usize>,
    pub(crate) intent: IntentRecord,
    /// The number of the next request when it was recorded.
    pub(crate) before_request: usize,
    /// The newest state of the document when it was recorded.
    pub(crate) newest: usize,
    pub(crate) settlement: Option<Settlement>,
    pub(crate) settled_by_reconcile: bool,
    /// True if another outcome came after it was settled for good; the ledger refused it.
    pub(crate) settled_twice: bool,
}

impl<K: Specimen> LedgerEntry<K> {
    /// True if a document has each member that the entry names as it was written.
    pub(crate) fn is_written_in(&self, document: &K) -> bool {
        let mut named = self.intent.change.root().members();
        named.all(|member| self.ours.member(member.name) == document.member(member.name))
    }
}

/// The history of a world.
pub(crate) struct History<K: Specimen> {
    pub(crate) vocabulary: Arc<Vocabulary<K>>,
    /// The log of each document.
    pub(crate) logs: Vec<Vec<State<K>>>,
    pub(crate) requests: Vec<Request<K>>,
    pub(crate) updates: Vec<UpdateRun>,
    pub(crate) entries: Vec<LedgerEntry<K>>,
    /// The number of writers.
    pub(crate) writers: usize,
    pub(crate) fault_rate: FaultRate,
    /// The number of faults of each kind that took effect.
    pub(crate) faults: [u64; FAULTS.len()],
    /// The history in words, if it is to be read.
    pub(crate) lines: Option<Vec<String>>,
}

impl<K: Specimen> History<K> {
    pub(crate) fn new(vocabulary: Arc<Vocabulary<K>>) -> Self {
        Self {
            vocabulary,
            logs: Vec::new(),
            requests: Vec::new(),
            updates: Vec::new(),
            entries: Vec::new(),
            writers: 0,
            fault_rate: FaultRate::Zero,
            faults: [0; FAULTS.len()],
            lines: None,
        }
    }

    /// The content that an update was made from, where it is known.
    pub(crate) fn first_content(&self, run: &UpdateRun) -> Option<Content> {
        let seen = run.base.state().map(|state| self.logs[run.document][state].content);
        seen.or_else(|| run.entries.first().map(|first| self.entries[*first].base))
    }

    /// The digits that an update asks for; all that it wants in the slots of others that it overwrites.
    pub(crate) fn asked(&self, run: &UpdateRun, overwrites: &[usize]) -> Wanted {
        let Some(first) = self.first_content(run) else {
            return run.wanted;
        };
        let mut asked = self.vocabulary.asked(run.wanted, first);
        for slot in overwrites {
            asked.0[*slot] = run.wanted.0[*slot];
        }
        asked
    }
}
