//! Where updates are asked for.

use domain::DocumentKind;
use domain::protocol::{UpdateOptions, UpdateRequest};
use tokio::sync::{mpsc, oneshot, watch};

use crate::update::Report;

/// Where updates are asked for. Cheap to clone: each task has its own.
#[derive(Debug)]
pub struct UpdateHandle<K: DocumentKind> {
    requests: mpsc::Sender<Request<K>>,
    close: watch::Sender<bool>,
}

/// The service takes no more requests. Nothing of this one was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service takes no more requests")]
pub struct ServiceClosedError;

/// An update that somebody asked for.
#[derive(Debug)]
pub(super) struct Request<K: DocumentKind> {
    pub(super) id: K::Id,
    pub(super) update: UpdateRequest<K>,
    pub(super) options: UpdateOptions,
    pub(super) answer: oneshot::Sender<Report<K>>,
}

impl<K: DocumentKind> Clone for UpdateHandle<K> {
    fn clone(&self) -> Self {
        Self::new(self.requests.clone(), self.close.clone())
    }
}

impl<K: DocumentKind> UpdateHandle<K> {
    pub(super) fn new(requests: mpsc::Sender<Request<K>>, close: watch::Sender<bool>) -> Self {
        Self { requests, close }
    }

    /// Asks for an update: waits for a place, then for its report. Whoever stops waiting for a report does not stop
    /// the update.
    ///
    /// # Errors
    ///
    /// If the service is closed before the update is begun.
    pub async fn update(
        &self,
        id: K::Id,
        update: UpdateRequest<K>,
        options: UpdateOptions,
    ) -> Result<Report<K>, ServiceClosedError> {
        let (answer, report) = oneshot::channel();
        let request = Request {
            id,
            update,
            options,
            answer,
        };
        if *self.close.borrow() {
            return Err(ServiceClosedError);
        }
        self.requests.send(request).await.map_err(|_| ServiceClosedError)?;
        report.await.map_err(|_| ServiceClosedError)
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
