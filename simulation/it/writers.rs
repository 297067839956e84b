//! The processes in the simulated world: writers with the real updater, and reconcile.

use std::sync::Arc;
use std::time::Duration;

use app::{Reconciler, Updater};
use domain::document::CrossFieldMerge;
use domain::protocol::{Completion, OnConflict, Outcome, PriorWrite, UpdateOptions, UpdateRequest};
use domain::testing::Specimen;
use ports::{Author, Sleeper};

use crate::client::{Client, TARGET};
use crate::content::Wanted;
use crate::fault::{Fault, FaultRate};
use crate::history::{Base, ReportedOutcome, UpdateRun};
use crate::vocabulary::{MemberValues, Vocabulary, has_versions, id_of};
use crate::world::{Shared, state_of, version};
use crate::wrong::{self, Wrong};

/// The strategy of a writer. All but the last use the real updater.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WriterStrategy {
    /// Changes some members.
    Edits,
    /// Changes some members of a document as it was seen at some time.
    PatchesWhatItSaw,
    /// Writes what was reviewed, every other time.
    AppliesPlan,
    /// Puts back what others changed.
    Reverts,
    /// Changes some members, and does it wrong.
    Wrong(Wrong),
}

/// One writer, from the first update to the last.
pub(crate) async fn write<K: Specimen>(shared: Shared<K>, task: usize, strategy: WriterStrategy) {
    let client = Client::new(shared, task);
    let vocabulary = client.shared.world().history.vocabulary.clone();
    let (updates, documents) = {
        let mut world = client.shared.world();
        (1 + world.rng.below(3), world.history.logs.len())
    };
    let liked: Vec<K> = (0..documents).map(|document| current(&client, document)).collect();
    for _ in 0..updates {
        let pause = {
            let longest = Duration::from_secs(8);
            client.shared.world().rng.between(Duration::ZERO, longest)
        };
        client.sleep(pause).await;
        let (run, member_values) = plan(&client, &vocabulary, task, strategy, &liked);
        let (document, base) = (run.document, run.base);
        let options = options(&client, &run);
        let update = client.shared.world().begin(run);
        client.carries_out(document, update);
        let reported = match strategy {
            WriterStrategy::Wrong(wrong) => {
                wrong::update(&client, wrong, update, document, &vocabulary.patch(&member_values)).await
            }
            WriterStrategy::Edits
            | WriterStrategy::PatchesWhatItSaw
            | WriterStrategy::AppliesPlan
            | WriterStrategy::Reverts => {
                let request = request(&client, &vocabulary, &member_values, document, base);
                by_the_updater(&client, document, request, options).await
            }
        };
        let mut world = client.shared.world();
        world.trace(|_| format!("u{update} is told: {reported:?}"));
        world.history.updates[update].reported = Some(reported);
    }
}

fn current<K: Specimen>(client: &Client<K>, document: usize) -> K {
    let world = client.shared.world();
    let log = &world.history.logs[document];
    log[log.len() - 1].value.clone()
}

fn plan<K: Specimen>(
    client: &Client<K>,
    vocabulary: &Vocabulary<K>,
    writer: usize,
    strategy: WriterStrategy,
    liked: &[K],
) -> (UpdateRun, MemberValues) {
    let document = client.shared.world().rng.below(liked.len());
    let now = current(client, document);
    let mut world = client.shared.world();
    let mut member_values = MemberValues::new();
    if let WriterStrategy::Reverts = strategy {
        let (now, liked) = (vocabulary.content(&now), vocabulary.content(&liked[document]));
        let mut wanted = Wanted::default();
        for slot in now.differs(liked).filter(|slot| !vocabulary.is_unknown_member(*slot)) {
            wanted.0[slot] = Some(liked.0[slot]);
        }
        member_values = vocabulary.member_values(&current_of(&world.history.logs[document]), wanted);
    }
    if member_values.is_empty() {
        member_values = vocabulary.any_member_values(&now, &mut world.rng);
    }
    let states = world.history.logs[document].len();
    let base = match strategy {
        WriterStrategy::PatchesWhatItSaw => Base::Observed(world.rng.below(states)),
        WriterStrategy::AppliesPlan if world.rng.in_thousand(500) => {
            let is_fresh = world.rng.in_thousand(700);
            Base::Reviewed(if is_fresh { states - 1 } else { world.rng.below(states) })
        }
        WriterStrategy::AppliesPlan | WriterStrategy::Edits | WriterStrategy::Reverts | WriterStrategy::Wrong(_) => {
            Base::Read
        }
    };
    let run = UpdateRun {
        wanted: vocabulary.wanted(&member_values),
        on_conflict: world.rng.pick(&[OnConflict::Fail, OnConflict::Merge, OnConflict::Ours]),
        accepts_group_merge: world.rng.in_thousand(250),
        ..UpdateRun::new(writer, document, base)
    };
    (run, member_values)
}

fn current_of<K: Clone>(log: &[crate::history::State<K>]) -> K {
    log[log.len() - 1].value.clone()
}

fn options<K: Specimen>(client: &Client<K>, run: &UpdateRun) -> UpdateOptions {
    let mut world = client.shared.world();
    let newest = world.history.logs[run.document].len() - 1;
    let names_a_version = world.rng.in_thousand(100) && has_versions::<K>() && !matches!(run.base, Base::Reviewed(_));
    UpdateOptions {
        deadline: Duration::from_secs(world.rng.pick(&[120, 120, 30, 5])),
        expected_version: if names_a_version { version(newest) } else { None },
        on_conflict: run.on_conflict,
        cross_field_merge: if run.accepts_group_merge {
            CrossFieldMerge::Accept
        } else {
            CrossFieldMerge::Refuse
        },
        ..UpdateOptions::default()
    }
}

fn request<K: Specimen>(
    client: &Client<K>,
    vocabulary: &Vocabulary<K>,
    member_values: &MemberValues,
    document: usize,
    base: Base,
) -> UpdateRequest<K> {
    let edit = vocabulary.edit(member_values);
    let reviewed = |state| client.reviewed(&id_of::<K>(document), state);
    match base {
        Base::Read => UpdateRequest::Edit(edit),
        Base::Observed(state) => {
            let base = reviewed(state).value;
            let patch = edit.resolve(&base).unwrap();
            UpdateRequest::Patch { patch, base }
        }
        Base::Reviewed(state) => {
            let base = reviewed(state);
            let patch = edit.resolve(&base.value).unwrap();
            UpdateRequest::Planned {
                patch,
                base,
                prior: PriorWrite::None,
            }
        }
    }
}

async fn by_the_updater<K: Specimen>(
    client: &Client<K>,
    document: usize,
    request: UpdateRequest<K>,
    options: UpdateOptions,
) -> ReportedOutcome {
    let port = Arc::new(client.clone());
    let chances = client.shared.clone();
    let updater = Updater::<K>::builder(port.clone())
        .ledger(port.clone())
        .recorded_as(TARGET, Author::default())
        .jitter(Arc::new(move || chances.world().rng.unit()))
        .build(port);
    let stopped_after = {
        let mut world = client.shared.world();
        let is_stopped = world.fault_rate != FaultRate::Zero && world.rng.in_thousand(60);
        is_stopped.then(|| world.rng.between(Duration::ZERO, Duration::from_secs(20)))
    };
    let stop = async {
        match stopped_after {
            Some(time) => {
                client.sleep(time).await;
                let mut world = client.shared.world();
                world.count(Fault::Stop);
                world.trace(|_| "        stop!");
            }
            None => std::future::pending().await,
        }
    };
    let id = id_of::<K>(document);
    let report = updater.execute(&id, request, options, &|_| (), stop).await;
    let world = client.shared.world();
    reported(&world.history.vocabulary, &report.completion, world.now)
}

pub(crate) fn reported<K: Specimen>(
    vocabulary: &Vocabulary<K>,
    completion: &Completion<K>,
    at: Duration,
) -> ReportedOutcome {
    let outcome = &completion.outcome;
    let overwrites = outcome.write().map(|write| write.overwrites.as_slice());
    ReportedOutcome {
        outcome: outcome.kind(),
        evidence: outcome.evidence(),
        is_named_version: matches!(outcome, Outcome::Conflict(conflict) if conflict.expected.is_some()),
        warnings: outcome.findings().iter().map(|finding| finding.code).collect(),
        overwrote: vocabulary.slots_of(overwrites.unwrap_or_default()),
        version_after: outcome.after().1.and_then(state_of),
        attempts: completion.attempts as usize,
        at,
    }
}

/// Runs reconcile after a while.
pub(crate) async fn reconcile<K: Specimen>(shared: Shared<K>, task: usize, after: Duration) {
    let client = Client::new(shared, task);
    client.sleep(after).await;
    let port = Arc::new(client.clone());
    let reconciler = Reconciler::<K> {
        store: port.clone(),
        ledger: port.clone(),
        target: TARGET.to_owned(),
        author: Author::default(),
        clock: port,
    };
    client.shared.world().trace(|_| "reconcile begins");
    let found = reconciler.reconcile().await;
    let mut world = client.shared.world();
    for it in found.iter().flatten() {
        world.trace(|_| format!("        reconcile finds entry {}: {:?}", it.entry.id.0, it.settlement));
    }
}
