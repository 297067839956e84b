//! A repository whose requests wait for their turn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Failure, FailureClass, Kind, Permit, RateLimiter, ResponseMetadata, Stored, Version};
use ports::{Answer, Clock, DocumentStore, Page, PageRequest, Sleeper};

/// A pause that lasts longer than this is not waited out in the queue: it is about more than one window, and whoever
/// asks has a deadline.
pub const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Every request to the repository behind it waits for its turn, and teaches the pacer by its answer.
///
/// The pacer is shared by all that use one token. A request that is dropped, waiting or under way, gives up its turn.
/// While the server wants a pause of more than [`LONGEST_PAUSE`], requests fail as `Throttled`, with what is left of
/// it, and are not sent.
pub struct RateLimited<K: Kind> {
    /// Where the requests go.
    pub repository: Arc<dyn DocumentStore<K>>,
    /// Who says when; one for each token.
    pub pacer: Arc<Mutex<RateLimiter>>,
    /// What time it is; the same for all who share the pacer.
    pub clock: Arc<dyn Clock>,
    /// Who waits.
    pub sleeper: Arc<dyn Sleeper>,
}

/// A ticket that gives itself back.
struct Turn<'a> {
    pacer: &'a Mutex<RateLimiter>,
    ticket: Permit,
}

impl<'a> Turn<'a> {
    fn take(pacer: &'a Mutex<RateLimiter>) -> Self {
        let ticket = lock(pacer).take();
        Self { pacer, ticket }
    }

    fn pacer(&self) -> MutexGuard<'_, RateLimiter> {
        lock(self.pacer)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pacer().release(&self.ticket);
    }
}

/// A panic elsewhere leaves the pacer as it was between two calls, which is sound.
fn lock(pacer: &Mutex<RateLimiter>) -> MutexGuard<'_, RateLimiter> {
    pacer.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Kind> RateLimited<K> {
    /// Makes a request when its turn has come.
    async fn in_turn<T>(
        &self,
        request: impl Future<Output = Result<Answer<T>, Failure>>,
    ) -> Result<Answer<T>, Failure> {
        let turn = Turn::take(&self.pacer);
        loop {
            let now = self.clock.elapsed();
            let pause = turn.pacer().pause(now);
            if pause > LONGEST_PAUSE {
                return Err(too_long(pause));
            }
            let wait = turn.pacer().wait(&turn.ticket, now);
            match wait {
                Some(wait) => self.sleeper.sleep(wait).await,
                None => break,
            }
        }
        let answer = request.await;
        self.learn(&turn, &answer);
        answer
    }

    fn learn<T>(&self, turn: &Turn<'_>, answer: &Result<Answer<T>, Failure>) {
        let now = self.clock.elapsed();
        let metadata: &ResponseMetadata = match answer {
            Ok(answer) => &answer.metadata,
            Err(failure) => &failure.metadata,
        };
        let mut pacer = turn.pacer();
        if let Some(window) = metadata.rate {
            pacer.learn(&turn.ticket, now, window);
        }
        if let Err(Failure {
            class: FailureClass::Throttled { wait },
            ..
        }) = answer
        {
            pacer.throttled(&turn.ticket, now, *wait);
        }
    }
}

fn too_long(pause: Duration) -> Failure {
    let message = format!("the server wants no requests for another {} s", pause.as_secs());
    Failure::new(FailureClass::Throttled { wait: Some(pause) }, message)
}

#[async_trait]
impl<K: Kind> DocumentStore<K> for RateLimited<K> {
    async fn get(&self, id: &K::Id) -> Result<Answer<Stored<K>>, Failure> {
        self.in_turn(self.repository.get(id)).await
    }

    async fn replace(&self, id: &K::Id, document: &K, version: &Version) -> Result<Answer<Option<Stored<K>>>, Failure> {
        self.in_turn(self.repository.replace(id, document, version)).await
    }

    async fn list(&self, request: PageRequest) -> Result<Answer<Page>, Failure> {
        self.in_turn(self.repository.list(request)).await
    }
}

#[cfg(test)]
mod tests;
