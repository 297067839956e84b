//! Where updates are asked for.

use domain::Kind;
use domain::protocol::{Terms, Wanted};
use tokio::sync::{mpsc, oneshot, watch};

use crate::update::Report;

/// Where updates are asked for. Cheap to clone: each task has its own.
#[derive(Debug)]
pub struct UpdateHandle<K: Kind> {
    requests: mpsc::Sender<Request<K>>,
    close: watch::Sender<bool>,
}

/// The service takes no more requests. Nothing of this one was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service takes no more requests")]
pub struct Closed;

/// An update that somebody asked for.
#[derive(Debug)]
pub(super) struct Request<K: Kind> {
    pub(super) id: K::Id,
    pub(super) wanted: Wanted<K>,
    pub(super) terms: Terms,
    pub(super) answer: oneshot::Sender<Report<K>>,
}

impl<K: Kind> Clone for UpdateHandle<K> {
    fn clone(&self) -> Self {
        Self::new(self.requests.clone(), self.close.clone())
    }
}

impl<K: Kind> UpdateHandle<K> {
    pub(super) fn new(requests: mpsc::Sender<Request<K>>, close: watch::Sender<bool>) -> Self {
        Self { requests, close }
    }

    /// Asks for an update: waits for a place, then for its report. Whoever stops waiting for a report does not stop
    /// the update.
    ///
    /// # Errors
    ///
    /// If the service is closed before the update is begun.
    pub async fn update(&self, id: K::Id, wanted: Wanted<K>, terms: Terms) -> Result<Report<K>, Closed> {
        let (answer, report) = oneshot::channel();
        let request = Request {
            id,
            wanted,
            terms,
            answer,
        };
        if *self.close.borrow() {
            return Err(Closed);
        }
        self.requests.send(request).await.map_err(|_| Closed)?;
        report.await.map_err(|_| Closed)
    }

    /// Closes it, for all: the service comes to its end in good order. Whatever waits for its turn is not begun.
    pub fn close(&self) {
        self.close.send_replace(true);
    }

    /// How many more requests there is a place for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.requests.capacity()
    }
}
