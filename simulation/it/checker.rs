//! Reads the history of a world and says what in it is wrong: each check is one promise of the product.
//!
//! The checker knows nothing of the protocol: it holds the server's own log against what writers wanted and were told.

mod collisions;
mod compared;
mod ledger;
mod losses;
mod outcomes;
mod sends;
mod writes;

use std::fmt;

use domain::testing::Specimen;

pub(crate) use collisions::collisions;
pub(crate) use losses::Losses;

use crate::history::{Call, History, LedgerEntry, Request, UpdateRun};
use crate::vocabulary::has_versions;

/// A promise that was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Promise {
    /// A write changes only what its writer named, and to what was wanted.
    NothingUnasked,
    /// A write changes only what its writer had read as it was. Without versions: what stood before the comparison could be
    /// made is not overwritten unseen.
    NothingUnseen,
    /// The work of others is overwritten only as the policy says, and is reported then.
    PolicyKept,
    /// A reviewed patch is written over the reviewed state only, unless the policy lets it go on.
    ReviewedIsWritten,
    /// One update is one effect, and another only after a write whose repetition was refused, and that others had undone.
    /// Without versions: by one request, which the network may repeat.
    OneEffect,
    /// No write before a durable intent.
    IntentFirst,
    /// After an indeterminate try only the identical bytes go out, under the identical version.
    IdenticalAfterUnclear,
    /// Without versions: after an indeterminate try nothing goes out.
    NotSentAgain,
    /// A version that was refused is not written under again.
    RefusedIsRefused,
    /// One body goes out at most four times under one version.
    FewSends,
    /// Without versions: the last request before a write is a read after the intent, and shows the base.
    ComparedUnderLease,
    /// Without versions: what is applied by its answer was read back, or is told not to have been.
    ReadBack,
    /// Without versions: a loss that a read-back sees is not told as applied.
    SeenIsReported,
    /// An update that is applied was accepted, or was read after it was sent. By its answer: a write was answered so. By a
    /// read: with the warning that it may be another's, and after a write that was refused or indeterminate.
    AppliedIsTrue,
    /// An update that is overwritten was accepted, and a read after it showed what others wrote.
    OverwrittenIsTrue,
    /// An update that is not applied never was, and never will be. Where the network repeated a write and passed on the
    /// refusal of the repetition: a read since shows a document without it.
    NotAppliedIsTrue,
    /// An update that is unchanged sent no write.
    UnchangedSentNothing,
    /// A conflict has another writer in it.
    ConflictIsTrue,
    /// An update that is unknown has an indeterminate try, or was accepted or refused and cannot be seen.
    UnknownIsUnclear,
    /// An applied change stands until another writer changes it on purpose.
    AppliedStands,
    /// The new version is one of the document that was written.
    VersionAfterIsOurs,
    /// The ledger says of each entry what is true.
    LedgerIsTrue,
    /// In the end only what cannot be known is left open.
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
pub(crate) fn check<K: Specimen>(history: &History<K>) -> Vec<Violation> {
    let mut found = check_updates(history);
    ledger::check(history, &mut found);
    found
}

/// Everything that is wrong with the updates of a history, its ledgers aside.
pub(crate) fn check_updates<K: Specimen>(history: &History<K>) -> Vec<Violation> {
    let mut found = Vec::new();
    for document in 0..history.logs.len() {
        writes::check(history, document, &mut found);
    }
    for update in 0..history.updates.len() {
        sends::check(history, update, &mut found);
        outcomes::check(history, update, &mut found);
        if !has_versions::<K>() {
            compared::check(history, update, &mut found);
        }
    }
    found
}

pub(crate) fn report(found: &mut Vec<Violation>, promise: Promise, what: String) {
    found.push(Violation { promise, what });
}

/// The writes of an update, in order.
pub(crate) fn writes<'h, K: Specimen>(
    history: &'h History<K>,
    run: &'h UpdateRun,
) -> impl Iterator<Item = (usize, &'h Request<K>)> {
    let requests = run.requests.iter().map(|number| (*number, &history.requests[*number]));
    requests.filter(|(_, request)| matches!(request.call, Call::Write { .. }))
}

/// The intent behind a write.
pub(crate) fn entry_of<'h, K: Specimen>(
    history: &'h History<K>,
    run: &UpdateRun,
    request: usize,
) -> Option<&'h LedgerEntry<K>> {
    let Call::Write { body, under } = &history.requests[request].call else {
        return None;
    };
    let of_this = |entry: &&LedgerEntry<K>| {
        let is_before = entry.before_request <= request;
        let is_under = under.is_none_or(|under| under == entry.under);
        is_before && is_under && entry.ours.document().text() == body.document().text()
    };
    run.entries
        .iter()
        .rev()
        .map(|entry| &history.entries[*entry])
        .find(of_this)
}

/// The states that reads of an update showed after a request.
fn shown_after<'h, K: Specimen>(
    history: &'h History<K>,
    run: &'h UpdateRun,
    request: usize,
) -> impl Iterator<Item = usize> + 'h {
    let later = run.requests.iter().filter(move |number| **number > request);
    later.filter_map(|number| {
        history.requests[*number]
            .shown
            .filter(|_| history.requests[*number].is_heard)
    })
}
