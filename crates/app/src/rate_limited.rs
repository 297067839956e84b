//! A store whose requests wait for their turn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::{DocumentKind, FailureClass, Permit, RateLimiter, RequestError, ResponseMetadata, Stored, Version};
use ports::{Clock, Cursor, DocumentStore, Page, Response, Sleeper};

/// A pause that lasts longer than this is not waited out in the queue: it is about more than one window, and callers
/// have a deadline.
pub const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Every request to the store behind it waits for its turn, and reports its answer to the rate limiter.
///
/// The rate limiter is shared by all that use one token. A request that is dropped, waiting or under way, gives up its turn.
/// While the server wants a pause of more than [`LONGEST_PAUSE`], requests fail as `Throttled`, with what is left of
/// it, and are not sent.
pub struct RateLimited<K: DocumentKind> {
    /// The store behind it.
    pub store: Arc<dyn DocumentStore<K>>,
    /// The rate limiter; one for each token.
    pub limiter: Arc<Mutex<RateLimiter>>,
    /// The clock; the same for all that share the rate limiter.
    pub clock: Arc<dyn Clock>,
    /// The sleeper.
    pub sleeper: Arc<dyn Sleeper>,
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

impl<K: DocumentKind> RateLimited<K> {
    /// Makes a request when its turn has come.
    async fn in_turn<T>(
        &self,
        request: impl Future<Output = Result<Response<T>, RequestError>>,
    ) -> Result<Response<T>, RequestError> {
        let turn = Turn::take(&self.limiter);
        loop {
            let now = self.clock.elapsed();
            let pause = turn.lock().pause(now);
            if pause > LONGEST_PAUSE {
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

fn too_long(pause: Duration) -> RequestError {
    let message = format!("the server wants no requests for another {} s", pause.as_secs());
    RequestError::new(FailureClass::Throttled { wait: Some(pause) }, message)
}

#[async_trait]
impl<K: DocumentKind> DocumentStore<K> for RateLimited<K> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        self.in_turn(self.store.get(id)).await
    }

    async fn replace<'v>(
        &self,
        id: &K::Id,
        document: &K,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<K>>>, RequestError> {
        self.in_turn(self.store.replace(id, document, version)).await
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<K>>, RequestError> {
        self.in_turn(self.store.page(cursor)).await
    }
}

#[cfg(test)]
mod tests;
