//! The simulated world: time that goes from event to event, and a server that keeps a log of everything it accepted.

mod pages;
mod server;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use domain::Version;
use domain::testing::Specimen;

use crate::fault::{Fault, FaultRate, Purpose};
use crate::history::{Author, Call, History, Request, State, UpdateRun};
use crate::rng::Rng;
use crate::vocabulary::{Vocabulary, has_versions, id_of};
use pages::OpenPage;

/// The longest time for which a request, or its answer, is on the way, where a world has no other.
pub(crate) const LATENCY: Duration = Duration::from_millis(400);

/// The time after which a client stops waiting for an answer.
const TRY: Duration = Duration::from_secs(15);

/// The longest time after which something on the way repeats a request: three fit into the time that its client waits.
const LONGEST_REPEAT: Duration = Duration::from_secs(4);

/// The time after which a write that was sent does not arrive any more.
const LATEST: Duration = Duration::from_secs(899);

/// An event at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A task may go on.
    Wake(usize),
    /// A request reaches the server.
    Arrive(usize),
    /// A request reaches the server once more.
    ArriveAgain(usize),
    /// The answer to a request, or its absence, reaches the client.
    Hear(usize),
    /// A person opens a document in the platform's own pages, or its version moves by itself.
    EditByOthers(usize),
    /// A person saves the page of that number.
    SaveByOthers(usize),
}

/// One world.
pub(crate) struct World<K: Specimen> {
    pub(crate) now: Duration,
    queue: BTreeMap<(Duration, u64), Event>,
    events: u64,
    /// The wakers of what waits in each task.
    wakers: BTreeMap<usize, Vec<Waker>>,
    pub(crate) rng: Rng,
    pub(crate) fault_rate: FaultRate,
    /// The longest time for which a request, or its answer, is on the way.
    pub(crate) latency: Duration,
    pages: Vec<OpenPage<K>>,
    pub(crate) history: History<K>,
}

/// A world that clients share.
pub(crate) struct Shared<K: Specimen>(Arc<Mutex<World<K>>>);

impl<K: Specimen> Clone for Shared<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Specimen> Shared<K> {
    pub(crate) fn new(world: World<K>) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Specimen> World<K> {
    pub(crate) fn new(seed: u64, vocabulary: Arc<Vocabulary<K>>, documents: usize, fault_rate: FaultRate) -> Self {
        let start = |document| {
            let value = vocabulary.stamped(&vocabulary.start(document), 0);
            State {
                content: vocabulary.content(&value),
                value,
                by: Author::Start,
                since: Duration::ZERO,
            }
        };
        let logs = (0..documents).map(|document| vec![start(document)]).collect();
        Self {
            now: Duration::from_secs(10),
            queue: BTreeMap::new(),
            events: 0,
            wakers: BTreeMap::new(),
            rng: Rng::with_seed(seed),
            fault_rate,
            latency: LATENCY,
            pages: Vec::new(),
            history: History {
                logs,
                fault_rate,
                ..History::new(vocabulary)
            },
        }
    }

    pub(crate) fn at(&mut self, time: Duration, event: Event) {
        self.events += 1;
        self.queue.insert((time, self.events), event);
    }

    pub(crate) fn next(&mut self) -> Option<Event> {
        let ((time, _), event) = self.queue.pop_first()?;
        self.now = self.now.max(time);
        Some(event)
    }

    /// Lets a part of a task wait until the task goes on.
    pub(crate) fn wakes<T>(&mut self, task: usize, waker: &Waker) -> Poll<T> {
        self.wakers.entry(task).or_default().push(waker.clone());
        Poll::Pending
    }

    /// Everything that waits in a task.
    pub(crate) fn wakers_of(&mut self, task: usize) -> Vec<Waker> {
        self.wakers.remove(&task).unwrap_or_default()
    }

    /// Keeps a line of the history, if it is to be read.
    pub(crate) fn trace<T: Display>(&mut self, line: impl FnOnce(&Self) -> T) {
        if self.history.lines.is_some() {
            let line = format!("{:>9.3} s  {}", self.now.as_secs_f64(), line(self));
            self.history.lines.get_or_insert_default().push(line);
        }
    }

    pub(crate) fn count(&mut self, fault: Fault) {
        self.history.faults[fault as usize] += 1;
    }

    pub(crate) fn begin(&mut self, run: UpdateRun) -> usize {
        let number = self.history.updates.len();
        self.trace(|world| {
            let (writer, document) = (run.writer, id_of::<K>(run.document));
            let wanted = world.history.vocabulary.show(run.wanted);
            format!(
                "u{number} begins: writer {writer} wants {wanted} in {document}, {:?}, {:?}",
                run.base, run.on_conflict
            )
        });
        self.history.updates.push(run);
        number
    }

    /// Sends a request, and arranges what becomes of it.
    pub(crate) fn send(&mut self, update: Option<usize>, task: usize, document: usize, call: Call<K>) -> usize {
        let number = self.history.requests.len();
        let purpose = match call {
            Call::Read => Purpose::Read,
            Call::Write { .. } => Purpose::Write,
        };
        let is_indeterminate = update.is_some_and(|update| self.history.updates[update].is_indeterminate);
        let fault = self.fault_rate.fault_of(&mut self.rng, purpose, is_indeterminate);
        let fault = fault.filter(|fault| *fault != Fault::TagLost || has_versions::<K>());
        self.schedule(number, fault);
        self.trace(|world| {
            let who = update.map_or("reconcile".to_owned(), |update| format!("u{update}"));
            let what = match &call {
                Call::Read => "reads".to_owned(),
                Call::Write { body, under } => {
                    let under = under.map_or("anything".to_owned(), |under| format!("v{under}"));
                    let vocabulary = &world.history.vocabulary;
                    format!(
                        "writes {} under {under}",
                        vocabulary.show_content(vocabulary.content(body))
                    )
                }
            };
            let fault = fault.map_or(String::new(), |fault| format!(" [{fault:?}]"));
            format!("{who} {what} in {} (request {number}){fault}", id_of::<K>(document))
        });
        if let Some(update) = update {
            self.history.updates[update].requests.push(number);
        }
        self.history.requests.push(Request {
            update,
            task,
            document,
            call,
            fault,
            is_intended: false,
            answer: None,
            is_heard: false,
            shown: None,
            newest: 0,
            made: None,
        });
        number
    }

    /// Plans when a request arrives, and when its answer is heard.
    fn schedule(&mut self, number: usize, fault: Option<Fault>) {
        let (soon, later) = (Duration::from_millis(5), self.latency);
        let there = self.now + self.rng.between(soon, later);
        let back = there + self.rng.between(soon, later);
        let lost = if self.rng.in_thousand(500) {
            back
        } else {
            self.now + TRY
        };
        match fault {
            Some(Fault::NotSent | Fault::LostBefore) => {
                let heard = if fault == Some(Fault::NotSent) { there } else { lost };
                self.at(heard, Event::Hear(number));
            }
            Some(Fault::Late) => {
                let arrives = self.late(TRY);
                self.at(self.now + arrives, Event::Arrive(number));
                self.at(self.now + TRY, Event::Hear(number));
            }
            Some(Fault::AcceptedLater) => {
                let arrives = self.rng.between(soon, Duration::from_secs(4));
                self.at(there + arrives, Event::Arrive(number));
                self.at(back, Event::Hear(number));
            }
            Some(Fault::LostAfter) => {
                self.at(there, Event::Arrive(number));
                self.at(lost.max(back), Event::Hear(number));
            }
            Some(Fault::Repeated) => {
                self.at(there, Event::Arrive(number));
                self.at(back, Event::Hear(number));
                let again = self.late(later);
                self.at(there + again, Event::ArriveAgain(number));
            }
            Some(Fault::Resent) => {
                self.at(there, Event::Arrive(number));
                let mut arrives = there;
                for _ in 0..=self.rng.below(3) {
                    arrives += self.rng.between(soon, LONGEST_REPEAT);
                    self.at(arrives, Event::ArriveAgain(number));
                }
                let heard = arrives + self.rng.between(soon, later);
                self.at(heard, Event::Hear(number));
            }
            _ => {
                self.at(there, Event::Arrive(number));
                self.at(back, Event::Hear(number));
            }
        }
    }

    /// The delay of a write that no client waits for: short, or as long as can be.
    fn late(&mut self, from: Duration) -> Duration {
        if self.rng.in_thousand(500) {
            self.rng.between(from, Duration::from_mins(2))
        } else {
            self.rng.between(Duration::from_mins(13), LATEST)
        }
    }
}

/// The version of a state by its place in the log.
pub(crate) fn version(state: usize) -> Option<Version> {
    format!("\"v{state}\"").parse().ok()
}

/// The place in the log of the state that has a version.
pub(crate) fn state_of(version: &Version) -> Option<usize> {
    version.token().strip_prefix('v')?.parse().ok()
}
