//! The records of an update: an intent before each write, and an outcome at its end.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::time::{Duration, SystemTime};

use domain::DocumentKind;
use domain::protocol::{Completion, Mode, Outcome, PendingWrite};
use ports::{DocumentRef, EntryId, IntentRecord, LedgerError, OutcomeRecord};

use super::stop::Stop;
use super::{Identity, IdentityError, Progress, Report, RequestStats, Updater};

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
}

impl RecordedIntent {
    /// An intent of an earlier run: nothing is sent under it, and the next one follows it.
    pub(super) fn abandoned(entry: EntryId) -> Self {
        Self {
            entry,
            lease_ends: SystemTime::UNIX_EPOCH,
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

    /// Records an intent. While another update is at work on the document, it waits for that one, until the deadline.
    /// Nothing if it was stopped in that wait.
    pub(super) async fn record<S: Future<Output = ()>>(
        &self,
        mut record: IntentRecord,
        deadline: Duration,
        watch: &(dyn Fn(Progress) + Send + Sync),
        stop: &mut Stop<'_, S>,
    ) -> Option<Result<RecordedIntent, LedgerError>> {
        let mut pause = FIRST_PAUSE;
        let lease = record.leased_until.duration_since(record.at).unwrap_or_default();
        loop {
            let failure = match self.ledger.intend(record.clone()).await {
                Ok(entry) => {
                    let lease_ends = record.leased_until;
                    return Some(Ok(RecordedIntent { entry, lease_ends }));
                }
                Err(failure) => failure,
            };
            let is_leased = matches!(failure, LedgerError::Leased { .. });
            if !is_leased || self.clock.elapsed() + pause >= deadline {
                return Some(Err(failure));
            }
            watch(Progress::Waiting {
                time: pause,
                because: failure.to_string(),
            });
            stop.or(self.sleeper.sleep(pause)).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
            record.at = self.clock.now();
            record.leased_until = record.at.checked_add(lease).unwrap_or(record.at);
        }
    }

    /// Records the outcome; a dry run leaves nothing.
    pub(super) async fn finish(
        &self,
        id: &K::Id,
        completion: Completion<K>,
        stats: RequestStats,
        mode: Mode,
        latency: Duration,
    ) -> Report<K> {
        let (mut recorded, mut unrecorded) = (None, None);
        if mode == Mode::Write {
            let conclude = async {
                let identity = self.identity.identity().await?;
                let outcome = self.outcome_record(identity, id, &completion, &stats, latency);
                Ok::<_, IdentityError>(self.ledger.conclude(outcome).await?)
            };
            match conclude.await {
                Ok(entry) => recorded = Some(entry),
                Err(IdentityError::Ledger(failure)) => unrecorded = Some(failure.in_full()),
                Err(IdentityError::Request(failure)) => unrecorded = Some(failure.to_string()),
            }
        }
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

pub(crate) fn document_ref<K: DocumentKind>(target: String, id: &K::Id) -> DocumentRef {
    DocumentRef {
        target,
        kind: K::NAME.to_string(),
        id: id.to_string(),
    }
}
