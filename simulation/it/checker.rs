//! Reads the history of a world and says what in it is wrong: each check is one promise of the product.
//!
//! It knows nothing of the protocol: it holds the server's own log against what writers wanted and were told.

mod collisions;
mod ledger;
mod outcomes;
mod writes;

use std::fmt;

pub(crate) use collisions::collisions;

use crate::history::{Call, History, Request, UpdateRun};

/// A promise that was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Promise {
    /// A write changes only what its writer named, and to what he wanted.
    NothingUnasked,
    /// What a write changes, its writer had read as it was.
    NothingUnseen,
    /// What others did meanwhile is overwritten only as the policy says, and told.
    PolicyKept,
    /// One update is one effect.
    OneEffect,
    /// No write before a durable intent.
    IntentFirst,
    /// After an unclear try only the identical bytes go out, under the identical version.
    IdenticalAfterUnclear,
    /// A version that was refused is not written under again.
    RefusedIsRefused,
    /// One body goes out at most four times under one version.
    FewSends,
    /// What is applied was accepted, or was read after it was sent.
    AppliedIsTrue,
    /// What is not applied never was, and never will be.
    NotAppliedIsTrue,
    /// A conflict has somebody else in it.
    ConflictIsTrue,
    /// What is unknown has an unclear try.
    UnknownIsUnclear,
    /// What was applied stands, or somebody changed it on purpose.
    AppliedStands,
    /// The new version is one of the document that was written.
    VersionAfterIsOurs,
    /// The ledger says of each entry what is true.
    LedgerIsTrue,
    /// In the end only what nobody can know is left open.
    NothingLeftOpen,
}

/// A broken promise, and where.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) promise: Promise,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.promise, self.what)
    }
}

/// Everything that is wrong with a history.
pub(crate) fn check(history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    for rule in 0..history.rules.len() {
        writes::check(history, rule, &mut found);
    }
    for update in 0..history.updates.len() {
        writes::check_sends(history, update, &mut found);
        outcomes::check(history, update, &mut found);
    }
    ledger::check(history, &mut found);
    found
}

fn report(found: &mut Vec<Violation>, promise: Promise, what: String) {
    found.push(Violation { promise, what });
}

/// The writes of an update, in order.
fn writes<'h>(history: &'h History, run: &'h UpdateRun) -> impl Iterator<Item = (usize, &'h Request)> {
    let requests = run.requests.iter().map(|number| (*number, &history.requests[*number]));
    requests.filter(|(_, request)| matches!(request.call, Call::Write { .. }))
}
