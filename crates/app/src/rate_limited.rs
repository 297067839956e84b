//! A decorator of a store: its requests wait for their turn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::{DocumentKind, FailureClass, Permit, RateLimiter, RequestError, ResponseMetadata, Stored, Version};
use ports::{Clock, Cursor, DocumentStore, Page, Response, Sleeper};

/// Every request to the store behind it waits for its turn, and reports its answer to the rate limiter.
///
/// The rate limiter is shared by all that use one token. A request that is dropped, waiting or under way, gives up its turn.
/// While the server takes no request for longer than `longest_pause`, requests fail as `Throttled`, with what is left of
/// that time, and are not sent: callers have a deadline, can be stopped, and say what they wait for.
pub struct RateLimited<K: DocumentKind> {
    /// The store behind it.
    pub store: Arc<dyn DocumentStore<K>>,
    /// The rate limiter; one for each token.
    pub limiter: Arc<Mutex<RateLimiter>>,
    /// The clock; the same for all that share the rate limiter.
    pub clock: Arc<dyn Clock>,
    /// The sleeper.
    pub sleeper: Arc<dyn Sleeper>,
    /// The longest time without any request, after a refusal or at the end of a window, that is waited out in the queue.
    pub longest_pause: Duration,
}

/// A permit that releases itself.
struct Turn<'a> {
    limiter: &'a Mutex<RateLimiter>,
    permit: Permit,
}

impl<'a> Turn<'a> {
    fn take(limiter: &'a Mutex<RateLimiter>) -> Self {
        let permit = lock(limiter).take();
        Self { limiter, permit }
    }

    fn lock(&self) -> MutexGuard<'_, RateLimiter> {
        lock(self.limiter)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.lock().release(&self.permit);
    }
}

/// A panic elsewhere leaves the rate limiter as it was between two calls, which is sound.
fn lock(limiter: &Mutex<RateLimiter>) -> MutexGuard<'_, RateLimiter> {
    limiter.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The pacing of requests.
pub(crate) struct Pacing<'a> {
    pub(crate) limiter: &'a Mutex<RateLimiter>,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) sleeper: &'a dyn Sleeper,
    pub(crate) longest_pause: Duration,
}

impl Pacing<'_> {
    /// Makes a request when its turn has come.
    pub(crate) async fn in_turn<T>(
        &self,
        request: impl Future<Output = Result<Response<T>, RequestError>>,
    ) -> Result<Response<T>, RequestError> {
        let turn = Turn::take(self.limiter);
        loop {
            let now = self.clock.elapsed();
            let pause = turn.lock().closed_for(now);
            if pause > self.longest_pause {
                return Err(too_long(pause));
            }
            let wait = turn.lock().wait(&turn.permit, now);
            match wait {
                Some(wait) => self.sleeper.sleep(wait).await,
                None => break,
            }
        }
        let answer = request.await;
        self.observe(&turn, &answer);
        answer
    }

    fn observe<T>(&self, turn: &Turn<'_>, answer: &Result<Response<T>, RequestError>) {
        let now = self.clock.elapsed();
        let metadata: &ResponseMetadata = match answer {
            Ok(answer) => &answer.metadata,
            Err(failure) => &failure.metadata,
        };
        let mut limiter = turn.lock();
        if let Some(window) = metadata.rate {
            limiter.on_response(&turn.permit, now, window);
        }
        if let Err(RequestError {
            class: FailureClass::Throttled { wait },
            ..
        }) = answer
        {
            limiter.throttled(&turn.permit, now, *wait);
        }
    }
}

impl<K: DocumentKind> RateLimited<K> {
    fn pacing(&self) -> Pacing<'_> {
        Pacing {
            limiter: &self.limiter,
            clock: self.clock.as_ref(),
            sleeper: self.sleeper.as_ref(),
            longest_pause: self.longest_pause,
        }
    }
}

fn too_long(pause: Duration) -> RequestError {
    let message = format!("the server wants no requests for another {} s", pause.as_secs());
    RequestError::new(FailureClass::Throttled { wait: Some(pause) }, message)
}

#[async_trait]
impl<K: DocumentKind> DocumentStore<K> for RateLimited<K> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        self.pacing().in_turn(self.store.get(id)).await
    }

    async fn replace<'v>(
        &self,
        id: &K::Id,
        document: &K,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<K>>>, RequestError> {
        self.pacing().in_turn(self.store.replace(id, document, version)).await
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<K>>, RequestError> {
        self.pacing().in_turn(self.store.page(cursor)).await
    }
}

#[cfg(test)]
mod tests;
