//! Runs one world from a seed to its end: takes the next event, lets the task go on that waits for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use domain::testing::Specimen;

use crate::fault::{Fault, FaultRate};
use crate::history::History;
use crate::rng::Rng;
use crate::vocabulary::Vocabulary;
use crate::world::{Event, LATENCY, Shared, World};
use crate::writers::{self, WriterStrategy};
use crate::wrong::{self, Wrong};

/// The time when nothing can be under way any more, and reconcile has its last word.
pub(crate) const END: Duration = Duration::from_hours(1);

/// A switch: keep the lines of the history for a reader, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    Kept,
    NotKept,
}

/// A process: what it is at, and after how many of its steps it crashes.
pub(crate) struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    crashes_after: Option<usize>,
}

impl Task {
    pub(crate) fn new(future: impl Future<Output = ()> + 'static, crashes_after: Option<usize>) -> Self {
        Self {
            future: Box::pin(future),
            crashes_after,
        }
    }
}

/// Runs the world of a seed. With `wrong`, the first writer does it wrong, or reconcile does.
pub(crate) fn run<K: Specimen>(
    seed: u64,
    vocabulary: &Arc<Vocabulary<K>>,
    wrong: Option<Wrong>,
    lines: Lines,
) -> History<K> {
    run_at(LATENCY, seed, vocabulary, wrong, lines)
}

/// The same with another latency.
pub(crate) fn run_at<K: Specimen>(
    latency: Duration,
    seed: u64,
    vocabulary: &Arc<Vocabulary<K>>,
    wrong: Option<Wrong>,
    lines: Lines,
) -> History<K> {
    let mut rng = Rng::with_seed(!seed);
    let fault_rate = match rng.below(10) {
        0 => FaultRate::Zero,
        1..=3 => FaultRate::Low,
        _ => FaultRate::High,
    };
    let documents = 1 + rng.below(2);
    let mut world = World::new(seed, vocabulary.clone(), documents, fault_rate);
    world.latency = latency;
    if lines == Lines::Kept {
        let kind = K::NAME;
        world.history.lines = Some(vec![format!(
            "seed {seed}: {documents} of {kind}, faults: {fault_rate:?}"
        )]);
    }
    for _ in 0..rng.below(5) {
        let time = world.now + rng.between(Duration::ZERO, Duration::from_secs(20));
        world.at(time, Event::EditByOthers(rng.below(documents)));
    }
    let writers = 2 + rng.below(4);
    world.history.writers = writers;
    let shared = Shared::new(world);
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let strategy = match (writer, wrong) {
            (0, Some(wrong)) if !wrong.is_of_reconcile() => WriterStrategy::Wrong(wrong),
            (0, _) => WriterStrategy::AppliesPlan,
            (1, _) => WriterStrategy::Reverts,
            (2, None) => WriterStrategy::PatchesWhatItSaw,
            _ => WriterStrategy::Edits,
        };
        let crashes = fault_rate != FaultRate::Zero && rng.in_thousand(150);
        let crashes_after = crashes.then(|| 1 + rng.below(60));
        tasks.push(Task::new(
            writers::write(shared.clone(), writer, strategy),
            crashes_after,
        ));
    }
    let minutes = |rng: &mut Rng, from, to| rng.between(Duration::from_mins(from), Duration::from_mins(to));
    let first = minutes(&mut rng, 1, 12);
    let second = minutes(&mut rng, 14, 18);
    for after in [first, second, END] {
        let task = tasks.len();
        tasks.push(if wrong.is_some_and(Wrong::is_of_reconcile) {
            Task::new(wrong::reconcile(shared.clone(), task, after), None)
        } else {
            Task::new(writers::reconcile(shared.clone(), task, after), None)
        });
    }
    drive(&shared, tasks);
    std::mem::replace(&mut shared.world().history, History::new(vocabulary.clone()))
}

/// Lets one event after the other happen, until there is none.
pub(crate) fn drive<K: Specimen>(shared: &Shared<K>, tasks: Vec<Task>) {
    let mut tasks: Vec<Option<Task>> = tasks.into_iter().map(Some).collect();
    for task in 0..tasks.len() {
        go_on(shared, &mut tasks, task);
    }
    loop {
        let Some(event) = shared.world().next() else { break };
        if let Some(task) = happen(shared, event) {
            go_on(shared, &mut tasks, task);
        }
    }
}

/// Lets an event happen, and says which task waits for it.
fn happen<K: Specimen>(shared: &Shared<K>, event: Event) -> Option<usize> {
    let mut world = shared.world();
    if world.now >= END {
        world.fault_rate = FaultRate::Zero;
    }
    match event {
        Event::Wake(task) => return Some(task),
        Event::Hear(request) => return Some(world.hear(request)),
        Event::Arrive(request) => world.arrive(request),
        Event::ArriveAgain(request) => world.arrive_again(request),
        Event::EditByOthers(document) => world.edit_by_others(document),
        Event::SaveByOthers(page) => world.save_by_others(page),
    }
    None
}

fn go_on<K: Specimen>(shared: &Shared<K>, tasks: &mut [Option<Task>], number: usize) {
    let Some(task) = &mut tasks[number] else {
        return;
    };
    let waiting = shared.world().wakers_of(number);
    waiting.into_iter().for_each(Waker::wake);
    let is_over = task
        .future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_ready();
    let crashes = match &mut task.crashes_after {
        Some(0) => true,
        Some(left) => {
            *left -= 1;
            false
        }
        None => false,
    };
    if crashes && !is_over {
        let mut world = shared.world();
        world.count(Fault::Crash);
        world.trace(|_| format!("writer {number} crashes"));
    }
    if is_over || crashes {
        tasks[number] = None;
    }
}
