//! An organization, its record, and runs that plan and apply: on fakes, and on a time that passes only in waits.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::protocol::{OnConflict, UpdateRequest};
use domain::testing::Specimen;
use domain::{Edit, RequestError, RuleId, Stored, TriggerRule};
use ports::testing::{InMemoryStore, VirtualTime};
use ports::{
    Author, BaseRecord, Clock, Cursor, DocumentStore, Entry, InMemoryLedger, IntentRecord, Ledger, OutcomeRecord, Page,
    Recorded, Response, Sleeper,
};

use super::*;
use crate::{DriftPolicy, OnDrift, PlanRequest, PlannedAction, Planner};

/// The turns that a task leaves to others at each call of a port; none once they are used up.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<VecDeque<u8>>>);

impl Turns {
    fn new(turns: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(turns.into())))
    }

    pub(super) fn put(&self, turns: Vec<u8>) {
        *self.0.lock().unwrap() = turns.into();
    }

    async fn pass(&self) {
        let turns = self.0.lock().unwrap().pop_front().unwrap_or_default();
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }
}

/// A fault that a write meets.
pub(super) enum WriteFault<K> {
    /// A write that never arrives, and nobody knows.
    NeverArrives,
    /// A write that is carried out, and nobody is there any more for the answer.
    CarriedOutAfterACrash,
    /// The run that sends it is gone at that moment.
    Crash,
    /// The server stores another document than it was sent.
    StoredAs(K),
    /// Somebody else writes this right after it.
    Overwritten(K),
}

/// A document that was sent, and the version that it was sent under.
pub(super) struct Sent<K> {
    pub(super) document: K,
    pub(super) version: Option<Version>,
}

/// A store that counts reads, keeps what is sent, and does to writes what it is told to.
pub(super) struct Wire<K: DocumentKind> {
    pub(super) behind: InMemoryStore<K>,
    pub(super) reads: AtomicU32,
    pub(super) sent: Mutex<Vec<Sent<K>>>,
    pub(super) fates: Mutex<VecDeque<WriteFault<K>>>,
    pub(super) turns: Turns,
}

impl<K: DocumentKind> Wire<K> {
    pub(super) fn reads(&self) -> u32 {
        self.reads.load(Ordering::Relaxed)
    }

    pub(super) fn writes(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

#[async_trait]
impl<K: DocumentKind> DocumentStore<K> for Wire<K> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        self.turns.pass().await;
        self.reads.fetch_add(1, Ordering::Relaxed);
        let answer = self.behind.get(id).await;
        self.turns.pass().await;
        answer
    }

    async fn replace<'v>(
        &self,
        id: &K::Id,
        document: &K,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<K>>>, RequestError> {
        self.turns.pass().await;
        let sent = Sent {
            document: document.clone(),
            version: version.cloned(),
        };
        self.sent.lock().unwrap().push(sent);
        let fate = self.fates.lock().unwrap().pop_front();
        let answer = match fate {
            None => self.behind.replace(id, document, version).await,
            Some(WriteFault::NeverArrives) => Err(RequestError::no_answer("the connection broke")),
            Some(WriteFault::CarriedOutAfterACrash) => {
                self.behind.replace(id, document, version).await?;
                std::future::pending().await
            }
            Some(WriteFault::Crash) => {
                self.sent.lock().unwrap().pop();
                std::future::pending().await
            }
            Some(WriteFault::StoredAs(other)) => self.behind.replace(id, &other, version).await,
            Some(WriteFault::Overwritten(theirs)) => {
                let answer = self.behind.replace(id, document, version).await;
                self.behind.put(id, theirs);
                answer
            }
        };
        self.turns.pass().await;
        answer
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<K>>, RequestError> {
        self.behind.page(cursor).await
    }
}

/// A ledger that takes turns, and knows of runs that are gone.
struct Shared {
    ledger: Arc<InMemoryLedger>,
    gone: BTreeSet<String>,
    turns: Turns,
}

#[async_trait]
impl Ledger for Shared {
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerError> {
        self.turns.pass().await;
        self.ledger.intend(intent).await
    }

    async fn conclude(&self, outcome: OutcomeRecord) -> Result<Recorded, LedgerError> {
        self.turns.pass().await;
        self.ledger.conclude(outcome).await
    }

    async fn unsettled(&self, target: &str, kind: &str) -> Result<Vec<Entry>, LedgerError> {
        self.turns.pass().await;
        self.ledger.unsettled(target, kind).await
    }

    async fn is_abandoned(&self, entry: EntryId, _asks: &Author) -> Result<bool, LedgerError> {
        let entries = self.ledger.all();
        let entry = entries.iter().find(|known| known.id == entry);
        let author = entry.and_then(Entry::author);
        Ok(author.is_some_and(|author| self.gone.contains(&author.run)))
    }

    async fn observe(&self, base: BaseRecord) -> Result<EntryId, LedgerError> {
        self.ledger.observe(base).await
    }
}

/// A time in which whoever waits leaves a turn to the others.
#[derive(Clone)]
pub(super) struct SharedTime(pub(super) VirtualTime);

impl Clock for SharedTime {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[async_trait]
impl Sleeper for SharedTime {
    async fn sleep(&self, time: Duration) {
        self.0.advance(time);
        tokio::task::yield_now().await;
    }
}

/// A plan, as it is reviewed.
#[derive(Clone)]
pub(super) struct Plan<K: DocumentKind> {
    pub(super) review: AppliedPlan,
    pub(super) updates: Vec<ReviewedUpdate<K>>,
    pub(super) in_sync: Vec<InSync<K>>,
    pub(super) actions: Vec<PlannedAction<K>>,
}

/// An organization and a record of what is done in it.
pub(super) struct Room<K: DocumentKind> {
    pub(super) wire: Arc<Wire<K>>,
    pub(super) ledger: Arc<InMemoryLedger>,
    pub(super) time: VirtualTime,
    pub(super) turns: Turns,
    /// Runs that are gone, as the machine knows.
    pub(super) gone: Vec<&'static str>,
    pub(super) parallelism: usize,
    pub(super) stops_on_first: bool,
}

pub(super) const SINK: &str = "sink";

impl<K: Specimen> Room<K> {
    /// An organization with these documents.
    pub(super) fn of(documents: impl IntoIterator<Item = (K::Id, K)>, turns: Vec<u8>) -> Self {
        let turns = Turns::new(turns);
        let behind = InMemoryStore::default();
        for (id, document) in documents {
            behind.put(&id, document);
        }
        Self {
            wire: Arc::new(Wire {
                behind,
                reads: AtomicU32::new(0),
                sent: Mutex::default(),
                fates: Mutex::default(),
                turns: turns.clone(),
            }),
            ledger: Arc::new(InMemoryLedger::for_sinks([SINK.to_owned()])),
            time: VirtualTime::default(),
            turns,
            gone: Vec::new(),
            parallelism: 2,
            stops_on_first: false,
        }
    }

    /// The same organization, seen from a machine that has a record of its own.
    pub(super) fn elsewhere(&self) -> Self {
        Self {
            wire: self.wire.clone(),
            ledger: Arc::new(InMemoryLedger::for_sinks([SINK.to_owned()])),
            time: self.time.clone(),
            turns: self.turns.clone(),
            gone: Vec::new(),
            parallelism: self.parallelism,
            stops_on_first: self.stops_on_first,
        }
    }

    pub(super) fn updater(&self, run: &str) -> Updater<K> {
        let author = Author {
            run: run.to_owned(),
            ..Author::default()
        };
        let ledger = Shared {
            ledger: self.ledger.clone(),
            gone: self.gone.iter().map(|run| (*run).to_owned()).collect(),
            turns: self.turns.clone(),
        };
        Updater::builder(self.wire.clone())
            .ledger(Arc::new(ledger))
            .recorded_as("test", author)
            .jitter(Arc::new(|| 1.0))
            .build(Arc::new(SharedTime(self.time.clone())))
    }

    /// A plan under this id; a second passes after it.
    pub(super) async fn plan(&self, id: &str, edits: &[(K::Id, Edit<K>)]) -> Plan<K> {
        let requests = edits.iter().map(|(id, edit)| {
            let edit = edit.clone();
            PlanRequest {
                id: id.clone(),
                request: Arc::new(move || UpdateRequest::Edit(edit.clone())),
            }
        });
        let planner = Planner {
            store: self.wire.clone(),
            parallelism: 2,
            keeps_stored: false,
            left_out: Vec::new(),
            drift: DriftPolicy {
                on_drift: OnDrift::Revert,
                ..DriftPolicy::default()
            },
            record: Some((self.ledger.clone(), "test".to_owned())),
        };
        let found = planner.plan(requests.collect(), &|_| ()).await.unwrap();
        let mut plan = Plan {
            review: AppliedPlan {
                id: id.to_owned(),
                created_at: self.time.now(),
            },
            updates: Vec::new(),
            in_sync: Vec::new(),
            actions: Vec::new(),
        };
        for (document, (_, edit)) in found.documents.into_iter().zip(edits) {
            let file = FileContent::of(edit).unwrap();
            plan.actions.push(document.action.clone());
            match document.action {
                PlannedAction::Update(update) => plan.updates.push(ReviewedUpdate {
                    seen: document.seen,
                    update: *update,
                    file: Some(file),
                    absent_intents: Vec::new(),
                }),
                PlannedAction::Unchanged(version) => plan.in_sync.push(InSync {
                    id: document.id,
                    file,
                    version,
                }),
                PlannedAction::Conflict(_)
                | PlannedAction::Drifted(_)
                | PlannedAction::Missing
                | PlannedAction::Invalid(_)
                | PlannedAction::Unread(_) => {}
            }
        }
        self.time.advance(Duration::from_secs(1));
        plan
    }

    pub(super) fn applier(&self, run: &str, plan: &AppliedPlan) -> Applier<K> {
        Applier {
            updater: self.updater(run),
            history: self.ledger.clone(),
            plan: plan.clone(),
            parallelism: self.parallelism,
            stops_on_first: self.stops_on_first,
        }
    }

    /// Applies a plan in a run of this name.
    pub(super) async fn apply(&self, run: &str, plan: &Plan<K>, options: &UpdateOptions) -> Vec<Report<K>> {
        let reports = apply_with(&self.applier(run, &plan.review), plan, options).await;
        assert_eq!(reports.iter().find_map(|report| report.unrecorded.clone()), None);
        reports
    }

    /// Applies a plan in a run that is gone while it writes.
    pub(super) fn crash(&self, run: &str, plan: &Plan<K>, fate: WriteFault<K>) {
        self.meet([fate]);
        let end = self.apply(run, plan, &UpdateOptions::default()).now_or_never();
        assert!(end.is_none(), "it ended");
    }

    /// Lets the next writes meet these fates.
    pub(super) fn meet(&self, fates: impl IntoIterator<Item = WriteFault<K>>) {
        self.wire.fates.lock().unwrap().extend(fates);
    }

    /// The numbers of the entries whose outcome is not known.
    pub(super) async fn unsettled(&self) -> Vec<EntryId> {
        let open = self.ledger.unsettled("test", K::NAME.as_str()).await.unwrap();
        open.into_iter().map(|entry| entry.id).collect()
    }

    /// The same with a word for each outcome.
    pub(super) async fn apply_in_words(&self, run: &str, plan: &Plan<K>, on_conflict: OnConflict) -> Vec<OutcomeKind> {
        let options = UpdateOptions {
            on_conflict,
            ..UpdateOptions::default()
        };
        kinds(&self.apply(run, plan, &options).await)
    }

    /// The number of entries with this outcome.
    pub(super) fn entries(&self, outcome: OutcomeKind) -> usize {
        let entries = self.ledger.all();
        entries
            .iter()
            .filter(|entry| entry.outcome_kind() == Some(outcome))
            .count()
    }
}

/// Applies a plan, and is not stopped.
pub(super) async fn apply_with<K: Specimen>(
    applier: &Applier<K>,
    plan: &Plan<K>,
    options: &UpdateOptions,
) -> Vec<Report<K>> {
    let never = || std::future::pending::<()>();
    let reports = applier.apply(plan.updates.clone(), options, &|_, _| (), &|_, _| (), &never);
    reports.await.unwrap()
}

pub(super) fn kinds<K: DocumentKind>(reports: &[Report<K>]) -> Vec<OutcomeKind> {
    reports.iter().map(|report| report.completion.outcome.kind()).collect()
}

pub(super) fn rule_id(id: &str) -> RuleId {
    id.parse().unwrap()
}

pub(super) fn rule(text: &str) -> TriggerRule {
    text.parse().unwrap()
}

/// Rules `1`, `2` and so on, all of the name `old`.
pub(super) fn rules(count: usize) -> Vec<(RuleId, TriggerRule)> {
    let one = |number: usize| {
        let text = format!(r#"{{"id":"{number}","ruleType":"conversation","enabled":true,"name":"old","x":1}}"#);
        (rule_id(&number.to_string()), rule(&text))
    };
    (1..=count).map(one).collect()
}

/// The files that rename them.
pub(super) fn renamed(name: &str, count: usize) -> Vec<(RuleId, Edit<TriggerRule>)> {
    let one = |number: usize| {
        let edit = Edit::default().name(name).unwrap();
        (rule_id(&number.to_string()), edit)
    };
    (1..=count).map(one).collect()
}

/// The name of a rule, and the number of writes that it took since it was made.
pub(super) async fn name_and_version(room: &Room<TriggerRule>, id: &str) -> (String, String) {
    let stored = room.wire.behind.get(&rule_id(id)).await.unwrap().content;
    let name = stored.value.name().unwrap().to_owned();
    (name, stored.version.unwrap().to_string())
}
