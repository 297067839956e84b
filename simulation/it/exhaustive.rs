//! Small worlds, exhaustively: two updates of one document, and every order of everything that the server, the network
//! and other people may do to them, with so many faults in all. The protocol itself is the state, so a state that was
//! reached before is not looked at again. Time is left out, but for the deadline, which may pass at any moment.

mod model;

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use domain::protocol::OnConflict;
use domain::testing::{Specimen, Toy};

use crate::soak::number;
use crate::vocabulary::Vocabulary;
use model::{Model, Move, Task};

/// Faults in one small world, in all; `ASSIST_RULES_FAULTS` sets another number.
const FAULTS: u8 = 2;

/// The moves to a state, last first.
struct Path {
    last: Move,
    before: Option<Rc<Path>>,
}

/// Counts of small worlds.
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
    fn explore<K: Specimen>(&mut self, start: Model<K>) {
        let name = start.name();
        let mut seen = HashSet::from([start.key()]);
        let mut open: Vec<(Model<K>, Option<Rc<Path>>)> = vec![(start, None)];
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

/// The members and values that an update names, by their numbers; a policy; and whether it was reviewed.
type Given = (&'static [(usize, usize)], OnConflict, bool);

/// Explores the world of each pair of updates.
fn no_bad_end_is_reachable<K: Specimen>(vocabulary: Vocabulary<K>, pairs: &[[Given; 2]]) {
    let vocabulary = Arc::new(vocabulary);
    let faults = number("ASSIST_RULES_FAULTS").and_then(|faults| u8::try_from(faults).ok());
    let faults = faults.unwrap_or(FAULTS);
    let started = Instant::now();
    let world = |pair: &[Given; 2]| {
        let [first, second] = pair.map(|(members, on_conflict, is_planned)| Task {
            member_values: vocabulary.member_values_of(members),
            on_conflict,
            is_planned,
        });
        Model::new(&vocabulary, [&first, &second], faults)
    };
    let worlds: Vec<Model<K>> = pairs.iter().map(world).collect();
    let explore = |worlds: &[Model<K>]| {
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
        "{}: small worlds: {}, at most {faults} faults in each; states: {}, moves: {}, ends: {}; {:.1} s",
        K::NAME,
        worlds.len(),
        some.states + others.states,
        some.moves + others.moves,
        some.ends + others.ends,
        started.elapsed().as_secs_f64()
    );
}

#[test]
fn no_bad_end_is_reachable_in_small_worlds() {
    const NAME: usize = 0;
    const DESCRIPTION: usize = 1;
    const ENABLED: usize = 2;
    const ACTIONS: usize = 4;
    let wishes: [[&[(usize, usize)]; 2]; 5] = [
        // The same member; different ones; both members of both; the same value; what belongs together.
        [&[(NAME, 1)], &[(NAME, 2)]],
        [&[(NAME, 1)], &[(DESCRIPTION, 1)]],
        [&[(NAME, 1), (DESCRIPTION, 1)], &[(NAME, 0), (DESCRIPTION, 2)]],
        [&[(NAME, 1)], &[(NAME, 1)]],
        [&[(ENABLED, 1)], &[(ACTIONS, 1)]],
    ];
    let policies = [
        [OnConflict::Merge, OnConflict::Merge],
        [OnConflict::Fail, OnConflict::Ours],
        [OnConflict::Ours, OnConflict::Merge],
    ];
    let edits = wishes.iter().flat_map(|wishes| {
        policies.map(|policies| [0, 1].map(|writer: usize| (wishes[writer], policies[writer], false)))
    });
    let planned: [[Given; 2]; 2] = [
        [
            (&[(NAME, 1)], OnConflict::Fail, true),
            (&[(DESCRIPTION, 1)], OnConflict::Merge, false),
        ],
        [
            (&[(NAME, 1)], OnConflict::Merge, true),
            (&[(NAME, 2)], OnConflict::Ours, false),
        ],
    ];
    let pairs: Vec<[Given; 2]> = edits.chain(planned).collect();
    no_bad_end_is_reachable(Vocabulary::of_rules(), &pairs);
}

#[test]
fn small_worlds_of_toys_end_well() {
    const TITLE: usize = 0;
    const LIST: usize = 1;
    let pairs: [[Given; 2]; 3] = [
        [
            (&[(TITLE, 1)], OnConflict::Merge, false),
            (&[(TITLE, 2)], OnConflict::Ours, false),
        ],
        [
            (&[(LIST, 1)], OnConflict::Merge, false),
            (&[(LIST, 2)], OnConflict::Merge, false),
        ],
        [
            (&[(TITLE, 1)], OnConflict::Fail, true),
            (&[(LIST, 3)], OnConflict::Merge, true),
        ],
    ];
    no_bad_end_is_reachable(Vocabulary::<Toy>::of_specimen(), &pairs);
}
