//! Updates for as long as a program runs: requested by many tasks, made through one updater, delivered to sinks,
//! settled where something went wrong.
//!
//! A service promises that nothing in it grows with the number of updates, and that a stop loses nothing: what was
//! begun is finished or recorded as it stands, what was not begun is given back. It starts no tasks and closes no
//! ledger: both are its owner's.

#[cfg(test)]
mod tests;
mod update_handle;

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::DocumentKind;
use futures_util::future::{BoxFuture, Either, join3, select};
use futures_util::{StreamExt, stream};
use ports::{Author, Include, LedgerError};
use tokio::sync::{Notify, mpsc, watch};

pub use update_handle::{ServiceClosedError, UpdateHandle};

use crate::deliver::{Deliverer, DeliveryReport};
use crate::reconcile::Reconciler;
use crate::update::{Identity, IdentityError, Updater};
use update_handle::Request;

/// The interval at which it looks for due events; events of its own updates are delivered at once.
const BETWEEN_DELIVERIES: Duration = Duration::from_secs(5);

/// The interval at which it settles the entries that others, or it, left open.
const BETWEEN_RECONCILIATIONS: Duration = Duration::from_mins(5);

/// The time limit, after a stop, for deliveries under way.
const LAST_DELIVERIES: Duration = Duration::from_secs(10);

/// The limits of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceLimits {
    /// The most updates that are under way at once.
    pub concurrency: usize,
    /// The most updates that wait for their turn; a task that requests another waits for a place.
    pub queue: usize,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self {
            concurrency: 8,
            queue: 64,
        }
    }
}

/// The statistics of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceStats {
    /// Updates, however they ended.
    pub updates: u64,
    /// Tries after which a sink had the event.
    pub delivered: u64,
    /// Tries that failed.
    pub undelivered: u64,
    /// Entries of the ledger that were open and were settled.
    pub settled: u64,
    /// The last error of the ledger in a delivery or a settlement, if there was one.
    pub broken: Option<LedgerError>,
}

/// Makes the updates that are asked for at its [`UpdateHandle`].
pub struct Service<K: DocumentKind> {
    updater: Updater<K>,
    deliverer: Deliverer,
    concurrency: usize,
    requests: mpsc::Receiver<Request<K>>,
    work: Shared,
}

/// The state that updates, deliveries and settlements share.
struct Shared {
    stop: watch::Receiver<bool>,
    /// Notified when there is an event to deliver.
    applied: Notify,
    served: Mutex<ServiceStats>,
}

impl<K: DocumentKind> Service<K> {
    /// A service, and the handle where updates are asked for. It is at work while [`run`](Self::run) is awaited.
    pub fn new(updater: Updater<K>, deliverer: Deliverer, limits: ServiceLimits) -> (UpdateHandle<K>, Self) {
        let (ask, requests) = mpsc::channel(limits.queue.max(1));
        let (close, stop) = watch::channel(false);
        let service = Self {
            updater,
            deliverer,
            concurrency: limits.concurrency.max(1),
            requests,
            work: Shared {
                stop,
                applied: Notify::new(),
                served: Mutex::default(),
            },
        };
        (UpdateHandle::new(ask, close), service)
    }

    /// Is at work until the handle is closed or its last clone is dropped. After that, writes under way are finished
    /// and recorded; deliveries under way have ten seconds to end, and other due events are then delivered for ten
    /// seconds at most. The rest stays in the outbox.
    pub async fn run(self) -> ServiceStats {
        let Self {
            updater,
            deliverer,
            concurrency,
            mut requests,
            work,
        } = self;
        let asked = stream::poll_fn(|context| requests.poll_recv(context)).take_until(work.stopped());
        // Why boxed: rustc cannot see that it is `Send` otherwise.
        let update = |request| work.update(&updater, request);
        let updates: BoxFuture<'_, ()> = Box::pin(asked.for_each_concurrent(concurrency, update));
        join3(updates, work.settle(&updater), work.deliver(&deliverer)).await;
        // Whoever waits for a turn hears that there is none.
        drop(requests);
        work.observe(&deliverer.drain(&|_, _| (), &|| false).await);
        work.served().clone()
    }
}

impl Shared {
    /// Ready once the handle is closed, or its last clone is dropped.
    fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stop = self.stop.clone();
        async move { drop(stop.wait_for(|is_closed| *is_closed).await) }
    }

    fn is_stopped(&self) -> bool {
        *self.stop.borrow() || self.stop.has_changed().is_err()
    }

    async fn update<K: DocumentKind>(&self, updater: &Updater<K>, request: Request<K>) {
        let Request {
            id,
            update,
            options,
            answer,
        } = request;
        let report = updater.execute(&id, update, options, &|_| (), self.stopped()).await;
        self.served().updates += 1;
        if report
            .recorded
            .as_ref()
            .is_some_and(|recorded| recorded.event.is_some())
        {
            self.applied.notify_one();
        }
        // Whoever asked may have stopped waiting. It is in the ledger all the same.
        drop(answer.send(report));
    }

    /// Delivers due events to sinks, until the service is stopped.
    async fn deliver(&self, deliverer: &Deliverer) {
        while !self.is_stopped() {
            let is_stopped = || self.is_stopped();
            let round = pin!(deliverer.deliver(Include::Due, None, &|_, _| (), &is_stopped));
            let too_long = pin!(async {
                self.stopped().await;
                deliverer.sleeper.sleep(LAST_DELIVERIES).await;
            });
            match select(round, too_long).await {
                Either::Left((rounds, _)) => self.observe(&rounds),
                Either::Right(_) => return,
            }
            let applied = pin!(self.applied.notified());
            let next = select(applied, deliverer.sleeper.sleep(BETWEEN_DELIVERIES));
            select(pin!(self.stopped()), next).await;
        }
    }

    /// Settles what is open, at the start and now and then.
    async fn settle<K: DocumentKind>(&self, updater: &Updater<K>) {
        let mut known = None;
        while !self.is_stopped() {
            let settling = pin!(async {
                let reconciler = match &mut known {
                    Some(reconciler) => reconciler,
                    none => none.insert(reconciler(updater).await?),
                };
                Ok(reconciler.reconcile().await?)
            });
            let Either::Left((found, _)) = select(settling, pin!(self.stopped())).await else {
                return;
            };
            match found {
                Ok(found) => {
                    let settled = found.iter().filter(|one| one.recorded.is_some()).count();
                    self.served().settled += settled as u64;
                    if settled > 0 {
                        self.applied.notify_one();
                    }
                }
                Err(IdentityError::Ledger(failure)) => self.served().broken = Some(failure),
                // The next update says what is wrong, and another try comes.
                Err(IdentityError::Request(failure)) => tracing::info!(%failure, "nothing is settled"),
            }
            select(pin!(self.stopped()), updater.sleeper.sleep(BETWEEN_RECONCILIATIONS)).await;
        }
    }

    fn observe(&self, rounds: &[DeliveryReport]) {
        let mut served = self.served();
        for round in rounds {
            served.delivered += round.delivered;
            served.undelivered += round.failed;
            if let Some(broken) = &round.broken {
                served.broken = Some(broken.clone());
            }
        }
    }

    /// A panic elsewhere leaves the counts as they were between two additions.
    fn served(&self) -> MutexGuard<'_, ServiceStats> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reconciler of what an updater left open.
async fn reconciler<K: DocumentKind>(updater: &Updater<K>) -> Result<Reconciler<K>, IdentityError> {
    let Identity { target, author } = updater.identity.identity().await?;
    Ok(Reconciler {
        store: updater.store.clone(),
        ledger: updater.ledger.clone(),
        target,
        author: Author {
            command: "reconcile".to_owned(),
            ..author
        },
        clock: updater.clock.clone(),
    })
}
