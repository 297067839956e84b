//! The update of one document: executes the steps of the protocol, records them, and measures.

mod builder;
mod identity;
mod recording;
mod stop;
#[cfg(test)]
mod tests;
mod turn;

use std::future::{Future, ready};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::document::Guard;
use domain::protocol::{
    Completion, Mode, Now, Outcome, PriorWrite, RecordError, Step, Update, UpdateOptions, UpdateRequest, Wait,
};
use domain::{DocumentKind, Edit, FailureClass, RequestError, ResponseMetadata, RetryBudget, RetryCost, Stored};
use futures_util::future::join;
use ports::{Clock, DocumentStore, EntryId, Ledger, LedgerError, LedgerFailure, Recorded, Response, Sleeper};
use recording::{RecordedIntent, Recording, report};
use stop::Stop;
use tokio::sync::Semaphore;
use tracing::Instrument;
use turn::Turn;

pub use builder::{UpdaterBuilder, jitter};
pub use identity::{Identify, Identity, IdentityError};
pub(crate) use recording::document_ref;

/// The words for an outcome in which something went wrong beside the document, as the ledger keeps them.
pub type DescribeError<K> = dyn Fn(&Outcome<K>) -> Option<String> + Send + Sync;

/// Updates documents of one kind. Cheap to clone, safe to share. [`Updater::builder`] makes one.
#[derive(Clone)]
pub struct Updater<K: DocumentKind> {
    /// The store of the documents.
    pub store: Arc<dyn DocumentStore<K>>,
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// The target and the author of the updates, as they are recorded.
    pub identity: Arc<dyn Identify>,
    /// The entries that its updates undo.
    pub undoes: Vec<EntryId>,
    /// The intents that its documents name and that the NLU domain does not have.
    pub absent_intents: Vec<String>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The waits.
    pub sleeper: Arc<dyn Sleeper>,
    /// Random numbers from 0 to 1 for the jitter of waits.
    pub jitter: Arc<dyn Fn() -> f64 + Send + Sync>,
    /// The retries that are affordable; one for each host.
    pub budget: Arc<Mutex<RetryBudget>>,
    /// The words for errors in the record.
    pub describe_error: Arc<DescribeError<K>>,
}

/// The report of an update.
#[derive(Clone, Debug)]
pub struct Report<K: DocumentKind> {
    /// The document that was updated.
    pub id: K::Id,
    /// The end of the update.
    pub completion: Completion<K>,
    /// Requests to the API; those for tokens do not count.
    pub requests: u32,
    /// The time from the first request to the outcome.
    pub latency: Duration,
    /// The metadata of the last answer.
    pub last: ResponseMetadata,
    /// The place in the ledger; a dry run has none.
    pub recorded: Option<Recorded>,
    /// Why the outcome is not in the ledger, if it should be and is not.
    pub unrecorded: Option<String>,
}

impl<K: DocumentKind> Report<K> {
    /// The report of an update for which nothing was sent, and of which nothing is recorded.
    pub fn unsent(id: K::Id, outcome: Outcome<K>) -> Self {
        Self {
            id,
            completion: Completion {
                outcome,
                merges: 0,
                attempts: 0,
                waited: Duration::ZERO,
            },
            requests: 0,
            latency: Duration::ZERO,
            last: ResponseMetadata::default(),
            recorded: None,
            unrecorded: None,
        }
    }
}

/// The next step of an update, for those who watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The update reads the document.
    Reading,
    /// The update writes the document.
    Writing,
    /// The update waits.
    Waiting {
        /// The length of the wait.
        time: Duration,
        /// The reason for it.
        because: String,
    },
}

/// The request of an update, and the record to be asked before anything is sent for it.
pub(crate) struct Beginning<'r, K: DocumentKind> {
    request: UpdateRequest<K>,
    /// The looks at the record that a reviewed request is due: at its start, and once a first intent has the lease.
    prior_writes: Option<&'r dyn PriorWrites<K>>,
    /// The updates that may send at a time, if not all.
    turns: Option<&'r Semaphore>,
}

impl<'r, K: DocumentKind> Beginning<'r, K> {
    /// A request that does not depend on the record.
    fn of(request: UpdateRequest<K>) -> Self {
        Self {
            request,
            prior_writes: None,
            turns: None,
        }
    }

    /// A reviewed request: nothing is written for it if the record cannot be asked. What is sent for it waits for a turn;
    /// what is recorded does not, and the wait is no part of its time.
    pub(crate) fn planned(
        request: UpdateRequest<K>,
        prior_writes: &'r dyn PriorWrites<K>,
        turns: &'r Semaphore,
    ) -> Self {
        Self {
            request,
            prior_writes: Some(prior_writes),
            turns: Some(turns),
        }
    }

    /// The request after what the record knows.
    fn request_after(&self, known: PriorWrite<K>) -> UpdateRequest<K> {
        let mut request = self.request.clone();
        if let UpdateRequest::Planned { prior, .. } = &mut request {
            *prior = known;
        }
        request
    }
}

/// The look at the record once an intent has the lease. Where a version fences a write, what another run left open a
/// moment ago needs no look: of two of them the second one is refused.
async fn find_under_lease<K: DocumentKind>(writes: &dyn PriorWrites<K>) -> Result<PriorWrite<K>, LedgerError> {
    match K::GUARD {
        Guard::Version => writes.find_settled().await,
        Guard::Content => writes.find_all().await.map(|(prior, _)| prior),
    }
}

/// Finds the writes of a document since a patch of it was reviewed.
#[async_trait]
pub(crate) trait PriorWrites<K>: Send + Sync {
    /// The newest write, and the intent of a run that is gone that an update has to go on from.
    async fn find_all(&self) -> Result<(PriorWrite<K>, Option<EntryId>), LedgerError>;

    /// The newest write that is settled, if there is one.
    async fn find_settled(&self) -> Result<PriorWrite<K>, LedgerError>;
}

/// Figures of one update.
#[derive(Default)]
struct RequestStats {
    requests: u32,
    last: ResponseMetadata,
    /// The failure of the last request, if it failed.
    failed: Option<RequestError>,
    /// Requests that repeated one that had failed.
    retries: u32,
    /// The last intent that was recorded.
    intent: Option<RecordedIntent>,
}

impl RequestStats {
    /// True if the update recorded an intent of its own.
    fn has_own_intent(&self) -> bool {
        self.intent.is_some_and(|intent| !intent.is_of_another_run)
    }

    /// True if another run settled meanwhile what the update was to go on from. It has sent nothing then.
    fn is_overtaken(&self, recorded: Option<&Result<Recorded, IdentityError>>) -> bool {
        let is_settled = matches!(recorded, Some(Err(IdentityError::Ledger(LedgerError::Settled(_)))));
        is_settled && self.intent.is_some_and(|intent| intent.is_of_another_run)
    }
}

impl<K: DocumentKind> Updater<K> {
    /// An updater of documents in this store; what is not set has the default of [`UpdaterBuilder`].
    pub fn builder(store: Arc<dyn DocumentStore<K>>) -> UpdaterBuilder<K> {
        UpdaterBuilder::new(store)
    }

    /// Updates one document.
    pub async fn update(&self, id: &K::Id, edit: Edit<K>, options: UpdateOptions) -> Report<K> {
        let request = UpdateRequest::Edit(edit);
        self.execute(id, request, options, &|_| (), std::future::pending())
            .await
    }

    /// Executes an update, and stops when `stop` is ready: a write in flight is finished and, if its outcome is not
    /// clear, looked for; waits and reads are not. `watch` is called with each step before it is taken.
    pub async fn execute(
        &self,
        id: &K::Id,
        request: UpdateRequest<K>,
        options: UpdateOptions,
        watch: &(dyn Fn(Progress) + Send + Sync),
        stop: impl Future<Output = ()> + Send,
    ) -> Report<K> {
        self.execute_after(Beginning::of(request), id, options, watch, stop)
            .await
    }

    /// Executes an update that has a beginning in the record.
    pub(crate) async fn execute_after(
        &self,
        beginning: Beginning<'_, K>,
        id: &K::Id,
        options: UpdateOptions,
        watch: &(dyn Fn(Progress) + Send + Sync),
        stop: impl Future<Output = ()> + Send,
    ) -> Report<K> {
        let mut started = self.clock.elapsed();
        let mut turn = Turn::new(beginning.turns);
        let (mode, deadline) = (options.mode, options.deadline);
        let stop = pin!(stop);
        let mut stop = Stop::new(stop);
        let prior_writes = beginning.prior_writes;
        let mut stats = RequestStats::default();
        let (mut next, mut look) = self.begin(&beginning, &options, &mut stats).await;
        loop {
            next = match next {
                Step::Done(completion) => {
                    turn.end();
                    let latency = self.clock.elapsed().saturating_sub(started);
                    let recorded = match mode {
                        Mode::Write => Some(self.conclude(id, &completion, &stats, latency).await),
                        Mode::DryRun => None,
                    };
                    if stop.has_come() || !stats.is_overtaken(recorded.as_ref()) {
                        return report(id, *completion, stats, latency, recorded);
                    }
                    (next, look) = self.begin(&beginning, &options, &mut stats).await;
                    continue;
                }
                sends @ (Step::Write(_) | Step::Read(_)) if turn.is_to_come() => {
                    let waited = turn.wait(&*self.clock, &mut stop).await;
                    started += waited.unwrap_or_default();
                    match waited {
                        Some(_) => sends,
                        None => cancel(sends, self.now(started)),
                    }
                }
                // Why: a machine that slept, or a stopped process, may come back when others have settled its intent.
                Step::Write(write) if stats.intent.is_some_and(|intent| self.clock.now() >= intent.lease_ends) => {
                    write.record_again()
                }
                Step::Write(write) => {
                    watch(Progress::Writing);
                    let span = tracing::info_span!("write", %id, version = ?write.version());
                    let sent = self.store.replace(id, write.document(), write.version());
                    let answer = sent.instrument(span).await;
                    self.observe(&mut stats, &answer, |answer| &answer.metadata);
                    write.answered(answer.map(|answer| answer.content), self.now(started))
                }
                Step::Record(record) if let Err(error) = &look => record.not_recorded(error.clone()),
                Step::Record(record) => {
                    let intent = record.intent();
                    let recorded = match stop.or(self.identity.identity()).await {
                        None => Recording::Stopped,
                        Some(Err(error)) => Recording::Refused(error),
                        Some(Ok(identity)) => {
                            let follows = stats.intent.map(|intent| intent.entry);
                            let intent = self.intent_record(identity, id, intent, follows, deadline);
                            let looks = prior_writes.filter(|_| !stats.has_own_intent());
                            self.record(intent, looks, started + deadline, watch, &mut stop).await
                        }
                    };
                    match recorded {
                        Recording::Recorded(intent) => {
                            let is_first = stats.intent.replace(intent).is_none();
                            match prior_writes.filter(|_| is_first) {
                                // Why again: only the lease keeps others from writing between a look and the write.
                                Some(writes) => match find_under_lease(writes).await {
                                    Ok(prior) if look.as_ref() == Ok(&prior) => record.recorded(),
                                    Ok(prior) => record.recorded_after(prior, self.now(started)),
                                    Err(error) => record.not_recorded(record_error(&error)),
                                },
                                None => record.recorded(),
                            }
                        }
                        Recording::Overtaken => {
                            (next, look) = self.begin(&beginning, &options, &mut stats).await;
                            continue;
                        }
                        Recording::Refused(IdentityError::Request(failure)) => record.give_up(failure),
                        Recording::Refused(IdentityError::Ledger(error)) => record.not_recorded(record_error(&error)),
                        Recording::Stopped => record.cancel(self.now(started)),
                    }
                }
                Step::Read(read) => {
                    watch(Progress::Reading);
                    match self.read(id, stats.requests, &mut stop).await {
                        Some(answer) => {
                            self.observe(&mut stats, &answer, |answer| &answer.metadata);
                            read.answered(answer.map(|answer| answer.content), self.now(started))
                        }
                        None => read.cancel(self.now(started)),
                    }
                }
                Step::Wait(wait) => match self.spend_retry_budget(wait, stats.failed.as_ref()) {
                    Ok(end) => end,
                    Err(wait) => self.wait(wait, &mut stats, watch, started, &mut stop).await,
                },
            };
            let ends = matches!(next, Step::Done(_));
            if !ends && stop.or(ready(())).await.is_none() {
                next = cancel(next, self.now(started));
            }
        }
    }

    /// The first step of an update, after a look at the record where it depends on it; and that look. One
    /// that was overtaken begins again: it has sent nothing, and what the record said is no longer so.
    async fn begin(
        &self,
        beginning: &Beginning<'_, K>,
        options: &UpdateOptions,
        stats: &mut RequestStats,
    ) -> (Step<K>, Result<PriorWrite<K>, RecordError>) {
        stats.intent = None;
        let look = match beginning.prior_writes {
            None => Ok(PriorWrite::None),
            Some(writes) => match writes.find_all().await {
                Ok((prior, follows)) => {
                    stats.intent = follows.map(RecordedIntent::abandoned);
                    Ok(prior)
                }
                Err(error) => Err(record_error(&error)),
            },
        };
        let request = beginning.request_after(look.clone().unwrap_or_default());
        (Update::start(request, options.clone()), look)
    }

    /// Reads the document. The identity may take a request, which costs no time beside the first read.
    async fn read<S: Future<Output = ()>>(
        &self,
        id: &K::Id,
        requests: u32,
        stop: &mut Stop<'_, S>,
    ) -> Option<Result<Response<Stored<K>>, RequestError>> {
        let read = self.store.get(id).instrument(tracing::info_span!("read", %id));
        if requests > 0 {
            return stop.or(read).await;
        }
        let (answer, _) = stop.or(join(read, self.identity.identity())).await?;
        Some(answer)
    }

    async fn wait<S: Future<Output = ()>>(
        &self,
        wait: Wait<K>,
        stats: &mut RequestStats,
        watch: &(dyn Fn(Progress) + Send + Sync),
        started: Duration,
        stop: &mut Stop<'_, S>,
    ) -> Step<K> {
        let because = stats.failed.as_ref().map(|failure| failure.message.clone());
        watch(Progress::Waiting {
            time: wait.duration(),
            because: because.unwrap_or_else(|| "a read does not show the change yet".to_owned()),
        });
        match stop.or(self.sleeper.sleep(wait.duration())).await {
            Some(()) => {
                stats.retries += u32::from(stats.failed.as_ref().is_some_and(is_of_a_request));
                wait.over()
            }
            None => wait.cancel(self.now(started)),
        }
    }

    /// The end of the update if the wait is for a retry that is not affordable; else the wait.
    #[expect(clippy::result_large_err, reason = "the wait is given back to go on with")]
    fn spend_retry_budget(&self, wait: Wait<K>, failed: Option<&RequestError>) -> Result<Step<K>, Wait<K>> {
        let Some(failure) = failed.filter(|failure| is_of_a_request(failure)) else {
            return Err(wait);
        };
        let is_throttled = matches!(failure.class, FailureClass::Throttled { .. });
        let cost = if is_throttled {
            RetryCost::Throttled
        } else {
            RetryCost::Failed
        };
        if self.budget().try_acquire(cost) {
            return Err(wait);
        }
        wait.give_up(failure.clone())
    }

    /// A panic elsewhere leaves the budget as it was between two calls, which is sound.
    fn budget(&self) -> MutexGuard<'_, RetryBudget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answer.
    fn observe<T>(
        &self,
        stats: &mut RequestStats,
        answer: &Result<T, RequestError>,
        metadata: impl Fn(&T) -> &ResponseMetadata,
    ) {
        let metadata = match answer {
            Ok(answer) => {
                if stats.failed.take().is_none() {
                    self.budget().credit();
                }
                metadata(answer)
            }
            Err(failure) => {
                stats.failed = Some(failure.clone());
                &failure.metadata
            }
        };
        stats.requests += metadata.requests;
        stats.last = metadata.clone();
    }

    fn now(&self, started: Duration) -> Now {
        Now {
            elapsed: self.clock.elapsed().saturating_sub(started),
            jitter: (self.jitter)(),
        }
    }
}

/// True if the failure is that of a request: the rate limiter sends none while the server takes none.
fn is_of_a_request(failure: &RequestError) -> bool {
    !matches!(failure.class, FailureClass::Throttled { .. }) || failure.metadata.requests > 0
}

/// The failure to record an intent, by what the caller can do.
fn record_error(failure: &LedgerError) -> RecordError {
    let message = failure.in_full();
    match failure {
        LedgerError::Leased { .. } | LedgerError::Busy(_) => RecordError::Busy(message),
        LedgerError::Unusable(LedgerFailure { help: Some(help), .. }) => {
            RecordError::Unusable(format!("{message}: {help}"))
        }
        LedgerError::NoEntry(_)
        | LedgerError::Settled(_)
        | LedgerError::OtherOrganization { .. }
        | LedgerError::Unusable(_) => RecordError::Unusable(message),
    }
}

/// Stops in place of a step.
fn cancel<K: DocumentKind>(step: Step<K>, now: Now) -> Step<K> {
    match step {
        Step::Read(read) => read.cancel(now),
        Step::Record(record) => record.cancel(now),
        Step::Write(write) => write.cancel(now),
        Step::Wait(wait) => wait.cancel(now),
        Step::Done(completion) => Step::Done(completion),
    }
}
