//! The server: what it does with a request that reaches it.

use std::time::Duration;

use domain::testing::Specimen;

use super::World;
use crate::fault::Fault;
use crate::history::{Answer, Arrival, Author, Call, State};
use crate::vocabulary::{has_versions, id_of};

/// The longest lag of a read. To one process reads never show an older state than before.
const STALE_FOR: Duration = Duration::from_secs(3);

/// The same where the server has no versions: the protocol tells others' writes from stale reads by three reads, a second
/// apart.
const STALE_FOR_WITHOUT_VERSIONS: Duration = Duration::from_secs(2);

impl<K: Specimen> World<K> {
    /// The server carries out a request, unless it is one that it refuses.
    pub(crate) fn arrive(&mut self, number: usize) {
        let request = &mut self.history.requests[number];
        let fault = request.fault;
        request.newest = self.history.logs[request.document].len() - 1;
        let answer = match fault {
            Some(Fault::Throttled) => {
                let seconds = self.rng.below(4);
                Some(Answer::Throttled(match seconds {
                    0 => None,
                    seconds => Some(Duration::from_secs(seconds as u64)),
                }))
            }
            Some(Fault::ThrottledForLong) => Some(Answer::Throttled(Some(Duration::from_mins(10)))),
            Some(Fault::UnavailableBefore) => Some(Answer::Indeterminate(Some(Duration::from_secs(2)))),
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

    /// A write reaches the server once more. If its client still waits, this answer is the one that it hears.
    pub(crate) fn arrive_again(&mut self, number: usize) {
        let request = &mut self.history.requests[number];
        let newest = self.history.logs[request.document].len() - 1;
        if let (Some(Fault::Resent), Call::Write { under, .. }) = (request.fault, &request.call) {
            request.newest = newest;
            let under = *under;
            let answer = self.write(number, under);
            self.history.requests[number].answer = Some(answer);
            return;
        }
        let request = &self.history.requests[number];
        let (Call::Write { body, under }, Some(update)) = (&request.call, request.update) else {
            return;
        };
        if request.made.is_some() && under.is_none_or(|under| under == newest) {
            let (document, body) = (request.document, body.clone());
            let by = Author::Update {
                update,
                request: number,
                arrival: Arrival::Repeated,
            };
            self.store(document, &body, by);
        }
    }

    fn read(&mut self, number: usize) -> Answer {
        let request = &self.history.requests[number];
        let (document, fault) = (request.document, request.fault);
        let log = &self.history.logs[document];
        let newest = log.len() - 1;
        let stale_for = if has_versions::<K>() {
            STALE_FOR
        } else {
            STALE_FOR_WITHOUT_VERSIONS
        };
        let is_recent = |state: &&State<K>| state.since + stale_for > self.now;
        let recent = log.iter().rev().take_while(is_recent).count();
        let recent = recent.min(newest - self.newest_seen_by(request.task, document));
        let state = match fault {
            Some(Fault::Stale) => newest - self.rng.below(recent + 1),
            Some(Fault::Absent) if recent > 0 => return Answer::NotFound,
            _ => newest,
        };
        self.history.requests[number].shown = Some(state);
        Answer::Shown {
            state,
            tag: has_versions::<K>() && fault != Some(Fault::TagLost),
        }
    }

    /// The newest state that a process has seen, or was given to make an update from: reads do not go back in time for it.
    fn newest_seen_by(&self, task: usize, document: usize) -> usize {
        let requests = self.history.requests.iter().rev();
        let of_this =
            requests.filter(|request| request.task == task && request.document == document && request.is_heard);
        let seen = of_this.filter_map(|request| match request.answer {
            Some(Answer::Shown { state, .. }) => Some(state),
            _ => None,
        });
        let updates = self.history.updates.iter();
        let of_this = updates.filter(|run| run.writer == task && run.document == document);
        let given = of_this.filter_map(|run| run.base.state());
        seen.chain(given).max().unwrap_or_default()
    }

    fn write(&mut self, number: usize, under: Option<usize>) -> Answer {
        let request = &self.history.requests[number];
        let (document, fault) = (request.document, request.fault);
        let newest = request.newest;
        let is_current = under.is_none_or(|under| under == newest);
        if is_current && let (Call::Write { body, .. }, Some(update)) = (&request.call, request.update) {
            let body = body.clone();
            let by = Author::Update {
                update,
                request: number,
                arrival: match request.made {
                    Some(_) => Arrival::Repeated,
                    None if request.is_heard => Arrival::Late,
                    None => Arrival::InTime,
                },
            };
            self.store(document, &body, by);
            self.history.requests[number].made.get_or_insert(newest + 1);
        }
        match fault {
            Some(Fault::LostAfter) => Answer::Indeterminate(None),
            Some(Fault::UnavailableAfter) => Answer::Indeterminate(Some(Duration::from_secs(2))),
            _ if !is_current => Answer::Moved,
            Some(Fault::BodyLost) => Answer::Accepted,
            _ => Answer::Shown {
                state: newest + 1,
                tag: has_versions::<K>() && fault != Some(Fault::TagLost),
            },
        }
    }

    pub(super) fn store(&mut self, document: usize, body: &K, by: Author) {
        let vocabulary = &self.history.vocabulary;
        let value = vocabulary.stamped(body, self.history.logs[document].len());
        let state = State {
            content: vocabulary.content(&value),
            value,
            by,
            since: self.now,
        };
        self.history.logs[document].push(state);
        self.trace(|world| {
            let log = &world.history.logs[document];
            let (version, content) = (log.len() - 1, log[log.len() - 1].content);
            let content = world.history.vocabulary.show_content(content);
            format!("        {} v{version}: {content}, by {by:?}", id_of::<K>(document))
        });
    }

    /// Lets the client of a request hear its answer, and gives the task that waits for it.
    pub(crate) fn hear(&mut self, number: usize) -> usize {
        let request = &mut self.history.requests[number];
        let answer = *request.answer.get_or_insert(match request.fault {
            Some(Fault::NotSent) => Answer::NotSent,
            _ => Answer::Indeterminate(None),
        });
        request.is_heard = true;
        let (task, fault) = (request.task, request.fault);
        if let Some(fault @ (Fault::NotSent | Fault::LostBefore)) = fault {
            self.count(fault);
        }
        self.trace(|_| format!("        request {number} hears {answer:?}"));
        task
    }
}
