//! The update of one document: carries out what the protocol says, records it, and measures it.

mod stop;

use std::future::{Future, ready};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::protocol::{Confirmation, Event, Intent, Moment, Outcome, Step, Terms, Update, Verdict};
use domain::{Facts, Failure, FailureClass, Kind, Retry, RetryBudget};
use ports::{Clock, EntryId, IntentRecord, Ledger, RuleRepository, Settlement, Sleeper};
use stop::Stop;
use tracing::Instrument;

/// How much longer than its deadline an update may be at work on an entry of the ledger.
const LEASE_BEYOND_DEADLINE: Duration = Duration::from_mins(1);

/// Updates documents of one kind. Cheap to clone, safe to share.
#[derive(Clone)]
pub struct Updater<K: Kind> {
    /// Where the documents are.
    pub repository: Arc<dyn RuleRepository<K>>,
    /// Where it is recorded.
    pub ledger: Arc<dyn Ledger>,
    /// The API and the client that asks it, as the ledger tells targets apart.
    pub target: String,
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
    pub last: Facts,
    /// Why the outcome is not in the ledger, if it is not.
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
struct Notes {
    requests: u32,
    last: Facts,
    /// Why the last request failed, if it did.
    failed: Option<Failure>,
    entries: Vec<EntryId>,
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
        let started = self.clock.elapsed();
        let lease = terms.deadline.saturating_add(LEASE_BEYOND_DEADLINE);
        let mut update = Update::new(wish, terms);
        let stop = pin!(stop);
        let mut stop = Stop::new(stop);
        let mut notes = Notes::default();
        let mut next = update.next(Event::Started, self.moment(started));
        loop {
            let happened = match next {
                Step::Done(verdict) => return self.finish(id, *verdict, notes, started).await,
                Step::Write { document, version } => {
                    watch(Progress::Writing);
                    let span = tracing::info_span!("write", %id, %version);
                    let answer = self.repository.replace(id, &document, &version).instrument(span).await;
                    self.take_note(&mut notes, &answer, |answer| &answer.facts);
                    Some(Event::Written(answer.map(|answer| answer.content)))
                }
                Step::Record(intent) => {
                    let recorded = self.record(id, &intent, lease).await;
                    Some(Event::Recorded(recorded.map(|entry| notes.entries.push(entry))))
                }
                Step::Read => {
                    watch(Progress::Reading);
                    let span = tracing::info_span!("read", %id);
                    let answer = stop.or(self.repository.get(id).instrument(span)).await;
                    answer.map(|answer| {
                        self.take_note(&mut notes, &answer, |answer| &answer.facts);
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
                    stop.or(self.sleeper.sleep(time)).await.map(|()| Event::Waited)
                }
            };
            let now = self.moment(started);
            next = match happened {
                None => update.stop(now),
                Some(event) => {
                    let wanted = update.next(event, now);
                    let wanted = self.affordable(&mut update, wanted, notes.failed.as_ref());
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
    fn affordable(&self, update: &mut Update<K>, wanted: Step<K>, failed: Option<&Failure>) -> Step<K> {
        let (&Step::Wait(wait), Some(failure)) = (&wanted, failed) else {
            return wanted;
        };
        let is_throttled = matches!(failure.class, FailureClass::Throttled { .. });
        let retry = if is_throttled { Retry::Throttled } else { Retry::Failed };
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
    fn take_note<T>(&self, notes: &mut Notes, answer: &Result<T, Failure>, facts: impl Fn(&T) -> &Facts) {
        let facts = match answer {
            Ok(answer) => {
                if notes.failed.take().is_none() {
                    self.budget().succeeded_at_once();
                }
                facts(answer)
            }
            Err(failure) => {
                notes.failed = Some(failure.clone());
                &failure.facts
            }
        };
        notes.requests += facts.requests;
        notes.last = facts.clone();
    }

    fn moment(&self, started: Duration) -> Moment {
        Moment {
            at: self.clock.elapsed().saturating_sub(started),
            chance: (self.chance)(),
        }
    }

    async fn record(&self, id: &K::Id, intent: &Intent<K>, lease: Duration) -> Result<EntryId, String> {
        let now = self.clock.now();
        let record = IntentRecord {
            target: self.target.clone(),
            document: id.to_string(),
            version: intent.version.clone(),
            base: intent.base.value.document().clone(),
            ours: intent.ours.document().clone(),
            change: K::write_down(&intent.change),
            overwrites: intent.overwrites.clone(),
            at: now,
            leased_until: now.checked_add(lease).unwrap_or(now),
        };
        self.ledger.intend(record).await.map_err(|failure| failure.to_string())
    }

    /// Records the outcome: that of the last intent is the verdict's, and those before it were refused.
    async fn finish(&self, id: &K::Id, verdict: Verdict<K>, notes: Notes, started: Duration) -> Report<K> {
        let latency = self.clock.elapsed().saturating_sub(started);
        let mut unrecorded = None;
        for (index, entry) in notes.entries.iter().enumerate() {
            let is_last = index + 1 == notes.entries.len();
            let settlement = if is_last {
                settlement(&verdict)
            } else {
                Settlement::NotApplied
            };
            if let Err(failure) = self.ledger.settle(*entry, settlement).await {
                unrecorded = Some(failure.to_string());
            }
        }
        Report {
            id: id.clone(),
            verdict,
            requests: notes.requests,
            latency,
            last: notes.last,
            unrecorded,
        }
    }
}

fn settlement<K: Kind>(verdict: &Verdict<K>) -> Settlement {
    match verdict.outcome {
        Outcome::Applied => Settlement::Applied {
            version: verdict.version_after.clone(),
            by: verdict.confirmed_by.unwrap_or(Confirmation::Answer),
        },
        Outcome::Unknown => Settlement::Unknown,
        Outcome::Unchanged
        | Outcome::Planned
        | Outcome::Conflict(_)
        | Outcome::Rejected
        | Outcome::Denied
        | Outcome::Failed
        | Outcome::Deferred { .. }
        | Outcome::NotAttempted => Settlement::NotApplied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::protocol::{Mode, Outcome};
    use domain::{Draft, RuleChange, RuleId, TriggerRule};
    use ports::testing::{InMemoryRepository, VirtualTime};
    use ports::{Answer, InMemoryLedger, MockRuleRepository};

    fn id() -> RuleId {
        "r1".parse().unwrap()
    }

    fn wish() -> Draft {
        Draft::from(&RuleChange::default().name("new").unwrap())
    }

    fn stored() -> InMemoryRepository {
        let repository = InMemoryRepository::default();
        repository.put(
            &id(),
            r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"old"}"#
                .parse()
                .unwrap(),
        );
        repository
    }

    async fn run(repository: Arc<dyn RuleRepository>, terms: Terms) -> (Report<TriggerRule>, Duration) {
        let time = VirtualTime::default();
        let updater = Updater {
            repository,
            ledger: Arc::new(InMemoryLedger::default()),
            target: "test".to_owned(),
            clock: Arc::new(time.clone()),
            sleeper: Arc::new(time.clone()),
            chance: Arc::new(|| 1.0),
            budget: Arc::default(),
        };
        let report = updater.update(&id(), wish(), terms, &|_| ()).await;
        (report, time.elapsed())
    }

    #[tokio::test]
    async fn a_change_is_written_once_and_reported() {
        let repository = Arc::new(stored());
        let (report, _) = run(repository.clone(), Terms::default()).await;
        assert_eq!(report.verdict.outcome, Outcome::Applied);
        assert_eq!((report.requests, report.verdict.attempts), (2, 1));
        assert_eq!(report.verdict.version_after, Some("2".parse().unwrap()));
        assert_eq!(repository.rule(&id()).unwrap().name(), Some("new"));
    }

    #[tokio::test]
    async fn a_dry_run_sends_nothing() {
        let repository = Arc::new(stored());
        let terms = Terms {
            mode: Mode::DryRun,
            ..Terms::default()
        };
        let (report, _) = run(repository.clone(), terms).await;
        assert_eq!(report.verdict.outcome, Outcome::Planned);
        assert_eq!(report.verdict.diff().len(), 1);
        assert_eq!(repository.rule(&id()).unwrap().name(), Some("old"));
    }

    fn throttled(wait: u64) -> Failure {
        Failure::new(
            FailureClass::Throttled {
                wait: Some(Duration::from_secs(wait)),
            },
            "slow down",
        )
    }

    #[tokio::test]
    async fn a_write_that_is_told_to_wait_waits_as_told_and_goes_out_again() {
        let behind = Arc::new(stored());
        let mut mock = MockRuleRepository::<TriggerRule>::new();
        let reads = behind.clone();
        mock.expect_get().once().returning(move |id| futures_now(reads.get(id)));
        mock.expect_replace().once().returning(|_, _, _| Err(throttled(7)));
        mock.expect_replace()
            .once()
            .returning(move |id, rule, version| futures_now(behind.replace(id, rule, version)));
        let (report, elapsed) = run(Arc::new(mock), Terms::default()).await;
        assert_eq!(report.verdict.outcome, Outcome::Applied);
        assert_eq!(
            (elapsed, report.verdict.waited, report.verdict.attempts),
            (Duration::from_secs(7), elapsed, 1)
        );
    }

    #[tokio::test]
    async fn a_wait_beyond_the_deadline_is_not_begun() {
        let mut mock = MockRuleRepository::<TriggerRule>::new();
        mock.expect_get().once().returning(|_| Err(throttled(3600)));
        let (report, elapsed) = run(Arc::new(mock), Terms::default()).await;
        assert_eq!(
            report.verdict.outcome,
            Outcome::Deferred {
                wait: Duration::from_hours(1)
            }
        );
        assert_eq!(elapsed, Duration::ZERO);
    }

    #[tokio::test]
    async fn reads_are_repeated_until_the_deadline() {
        let mut mock = MockRuleRepository::<TriggerRule>::new();
        mock.expect_get()
            .returning(|_| Err(Failure::new(FailureClass::NotSent, "connection refused")));
        let (report, elapsed) = run(Arc::new(mock), Terms::default()).await;
        assert!(matches!(report.verdict.outcome, Outcome::Deferred { .. }));
        assert!(
            elapsed > Duration::from_secs(90) && elapsed < Duration::from_mins(2),
            "{elapsed:?}"
        );
    }

    #[tokio::test]
    async fn a_host_that_fails_everybody_is_not_asked_for_ever() {
        let mut mock = MockRuleRepository::<TriggerRule>::new();
        mock.expect_get()
            .times(1 + 35)
            .returning(|_| Err(Failure::new(FailureClass::NotSent, "connection refused")));
        let terms = Terms {
            deadline: Duration::from_hours(9),
            ..Terms::default()
        };
        let (report, _) = run(Arc::new(mock), terms).await;
        assert!(matches!(report.verdict.outcome, Outcome::Deferred { .. }));
    }

    #[tokio::test]
    async fn what_others_changed_is_not_overwritten() {
        let behind = Arc::new(stored());
        let mut mock = MockRuleRepository::<TriggerRule>::new();
        let reads = behind.clone();
        mock.expect_get().returning(move |id| futures_now(reads.get(id)));
        let writes = behind.clone();
        mock.expect_replace().once().returning(move |id, rule, version| {
            let theirs = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"theirs"}"#;
            writes.put(id, theirs.parse().unwrap());
            futures_now(writes.replace(id, rule, version))
        });
        let (report, _) = run(Arc::new(mock), Terms::default()).await;
        let Outcome::Conflict(conflict) = report.verdict.outcome else {
            panic!("{:?}", report.verdict.outcome)
        };
        let [collision] = conflict.collisions.as_slice() else {
            panic!("{conflict:?}")
        };
        let side = |document: &Option<domain::json::Document>| document.as_ref().unwrap().compact();
        assert_eq!(
            (side(&collision.base), side(&collision.ours), side(&collision.theirs)),
            (r#""old""#.to_owned(), r#""new""#.to_owned(), r#""theirs""#.to_owned())
        );
        assert_eq!(behind.rule(&id()).unwrap().name(), Some("theirs"));
    }

    /// The answer of a repository in memory, which never waits.
    fn futures_now<T>(future: impl Future<Output = Result<Answer<T>, Failure>>) -> Result<Answer<T>, Failure> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(answer) => answer,
            std::task::Poll::Pending => panic!("a repository in memory waited"),
        }
    }
}
