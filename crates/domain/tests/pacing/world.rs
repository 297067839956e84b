//! A server, some tasks that share a rate limiter, other programs that share the token, and a time that jumps from one
//! event to the next.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use assist_rules_domain::{Permit, RateLimiter};

use crate::ideal;
use crate::rng::Rng;
use crate::server::{Counting, Headers, Limits, Refused, Reply, Server};

/// The parameters of a world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) counting: Counting,
    pub(crate) headers: Headers,
    pub(crate) limits: Limits,
    pub(crate) others: Others,
    pub(crate) requests: u32,
}

/// The other programs that use the same token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    None,
    /// A part of the limit, from nothing to 40 %, another each minute, and they do not pace themselves.
    Some,
}

/// The result of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    /// From the start to the last answer.
    pub(crate) took: Duration,
    /// The time that it would have taken at best.
    pub(crate) ideal: Duration,
    pub(crate) sent: u32,
    pub(crate) refused: u32,
    /// The number of refusals that were answered when the limit had been the same for a minute.
    pub(crate) refused_late: u32,
}

impl Course {
    pub(crate) fn ratio(&self) -> f64 {
        self.took.as_secs_f64() / self.ideal.as_secs_f64()
    }

    pub(crate) fn refused_share(&self) -> f64 {
        f64::from(self.refused) / f64::from(self.sent)
    }

    pub(crate) fn refused_late_share(&self) -> f64 {
        f64::from(self.refused_late) / f64::from(self.sent)
    }
}

enum Event {
    /// A task wants its next request to start, or looks again whether it may.
    Look(usize),
    Arrive(usize),
    Answer(usize, Reply),
    Other,
}

#[derive(Default)]
struct Task {
    permit: Option<Permit>,
    number: u64,
}

pub(crate) struct World {
    scenario: Scenario,
    rng: Rng,
    now: Duration,
    limiter: RateLimiter,
    server: Server,
    tasks: Vec<Task>,
    queue: BinaryHeap<Reverse<(Duration, u64, u64)>>,
    events: BTreeMap<u64, Event>,
    event_count: u64,
    to_do: u32,
    done: u32,
    others_rate: f64,
    others_minute: u64,
    others_accepted: Vec<Duration>,
    taken: u64,
    started: Option<u64>,
    no_start_before: Duration,
    sent: u32,
    refused: u32,
    refused_late: u32,
    /// The total time that our requests and their answers were under way.
    traveled: Duration,
}

impl World {
    pub(crate) fn new(scenario: Scenario, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let server = Server::new(scenario.counting, scenario.headers, scenario.limits, &mut rng);
        let tasks = rng.between(1, 16);
        Self {
            scenario,
            now: Duration::ZERO,
            limiter: RateLimiter::default(),
            server,
            tasks: (0..tasks).map(|_| Task::default()).collect(),
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            event_count: 0,
            to_do: scenario.requests,
            done: 0,
            others_rate: 0.0,
            others_minute: u64::MAX,
            others_accepted: Vec::new(),
            taken: 0,
            started: None,
            no_start_before: Duration::ZERO,
            sent: 0,
            refused: 0,
            refused_late: 0,
            traveled: Duration::ZERO,
            rng,
        }
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// If a request starts where none may, or before one that came earlier.
    pub(crate) fn run(mut self) -> Course {
        for task in 0..self.tasks.len() {
            self.begin(task);
        }
        if self.scenario.others == Others::Some {
            self.at(Duration::ZERO, Event::Other);
        }
        while self.done < self.scenario.requests {
            let Some(Reverse((time, _, event))) = self.queue.pop() else {
                panic!("{} requests are never answered", self.scenario.requests - self.done);
            };
            assert!(time < Duration::from_hours(2), "it does not end");
            self.now = time;
            match self.events.remove(&event) {
                Some(Event::Look(task)) => self.look(task),
                Some(Event::Arrive(task)) => {
                    let reply = self.server.handle(self.now, &mut self.rng);
                    let back = self.rng.millis(10, 200);
                    self.traveled += back;
                    self.at(back, Event::Answer(task, reply));
                }
                Some(Event::Answer(task, reply)) => self.answer(task, &reply),
                Some(Event::Other) => self.other(),
                None => panic!("an event is lost"),
            }
        }
        let tasks = f64::from(u32::try_from(self.tasks.len()).unwrap_or(u32::MAX));
        let most = tasks * f64::from(self.sent) / self.traveled.as_secs_f64();
        Course {
            took: self.now,
            ideal: ideal::time_for(self.scenario.requests, most, &self.others_accepted, &self.server),
            sent: self.sent,
            refused: self.refused,
            refused_late: self.refused_late,
        }
    }

    /// Schedules an event. Events at the same time happen in a random order.
    fn at(&mut self, wait: Duration, event: Event) {
        self.event_count += 1;
        self.events.insert(self.event_count, event);
        let order = self.rng.next();
        self.queue.push(Reverse((self.now + wait, order, self.event_count)));
    }

    /// A task takes on its next request, if there is one.
    fn begin(&mut self, task: usize) {
        if let Some(left) = self.to_do.checked_sub(1) {
            self.to_do = left;
            self.queue_up(task);
        }
    }

    fn queue_up(&mut self, task: usize) {
        self.taken += 1;
        self.tasks[task] = Task {
            permit: Some(self.limiter.take()),
            number: self.taken,
        };
        self.look(task);
    }

    fn look(&mut self, task: usize) {
        let Some(permit) = &self.tasks[task].permit else {
            // It was told to wait, and comes back.
            return self.queue_up(task);
        };
        if let Some(wait) = self.limiter.wait(permit, self.now) {
            let late = self.rng.millis(0, 2);
            return self.at(wait + late, Event::Look(task));
        }
        let number = self.tasks[task].number;
        assert!(self.started < Some(number), "{number} starts after {:?}", self.started);
        self.started = Some(number);
        assert!(
            self.now >= self.no_start_before,
            "one starts at {:?}, before {:?}",
            self.now,
            self.no_start_before
        );
        self.sent += 1;
        let there = self.rng.millis(10, 200);
        self.traveled += there;
        self.at(there, Event::Arrive(task));
    }

    fn answer(&mut self, task: usize, reply: &Reply) {
        let Some(permit) = self.tasks[task].permit.take() else {
            panic!("an answer to nobody");
        };
        if let Some(reported) = reply.reported {
            self.limiter.on_response(&permit, self.now, reported);
        }
        if let Some(refused) = reply.refused {
            self.limiter.throttled(&permit, self.now, refused.retry_after);
        }
        self.limiter.release(&permit);
        match reply.refused {
            None => {
                self.done += 1;
                self.begin(task);
            }
            Some(Refused { retry_after }) => {
                self.refused += 1;
                self.refused_late += u32::from(!self.server.is_to_be_learned(self.now));
                self.no_start_before = self.no_start_before.max(self.now + retry_after.unwrap_or_default());
                let pause = retry_after.unwrap_or_else(|| self.rng.millis(500, 1000));
                self.at(pause, Event::Look(task));
            }
        }
    }

    fn other(&mut self) {
        let minute = self.now.as_secs() / 60;
        if self.others_minute != minute {
            self.others_minute = minute;
            let limit = f64::from(self.server.limit(self.now)) / 60.0;
            self.others_rate = (0.4 * self.rng.part() * limit).max(0.05);
        }
        let reply = self.server.handle(self.now, &mut self.rng);
        if reply.refused.is_none() {
            self.others_accepted.push(self.now);
        }
        let gap = self.rng.gap(self.others_rate);
        self.at(gap, Event::Other);
    }
}
