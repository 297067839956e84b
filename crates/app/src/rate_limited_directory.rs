//! A decorator of a directory: its requests wait for their turn.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::{RateLimiter, RequestError};
use ports::{Clock, Cursor, Directory, DirectoryPage, DomainVersion, NameListing, NamedThing, Response, Sleeper};

use crate::rate_limited::Pacing;

/// Every request to the directory behind it waits for its turn, as [`RateLimited`](crate::RateLimited) has it for a store.
pub struct RateLimitedDirectory {
    /// The directory behind it.
    pub directory: Arc<dyn Directory>,
    /// The rate limiter; one for each token, shared with the stores.
    pub limiter: Arc<Mutex<RateLimiter>>,
    /// The clock; the same for all that share the rate limiter.
    pub clock: Arc<dyn Clock>,
    /// The sleeper.
    pub sleeper: Arc<dyn Sleeper>,
    /// The longest time without any request that is waited out in the queue.
    pub longest_pause: Duration,
}

impl RateLimitedDirectory {
    fn pacing(&self) -> Pacing<'_> {
        Pacing {
            limiter: &self.limiter,
            clock: self.clock.as_ref(),
            sleeper: self.sleeper.as_ref(),
            longest_pause: self.longest_pause,
        }
    }
}

#[async_trait]
impl Directory for RateLimitedDirectory {
    async fn names(
        &self,
        listing: &NameListing,
        cursor: Option<Cursor>,
    ) -> Result<Response<DirectoryPage<NamedThing>>, RequestError> {
        self.pacing().in_turn(self.directory.names(listing, cursor)).await
    }

    async fn find(&self, listing: &NameListing, id: &str) -> Result<Response<Option<NamedThing>>, RequestError> {
        self.pacing().in_turn(self.directory.find(listing, id)).await
    }

    async fn domain_versions(
        &self,
        domain: &str,
        cursor: Option<Cursor>,
    ) -> Result<Response<DirectoryPage<DomainVersion>>, RequestError> {
        self.pacing()
            .in_turn(self.directory.domain_versions(domain, cursor))
            .await
    }

    async fn intents(&self, domain: &str, version: &str) -> Result<Response<Vec<String>>, RequestError> {
        self.pacing().in_turn(self.directory.intents(domain, version)).await
    }
}

#[cfg(test)]
mod tests {
    use domain::FailureClass;
    use domain::reference::ReferenceKind;
    use ports::MockDirectory;
    use ports::testing::VirtualTime;

    use super::*;

    #[tokio::test]
    async fn its_requests_wait_their_turn_with_those_of_the_stores() {
        let mut behind = MockDirectory::new();
        let wait = Some(Duration::from_secs(30));
        let refused = move || RequestError::new(FailureClass::Throttled { wait }, "slow down");
        behind.expect_find().once().returning(move |_, _| Err(refused()));
        behind.expect_names().never();
        behind.expect_intents().never();
        behind.expect_domain_versions().never();
        let time = Arc::new(VirtualTime::default());
        let directory = RateLimitedDirectory {
            directory: Arc::new(behind),
            limiter: Arc::default(),
            clock: time.clone(),
            sleeper: time,
            longest_pause: Duration::from_secs(1),
        };
        let scripts = NameListing {
            kind: ReferenceKind::Script,
            within: None,
        };
        assert!(directory.find(&scripts, "s1").await.is_err());
        // Why no request: the server wants none for longer than is waited out.
        let throttled = |failure: RequestError| matches!(failure.class, FailureClass::Throttled { .. });
        assert!(throttled(directory.names(&scripts, None).await.unwrap_err()));
        assert!(throttled(directory.intents("d", "v").await.unwrap_err()));
        assert!(throttled(directory.domain_versions("d", None).await.unwrap_err()));
    }
}
