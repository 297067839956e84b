//! Delivering, on the outbox in memory and in virtual time.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use domain::OutcomeKind;
use ports::testing::VirtualTime;
use ports::testing::ledger_conformance::{intent, outcome};
use ports::{Event, InMemoryLedger, Ledger};

use super::*;
use domain::DELIVERY_SCHEDULE;

/// The answer of a sink to an event, which is given by its document and version.
type Answer = dyn Fn(&str) -> Result<(), DeliveryError> + Send + Sync;

/// A sink that notes what is delivered to it.
struct Noting {
    answer: Box<Answer>,
    delivered: Mutex<Vec<String>>,
}

#[async_trait]
impl EventSink for Noting {
    fn name(&self) -> &'static str {
        "a"
    }

    async fn deliver(&self, event: &Event) -> Result<(), DeliveryError> {
        let name = format!("{} v{}", event.document.id, event.version_before.as_ref().unwrap());
        self.delivered.lock().unwrap().push(name.clone());
        (self.answer)(&name)
    }
}

fn again() -> Result<(), DeliveryError> {
    Err(DeliveryError::Retry {
        error: "no route".to_owned(),
        wait: None,
    })
}

struct DeliveryFixture {
    ledger: Arc<InMemoryLedger>,
    sink: Arc<Noting>,
    time: VirtualTime,
    deliverer: Deliverer,
}

impl DeliveryFixture {
    fn new(answer: impl Fn(&str) -> Result<(), DeliveryError> + Send + Sync + 'static) -> Self {
        let ledger = Arc::new(InMemoryLedger::for_sinks(["a".to_owned()]));
        let sink = Arc::new(Noting {
            answer: Box::new(answer),
            delivered: Mutex::default(),
        });
        let time = VirtualTime::default();
        let deliverer = Deliverer {
            outbox: ledger.clone(),
            sinks: vec![sink.clone()],
            clock: Arc::new(time.clone()),
            sleeper: Arc::new(time.clone()),
        };
        Self {
            ledger,
            sink,
            time,
            deliverer,
        }
    }

    async fn applied(&self, document: &str, version: u64) {
        let record = intent(document, version, version);
        let entry = self.ledger.intend(record.clone()).await.unwrap();
        let outcome = outcome(&record, Some(entry), OutcomeKind::Applied, version);
        self.ledger.conclude(outcome).await.unwrap();
    }

    async fn round(&self, include: Include) -> DeliveryReport {
        let mut rounds = self.deliverer.deliver(include, None, &|_, _| (), &|| false).await;
        rounds.pop().unwrap()
    }

    fn delivered(&self) -> Vec<String> {
        std::mem::take(&mut *self.sink.delivered.lock().unwrap())
    }
}

#[tokio::test]
async fn a_round_tells_everything_in_order_and_what_failed_only_once() {
    let fixture = DeliveryFixture::new(|event| if event.starts_with("r2") { again() } else { Ok(()) });
    for (document, version) in [("r1", 1), ("r2", 1), ("r1", 2), ("r2", 2), ("r3", 1)] {
        fixture.applied(document, version).await;
    }
    let round = fixture.round(Include::Due).await;
    assert_eq!((round.delivered, round.failed), (3, 1));
    assert_eq!(fixture.delivered(), ["r1 v1", "r2 v1", "r1 v2", "r3 v1"]);
    assert_eq!(fixture.round(Include::Due).await.failed, 0, "it is not due");
    assert_eq!(fixture.round(Include::All).await.failed, 1);
}

#[tokio::test]
async fn an_event_that_fails_is_tried_by_the_schedule_and_then_given_up() {
    let fixture = DeliveryFixture::new(|_| again());
    fixture.applied("r1", 1).await;
    let mut tries = 0;
    for wait in DELIVERY_SCHEDULE {
        tries += fixture.round(Include::Due).await.failed;
        fixture.time.advance(wait.saturating_sub(Duration::from_secs(1)));
        assert_eq!(fixture.round(Include::Due).await.failed, 0, "too early, after {tries}");
        let by_hand = fixture.round(Include::All).await;
        assert_eq!(by_hand.failed, 1, "by hand it is tried, and that does not count");
        fixture.time.advance(Duration::from_secs(1));
    }
    assert_eq!(fixture.round(Include::Due).await.failed, 1);
    let backlog = fixture.ledger.backlog().await.unwrap();
    assert_eq!((tries, backlog[0].pending, backlog[0].dead), (9, 0, 1));
    assert_eq!(backlog[0].last_failure, None, "nothing is undelivered");
}

/// FIELD D1: a sink that asks for a pause gets nothing more inside of it, of any document.
#[tokio::test]
async fn nothing_more_is_sent_to_a_sink_inside_the_pause_that_it_asked_for() {
    let pause = Duration::from_mins(20);
    let fixture = DeliveryFixture::new(move |_| {
        Err(DeliveryError::Retry {
            error: "429".to_owned(),
            wait: Some(pause),
        })
    });
    for document in ["r1", "r2", "r3"] {
        fixture.applied(document, 1).await;
    }
    let until = fixture.time.now() + pause;
    for include in [Include::Due, Include::Due, Include::All] {
        let round = fixture.round(include).await;
        assert_eq!(round.paused_until, Some(until));
        fixture.time.advance(Duration::from_mins(1));
    }
    fixture.applied("r0", 1).await;
    let rounds = fixture.deliverer.drain(&|_, _| (), &|| false).await;
    assert_eq!(
        rounds[0].paused_until,
        Some(until),
        "the event that came since waits too"
    );
    assert_eq!(fixture.delivered(), ["r1 v1"], "the others wait as long");
    fixture.time.advance(pause);
    fixture.round(Include::Due).await;
    assert_eq!(fixture.delivered().len(), 1);
}

/// The error of a sink for a given wait, and what is pending, dead and disabled then.
type Check = (fn(Duration) -> DeliveryError, u64, u64, bool);

#[tokio::test]
async fn a_sink_is_heeded() {
    let wait = Duration::from_hours(1);
    let cases: [Check; 3] = [
        (
            |wait| DeliveryError::Retry {
                error: String::new(),
                wait: Some(wait),
            },
            1,
            0,
            false,
        ),
        (|_| DeliveryError::Never { error: String::new() }, 0, 1, false),
        (
            |_| DeliveryError::Gone {
                error: "gone".to_owned(),
            },
            1,
            0,
            true,
        ),
    ];
    for (failure, pending, dead, is_disabled) in cases {
        let fixture = DeliveryFixture::new(move |_| Err(failure(wait)));
        fixture.applied("r1", 1).await;
        fixture.round(Include::Due).await;
        fixture.time.advance(wait.saturating_sub(Duration::from_secs(1)));
        assert_eq!(fixture.round(Include::Due).await.failed, 0);
        let backlog = fixture.ledger.backlog().await.unwrap();
        let found = (backlog[0].pending, backlog[0].dead, backlog[0].disabled.is_some());
        assert_eq!(found, (pending, dead, is_disabled));
        if !is_disabled {
            fixture.time.advance(Duration::from_secs(1));
            assert_eq!(fixture.round(Include::Due).await.failed, pending);
        }
    }
}

#[tokio::test]
async fn a_sink_that_is_down_is_left_alone_after_some_tries() {
    let fixture = DeliveryFixture::new(|_| again());
    for number in 0..20 {
        fixture.applied(&format!("r{number}"), 1).await;
    }
    assert_eq!(
        fixture.round(Include::Due).await.failed,
        u64::from(MAX_CONSECUTIVE_FAILURES)
    );
    assert_eq!(fixture.delivered().len(), 5);
}

#[tokio::test]
async fn no_delivery_is_begun_once_it_is_told_to_stop() {
    let fixture = DeliveryFixture::new(|_| Ok(()));
    for number in 0..3 {
        fixture.applied(&format!("r{number}"), 1).await;
    }
    let delivered = std::sync::atomic::AtomicUsize::new(0);
    let watch = |_: &LeasedEvent, _: &DeliveryOutcome| {
        delivered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    };
    let is_stopped = || delivered.load(std::sync::atomic::Ordering::Relaxed) == 2;
    let rounds = fixture.deliverer.deliver(Include::Due, None, &watch, &is_stopped).await;
    assert_eq!(rounds[0].delivered, 2);
}

/// A sink that never ends by itself.
struct Endless;

#[async_trait]
impl EventSink for Endless {
    fn name(&self) -> &'static str {
        "a"
    }

    async fn deliver(&self, _event: &Event) -> Result<(), DeliveryError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_run_does_not_wait_for_a_sink_that_hangs_and_does_not_try_it_at_once_again() {
    let mut fixture = DeliveryFixture::new(|_| Ok(()));
    fixture.applied("r1", 1).await;
    let lasting = fixture.deliverer.clone();
    fixture.deliverer.sinks = vec![Arc::new(Endless)];
    let rounds = fixture.deliverer.drain(&|_, _| (), &|| false).await;
    assert_eq!((rounds[0].failed, fixture.time.elapsed()), (1, AFTER_A_RUN));
    assert_eq!(rounds[0].last_failure.as_deref(), Some("it did not answer within 10 s"));
    let rounds = lasting.drain(&|_, _| (), &|| false).await;
    assert_eq!(rounds[0].delivered, 0, "it has failed once, and waits as any other");
    fixture.time.advance(DELIVERY_SCHEDULE[0]);
    let rounds = lasting.drain(&|_, _| (), &|| false).await;
    assert_eq!(rounds[0].delivered, 1);
}

#[tokio::test]
async fn a_delivery_that_is_given_up_at_a_stop_says_nothing_of_the_sink() {
    let mut fixture = DeliveryFixture::new(|_| Ok(()));
    fixture.applied("r1", 1).await;
    let lasting = fixture.deliverer.clone();
    fixture.deliverer.sinks = vec![Arc::new(Endless)];
    // The first question is whether to begin.
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let is_stopped = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0;
    fixture.deliverer.drain(&|_, _| (), &is_stopped).await;
    let rounds = lasting.drain(&|_, _| (), &|| false).await;
    assert_eq!(rounds[0].delivered, 1, "it is free at once");
}
