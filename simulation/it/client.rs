//! One process in the simulated world: it reaches the server, the ledger and the time through the ports.

mod ledger;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use domain::testing::Specimen;
use domain::{FailureClass, IndeterminateCause, RequestError, ResponseMetadata, Stored, Version};
use ports::{Clock, Cursor, DocumentStore, Page, Response, Sleeper};

use crate::fault::{Fault, FaultRate};
use crate::history::{Answer, Call, LedgerEntry};
use crate::vocabulary::{has_versions, number_of};
use crate::world::{Event, Shared, state_of, version};

/// The target of all entries.
pub(crate) const TARGET: &str = "simulation";

/// A process. Clones are the same process.
#[derive(Clone)]
pub(crate) struct Client<K: Specimen> {
    pub(crate) shared: Shared<K>,
    pub(crate) task: usize,
    /// The update of each document that it carries out.
    updates: Arc<Mutex<BTreeMap<usize, usize>>>,
}

impl<K: Specimen> Client<K> {
    pub(crate) fn new(shared: Shared<K>, task: usize) -> Self {
        Self {
            shared,
            task,
            updates: Arc::default(),
        }
    }

    pub(crate) fn carries_out(&self, document: usize, update: usize) {
        let mut updates = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        updates.insert(document, update);
    }

    /// The update of a document that it carries out.
    fn update(&self, document: usize) -> Option<usize> {
        let updates = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        updates.get(&document).copied()
    }

    async fn ask(&self, id: &K::Id, call: Call<K>) -> Answer {
        let document = number_of::<K>(id);
        let update = self.update(document);
        let number = {
            let mut world = self.shared.world();
            let is_intended = update.is_some_and(|update| is_intended(&world.history.entries, update, &call));
            let number = world.send(update, self.task, document, call);
            world.history.requests[number].is_intended = is_intended;
            number
        };
        let answer = poll_fn(|context| {
            let mut world = self.shared.world();
            let request = &world.history.requests[number];
            match request.answer {
                Some(answer) if request.is_heard => Poll::Ready(answer),
                _ => world.wakes(self.task, context.waker()),
            }
        })
        .await;
        if let (Some(update), Answer::Indeterminate(_)) = (update, answer) {
            let mut world = self.shared.world();
            if let Call::Write { .. } = world.history.requests[number].call {
                world.history.updates[update].is_indeterminate = true;
            }
        }
        answer
    }

    fn stored(&self, id: &K::Id, state: usize, tag: bool) -> Stored<K> {
        Stored {
            id: id.clone(),
            version: if tag { version(state) } else { None },
            value: self.shared.world().history.logs[number_of::<K>(id)][state]
                .value
                .clone(),
        }
    }

    /// The document as it was reviewed at a state.
    pub(crate) fn reviewed(&self, id: &K::Id, state: usize) -> Stored<K> {
        self.stored(id, state, has_versions::<K>())
    }

    /// True if the ledger fails this time: at random, 5 times in 1,000 at a high fault rate.
    pub(crate) fn record_fails(&self, fault: Fault) -> bool {
        let mut world = self.shared.world();
        let fails = world.fault_rate == FaultRate::High && world.rng.in_thousand(5);
        if fails {
            world.count(fault);
        }
        fails
    }
}

/// True if an unsettled intent of an update is in the ledger for the write that is called.
fn is_intended<K: Specimen>(entries: &[LedgerEntry<K>], update: usize, call: &Call<K>) -> bool {
    let Call::Write { body, under } = call else {
        return false;
    };
    entries.iter().any(|entry| {
        let is_of_this = entry.update == update && under.is_none_or(|under| under == entry.under);
        is_of_this && entry.settlement.is_none() && entry.ours.document().text() == body.document().text()
    })
}

fn failure(answer: Answer) -> RequestError {
    let class = match answer {
        Answer::NotFound => FailureClass::NotFound,
        Answer::Moved => FailureClass::PreconditionFailed,
        Answer::Denied => FailureClass::Denied,
        Answer::Unauthenticated => FailureClass::Unauthenticated,
        Answer::Throttled(wait) => FailureClass::Throttled { wait },
        Answer::NotSent => FailureClass::NotSent,
        Answer::Indeterminate(wait) => FailureClass::Indeterminate {
            wait,
            cause: IndeterminateCause::NoAnswer,
        },
        Answer::Shown { .. } | Answer::Accepted => FailureClass::Malformed,
    };
    RequestError::new(class, "simulated")
}

fn response<T>(content: T) -> Response<T> {
    Response {
        content,
        metadata: ResponseMetadata::default(),
    }
}

#[async_trait]
impl<K: Specimen> DocumentStore<K> for Client<K> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        match self.ask(id, Call::Read).await {
            Answer::Shown { state, tag } => Ok(response(self.stored(id, state, tag))),
            answer => Err(failure(answer)),
        }
    }

    /// Without a version it is written blindly, as the server lets anybody do.
    async fn replace<'v>(
        &self,
        id: &K::Id,
        document: &K,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<K>>>, RequestError> {
        let (body, under) = (document.clone(), version.and_then(state_of));
        match self.ask(id, Call::Write { body, under }).await {
            Answer::Shown { state, tag } => Ok(response(Some(self.stored(id, state, tag)))),
            Answer::Accepted => Ok(response(None)),
            answer => Err(failure(answer)),
        }
    }

    async fn page(&self, _cursor: Option<Cursor>) -> Result<Response<Page<K>>, RequestError> {
        Err(RequestError::new(FailureClass::NotFound, "there is no listing here"))
    }
}

impl<K: Specimen> Clock for Client<K> {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.shared.world().now
    }
}

#[async_trait]
impl<K: Specimen> Sleeper for Client<K> {
    async fn sleep(&self, time: Duration) {
        let until = {
            let mut world = self.shared.world();
            let until = world.now + time;
            world.at(until, Event::Wake(self.task));
            until
        };
        poll_fn(|context| {
            let mut world = self.shared.world();
            if world.now >= until {
                Poll::Ready(())
            } else {
                world.wakes(self.task, context.waker())
            }
        })
        .await;
    }
}
