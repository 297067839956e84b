//! The update of one stored document as a state machine without I/O (sans-I/O).
//!
//! [`Update::start`] gives the first [`Step`]: read, record an intent, write these bytes, wait so long, or done with this
//! outcome. The caller carries the step out and hands the answer to the step itself, which gives the next one. So
//! every interleaving can be explored without a network, no step can be answered out of turn, and there is no state in
//! which a write is missing.
//!
//! Its promises: a write goes out only under the precondition that was read or reviewed; a document is checked before it
//! is sent; an intent is recorded before each write; an indeterminate write is repeated only as the identical bytes under
//! the identical version, and never merged over; the outcome is what is known, `unknown` included; and what others did
//! meanwhile is merged or shown, never overwritten unseen by a guard that can see it.

mod backoff;
mod conflict;
mod options;
mod outcome;
mod prepare;
mod request;
mod state;
#[cfg(test)]
mod tests;
mod transitions;

use std::time::Duration;

pub use backoff::Backoff;
pub use options::{Mode, OnConflict, UpdateOptions};
pub use outcome::{Completion, Conflict, Failed, Outcome, RecordError};
pub use request::{PendingWrite, PlanOfWrite, Precondition, PriorWrite, UpdateRequest};
pub use state::{Now, Read, Record, Step, Update, Wait, Write};

/// Sends of one body under one version, at most.
pub const MAX_SENDS: u32 = 4;

/// Merges with what others did, at most; the next move is a conflict.
pub const MAX_MERGES: u32 = 5;

/// Reads after a write that may show an old document, at most, before it counts as what is stored.
pub const MAX_STALE_READS: u32 = 3;

/// The time after a write in which stale reads are repeated.
pub const STALE_READS_WITHIN: Duration = Duration::from_secs(5);
