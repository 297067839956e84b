//! Who is at work in the simulated world: writers with the real updater, and reconcile.

use std::sync::Arc;
use std::time::Duration;

use app::{Reconciler, Updater};
use domain::merge::CrossFieldMerge;
use domain::protocol::{self, OnConflict, Outcome, Terms, Verdict};
use domain::{Kind, TriggerRule};
use ports::{Author, Sleeper};

use crate::client::{Client, TARGET, id_of, members_of};
use crate::content::{Content, MEMBERS, Wanted, values_of};
use crate::fault::{Fault, Weather};
use crate::history::{End, Told, UpdateRun};
use crate::world::{Shared, state_of, version};
use crate::wrong::{self, Wrong};

/// How a writer goes about it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Habit {
    /// Changes some members, by the real updater.
    Changes,
    /// Changes some members of a document that he saw at some time, by the real updater.
    ChangesWhatHeSaw,
    /// Puts back what he sees changed, by the real updater.
    PutsBack,
    /// Changes some members, and does it wrong.
    Wrong(Wrong),
}

/// One writer, from his first update to his last.
pub(crate) async fn write(shared: Shared, task: usize, habit: Habit) {
    let client = Client::new(shared, task);
    let (updates, rules) = {
        let mut world = client.shared.world();
        (1 + world.rng.below(3), world.history.rules.len())
    };
    let liked: Vec<Content> = (0..rules).map(|rule| current(&client, rule)).collect();
    for _ in 0..updates {
        let pause = {
            let longest = Duration::from_secs(8);
            client.shared.world().rng.between(Duration::ZERO, longest)
        };
        client.sleep(pause).await;
        let run = plan(&client, task, habit, &liked);
        let (rule, wanted, seen) = (run.rule, run.wanted, run.seen);
        let terms = terms(&client, &run);
        let update = client.shared.world().begin(run);
        client.carries_out(update);
        let told = match habit {
            Habit::Wrong(wrong) => wrong::update(&client, wrong, update, rule, wanted).await,
            Habit::Changes | Habit::ChangesWhatHeSaw | Habit::PutsBack => {
                by_the_updater(&client, rule, wanted, seen, terms).await
            }
        };
        let mut world = client.shared.world();
        world.note(|_| format!("u{update} is told: {told:?}"));
        world.history.updates[update].told = Some(told);
    }
}

fn current(client: &Client, rule: usize) -> Content {
    let world = client.shared.world();
    world.history.rules[rule]
        .last()
        .map(|state| state.content)
        .unwrap_or_default()
}

fn plan(client: &Client, writer: usize, habit: Habit, liked: &[Content]) -> UpdateRun {
    let rule = client.shared.world().rng.below(liked.len());
    let now = current(client, rule);
    let mut world = client.shared.world();
    let mut wanted = Wanted::default();
    if let Habit::PutsBack = habit {
        for member in now.differs(liked[rule]).filter(|member| *member < MEMBERS - 1) {
            wanted.0[member] = Some(liked[rule].0[member]);
        }
    }
    if wanted == Wanted::default() {
        for _ in 0..=world.rng.below(2) {
            let member = world.rng.below(MEMBERS - 1);
            wanted.0[member] = u8::try_from(world.rng.below(values_of(member))).ok();
        }
    }
    let states = world.history.rules[rule].len();
    let saw_one = matches!(habit, Habit::ChangesWhatHeSaw);
    UpdateRun {
        writer,
        rule,
        wanted,
        seen: saw_one.then(|| world.rng.below(states)),
        on_conflict: world.rng.pick(&[OnConflict::Fail, OnConflict::Merge, OnConflict::Ours]),
        accepts_group_merge: world.rng.in_thousand(250),
        requests: Vec::new(),
        entries: Vec::new(),
        told: None,
        is_unclear: false,
    }
}

fn terms(client: &Client, run: &UpdateRun) -> Terms {
    let mut world = client.shared.world();
    let newest = world.history.rules[run.rule].len() - 1;
    let names_a_version = world.rng.in_thousand(100);
    Terms {
        deadline: Duration::from_secs(world.rng.pick(&[120, 120, 30, 5])),
        expected: if names_a_version { version(newest) } else { None },
        on_conflict: run.on_conflict,
        group: if run.accepts_group_merge {
            CrossFieldMerge::Accept
        } else {
            CrossFieldMerge::Refuse
        },
        ..Terms::default()
    }
}

async fn by_the_updater(client: &Client, rule: usize, wanted: Wanted, seen: Option<usize>, terms: Terms) -> Told {
    let port = Arc::new(client.clone());
    let chances = client.shared.clone();
    let updater = Updater::<TriggerRule> {
        repository: port.clone(),
        ledger: port.clone(),
        target: TARGET.to_owned(),
        author: Author::default(),
        clock: port.clone(),
        sleeper: port,
        chance: Arc::new(move || chances.world().rng.unit()),
        budget: Arc::default(),
    };
    let stopped_after = {
        let mut world = client.shared.world();
        let is_stopped = world.weather != Weather::Calm && world.rng.in_thousand(60);
        is_stopped.then(|| world.rng.between(Duration::ZERO, Duration::from_secs(20)))
    };
    let stop = async {
        match stopped_after {
            Some(time) => {
                client.sleep(time).await;
                let mut world = client.shared.world();
                world.count(Fault::Stop);
                world.note(|_| "        stop!");
            }
            None => std::future::pending().await,
        }
    };
    let seen = seen.map(|state| client.shared.world().history.rules[rule][state].rule.clone());
    let wanted = match seen {
        None => protocol::Wanted::Wish(wanted.draft()),
        Some(seen) => protocol::Wanted::Change {
            change: seen.change(&wanted.draft()).unwrap(),
            seen,
        },
    };
    let report = updater.execute(&id_of(rule), wanted, terms, &|_| (), stop).await;
    told(&report.verdict)
}

fn told(verdict: &Verdict<TriggerRule>) -> Told {
    let end = match &verdict.outcome {
        Outcome::Applied => verdict.confirmed_by.map_or(End::Failed, End::Applied),
        Outcome::Unchanged => End::Unchanged,
        Outcome::Conflict(conflict) if conflict.expected.is_some() => End::NotTheNamedVersion,
        Outcome::Conflict(_) => End::Conflict,
        Outcome::Unknown => End::Unknown,
        Outcome::Rejected => End::Rejected,
        Outcome::Denied => End::Denied,
        Outcome::Failed => End::Failed,
        Outcome::Deferred { .. } => End::Deferred,
        Outcome::NotAttempted | Outcome::Planned => End::NotAttempted,
    };
    Told {
        end,
        overwrote: members_of(&verdict.overwrites),
        version_after: verdict.version_after.as_ref().and_then(state_of),
        attempts: verdict.attempts as usize,
    }
}

/// Somebody runs reconcile after a while.
pub(crate) async fn reconcile(shared: Shared, task: usize, after: Duration) {
    let client = Client::new(shared, task);
    client.sleep(after).await;
    let port = Arc::new(client.clone());
    let reconciler = Reconciler::<TriggerRule> {
        repository: port.clone(),
        ledger: port.clone(),
        target: TARGET.to_owned(),
        author: Author::default(),
        clock: port,
    };
    client.shared.world().note(|_| "reconcile begins");
    let found = reconciler.reconcile(|id| id.parse().ok()).await;
    let mut world = client.shared.world();
    for it in found.iter().flatten() {
        world.note(|_| format!("        reconcile finds entry {}: {:?}", it.entry.id.0, it.finding));
    }
}
