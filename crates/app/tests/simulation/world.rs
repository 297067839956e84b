//! The simulated world: time that goes from event to event, and a server that keeps a log of everything it accepted.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Version;

use crate::chance::Chance;
use crate::content::{Content, MEMBERS, Wanted, values_of};
use crate::fault::{Fault, Purpose, Weather};
use crate::history::{Answer, Author, Call, History, Request, State, UpdateRun};

/// How long a read may show what is no longer so. To one process reads never show an older state than before.
const STALE_FOR: Duration = Duration::from_secs(3);

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
    pub(crate) chance: Chance,
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
            chance: Chance::of_seed(seed),
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
        let fault = self.weather.fault_of(&mut self.chance, purpose, is_unclear);
        let (soon, later) = (Duration::from_millis(5), Duration::from_millis(400));
        let there = self.now + self.chance.between(soon, later);
        let back = there + self.chance.between(soon, later);
        let lost = if self.chance.in_thousand(500) {
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
                let arrives = if self.chance.in_thousand(500) {
                    self.chance.between(TRY, Duration::from_mins(2))
                } else {
                    self.chance.between(Duration::from_mins(13), LATEST)
                };
                self.at(self.now + arrives, Event::Arrive(number));
                self.at(self.now + TRY, Event::Hear(number));
            }
            Some(Fault::AcceptedLater) => {
                let arrives = self.chance.between(soon, Duration::from_secs(4));
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

    /// The server carries out a request, unless it is one that it refuses.
    pub(crate) fn arrive(&mut self, number: usize) {
        let request = &self.history.requests[number];
        let fault = request.fault;
        let answer = match fault {
            Some(Fault::Throttled) => {
                let told = self.chance.below(4);
                Some(Answer::Throttled(match told {
                    0 => None,
                    told => Some(Duration::from_secs(told as u64)),
                }))
            }
            Some(Fault::ThrottledForLong) => Some(Answer::Throttled(Some(Duration::from_mins(10)))),
            Some(Fault::UnavailableBefore) => Some(Answer::Unclear(Some(Duration::from_secs(2)))),
            Some(Fault::Unauthenticated) => Some(Answer::Unauthenticated),
            Some(Fault::Denied) => Some(Answer::Denied),
            _ => None,
        };
        let answer = answer.unwrap_or_else(|| match self.history.requests[number].call {
            Call::Read => self.read(number),
            Call::Write { under, .. } => self.write(number, under),
        });
        if let Some(fault) = fault {
            self.count(fault);
        }
        if fault != Some(Fault::Late) && fault != Some(Fault::AcceptedLater) {
            self.history.requests[number].answer = Some(answer);
        }
    }

    fn read(&mut self, number: usize) -> Answer {
        let request = &self.history.requests[number];
        let (rule, fault) = (request.rule, request.fault);
        let log = &self.history.rules[rule];
        let newest = log.len() - 1;
        let is_recent = |state: &&State| state.since + STALE_FOR > self.now;
        let recent = log.iter().rev().take_while(is_recent).count();
        let recent = recent.min(newest - self.newest_seen_by(request.task, rule));
        let state = match fault {
            Some(Fault::Stale) => newest - self.chance.below(recent + 1),
            Some(Fault::Absent) if recent > 0 => return Answer::NotFound,
            _ => newest,
        };
        self.history.requests[number].shown = Some(state);
        Answer::Shown {
            state,
            tag: fault != Some(Fault::TagLost),
        }
    }

    /// The newest state that a process has seen: reads do not go back in time for it.
    fn newest_seen_by(&self, task: usize, rule: usize) -> usize {
        let requests = self.history.requests.iter().rev();
        let of_this = requests.filter(|request| request.task == task && request.rule == rule && request.is_heard);
        let seen = of_this.filter_map(|request| match request.answer {
            Some(Answer::Shown { state, .. }) => Some(state),
            _ => None,
        });
        seen.max().unwrap_or_default()
    }

    fn write(&mut self, number: usize, under: Option<usize>) -> Answer {
        let request = &self.history.requests[number];
        let (rule, fault) = (request.rule, request.fault);
        let newest = self.history.rules[rule].len() - 1;
        let is_current = under.is_none_or(|under| under == newest);
        if is_current && let (Call::Write { body, .. }, Some(update)) = (&request.call, request.update) {
            let body = body.clone();
            let by = Author::Update {
                update,
                request: number,
            };
            self.store(rule, body, by);
            self.history.requests[number].made = Some(newest + 1);
        }
        match fault {
            Some(Fault::LostAfter) => Answer::Unclear(None),
            Some(Fault::UnavailableAfter) => Answer::Unclear(Some(Duration::from_secs(2))),
            _ if !is_current => Answer::Moved,
            Some(Fault::BodyLost) => Answer::Accepted,
            _ => Answer::Shown {
                state: newest + 1,
                tag: fault != Some(Fault::TagLost),
            },
        }
    }

    fn store(&mut self, rule: usize, body: domain::TriggerRule, by: Author) {
        let state = State {
            content: Content::of(&body),
            rule: body,
            by,
            since: self.now,
        };
        self.history.rules[rule].push(state);
        self.note(|world| {
            let log = &world.history.rules[rule];
            let (version, content) = (log.len() - 1, log[log.len() - 1].content);
            format!("        {} v{version}: {content}, by {by:?}", rule_id(rule))
        });
    }

    /// What the client of a request hears now, and whose task waits for it.
    pub(crate) fn hear(&mut self, number: usize) -> usize {
        let request = &mut self.history.requests[number];
        let answer = *request.answer.get_or_insert(match request.fault {
            Some(Fault::NotSent) => Answer::NotSent,
            _ => Answer::Unclear(None),
        });
        request.is_heard = true;
        let (task, fault) = (request.task, request.fault);
        if let Some(fault @ (Fault::NotSent | Fault::LostBefore)) = fault {
            self.count(fault);
        }
        self.note(|_| format!("        request {number} hears {answer:?}"));
        task
    }

    pub(crate) fn edit_by_others(&mut self, rule: usize) {
        let log = &self.history.rules[rule];
        let content = log[log.len() - 1].content;
        let mut wanted = Wanted::default();
        let fault = if self.chance.in_thousand(250) {
            Fault::TagMoved
        } else {
            for _ in 0..=self.chance.below(2) {
                let member = self.chance.below(MEMBERS);
                wanted.0[member] = u8::try_from(self.chance.below(values_of(member))).ok();
            }
            Fault::EditByOthers
        };
        self.count(fault);
        let by = if fault == Fault::TagMoved {
            Author::TagOnly
        } else {
            Author::Others(wanted)
        };
        let body = content.with(wanted).rule(&rule_id(rule));
        self.store(rule, body, by);
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
