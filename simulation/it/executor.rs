//! Runs one world from a seed to its end: takes the next event, lets the task go on that waits for it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use crate::fault::{Fault, Weather};
use crate::history::History;
use crate::rng::Rng;
use crate::world::{Event, Shared, World, rule_id};
use crate::writers::{self, Habit};
use crate::wrong::Wrong;

/// When everything is over that can be under way, and reconcile has its last word.
const END: Duration = Duration::from_hours(1);

/// Whether somebody wants to read what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    Kept,
    NotKept,
}

/// A process: what it is at, and after how many of its steps it crashes.
struct Task {
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    crashes_after: Option<usize>,
}

/// Runs the world of a seed. With `wrong`, the first writer does it wrong.
pub(crate) fn run(seed: u64, wrong: Option<Wrong>, lines: Lines) -> History {
    let mut rng = Rng::with_seed(!seed);
    let weather = match rng.below(10) {
        0 => Weather::Calm,
        1..=3 => Weather::Fair,
        _ => Weather::Foul,
    };
    let rules = 1 + rng.below(2);
    let mut world = World::of_seed(seed, rules, weather);
    if lines == Lines::Kept {
        world.history.lines = Some(vec![format!("seed {seed}: {rules} rules, {weather:?} weather")]);
    }
    for _ in 0..rng.below(5) {
        let time = world.now + rng.between(Duration::ZERO, Duration::from_secs(20));
        world.at(time, Event::EditByOthers(rng.below(rules)));
    }
    let shared = Shared::new(world);
    let mut tasks = Vec::new();
    for writer in 0..2 + rng.below(4) {
        let habit = match (writer, wrong) {
            (0, Some(wrong)) => Habit::Wrong(wrong),
            (1, _) => Habit::PutsBack,
            (2, None) => Habit::ChangesWhatHeSaw,
            _ => Habit::Changes,
        };
        let crashes = weather != Weather::Calm && rng.in_thousand(150);
        tasks.push(Some(Task {
            future: Box::pin(writers::write(shared.clone(), writer, habit)),
            crashes_after: crashes.then(|| 1 + rng.below(60)),
        }));
    }
    let minutes = |rng: &mut Rng, from, to| rng.between(Duration::from_mins(from), Duration::from_mins(to));
    let first = minutes(&mut rng, 1, 12);
    let second = minutes(&mut rng, 14, 18);
    for after in [first, second, END] {
        let task = tasks.len();
        tasks.push(Some(Task {
            future: Box::pin(writers::reconcile(shared.clone(), task, after)),
            crashes_after: None,
        }));
    }
    for task in 0..tasks.len() {
        go_on(&shared, &mut tasks, task);
    }
    loop {
        let Some(event) = shared.world().next() else { break };
        if let Some(task) = happen(&shared, event) {
            go_on(&shared, &mut tasks, task);
        }
    }
    drop(tasks);
    std::mem::take(&mut shared.world().history)
}

/// Lets an event happen, and says which task waits for it.
fn happen(shared: &Shared, event: Event) -> Option<usize> {
    let mut world = shared.world();
    if world.now >= END {
        world.weather = Weather::Calm;
    }
    match event {
        Event::Wake(task) => Some(task),
        Event::Arrive(request) => {
            world.arrive(request);
            None
        }
        Event::Hear(request) => Some(world.hear(request)),
        Event::EditByOthers(rule) => {
            world.note(|_| format!("somebody else edits {}", rule_id(rule)));
            world.edit_by_others(rule);
            None
        }
    }
}

fn go_on(shared: &Shared, tasks: &mut [Option<Task>], number: usize) {
    let Some(task) = &mut tasks[number] else {
        return;
    };
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
        world.note(|_| format!("writer {number} crashes"));
    }
    if is_over || crashes {
        tasks[number] = None;
    }
}
