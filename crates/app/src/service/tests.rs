//! A service, on fakes and on tokio's own virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use domain::protocol::{UpdateOptions, UpdateRequest};
use domain::{Edit, OutcomeKind, RequestError, RuleId, Stored, TriggerRule, Version};
use futures_util::future::join_all;
use ports::testing::InMemoryStore;
use ports::{
    Clock, Cursor, DocumentStore, Event, EventSink, InMemoryLedger, Ledger, Outbox, Page, Response, SinkFn, Sleeper,
};
use tokio::time::Instant;

use super::*;

/// The time of the runtime, which passes when all wait.
struct Timer(Instant);

impl Clock for Timer {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[async_trait]
impl Sleeper for Timer {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A store that takes 50 ms for each request, and counts how many are under way.
#[derive(Default)]
struct Slow {
    behind: InMemoryStore<TriggerRule>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Slow {
    async fn take_time(&self) {
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(under_way, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl DocumentStore<TriggerRule> for Slow {
    async fn get(&self, id: &RuleId) -> Result<Response<Stored<TriggerRule>>, RequestError> {
        self.take_time().await;
        self.behind.get(id).await
    }

    async fn replace<'v>(
        &self,
        id: &RuleId,
        document: &TriggerRule,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<TriggerRule>>>, RequestError> {
        let answer = self.behind.replace(id, document, version).await;
        self.take_time().await;
        answer
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<TriggerRule>>, RequestError> {
        self.behind.page(cursor).await
    }
}

/// A service with all that it needs.
struct Setup {
    store: Arc<Slow>,
    ledger: Arc<InMemoryLedger>,
    received: Arc<Mutex<Vec<Event>>>,
    handle: UpdateHandle<TriggerRule>,
    service: Service<TriggerRule>,
}

const LIMITS: ServiceLimits = ServiceLimits {
    concurrency: 4,
    queue: 6,
};

fn id(number: usize) -> RuleId {
    format!("r{number}").parse().unwrap()
}

fn rename(number: usize) -> UpdateRequest<TriggerRule> {
    UpdateRequest::Edit(Edit::default().name(&format!("new {number}")).unwrap())
}

fn setup(rules: usize) -> Setup {
    let store = Arc::new(Slow::default());
    for number in 0..rules {
        let rule = format!(r#"{{"id":"r{number}","ruleType":"conversation","enabled":true,"name":"old"}}"#);
        store.behind.put(&id(number), rule.parse().unwrap());
    }
    let ledger = Arc::new(InMemoryLedger::for_sinks(["audit".to_owned()]));
    let received = Arc::new(Mutex::new(Vec::new()));
    let collect = {
        let received = received.clone();
        move |event: &Event| {
            received.lock().unwrap().push(event.clone());
            Ok(())
        }
    };
    let timer = Arc::new(Timer(Instant::now()));
    let updater = Updater::builder(store.clone())
        .ledger(ledger.clone())
        .recorded_as("test", Author::default())
        .build(timer.clone());
    let deliverer = Deliverer {
        outbox: ledger.clone(),
        sinks: vec![Arc::new(SinkFn::new("audit", collect)) as Arc<dyn EventSink>],
        clock: timer.clone(),
        sleeper: timer,
    };
    let (handle, service) = Service::new(updater, deliverer, LIMITS);
    Setup {
        store,
        ledger,
        received,
        handle,
        service,
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_is_under_way_or_waits_than_there_are_places_for() {
    let setup = setup(40);
    let work = tokio::spawn(setup.service.run());
    let ask = |number| {
        setup
            .handle
            .update(id(number), rename(number), UpdateOptions::default())
    };
    let mut asked = pin!(join_all((0..40).map(ask)));
    let too_soon = tokio::time::timeout(Duration::from_millis(10), &mut asked);
    assert!(too_soon.await.is_err());
    assert_eq!(setup.handle.capacity(), 0, "the others wait for a place");
    let reports = asked.await;
    assert!(
        reports
            .iter()
            .all(|report| report.as_ref().unwrap().completion.outcome.kind() == OutcomeKind::Applied)
    );
    assert_eq!(setup.store.most.load(Ordering::Relaxed), LIMITS.concurrency);
    setup.handle.close();
    let served = work.await.unwrap();
    assert_eq!((served.updates, served.delivered, served.broken), (40, 40, None));
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_loses_nothing() {
    for stop_after in [0, 10, 60, 110, 160, 210, 260] {
        let setup = setup(20);
        let work = tokio::spawn(setup.service.run());
        let ask = |number| {
            setup
                .handle
                .update(id(number), rename(number), UpdateOptions::default())
        };
        let close = async {
            tokio::time::sleep(Duration::from_millis(stop_after)).await;
            setup.handle.close();
        };
        let (reports, ()) = futures_util::future::join(join_all((0..20).map(ask)), close).await;
        let served = work.await.unwrap();
        let begun = reports.iter().flatten().count();
        assert_eq!(served.updates, begun as u64, "{stop_after}");
        assert_eq!(setup.ledger.all().len(), begun, "{stop_after}");
        assert_eq!(setup.ledger.unsettled("test", "rule").await.unwrap(), []);
        let mut applied = 0;
        for (number, report) in reports.iter().enumerate() {
            let name = setup
                .store
                .behind
                .document(&id(number))
                .unwrap()
                .name()
                .map(str::to_owned);
            let is_new = name.as_deref() != Some("old");
            let is_applied = report
                .as_ref()
                .is_ok_and(|report| report.completion.outcome.kind() == OutcomeKind::Applied);
            assert_eq!(is_applied, is_new, "{stop_after}: {number}");
            applied += usize::from(is_applied);
        }
        let recorded = setup.ledger.all();
        let recorded = recorded
            .iter()
            .filter(|entry| entry.outcome_kind() == Some(OutcomeKind::Applied));
        assert_eq!(recorded.count(), applied, "{stop_after}");
        assert_eq!(setup.received.lock().unwrap().len(), applied, "{stop_after}");
        assert_eq!(setup.ledger.backlog().await.unwrap()[0].pending, 0);
        assert!(
            stop_after < 100 || (applied > 0 && begun < 20),
            "{stop_after}: {applied} of {begun}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_handle_refuses_updates() {
    let setup = setup(1);
    setup.handle.close();
    let work = tokio::spawn(setup.service.run());
    let refused = setup.handle.update(id(0), rename(0), UpdateOptions::default()).await;
    assert_eq!(refused.unwrap_err(), ServiceClosedError);
    assert_eq!(work.await.unwrap(), ServiceStats::default());
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_nobody_is_left_who_could_ask() {
    let setup = setup(1);
    let work = tokio::spawn(setup.service.run());
    drop(setup.handle);
    assert_eq!(work.await.unwrap(), ServiceStats::default());
}

#[tokio::test(start_paused = true)]
async fn what_somebody_left_open_is_settled_and_told() {
    let setup = setup(1);
    let applied: TriggerRule = r#"{"id":"r0","ruleType":"conversation","enabled":true,"name":"new 0"}"#
        .parse()
        .unwrap();
    let base: TriggerRule = r#"{"id":"r0","ruleType":"conversation","enabled":true,"name":"old"}"#
        .parse()
        .unwrap();
    let intent = ports::IntentRecord {
        document: ports::DocumentRef {
            target: "test".to_owned(),
            kind: "rule".to_owned(),
            id: "r0".to_owned(),
        },
        author: Author::default(),
        follows: None,
        undoes: Vec::new(),
        absent_intents: Vec::new(),
        guard: "etag".to_owned(),
        version: Some("1".parse().unwrap()),
        base: base.document().clone(),
        ours: applied.document().clone(),
        change: r#"{"name":"new 0"}"#.parse().unwrap(),
        overwrites: Vec::new(),
        merges: 0,
        at: SystemTime::UNIX_EPOCH,
        leased_until: SystemTime::UNIX_EPOCH + Duration::from_mins(3),
    };
    setup.ledger.intend(intent).await.unwrap();
    setup.store.behind.put(&id(0), applied);
    let work = tokio::spawn(setup.service.run());
    tokio::time::sleep(Duration::from_mins(6)).await;
    assert_eq!(setup.received.lock().unwrap().len(), 1);
    setup.handle.close();
    let served = work.await.unwrap();
    assert_eq!((served.settled, served.delivered), (1, 1));
}
