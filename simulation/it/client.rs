//! One process in the simulated world: it reaches the server, the ledger and the time through the ports.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use domain::{Failure, FailureClass, ResponseMetadata, RuleId, Stored, TriggerRule, Version};
use ports::{
    Clock, DocumentStore, Entry, EntryId, IntentRecord, Ledger, LedgerError, OutcomeRecord, Page, PageRequest,
    Recorded, Sleeper,
};

use crate::content::Content;
use crate::fault::{Fault, Weather};
use crate::history::{Answer, Call, LedgerEntry, Settlement};
use crate::world::{Event, Shared, rule_id, state_of, version};

/// The target of all entries.
pub(crate) const TARGET: &str = "simulation";

/// A process. Clones are the same process.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) shared: Shared,
    pub(crate) task: usize,
    /// The update that it carries out; beyond all of them if none.
    update: Arc<AtomicUsize>,
}

impl Client {
    pub(crate) fn new(shared: Shared, task: usize) -> Self {
        Self {
            shared,
            task,
            update: Arc::new(AtomicUsize::new(usize::MAX)),
        }
    }

    pub(crate) fn carries_out(&self, update: usize) {
        self.update.store(update, Ordering::Relaxed);
    }

    fn update(&self) -> Option<usize> {
        let update = self.update.load(Ordering::Relaxed);
        (update != usize::MAX).then_some(update)
    }

    async fn ask(&self, id: &RuleId, call: Call) -> Answer {
        let number = {
            let mut world = self.shared.world();
            let is_intended = self.is_intended(&world.history.entries, &call);
            let number = world.send(self.update(), self.task, number_of(id), call);
            world.history.requests[number].is_intended = is_intended;
            number
        };
        let answer = poll_fn(|_| {
            let world = self.shared.world();
            let request = &world.history.requests[number];
            match request.answer {
                Some(answer) if request.is_heard => Poll::Ready(answer),
                _ => Poll::Pending,
            }
        })
        .await;
        if let (Some(update), Answer::Unclear(_)) = (self.update(), answer) {
            let mut world = self.shared.world();
            if let Call::Write { .. } = world.history.requests[number].call {
                world.history.updates[update].is_unclear = true;
            }
        }
        answer
    }

    fn is_intended(&self, entries: &[LedgerEntry], call: &Call) -> bool {
        let Call::Write { body, under } = call else {
            return false;
        };
        entries.iter().any(|entry| {
            let is_of_this = Some(entry.update) == self.update() && under.is_none_or(|under| under == entry.under);
            is_of_this && entry.settlement.is_none() && entry.intent.ours.text() == body.document().text()
        })
    }

    /// A write without a version, which the real repository does not have.
    pub(crate) async fn replace_blindly(&self, id: &RuleId, body: &TriggerRule) -> Result<(), Failure> {
        let body = body.clone();
        match self.ask(id, Call::Write { body, under: None }).await {
            Answer::Shown { .. } | Answer::Accepted => Ok(()),
            answer => Err(failure(answer)),
        }
    }

    fn stored(&self, id: &RuleId, state: usize, tag: bool) -> Stored<TriggerRule> {
        Stored {
            id: id.clone(),
            version: if tag { version(state) } else { None },
            value: self.shared.world().history.rules[number_of(id)][state].rule.clone(),
        }
    }

    /// Whether a record cannot be made this time.
    fn record_fails(&self, fault: Fault) -> bool {
        let mut world = self.shared.world();
        let fails = world.weather == Weather::Foul && world.rng.in_thousand(5);
        if fails {
            world.count(fault);
        }
        fails
    }
}

pub(crate) fn number_of(id: &RuleId) -> usize {
    id.as_str().trim_start_matches('r').parse().unwrap_or_default()
}

fn failure(answer: Answer) -> Failure {
    let class = match answer {
        Answer::NotFound => FailureClass::NotFound,
        Answer::Moved => FailureClass::PreconditionFailed,
        Answer::Denied => FailureClass::Denied,
        Answer::Unauthenticated => FailureClass::Unauthenticated,
        Answer::Throttled(wait) => FailureClass::Throttled { wait },
        Answer::NotSent => FailureClass::NotSent,
        Answer::Unclear(wait) => FailureClass::Indeterminate { wait },
        Answer::Shown { .. } | Answer::Accepted => FailureClass::Malformed,
    };
    Failure::new(class, "simulated")
}

fn said<T>(content: T) -> ports::Answer<T> {
    ports::Answer {
        content,
        metadata: ResponseMetadata::default(),
    }
}

#[async_trait]
impl DocumentStore for Client {
    async fn get(&self, id: &RuleId) -> Result<ports::Answer<Stored<TriggerRule>>, Failure> {
        match self.ask(id, Call::Read).await {
            Answer::Shown { state, tag } => Ok(said(self.stored(id, state, tag))),
            answer => Err(failure(answer)),
        }
    }

    async fn replace(
        &self,
        id: &RuleId,
        document: &TriggerRule,
        version: &Version,
    ) -> Result<ports::Answer<Option<Stored<TriggerRule>>>, Failure> {
        let (body, under) = (document.clone(), state_of(version));
        match self.ask(id, Call::Write { body, under }).await {
            Answer::Shown { state, tag } => Ok(said(Some(self.stored(id, state, tag)))),
            Answer::Accepted => Ok(said(None)),
            answer => Err(failure(answer)),
        }
    }

    async fn list(&self, _request: PageRequest) -> Result<ports::Answer<Page>, Failure> {
        Err(Failure::new(FailureClass::NotFound, "there is no listing here"))
    }
}

fn unusable(why: &str) -> LedgerError {
    LedgerError::Unusable(why.to_owned())
}

/// Each process has a ledger of its own, so none waits for another's lease: the server's versions alone keep them
/// apart. Reconcile sees the entries of all.
#[async_trait]
impl Ledger for Client {
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerError> {
        self.sleep(Duration::from_millis(1)).await;
        if self.record_fails(Fault::IntentRefused) {
            return Err(unusable("the disk is full"));
        }
        let number = {
            let mut world = self.shared.world();
            let rule: RuleId = intent.document.parse().map_err(|_| unusable("no id"))?;
            let base: TriggerRule = TriggerRule::try_from(intent.base.clone()).unwrap();
            let number = world.history.entries.len();
            let update = self.update().unwrap_or(usize::MAX);
            let followed = intent.follows.and_then(|id| usize::try_from(id.0).ok());
            if let Some(refused) = followed.and_then(|place| world.history.entries.get_mut(place)) {
                refused.settlement = Some(Settlement::NotApplied);
            }
            world.history.entries.push(LedgerEntry {
                update,
                rule: number_of(&rule),
                under: state_of(&intent.version).unwrap_or(usize::MAX),
                base: Content::of(&base),
                overwrote: members_of(&intent.overwrites),
                intent,
                settlement: None,
                settled_by_reconcile: false,
                settled_twice: false,
            });
            world.history.updates[update].entries.push(number);
            world.note(|_| format!("u{update} records its intent as entry {number}"));
            number
        };
        self.sleep(Duration::from_millis(1)).await;
        Ok(EntryId(number as u64))
    }

    async fn conclude(&self, outcome: OutcomeRecord) -> Result<Recorded, LedgerError> {
        self.sleep(Duration::from_millis(1)).await;
        let recorded = |id: u64| Recorded {
            entry: EntryId(id),
            head: None,
            event: None,
        };
        let Some(id) = outcome.intent else {
            return Ok(recorded(u64::MAX));
        };
        if self.record_fails(Fault::OutcomeRefused) {
            return Err(unusable("the disk is full"));
        }
        let settlement = Settlement::of(&outcome);
        let mut world = self.shared.world();
        world.note(|_| format!("        entry {id} is settled: {settlement:?}"));
        let by_reconcile = self.update().is_none();
        let place = usize::try_from(id.0).unwrap_or(usize::MAX);
        let Some(entry) = world.history.entries.get_mut(place) else {
            return Err(LedgerError::NoEntry(id));
        };
        if !matches!(entry.settlement, None | Some(Settlement::Unknown)) {
            entry.settled_twice = true;
            return Err(LedgerError::Settled(id));
        }
        entry.settlement = Some(settlement);
        entry.settled_by_reconcile = by_reconcile;
        Ok(recorded(id.0))
    }

    async fn unsettled(&self, _target: &str) -> Result<Vec<Entry>, LedgerError> {
        let world = self.shared.world();
        let is_open = |entry: &LedgerEntry| matches!(entry.settlement, None | Some(Settlement::Unknown));
        let open = world
            .history
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| is_open(entry));
        Ok(open
            .map(|(number, entry)| Entry {
                id: EntryId(number as u64),
                intent: Some(entry.intent.clone()),
                outcome: None,
            })
            .collect())
    }
}

/// The members that collisions are about.
pub(crate) fn members_of(collisions: &[domain::Collision]) -> Vec<usize> {
    let names = crate::content::NAMES;
    let place = |collision: &domain::Collision| {
        let member = collision.pointer.tokens().next()?;
        names.iter().position(|name| *name == member)
    };
    collisions.iter().filter_map(place).collect()
}

impl Clock for Client {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.shared.world().now
    }
}

#[async_trait]
impl Sleeper for Client {
    async fn sleep(&self, time: Duration) {
        let until = {
            let mut world = self.shared.world();
            let until = world.now + time;
            world.at(until, Event::Wake(self.task));
            until
        };
        poll_fn(|_| {
            if self.shared.world().now >= until {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// The id of a rule by its number.
pub(crate) fn id_of(rule: usize) -> RuleId {
    rule_id(rule).parse().unwrap()
}
