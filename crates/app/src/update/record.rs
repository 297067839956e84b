//! What an update leaves in the ledger: an intent before each write, and an outcome at its end.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::time::Duration;

use domain::Kind;
use domain::protocol::{Confirmation, Intent, Mode, Outcome, Verdict};
use ports::{Ending, EntryId, IntentRecord, LedgerError, OutcomeRecord, Proof};

use super::stop::Stop;
use super::{Progress, Report, RequestStats, Updater};

/// How much longer than its deadline an update may be at work on an entry of the ledger.
const LEASE_BEYOND_DEADLINE: Duration = Duration::from_mins(1);

/// How long is waited at first before a leased document is asked for again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// How long is waited at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl<K: Kind> Updater<K> {
    pub(super) fn intent_record(
        &self,
        id: &K::Id,
        intent: &Intent<K>,
        follows: Option<EntryId>,
        deadline: Duration,
    ) -> IntentRecord {
        let now = self.clock.now();
        let lease = deadline.saturating_add(LEASE_BEYOND_DEADLINE);
        IntentRecord {
            target: self.target.clone(),
            document: id.to_string(),
            author: self.author.clone(),
            follows,
            guard: "etag".to_owned(),
            version: intent.version.clone(),
            base: intent.base.value.document().clone(),
            ours: intent.ours.document().clone(),
            change: K::write_down(&intent.change),
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
    ) -> Option<Result<EntryId, String>> {
        let mut pause = FIRST_PAUSE;
        let lease = record.leased_until.duration_since(record.at).unwrap_or_default();
        loop {
            let failure = match self.ledger.intend(record.clone()).await {
                Ok(entry) => return Some(Ok(entry)),
                Err(failure) => failure,
            };
            let is_leased = matches!(failure, LedgerError::Leased { .. });
            if !is_leased || self.clock.elapsed() + pause >= deadline {
                return Some(Err(failure.to_string()));
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
        verdict: Verdict<K>,
        notes: RequestStats,
        mode: Mode,
        latency: Duration,
    ) -> Report<K> {
        let (mut recorded, mut unrecorded) = (None, None);
        if mode == Mode::Write {
            let outcome = self.outcome_record(id, &verdict, &notes, latency);
            match self.ledger.conclude(outcome).await {
                Ok(entry) => recorded = Some(entry),
                Err(failure) => unrecorded = Some(failure.to_string()),
            }
        }
        Report {
            id: id.clone(),
            verdict,
            requests: notes.requests,
            latency,
            last: notes.last,
            recorded,
            unrecorded,
        }
    }

    fn outcome_record(
        &self,
        id: &K::Id,
        verdict: &Verdict<K>,
        notes: &RequestStats,
        latency: Duration,
    ) -> OutcomeRecord {
        let base = verdict.base.as_ref();
        OutcomeRecord {
            target: self.target.clone(),
            document: id.to_string(),
            author: self.author.clone(),
            intent: notes.intent,
            ending: ending(&verdict.outcome),
            proof: verdict.confirmed_by.map(|confirmation| match confirmation {
                Confirmation::Answer => Proof::Answer,
                Confirmation::Read => Proof::Read,
            }),
            version_before: base.and_then(|base| base.version.clone()),
            version_after: verdict.version_after.clone(),
            after: verdict.after.as_ref().map(|after| after.document().clone()),
            attempts: verdict.attempts,
            requests: notes.requests,
            retries: notes.retries,
            merges: verdict.merges,
            waited: verdict.waited,
            latency: Some(latency),
            correlation_id: notes.last.correlation_id.clone(),
            error: error(verdict),
            at: self.clock.now(),
        }
    }
}

/// What went wrong, in a sentence that begins with its code.
fn error<K: Kind>(verdict: &Verdict<K>) -> Option<String> {
    let finding = || {
        verdict
            .findings
            .first()
            .map(|found| (found.code, found.message.clone()))
    };
    let of_failure = verdict.failure.as_ref().map(|failure| {
        let code = verdict.code.unwrap_or_else(|| failure.code());
        (code, failure.message.clone())
    });
    let wrong = match verdict.outcome {
        Outcome::Rejected => of_failure.or_else(finding),
        Outcome::Applied
        | Outcome::Unchanged
        | Outcome::Planned
        | Outcome::Conflict(_)
        | Outcome::Denied
        | Outcome::Failed
        | Outcome::Deferred { .. }
        | Outcome::Unknown
        | Outcome::NotAttempted => of_failure,
    };
    wrong.map(|(code, message)| format!("{code} {message}"))
}

fn ending<K: Kind>(outcome: &Outcome<K>) -> Ending {
    match outcome {
        Outcome::Applied => Ending::Applied,
        Outcome::Unchanged => Ending::Unchanged,
        Outcome::Conflict(_) => Ending::Conflict,
        Outcome::Rejected => Ending::Rejected,
        Outcome::Denied => Ending::Denied,
        Outcome::Failed => Ending::Failed,
        Outcome::Deferred { .. } => Ending::Deferred,
        Outcome::Unknown => Ending::Unknown,
        Outcome::NotAttempted | Outcome::Planned => Ending::NotAttempted,
    }
}
