//! The records of an update: an intent before each write, and an outcome at its end.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::time::{Duration, SystemTime};

use domain::DocumentKind;
use domain::protocol::{Completion, Outcome, PendingWrite};
use ports::{DocumentRef, EntryId, IntentRecord, LedgerError, OutcomeRecord, Recorded};

use super::stop::Stop;
use super::{Identity, IdentityError, PriorWrites, Progress, Report, RequestStats, Updater};

/// The time beyond its deadline for which an update leases a document.
const LEASE_BEYOND_DEADLINE: Duration = Duration::from_mins(1);

/// The first pause before a leased document is asked for again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// An intent in the ledger.
#[derive(Clone, Copy)]
pub(super) struct RecordedIntent {
    pub(super) entry: EntryId,
    pub(super) lease_ends: SystemTime,
    /// True of one that an earlier run left open.
    pub(super) is_of_another_run: bool,
}

/// The result of recording an intent.
pub(super) enum Recording {
    /// Done: the intent is in the ledger.
    Recorded(RecordedIntent),
    /// Another run did meanwhile what the update was to go on from, or left open what it has to go on from.
    Overtaken,
    /// The ledger or the platform refused.
    Refused(IdentityError),
    /// The update was stopped.
    Stopped,
}

impl RecordedIntent {
    /// An intent of an earlier run: nothing is sent under it, and the next one follows it.
    pub(super) fn abandoned(entry: EntryId) -> Self {
        Self {
            entry,
            lease_ends: SystemTime::UNIX_EPOCH,
            is_of_another_run: true,
        }
    }
}

impl<K: DocumentKind> Updater<K> {
    pub(super) fn intent_record(
        &self,
        identity: Identity,
        id: &K::Id,
        intent: &PendingWrite<K>,
        follows: Option<EntryId>,
        deadline: Duration,
    ) -> IntentRecord {
        let now = self.clock.now();
        let lease = deadline.saturating_add(LEASE_BEYOND_DEADLINE);
        IntentRecord {
            document: document_ref::<K>(identity.target, id),
            author: identity.author,
            follows,
            undoes: self.undoes.clone(),
            absent_intents: self.absent_intents.clone(),
            guard: K::GUARD.as_str().to_owned(),
            version: intent.precondition.version().cloned(),
            base: intent.base.value.document().clone(),
            ours: intent.ours.document().clone(),
            change: intent.patch.to_document(),
            overwrites: intent.overwrites.clone(),
            merges: intent.merges,
            at: now,
            leased_until: now.checked_add(lease).unwrap_or(now),
        }
    }

    /// Records an intent. While another update is at work on the document, it waits for that one, until the deadline; and
    /// has a look at what that one left, if the update depends on the record.
    pub(super) async fn record<S: Future<Output = ()>>(
        &self,
        mut record: IntentRecord,
        looks: Option<&dyn PriorWrites<K>>,
        deadline: Duration,
        watch: &(dyn Fn(Progress) + Send + Sync),
        stop: &mut Stop<'_, S>,
    ) -> Recording {
        let mut pause = FIRST_PAUSE;
        let lease = record.leased_until.duration_since(record.at).unwrap_or_default();
        loop {
            let failure = match self.ledger.intend(record.clone()).await {
                Ok(entry) => {
                    return Recording::Recorded(RecordedIntent {
                        entry,
                        lease_ends: record.leased_until,
                        is_of_another_run: false,
                    });
                }
                Err(LedgerError::Settled(_)) if looks.is_some() => return Recording::Overtaken,
                Err(failure) => failure,
            };
            let is_leased = matches!(failure, LedgerError::Leased { .. });
            if !is_leased || self.clock.elapsed() + pause >= deadline {
                return Recording::Refused(failure.into());
            }
            watch(Progress::Waiting {
                time: pause,
                because: failure.to_string(),
            });
            if stop.or(self.sleeper.sleep(pause)).await.is_none() {
                return Recording::Stopped;
            }
            if let Some(looks) = looks.filter(|_| record.follows.is_none()) {
                match looks.find_all().await {
                    Ok((_, None)) => {}
                    Ok((_, Some(_))) => return Recording::Overtaken,
                    Err(failure) => return Recording::Refused(failure.into()),
                }
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            record.at = self.clock.now();
            record.leased_until = record.at.checked_add(lease).unwrap_or(record.at);
        }
    }

    /// Records the outcome.
    pub(super) async fn conclude(
        &self,
        id: &K::Id,
        completion: &Completion<K>,
        stats: &RequestStats,
        latency: Duration,
    ) -> Result<Recorded, IdentityError> {
        let identity = self.identity.identity().await?;
        let outcome = self.outcome_record(identity, id, completion, stats, latency);
        Ok(self.ledger.conclude(outcome).await?)
    }

    fn outcome_record(
        &self,
        identity: Identity,
        id: &K::Id,
        completion: &Completion<K>,
        stats: &RequestStats,
        latency: Duration,
    ) -> OutcomeRecord {
        let outcome = &completion.outcome;
        let (after, version_after) = outcome.after();
        OutcomeRecord {
            document: document_ref::<K>(identity.target, id),
            author: identity.author,
            intent: stats.intent.map(|intent| intent.entry),
            kind: outcome.kind(),
            evidence: outcome.evidence(),
            version_before: outcome.base().and_then(|base| base.version.clone()),
            version_after: version_after.cloned(),
            after: after.map(|after| after.document().clone()),
            attempts: completion.attempts,
            requests: stats.requests,
            retries: stats.retries,
            merges: completion.merges,
            waited: completion.waited,
            latency: Some(latency),
            correlation_id: stats.last.correlation_id.clone(),
            error: self.error(outcome),
            at: self.clock.now(),
        }
    }

    /// The error, in a sentence that begins with its code where it has one.
    fn error(&self, outcome: &Outcome<K>) -> Option<String> {
        if let Outcome::Invalid { findings, .. } = outcome {
            let first = findings.as_slice().first()?;
            return Some(format!("{} {}", first.code, first.message));
        }
        (self.describe_error)(outcome)
    }
}

/// The report of an update, and of what became of its record; a dry run has none.
pub(super) fn report<K: DocumentKind>(
    id: &K::Id,
    completion: Completion<K>,
    stats: RequestStats,
    latency: Duration,
    recorded: Option<Result<Recorded, IdentityError>>,
) -> Report<K> {
    let (recorded, unrecorded) = match recorded {
        None => (None, None),
        Some(Ok(entry)) => (Some(entry), None),
        Some(Err(IdentityError::Ledger(failure))) => (None, Some(failure.in_full())),
        Some(Err(IdentityError::Request(failure))) => (None, Some(failure.to_string())),
    };
    Report {
        id: id.clone(),
        completion,
        requests: stats.requests,
        latency,
        last: stats.last,
        recorded,
        unrecorded,
    }
}

pub(crate) fn document_ref<K: DocumentKind>(target: String, id: &K::Id) -> DocumentRef {
    DocumentRef {
        target,
        kind: K::NAME.to_string(),
        id: id.to_string(),
    }
}
