//! Doing one thing unless another says stop.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

/// A cancellation that may come, once.
pub(super) struct Stop<'s, S>(Option<Pin<&'s mut S>>);

impl<'s, S: Future<Output = ()>> Stop<'s, S> {
    pub(super) fn new(stop: Pin<&'s mut S>) -> Self {
        Self(Some(stop))
    }

    /// True once the cancellation has come.
    pub(super) fn has_come(&self) -> bool {
        self.0.is_none()
    }

    /// The result of a task, or none if the cancellation comes before that. After that, tasks are carried out.
    pub(super) async fn or<T>(&mut self, task: impl Future<Output = T>) -> Option<T> {
        let mut task = pin!(task);
        poll_fn(|context| {
            if let Some(stop) = &mut self.0
                && stop.as_mut().poll(context).is_ready()
            {
                self.0 = None;
                return Poll::Ready(None);
            }
            task.as_mut().poll(context).map(Some)
        })
        .await
    }
}
