//! The processes in a world of plans: pipelines that plan and apply, others that apply their plans too, and rollbacks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::{
    AppliedPlan, Applier, DriftPolicy, FileContent, OnDrift, PlanRequest, PlannedAction, Planner, Reconciler, Report,
    ReviewedUpdate, RollbackTo, Updater, rollback,
};
use domain::Stored;
use domain::protocol::{OnConflict, UpdateOptions, UpdateRequest};
use domain::testing::Specimen;
use ports::{Author, Clock, DocumentRef, InMemoryLedger, Sleeper};

use super::listing::Listing;
use super::record::Record;
use super::review::{Plan, PlannedRun, Plans, RecordOf, Review};
use super::wrong_apply::WrongApply;
use crate::client::{Client, TARGET};
use crate::fault::{Fault, FaultRate};
use crate::history::{Base, State, UpdateRun};
use crate::vocabulary::{MemberValues, id_of, number_of};
use crate::world::{Shared, state_of};
use crate::writers;

/// The documents that are planned, and applied, at a time.
const PARALLELISM: usize = 3;

/// A world of plans, as its processes reach it.
pub(super) struct Setting<K: Specimen> {
    pub(super) shared: Shared<K>,
    pub(super) ledger: Arc<InMemoryLedger>,
    pub(super) plans: Arc<Mutex<Plans<K>>>,
    /// The way in which every pipeline does it wrong, if one does.
    pub(super) wrong: Option<WrongApply>,
}

impl<K: Specimen> Clone for Setting<K> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            ledger: self.ledger.clone(),
            plans: self.plans.clone(),
            wrong: self.wrong,
        }
    }
}

impl<K: Specimen> Setting<K> {
    pub(super) fn plans(&self) -> MutexGuard<'_, Plans<K>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pause(&self, client: &Client<K>, longest: Duration) {
        let time = self.shared.world().rng.between(Duration::ZERO, longest);
        client.sleep(time).await;
    }

    fn documents(&self) -> usize {
        self.shared.world().history.logs.len()
    }

    fn updater(&self, client: &Client<K>, ledger: &Arc<InMemoryLedger>, run: String) -> Updater<K> {
        let chances = self.shared.clone();
        let author = Author {
            run,
            ..Author::default()
        };
        let record = Record::new(client.clone(), ledger.clone(), self.wrong);
        Updater::<K>::builder(Arc::new(client.clone()))
            .ledger(Arc::new(record))
            .recorded_as(TARGET, author)
            .jitter(Arc::new(move || chances.world().rng.unit()))
            .build(Arc::new(client.clone()))
    }
}

/// A pipeline: it plans its files, waits for the review, and applies the plan, now and then again.
pub(super) async fn plan_and_apply<K: Specimen>(setting: Setting<K>, task: usize) {
    let client = Client::new(setting.shared.clone(), task);
    setting.pause(&client, Duration::from_secs(20)).await;
    let files = files(&setting);
    let plan = plan(&setting, &client, files).await;
    setting.pause(&client, Duration::from_secs(30)).await;
    let times = 1 + setting.shared.world().rng.below(2);
    for _ in 0..times {
        apply(&setting, task, plan).await;
        setting.pause(&client, Duration::from_mins(4)).await;
    }
}

/// A process that applies a plan of another one.
pub(super) async fn apply_again<K: Specimen>(setting: Setting<K>, task: usize) {
    let client = Client::new(setting.shared.clone(), task);
    setting.pause(&client, Duration::from_mins(3)).await;
    let plans = setting.plans().plans.len();
    if plans > 0 {
        let plan = setting.shared.world().rng.below(plans);
        apply(&setting, task, plan).await;
    }
}

/// A person who rolls a document back.
pub(super) async fn roll_back<K: Specimen>(setting: Setting<K>, task: usize) {
    let client = Client::new(setting.shared.clone(), task);
    setting.pause(&client, Duration::from_mins(3)).await;
    let document = {
        let documents = setting.documents();
        setting.shared.world().rng.below(documents)
    };
    let id = id_of::<K>(document);
    let of = DocumentRef {
        target: TARGET.to_owned(),
        kind: K::NAME.to_string(),
        id: id.to_string(),
    };
    let Ok(back) = rollback::<K>(&*setting.ledger, &of, RollbackTo::PreviousEntry).await else {
        return;
    };
    let update = {
        let mut world = setting.shared.world();
        let mut run = UpdateRun::new(task, document, Base::Read);
        run.on_conflict = OnConflict::Merge;
        if let UpdateRequest::Patch { patch, base } = &back.request {
            let vocabulary = &world.history.vocabulary;
            let [from, to] = [base, &patch.apply(base).unwrap()].map(|document| vocabulary.content(document));
            run.wanted = from.changes_to(to);
        }
        world.begin(run)
    };
    client.carries_out(document, update);
    let updater = setting.updater(&client, &setting.ledger, format!("rollback {task}"));
    let options = UpdateOptions::default();
    let report = updater
        .execute(&id, back.request, options, &|_| (), std::future::pending())
        .await;
    let mut world = setting.shared.world();
    let reported = writers::reported(&world.history.vocabulary, &report.completion, world.now);
    world.trace(|_| format!("u{update} is told: {reported:?}"));
    world.history.updates[update].reported = Some(reported);
}

/// Settles what is open.
pub(super) async fn reconcile<K: Specimen>(setting: Setting<K>, task: usize, after: Duration) {
    let client = Client::new(setting.shared.clone(), task);
    client.sleep(after).await;
    let reconciler = Reconciler::<K> {
        store: Arc::new(client.clone()),
        ledger: Arc::new(Record::new(client.clone(), setting.ledger.clone(), None)),
        target: TARGET.to_owned(),
        author: Author::default(),
        clock: Arc::new(client),
    };
    setting.shared.world().trace(|_| "reconcile begins");
    drop(reconciler.reconcile().await);
}

/// New values for some of the documents; now and then those that another plan asks for.
fn files<K: Specimen>(setting: &Setting<K>) -> BTreeMap<usize, MemberValues> {
    let others: Vec<_> = setting.plans().plans.iter().map(|plan| plan.files.clone()).collect();
    let mut world = setting.shared.world();
    if !others.is_empty() && world.rng.in_thousand(500) {
        let other = world.rng.below(others.len());
        return others.into_iter().nth(other).unwrap_or_default();
    }
    let vocabulary = world.history.vocabulary.clone();
    let mut files = BTreeMap::new();
    for document in 0..world.history.logs.len() {
        if world.rng.in_thousand(800) {
            let log = &world.history.logs[document];
            let now = log[log.len() - 1].value.clone();
            files.insert(document, vocabulary.any_member_values(&now, &mut world.rng));
        }
    }
    files
}

/// Plans files, and gives the number of the plan.
async fn plan<K: Specimen>(setting: &Setting<K>, client: &Client<K>, files: BTreeMap<usize, MemberValues>) -> usize {
    let created_at = client.now();
    let vocabulary = setting.shared.world().history.vocabulary.clone();
    let requests = files.iter().map(|(document, values)| {
        let edit = vocabulary.edit(values);
        PlanRequest {
            id: id_of::<K>(*document),
            request: Arc::new(move || UpdateRequest::Edit(edit.clone())),
        }
    });
    let planner = Planner {
        store: Arc::new(Listing(client.clone())),
        parallelism: PARALLELISM,
        keeps_stored: false,
        left_out: Vec::new(),
        drift: DriftPolicy {
            on_drift: OnDrift::Revert,
            ..DriftPolicy::default()
        },
        record: Some((setting.ledger.clone(), TARGET.to_owned())),
    };
    let found = planner.plan(requests.collect(), &|_| ()).await.unwrap();
    let (mut updates, mut reviews) = (BTreeMap::new(), BTreeMap::new());
    for document in found.documents {
        let PlannedAction::Update(update) = document.action else {
            continue;
        };
        let number = number_of::<K>(&document.id);
        let edit = vocabulary.edit(&files[&number]);
        let file = FileContent::of(&edit).ok();
        let listed = match setting.wrong {
            Some(WrongApply::WritesFromTheListing) => WrongApply::from_listing(client, number, edit),
            _ => None,
        };
        let update = listed.unwrap_or(*update);
        let world = setting.shared.world();
        let log = &world.history.logs[number];
        let state = state_read(log, update.before());
        let before = log[state].content;
        let wanted = vocabulary.wanted(&files[&number]);
        let review = Review {
            state,
            before,
            after: before.with(vocabulary.asked(wanted, before)),
        };
        reviews.insert(number, review);
        let seen = document.seen;
        let reviewed = ReviewedUpdate {
            update,
            seen,
            file,
            absent_intents: Vec::new(),
        };
        updates.insert(number, reviewed);
    }
    let made_at = client.elapsed();
    let mut plans = setting.plans();
    let number = plans.plans.len();
    setting.shared.world().trace(|_| format!("plan {number}: {reviews:?}"));
    plans.plans.push(Plan {
        applied: AppliedPlan {
            id: format!("plan {number}"),
            created_at,
        },
        made_at,
        files,
        updates,
        reviews,
    });
    number
}

/// The state that a document was read at: where the server has no versions, the newest with its content.
fn state_read<K: Specimen>(log: &[State<K>], read: &Stored<K>) -> usize {
    let stated = read.version.as_ref().and_then(state_of);
    let has_content = |state: &State<K>| state.value.has_content_of(&read.value);
    stated.or_else(|| log.iter().rposition(has_content)).unwrap()
}

/// Applies a plan in a run of its own.
async fn apply<K: Specimen>(setting: &Setting<K>, task: usize, number: usize) {
    let client = Client::new(setting.shared.clone(), task);
    let plan = setting.plans().plans[number].clone();
    let (options, record) = {
        let mut world = setting.shared.world();
        let on_conflict = world.rng.pick(&[OnConflict::Fail, OnConflict::Fail, OnConflict::Merge]);
        let options = UpdateOptions {
            on_conflict,
            deadline: Duration::from_secs(world.rng.pick(&[120, 120, 30])),
            ..UpdateOptions::default()
        };
        // Why with `Fail` alone: a merge over what the record does not know of may be one over what it knows to be undone.
        let is_elsewhere = on_conflict == OnConflict::Fail && world.rng.in_thousand(150);
        let record = if is_elsewhere {
            RecordOf::ThisRun
        } else {
            RecordOf::Everyone
        };
        (options, record)
    };
    let updates: Vec<usize> = plan
        .reviews
        .iter()
        .map(|(document, review)| {
            let mut run = UpdateRun::new(task, *document, Base::Reviewed(review.state));
            let mut world = setting.shared.world();
            run.wanted = review.shown();
            run.on_conflict = options.on_conflict;
            let update = world.begin(run);
            world.trace(|_| format!("u{update} is of plan {number}, recorded by {record:?}"));
            client.carries_out(*document, update);
            let run = PlannedRun {
                plan: number,
                record,
                is_recorded: false,
            };
            setting.plans().runs.insert(update, run);
            update
        })
        .collect();
    let ledger = match record {
        RecordOf::Everyone => setting.ledger.clone(),
        RecordOf::ThisRun => Arc::default(),
    };
    let (mut reviewed, mut asked) = (Vec::new(), ledger.clone());
    for (document, update) in plan.updates {
        reviewed.push(match setting.wrong {
            Some(wrong) => wrong.refreshed(&client, document, update).await,
            None => update,
        });
    }
    if let Some(wrong) = setting.wrong {
        asked = wrong.record(&ledger, &plan.applied.id).await.unwrap_or(asked);
    }
    let stops_on_first = setting.shared.world().rng.in_thousand(100);
    let applier = Applier {
        updater: setting.updater(&client, &ledger, format!("run of {}", updates.first().unwrap_or(&0))),
        history: asked,
        plan: plan.applied,
        parallelism: PARALLELISM,
        stops_on_first,
    };
    let ended = |index: usize, report: &Report<K>| {
        let mut world = setting.shared.world();
        let reported = writers::reported(&world.history.vocabulary, &report.completion, world.now);
        let update = updates[index];
        world.trace(|_| format!("u{update} is told: {reported:?}"));
        world.history.updates[update].reported = Some(reported);
        if let Some(run) = setting.plans().runs.get_mut(&update) {
            run.is_recorded = report.unrecorded.is_none();
        }
    };
    let is_stopped = AtomicBool::new(false);
    let stop = stop(setting, &client, &is_stopped);
    drop(applier.apply(reviewed, &options, &|_, _| (), &ended, &stop).await);
}

/// Stops a run at a time, or never.
fn stop<'s, K: Specimen>(
    setting: &'s Setting<K>,
    client: &'s Client<K>,
    is_stopped: &'s AtomicBool,
) -> impl Fn() -> futures_util::future::BoxFuture<'s, ()> + Sync + 's {
    let at = {
        let mut world = setting.shared.world();
        let stops = world.fault_rate != FaultRate::Zero && world.rng.in_thousand(60);
        stops.then(|| world.now + world.rng.between(Duration::ZERO, Duration::from_secs(20)))
    };
    move || {
        Box::pin(async move {
            let Some(at) = at else {
                return std::future::pending().await;
            };
            let now = setting.shared.world().now;
            client.sleep(at.saturating_sub(now)).await;
            if !is_stopped.swap(true, Ordering::Relaxed) {
                let mut world = setting.shared.world();
                world.count(Fault::Stop);
                world.trace(|_| "        stop!");
            }
        })
    }
}
