//! The simulated world: time that goes from event to event, and a server that keeps a log of everything it accepted.

mod server;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Version;

use crate::content::Content;
use crate::fault::{Fault, Purpose, Weather};
use crate::history::{Author, Call, History, Request, State, UpdateRun};
use crate::rng::Rng;

/// When a client stops waiting for an answer.
const TRY: Duration = Duration::from_secs(15);

/// Until when a write that was sent may arrive.
const LATEST: Duration = Duration::from_secs(899);

/// What happens at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A task may go on.
    Wake(usize),
    /// A request reaches the server.
    Arrive(usize),
    /// The answer to a request, or its absence, reaches the client.
    Hear(usize),
    /// A person changes a rule in the platform's own pages, or its version moves by itself.
    EditByOthers(usize),
}

/// One world.
pub(crate) struct World {
    pub(crate) now: Duration,
    queue: BTreeMap<(Duration, u64), Event>,
    events: u64,
    pub(crate) rng: Rng,
    pub(crate) weather: Weather,
    pub(crate) history: History,
}

/// A world that clients share.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    pub(crate) fn of_seed(seed: u64, rules: usize, weather: Weather) -> Self {
        let start = |rule| State {
            rule: Content::default().rule(&rule_id(rule)),
            content: Content::default(),
            by: Author::Start,
            since: Duration::ZERO,
        };
        Self {
            now: Duration::from_secs(10),
            queue: BTreeMap::new(),
            events: 0,
            rng: Rng::with_seed(seed),
            weather,
            history: History {
                rules: (0..rules).map(|rule| vec![start(rule)]).collect(),
                ..History::default()
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

    /// Keeps a line of the history, if somebody wants to read it.
    pub(crate) fn note<T: Display>(&mut self, line: impl FnOnce(&Self) -> T) {
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
        self.note(|_| {
            let (writer, rule) = (run.writer, rule_id(run.rule));
            format!(
                "u{number} begins: writer {writer} wants {} in {rule}, {:?}",
                run.wanted, run.on_conflict
            )
        });
        self.history.updates.push(run);
        number
    }

    /// Sends a request, and arranges what becomes of it.
    pub(crate) fn send(&mut self, update: Option<usize>, task: usize, rule: usize, call: Call) -> usize {
        let number = self.history.requests.len();
        let purpose = match call {
            Call::Read => Purpose::Read,
            Call::Write { .. } => Purpose::Write,
        };
        let is_unclear = update.is_some_and(|update| self.history.updates[update].is_unclear);
        let fault = self.weather.fault_of(&mut self.rng, purpose, is_unclear);
        let (soon, later) = (Duration::from_millis(5), Duration::from_millis(400));
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
                let arrives = if self.rng.in_thousand(500) {
                    self.rng.between(TRY, Duration::from_mins(2))
                } else {
                    self.rng.between(Duration::from_mins(13), LATEST)
                };
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
            _ => {
                self.at(there, Event::Arrive(number));
                self.at(back, Event::Hear(number));
            }
        }
        self.note(|_| {
            let who = update.map_or("reconcile".to_owned(), |update| format!("u{update}"));
            let what = match &call {
                Call::Read => "reads".to_owned(),
                Call::Write { body, under } => {
                    let under = under.map_or("anything".to_owned(), |under| format!("v{under}"));
                    format!("writes {} under {under}", Content::of(body))
                }
            };
            let fault = fault.map_or(String::new(), |fault| format!(" [{fault:?}]"));
            format!("{who} {what} in {} (request {number}){fault}", rule_id(rule))
        });
        if let Some(update) = update {
            self.history.updates[update].requests.push(number);
        }
        self.history.requests.push(Request {
            update,
            task,
            rule,
            call,
            fault,
            is_intended: false,
            answer: None,
            is_heard: false,
            shown: None,
            made: None,
        });
        number
    }
}

/// The id of a rule by its number.
pub(crate) fn rule_id(rule: usize) -> String {
    format!("r{rule}")
}

/// The version of a state by its place in the log.
pub(crate) fn version(state: usize) -> Option<Version> {
    format!("\"v{state}\"").parse().ok()
}

/// The place in the log of the state that has a version.
pub(crate) fn state_of(version: &Version) -> Option<usize> {
    version.token().strip_prefix('v')?.parse().ok()
}
