//! What happened in one simulated world: the server's own log, every request, every entry of the ledger, and what
//! each writer was told in the end.

use std::time::Duration;

use domain::TriggerRule;
use domain::protocol::{Confirmation, OnConflict};
use ports::{Ending, IntentRecord, OutcomeRecord, Proof};

use crate::content::{Content, Wanted};
use crate::fault::Fault;

/// A state that a rule had. Its version is its place in the log.
pub(crate) struct State {
    pub(crate) rule: TriggerRule,
    pub(crate) content: Content,
    pub(crate) by: Author,
    pub(crate) since: Duration,
}

/// Who made a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// It was there at the start.
    Start,
    /// The update of that number, by the request of that number.
    Update { update: usize, request: usize },
    /// A person in the platform's own pages, who meant these members.
    Others(Wanted),
    /// Nobody: the version moved, and the content did not.
    TagOnly,
}

/// A request to the API.
pub(crate) struct Request {
    /// The update that it belongs to; none if it is reconcile's.
    pub(crate) update: Option<usize>,
    pub(crate) task: usize,
    pub(crate) rule: usize,
    pub(crate) call: Call,
    pub(crate) fault: Option<Fault>,
    /// Whether an intent with this version and this body was in the ledger when it was sent.
    pub(crate) is_intended: bool,
    /// What the client came to hear.
    pub(crate) answer: Option<Answer>,
    pub(crate) is_heard: bool,
    /// The state that a read showed.
    pub(crate) shown: Option<usize>,
    /// The state that an accepted write made.
    pub(crate) made: Option<usize>,
}

/// What is asked of the server.
pub(crate) enum Call {
    Read,
    /// Without a version it is blind, which only a wrong writer is.
    Write {
        body: TriggerRule,
        under: Option<usize>,
    },
}

/// What a client hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// This state, with its version or without.
    Shown {
        state: usize,
        tag: bool,
    },
    /// It was accepted, and the answer does not show what is stored.
    Accepted,
    NotFound,
    Moved,
    Denied,
    Unauthenticated,
    Throttled(Option<Duration>),
    NotSent,
    Unclear(Option<Duration>),
}

/// An update, as its writer meant it and as it was told to end.
pub(crate) struct UpdateRun {
    pub(crate) writer: usize,
    pub(crate) rule: usize,
    pub(crate) wanted: Wanted,
    /// The state that it was made from, if its writer had one at hand.
    pub(crate) seen: Option<usize>,
    pub(crate) on_conflict: OnConflict,
    pub(crate) accepts_group_merge: bool,
    pub(crate) requests: Vec<usize>,
    pub(crate) entries: Vec<usize>,
    pub(crate) told: Option<Told>,
    /// Whether the effect of one of its writes is not known.
    pub(crate) is_unclear: bool,
}

/// What the writer was told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) end: End,
    /// The members of theirs that it says it overwrote.
    pub(crate) overwrote: Vec<usize>,
    pub(crate) version_after: Option<usize>,
    pub(crate) attempts: usize,
}

/// How an update ended, by what it claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Applied(Confirmation),
    Unchanged,
    /// A version was named, and it is another; nothing was sent.
    NotTheNamedVersion,
    Conflict,
    Unknown,
    Rejected,
    Denied,
    Failed,
    Deferred,
    NotAttempted,
}

impl End {
    /// Its place in a tally.
    pub(crate) const NAMES: [&'static str; 11] = [
        "applied",
        "applied (by read)",
        "unchanged",
        "conflict (named version)",
        "conflict",
        "unknown",
        "rejected",
        "denied",
        "failed",
        "deferred",
        "not attempted",
    ];

    pub(crate) fn place(self) -> usize {
        match self {
            Self::Applied(Confirmation::Answer) => 0,
            Self::Applied(Confirmation::Read) => 1,
            Self::Unchanged => 2,
            Self::NotTheNamedVersion => 3,
            Self::Conflict => 4,
            Self::Unknown => 5,
            Self::Rejected => 6,
            Self::Denied => 7,
            Self::Failed => 8,
            Self::Deferred => 9,
            Self::NotAttempted => 10,
        }
    }
}

/// What the ledger says became of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settlement {
    Applied(Confirmation),
    NotApplied,
    Unknown,
}

impl Settlement {
    pub(crate) fn of(outcome: &OutcomeRecord) -> Self {
        match outcome.ending {
            Ending::Applied if outcome.proof == Some(Proof::Answer) => Self::Applied(Confirmation::Answer),
            Ending::Applied => Self::Applied(Confirmation::Read),
            Ending::Unknown => Self::Unknown,
            Ending::Unchanged
            | Ending::Conflict
            | Ending::Rejected
            | Ending::Denied
            | Ending::Failed
            | Ending::Deferred
            | Ending::NotAttempted
            | Ending::NotApplied => Self::NotApplied,
        }
    }
}

/// An entry of the ledger.
pub(crate) struct LedgerEntry {
    pub(crate) update: usize,
    pub(crate) rule: usize,
    pub(crate) under: usize,
    pub(crate) base: Content,
    pub(crate) overwrote: Vec<usize>,
    pub(crate) intent: IntentRecord,
    pub(crate) settlement: Option<Settlement>,
    pub(crate) settled_by_reconcile: bool,
    /// Whether somebody came to settle it when it was settled for good.
    pub(crate) settled_twice: bool,
}

/// All of it.
#[derive(Default)]
pub(crate) struct History {
    /// The log of each rule.
    pub(crate) rules: Vec<Vec<State>>,
    pub(crate) requests: Vec<Request>,
    pub(crate) updates: Vec<UpdateRun>,
    pub(crate) entries: Vec<LedgerEntry>,
    /// How many faults of each kind took effect.
    pub(crate) faults: [u64; 21],
    /// What happened, in words, if somebody wants to read it.
    pub(crate) lines: Option<Vec<String>>,
}
