//! Small worlds, exhaustively: two updates of one rule, and every order of everything that the server, the network
//! and other people may do to them, with so many faults in all. The protocol itself is the state, so a state that was
//! reached before is not looked at again. Time is left out, but for the deadline, which may pass at any moment.

mod model;

use std::collections::HashSet;
use std::rc::Rc;
use std::thread;
use std::time::Instant;

use domain::protocol::OnConflict;

use crate::content::Wanted;
use crate::soak::number;
use model::{Model, Move};

/// Faults in one small world, in all; `ASSIST_RULES_FAULTS` sets another number.
const FAULTS: u8 = 2;

/// How a state was reached, last first.
struct Path {
    last: Move,
    before: Option<Rc<Path>>,
}

/// What was found in small worlds.
#[derive(Default)]
struct Explored {
    states: usize,
    moves: usize,
    ends: usize,
}

fn steps(path: Option<&Rc<Path>>) -> Vec<String> {
    let mut steps = Vec::new();
    let mut next = path;
    while let Some(path) = next {
        steps.push(format!("{:?}", path.last));
        next = path.before.as_ref();
    }
    steps.reverse();
    steps
}

impl Explored {
    /// Looks at every state that can be reached from one, and panics on the first broken promise.
    fn explore(&mut self, start: Model) {
        let name = start.name();
        let mut seen = HashSet::from([start.key()]);
        let mut open: Vec<(Model, Option<Rc<Path>>)> = vec![(start, None)];
        while let Some((model, path)) = open.pop() {
            self.states += 1;
            if model.is_over() {
                self.ends += 1;
            }
            for next in model.moves() {
                self.moves += 1;
                let path = Some(Rc::new(Path {
                    last: next,
                    before: path.clone(),
                }));
                let mut after = model.clone();
                if let Err(what) = after.go(next) {
                    panic!("{name}: {what}, after\n  {}", steps(path.as_ref()).join("\n  "));
                }
                if seen.insert(after.key()) {
                    open.push((after, path));
                }
            }
        }
    }
}

fn wanted(members: &[(usize, u8)]) -> Wanted {
    let mut wanted = Wanted::default();
    for (member, digit) in members {
        wanted.0[*member] = Some(*digit);
    }
    wanted
}

#[test]
fn no_bad_end_is_reachable_in_small_worlds() {
    const NAME: usize = 0;
    const DESCRIPTION: usize = 1;
    const ENABLED: usize = 2;
    const ACTIONS: usize = 4;
    let faults = number("ASSIST_RULES_FAULTS").and_then(|faults| u8::try_from(faults).ok());
    let faults = faults.unwrap_or(FAULTS);
    let started = Instant::now();
    let wishes = [
        // The same field; different ones; both fields of both; the same value; what belongs together.
        [wanted(&[(NAME, 1)]), wanted(&[(NAME, 2)])],
        [wanted(&[(NAME, 1)]), wanted(&[(DESCRIPTION, 1)])],
        [
            wanted(&[(NAME, 1), (DESCRIPTION, 1)]),
            wanted(&[(NAME, 0), (DESCRIPTION, 2)]),
        ],
        [wanted(&[(NAME, 1)]), wanted(&[(NAME, 1)])],
        [wanted(&[(ENABLED, 1)]), wanted(&[(ACTIONS, 1)])],
    ];
    let policies = [
        [OnConflict::Merge, OnConflict::Merge],
        [OnConflict::Fail, OnConflict::Ours],
        [OnConflict::Ours, OnConflict::Merge],
    ];
    let worlds: Vec<Model> = wishes
        .into_iter()
        .flat_map(|wishes| policies.map(|policies| Model::new(wishes, policies, faults)))
        .collect();
    let explore = |worlds: &[Model]| {
        let mut explored = Explored::default();
        for world in worlds {
            explored.explore(world.clone());
        }
        explored
    };
    let (some, others) = worlds.split_at(worlds.len() / 2);
    let [some, others] = thread::scope(|scope| {
        let some = scope.spawn(|| explore(some));
        let others = explore(others);
        [some.join().unwrap(), others]
    });
    println!(
        "small worlds: {}, at most {faults} faults in each; states: {}, moves: {}, ends: {}; {:.1} s",
        worlds.len(),
        some.states + others.states,
        some.moves + others.moves,
        some.ends + others.ends,
        started.elapsed().as_secs_f64()
    );
}
