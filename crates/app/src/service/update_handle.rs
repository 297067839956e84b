//! The handle through which updates are requested.

use domain::DocumentKind;
use domain::protocol::{UpdateOptions, UpdateRequest};
use tokio::sync::{mpsc, oneshot, watch};

use crate::update::Report;

/// A handle through which updates are requested. Cheap to clone: each task has its own.
#[derive(Debug)]
pub struct UpdateHandle<K: DocumentKind> {
    requests: mpsc::Sender<Request<K>>,
    close: watch::Sender<bool>,
}

/// The service takes no more requests. Nothing of this one was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service takes no more requests")]
pub struct ServiceClosedError;

/// A requested update.
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

    /// Requests an update: waits for a place in the queue, then for its report. Dropping the future while it waits for
    /// the report does not stop the update.
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

    /// The number of further requests that the queue has a place for.
    pub fn capacity(&self) -> usize {
        self.requests.capacity()
    }
}
