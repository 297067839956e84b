//! The rate limit and the clock that it goes by.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use super::client::{Answer, Org, emulator};
use crate::{RetryAfter, ServerClock, Settings};

/// A clock at 1994-11-06T08:49:37Z and so many milliseconds as are set.
fn clock() -> (Arc<AtomicU64>, ServerClock) {
    let elapsed = Arc::new(AtomicU64::new(0));
    let now = Arc::clone(&elapsed);
    let start = UNIX_EPOCH + Duration::from_secs(784_111_777);
    (
        elapsed,
        ServerClock::new(move || start + Duration::from_millis(now.load(Ordering::SeqCst))),
    )
}

fn rate(answer: &Answer) -> [&str; 3] {
    ["inin-ratelimit-count", "inin-ratelimit-allowed", "inin-ratelimit-reset"].map(|name| answer.header(name).unwrap())
}

#[tokio::test]
async fn a_token_has_so_many_requests_a_minute() {
    let (elapsed, clock) = clock();
    let mut org = Org::of(emulator(Settings {
        requests_per_minute: 2,
        clock,
        ..Settings::default()
    }))
    .await;
    assert_eq!(rate(&org.get().await), ["1", "2", "60"]);
    elapsed.store(20_500, Ordering::SeqCst);
    assert_eq!(rate(&org.get().await), ["2", "2", "40"]);

    let refused = org.get().await;
    assert_eq!(refused.refusal(), (429, "too.many.requests.retry.after".to_owned()));
    assert_eq!(
        (rate(&refused), refused.header("retry-after")),
        (["2", "2", "40"], Some("40"))
    );

    let spent = std::mem::take(&mut org.token);
    org.token = org.sign_in().await.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        rate(&org.get().await),
        ["1", "2", "60"],
        "another token has its own window"
    );
    org.token = spent;
    elapsed.store(60_000, Ordering::SeqCst);
    assert_eq!(rate(&org.get().await), ["1", "2", "60"]);
}

#[tokio::test]
async fn a_wait_may_be_told_as_a_date() {
    let (_, clock) = clock();
    let settings = Settings {
        requests_per_minute: 0,
        retry_after: RetryAfter::HttpDate,
        clock,
        ..Settings::default()
    };
    let refused = Org::of(emulator(settings)).await.get().await;
    assert_eq!(refused.header("date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_eq!(refused.header("retry-after"), Some("Sun, 06 Nov 1994 08:50:37 GMT"));
}

#[tokio::test]
async fn a_token_ends_when_its_time_has_come() {
    let (elapsed, clock) = clock();
    let settings = Settings {
        token_lifetime: Duration::from_mins(5),
        clock,
        ..Settings::default()
    };
    let org = Org::of(emulator(settings)).await;
    for (milliseconds, status) in [(299_999, 200), (300_000, 401)] {
        elapsed.store(milliseconds, Ordering::SeqCst);
        assert_eq!(org.get().await.status, status);
    }
}
