//! The server: what it does with a request that reaches it, and what others do to its rules.

use std::time::Duration;

use super::{World, rule_id};
use crate::content::{Content, MEMBERS, Wanted, values_of};
use crate::fault::Fault;
use crate::history::{Answer, Author, Call, State};

/// How long a read may show what is no longer so. To one process reads never show an older state than before.
const STALE_FOR: Duration = Duration::from_secs(3);

impl World {
    /// The server carries out a request, unless it is one that it refuses.
    pub(crate) fn arrive(&mut self, number: usize) {
        let request = &self.history.requests[number];
        let fault = request.fault;
        let answer = match fault {
            Some(Fault::Throttled) => {
                let told = self.rng.below(4);
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
            Some(Fault::Stale) => newest - self.rng.below(recent + 1),
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
        let fault = if self.rng.in_thousand(250) {
            Fault::TagMoved
        } else {
            for _ in 0..=self.rng.below(2) {
                let member = self.rng.below(MEMBERS);
                wanted.0[member] = u8::try_from(self.rng.below(values_of(member))).ok();
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
