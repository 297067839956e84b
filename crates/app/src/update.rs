//! The update of one document: carries out what the protocol says, records it, and measures it.

mod record;
mod stop;
#[cfg(test)]
mod tests;

use std::future::{Future, ready};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::protocol::{Event, Moment, Step, Terms, Update, Verdict, Wanted};
use domain::{Failure, FailureClass, Kind, ResponseMetadata, RetryBudget, RetryCost};
use ports::{Author, Clock, DocumentStore, EntryId, Ledger, Recorded, Sleeper};
use stop::Stop;
use tracing::Instrument;

/// Updates documents of one kind. Cheap to clone, safe to share.
#[derive(Clone)]
pub struct Updater<K: Kind> {
    /// Where the documents are.
    pub repository: Arc<dyn DocumentStore<K>>,
    /// Where it is recorded.
    pub ledger: Arc<dyn Ledger>,
    /// The API and the client that asks it, as the ledger tells targets apart.
    pub target: String,
    /// Who updates, as it is recorded.
    pub author: Author,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who waits.
    pub sleeper: Arc<dyn Sleeper>,
    /// A number between 0 and 1, another each time, so that not everybody comes back at once.
    pub chance: Arc<dyn Fn() -> f64 + Send + Sync>,
    /// How many retries are affordable; one for each host.
    pub budget: Arc<Mutex<RetryBudget>>,
}

/// How an update went.
#[derive(Clone, Debug)]
pub struct Report<K: Kind> {
    /// What was updated.
    pub id: K::Id,
    /// How it ended.
    pub verdict: Verdict<K>,
    /// Requests to the API; those for tokens do not count.
    pub requests: u32,
    /// From the first request to the outcome.
    pub latency: Duration,
    /// What the last answer says beside its content.
    pub last: ResponseMetadata,
    /// Where it stands in the ledger; a dry run does not.
    pub recorded: Option<Recorded>,
    /// Why the outcome is not in the ledger, if it should be and is not.
    pub unrecorded: Option<String>,
}

/// What an update is about to do, for those who watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It reads the document.
    Reading,
    /// It writes the document.
    Writing,
    /// It waits, because of that.
    Waiting {
        /// How long.
        time: Duration,
        /// What happened.
        because: String,
    },
}

/// What one run of an update notes on the way.
#[derive(Default)]
struct RequestStats {
    requests: u32,
    last: ResponseMetadata,
    /// Why the last request failed, if it did.
    failed: Option<Failure>,
    /// How many requests repeated one that had failed.
    retries: u32,
    /// The last intent that was recorded.
    intent: Option<EntryId>,
}

impl<K: Kind> Updater<K> {
    /// Updates one document. `watch` hears of each step before it is taken.
    pub async fn update(
        &self,
        id: &K::Id,
        wish: K::Wish,
        terms: Terms,
        watch: &(dyn Fn(Progress) + Send + Sync),
    ) -> Report<K> {
        self.update_until(id, wish, terms, watch, std::future::pending()).await
    }

    /// Updates one document, and stops when `stop` is ready: a write under way is finished and, if its outcome is
    /// not clear, looked for; waits and reads are not.
    pub async fn update_until(
        &self,
        id: &K::Id,
        wish: K::Wish,
        terms: Terms,
        watch: &(dyn Fn(Progress) + Send + Sync),
        stop: impl Future<Output = ()> + Send,
    ) -> Report<K> {
        self.execute(id, Wanted::Wish(wish), terms, watch, stop).await
    }

    /// Brings about what is wanted of one document, and stops as [`update_until`](Self::update_until) does.
    pub async fn execute(
        &self,
        id: &K::Id,
        wanted: Wanted<K>,
        terms: Terms,
        watch: &(dyn Fn(Progress) + Send + Sync),
        stop: impl Future<Output = ()> + Send,
    ) -> Report<K> {
        let started = self.clock.elapsed();
        let (mode, deadline) = (terms.mode, terms.deadline);
        let mut update = Update::of(wanted, terms);
        let stop = pin!(stop);
        let mut stop = Stop::new(stop);
        let mut notes = RequestStats::default();
        let mut next = update.next(Event::Started, self.moment(started));
        loop {
            let happened = match next {
                Step::Done(verdict) => {
                    let latency = self.clock.elapsed().saturating_sub(started);
                    return self.finish(id, *verdict, notes, mode, latency).await;
                }
                Step::Write { document, version } => {
                    watch(Progress::Writing);
                    let span = tracing::info_span!("write", %id, %version);
                    let answer = self.repository.replace(id, &document, &version).instrument(span).await;
                    self.observe(&mut notes, &answer, |answer| &answer.metadata);
                    Some(Event::Written(answer.map(|answer| answer.content)))
                }
                Step::Record(intent) => {
                    let record = self.intent_record(id, &intent, notes.intent, deadline);
                    let recorded = self.record(record, started + deadline, watch, &mut stop).await;
                    recorded.map(|recorded| Event::Recorded(recorded.map(|entry| notes.intent = Some(entry))))
                }
                Step::Read => {
                    watch(Progress::Reading);
                    let span = tracing::info_span!("read", %id);
                    let answer = stop.or(self.repository.get(id).instrument(span)).await;
                    answer.map(|answer| {
                        self.observe(&mut notes, &answer, |answer| &answer.metadata);
                        Event::Read(answer.map(|answer| answer.content))
                    })
                }
                Step::Wait(time) => {
                    watch(Progress::Waiting {
                        time,
                        because: notes
                            .failed
                            .as_ref()
                            .map_or_else(String::new, |failure| failure.message.clone()),
                    });
                    notes.retries += u32::from(notes.failed.is_some());
                    stop.or(self.sleeper.sleep(time)).await.map(|()| Event::Waited)
                }
            };
            let now = self.moment(started);
            next = match happened {
                None => update.stop(now),
                Some(event) => {
                    let wanted = update.next(event, now);
                    let wanted = self.spend_retry_budget(&mut update, wanted, notes.failed.as_ref());
                    let ends = matches!(wanted, Step::Done(_));
                    if !ends && stop.or(ready(())).await.is_none() {
                        update.stop(now)
                    } else {
                        wanted
                    }
                }
            };
        }
    }

    /// What is wanted or, if it is a retry that is not affordable, the end.
    fn spend_retry_budget(&self, update: &mut Update<K>, wanted: Step<K>, failed: Option<&Failure>) -> Step<K> {
        let (&Step::Wait(wait), Some(failure)) = (&wanted, failed) else {
            return wanted;
        };
        let is_throttled = matches!(failure.class, FailureClass::Throttled { .. });
        let retry = if is_throttled {
            RetryCost::Throttled
        } else {
            RetryCost::Failed
        };
        if self.budget().allows(retry) {
            return wanted;
        }
        update.give_up(failure.clone(), wait).unwrap_or(wanted)
    }

    /// A panic elsewhere leaves the budget as it was between two calls, which is sound.
    fn budget(&self) -> MutexGuard<'_, RetryBudget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of what an answer says beside its content.
    fn observe<T>(
        &self,
        notes: &mut RequestStats,
        answer: &Result<T, Failure>,
        metadata: impl Fn(&T) -> &ResponseMetadata,
    ) {
        let metadata = match answer {
            Ok(answer) => {
                if notes.failed.take().is_none() {
                    self.budget().credit();
                }
                metadata(answer)
            }
            Err(failure) => {
                notes.failed = Some(failure.clone());
                &failure.metadata
            }
        };
        notes.requests += metadata.requests;
        notes.last = metadata.clone();
    }

    fn moment(&self, started: Duration) -> Moment {
        Moment {
            at: self.clock.elapsed().saturating_sub(started),
            chance: (self.chance)(),
        }
    }
}
