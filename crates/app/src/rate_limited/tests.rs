//! Requests through a rate limiter, in a time that passes only when all tasks wait.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::*;
use domain::{RateWindow, RuleId, TriggerRule};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The runtime's own time, which is paused and jumps to the next timer when nothing else is to be done.
struct PausedTime(Instant);

impl Clock for PausedTime {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[async_trait]
impl Sleeper for PausedTime {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Notes the requests and their times, and answers after a while as it is configured.
struct Server {
    began: Instant,
    asked: Mutex<Vec<(String, Duration)>>,
    /// By how many came before.
    refuses: BTreeMap<usize, Option<Duration>>,
    tells: Option<RateWindow>,
    latency: Duration,
}

impl Server {
    async fn answer<T>(&self, what: String, content: T) -> Result<Response<T>, RequestError> {
        let before = {
            let mut asked = self.asked.lock().unwrap();
            asked.push((what, self.began.elapsed()));
            asked.len() - 1
        };
        tokio::time::sleep(self.latency).await;
        let metadata = ResponseMetadata {
            rate: self.tells,
            ..ResponseMetadata::default()
        };
        match self.refuses.get(&before) {
            Some(wait) => Err(RequestError {
                metadata: Box::new(metadata),
                ..RequestError::new(FailureClass::Throttled { wait: *wait }, "slow down")
            }),
            None => Ok(Response { content, metadata }),
        }
    }

    fn asked(&self) -> Vec<(String, Duration)> {
        self.asked.lock().unwrap().clone()
    }

    fn times(&self) -> Vec<Duration> {
        self.asked().into_iter().map(|(_, time)| time).collect()
    }
}

#[async_trait]
impl DocumentStore<TriggerRule> for Server {
    async fn get(&self, id: &RuleId) -> Result<Response<Stored<TriggerRule>>, RequestError> {
        let stored = Stored {
            id: id.clone(),
            version: None,
            value: "{}".parse().unwrap(),
        };
        self.answer(id.to_string(), stored).await
    }

    async fn replace<'v>(
        &self,
        id: &RuleId,
        _document: &TriggerRule,
        _version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<TriggerRule>>>, RequestError> {
        self.answer(format!("write {id}"), None).await
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<TriggerRule>>, RequestError> {
        let page = Page {
            documents: Vec::new(),
            next: None,
            total: None,
        };
        let place = cursor.map_or("first".to_owned(), |cursor| cursor.0);
        self.answer(format!("page {place}"), page).await
    }
}

/// A server that `configure` configures, and a rate-limited store in front of it.
fn stage(configure: impl FnOnce(&mut Server)) -> (Arc<Server>, Arc<RateLimited<TriggerRule>>) {
    let began = Instant::now();
    let mut server = Server {
        began,
        asked: Mutex::default(),
        refuses: BTreeMap::new(),
        tells: None,
        latency: millis(100),
    };
    configure(&mut server);
    let (server, time) = (Arc::new(server), Arc::new(PausedTime(began)));
    let limited = RateLimited {
        store: server.clone(),
        limiter: Arc::default(),
        clock: time.clone(),
        sleeper: time,
        longest_pause: secs(60),
    };
    (server, Arc::new(limited))
}

fn millis(time: u64) -> Duration {
    Duration::from_millis(time)
}

fn secs(time: u64) -> Duration {
    Duration::from_secs(time)
}

fn id(number: usize) -> RuleId {
    format!("r{number:03}").parse().unwrap()
}

/// Starts that many reads at once, each in a task of its own.
fn read(
    limited: &Arc<RateLimited<TriggerRule>>,
    count: usize,
) -> JoinSet<Result<Response<Stored<TriggerRule>>, RequestError>> {
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let limited = limited.clone();
        tasks.spawn(async move { limited.get(&id(number)).await });
    }
    tasks
}

#[tokio::test(start_paused = true)]
async fn five_go_at_once_and_the_others_in_turn_at_the_rate_that_is_left() {
    let left = RateWindow {
        allowed: 300,
        count: 171,
        reset: secs(60),
    };
    let (server, limited) = stage(|server| server.tells = Some(left));
    read(&limited, 105).join_all().await;
    let asked = server.asked();
    assert!(asked.is_sorted(), "first come, first served: {asked:?}");
    assert!(asked[..5].iter().all(|(_, time)| time.is_zero()), "{asked:?}");
    assert!(asked[5].1 > millis(100), "{asked:?}");
    // 2 a second for 100 of them.
    let took = asked[104].1;
    assert!(took > secs(47) && took < secs(52), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_pauses_everybody_who_shares_the_pacer() {
    for (asked, pause) in [(Some(secs(30)), secs(30)), (None, secs(1))] {
        let (server, limited) = stage(|server| server.refuses = BTreeMap::from([(5, asked)]));
        let answers = read(&limited, 9).join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
        let times = server.times();
        let until = times[5] + server.latency + pause;
        let meanwhile: Vec<_> = times[6..].iter().filter(|time| **time < until).collect();
        assert_eq!((times.len(), meanwhile.len()), (9, 0), "{times:?}");
        assert!(times[6] < until + millis(2), "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_too_long_is_told_and_not_waited_out() {
    let hour = secs(3_600);
    let (server, limited) = stage(|server| server.refuses = BTreeMap::from([(0, Some(hour))]));
    limited.get(&id(0)).await.unwrap_err();
    tokio::time::sleep(secs(10)).await;
    let failure = limited.get(&id(1)).await.unwrap_err();
    let wait = Some(secs(3_590));
    assert_eq!(failure.class, FailureClass::Throttled { wait });
    assert_eq!((failure.metadata.requests, failure.metadata.status), (0, None));
    assert_eq!((server.times().len(), server.began.elapsed()), (1, millis(10_100)));
    // What remains of it at the end is.
    tokio::time::sleep(secs(3_590 - 60)).await;
    limited.get(&id(2)).await.unwrap();
    assert_eq!(server.times().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_is_dropped_holds_nobody_up() {
    let (server, limited) = stage(|server| server.latency = secs(3_600));
    // Five are under way and ten wait; all of them are given up.
    let mut tasks = read(&limited, 15);
    tokio::time::sleep(millis(1)).await;
    assert_eq!(server.times().len(), 5);
    tasks.shutdown().await;
    let next = tokio::time::timeout(secs(1), limited.get(&id(99))).await;
    assert!(next.is_err(), "the server answers after an hour");
    assert_eq!(server.asked()[5].0, "r099");
    assert!(server.asked()[5].1 < millis(300));
    assert_eq!(Arc::strong_count(&limited), 1);
}

#[tokio::test(start_paused = true)]
async fn writes_and_listings_wait_for_their_turn_too() {
    let (server, limited) = stage(|server| server.latency = Duration::ZERO);
    let version = "1".parse().unwrap();
    for _ in 0..4 {
        limited
            .replace(&id(1), &"{}".parse().unwrap(), Some(&version))
            .await
            .unwrap();
        limited.page(None).await.unwrap();
    }
    let times = server.times();
    assert_eq!(times[..5], [Duration::ZERO; 5]);
    assert!(
        times[5..].windows(2).all(|pair| pair[1] > pair[0] + millis(190)),
        "{times:?}"
    );
    assert_eq!(server.asked()[6].0, "write r001");
    assert_eq!(server.asked()[7].0, "page first");
}
