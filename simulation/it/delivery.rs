//! Sinks are told of every change at least once, in the order of each rule's changes and in the same words each time,
//! though they fail and workers die.
//!
//! The outbox is that of the real ledger, in a file; sinks, deaths and time are simulated. Another size:
//! `ASSIST_RULES_EVENTS=100000 cargo test --release -p assist-rules-simulation -- --nocapture every_sink_receives`

mod crashing_outbox;
mod sink;

use std::env;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use app::Deliverer;
use domain::OutcomeKind;
use futures_util::future::{join, poll_fn};
use ledger_adapter::{LedgerSettings, SqlLedger};
use ports::testing::VirtualTime;
use ports::testing::ledger_conformance::{intent, outcome};
use ports::{Clock, EventSink, Include, IntentRecord, Outbox, OutcomeRecord};

use crate::rng::Rng;
use crate::soak::number;
use crashing_outbox::CrashingOutbox;
use sink::Unreliable;

/// Events where `CI` is set, and elsewhere.
const EVENTS: [u64; 2] = [10_000, 1_000];

const SINKS: [&str; 3] = ["webhook", "directory", "table"];

/// The number of rules that the events are about.
const RULES: u64 = 97;

/// The number of events between two rounds of deliveries.
const AT_ONCE: u64 = 250;

/// The totals of many rounds.
#[derive(Default)]
struct Tally {
    rounds: u64,
    deaths: u64,
    tries: u64,
    failed: u64,
}

/// A program that is started again each time it dies.
struct Program {
    address: String,
    starts: u64,
    ledger: Arc<SqlLedger>,
}

impl Program {
    async fn start(address: &str, starts: u64) -> Self {
        let settings = LedgerSettings {
            address: address.parse().unwrap(),
            run: Some((format!("run-{starts}"), env::temp_dir())),
            sinks: SINKS.map(str::to_owned).to_vec(),
        };
        Self {
            address: address.to_owned(),
            starts,
            ledger: Arc::new(SqlLedger::open(settings).await.unwrap()),
        }
    }

    async fn start_again(self) -> Self {
        let Self {
            address,
            starts,
            ledger,
        } = self;
        drop(ledger);
        Self::start(&address, starts + 1).await
    }
}

/// The changes from one number to another, each of a rule's with the version after that of the last.
fn changes(numbers: std::ops::Range<u64>) -> Vec<(IntentRecord, OutcomeRecord)> {
    let change = |number: u64| {
        let intent = intent(&format!("r{}", number % RULES), number / RULES, number);
        let outcome = outcome(&intent, None, OutcomeKind::Applied, number);
        (intent, outcome)
    };
    numbers.map(change).collect()
}

/// Two workers on one outbox tell what is due, until nothing is or one of them dies, and the other with it.
async fn round(
    program: &Program,
    sinks: &[Arc<Unreliable>],
    time: &VirtualTime,
    rng: &Arc<Mutex<Rng>>,
    tally: &Mutex<Tally>,
) -> bool {
    let outbox = Arc::new(CrashingOutbox::new(program.ledger.clone(), rng.clone()));
    let dead = outbox.is_dead.clone();
    let worker = Deliverer {
        outbox,
        sinks: sinks.iter().map(|sink| sink.clone() as Arc<dyn EventSink>).collect(),
        clock: Arc::new(time.clone()),
        sleeper: Arc::new(time.clone()),
    };
    let watch = |_: &_, fate: &_| {
        let mut tally = tally.lock().unwrap();
        tally.tries += 1;
        tally.failed += u64::from(*fate != ports::DeliveryOutcome::Delivered);
    };
    let deliver = || worker.deliver(Include::Due, None, &watch, &|| false);
    let mut both = pin!(join(deliver(), deliver()));
    poll_fn(|context| {
        let polled = both.as_mut().poll(context);
        if dead.load(Ordering::Relaxed) {
            return Poll::Ready(true);
        }
        polled.map(|(one, other)| {
            for round in one.iter().chain(&other) {
                assert_eq!(round.broken, None);
            }
            false
        })
    })
    .await
}

/// A folder without a disk behind it, where there is one: no power is cut here, and waiting for a disk shows nothing.
pub(crate) fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

#[tokio::test]
async fn every_sink_receives_every_change_in_order() {
    let local = usize::from(env::var_os("CI").is_none());
    let events = number("ASSIST_RULES_EVENTS").unwrap_or(EVENTS[local]);
    let started = Instant::now();
    let folder = in_memory();
    let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let rng = Arc::new(Mutex::new(Rng::with_seed(number("ASSIST_RULES_SEED").unwrap_or(1))));
    let time = VirtualTime::default();
    time.advance(Duration::from_hours(1_000_000));
    let from = time.elapsed();
    let sinks = SINKS.map(|name| Arc::new(Unreliable::new(name, rng.clone())));
    let tally = Mutex::new(Tally::default());
    let mut program = Program::start(&address, 0).await;
    let mut made = 0;
    loop {
        let more = (made + AT_ONCE).min(events);
        program.ledger.load(&changes(made..more)).await.unwrap();
        made = more;
        let died = round(&program, &sinks, &time, &rng, &tally).await;
        tally.lock().unwrap().rounds += 1;
        if died {
            tally.lock().unwrap().deaths += 1;
            program = program.start_again().await;
        }
        let backlog = program.ledger.backlog().await.unwrap();
        if made == events && backlog.iter().all(|sink| sink.pending == 0) {
            assert!(backlog.iter().all(|sink| sink.dead == 0 && sink.disabled.is_none()));
            break;
        }
        let pause = rng.lock().unwrap().below(3_600);
        time.advance(Duration::from_secs(pause as u64));
    }
    let mut again = 0;
    for sink in &sinks {
        again += sink.has_all(events);
    }
    let audit = program.ledger.verify(None).await.unwrap();
    assert_eq!(audit.faults, []);
    let tally = tally.into_inner().unwrap();
    assert!(
        tally.deaths > 0 && again > 0,
        "a simulation without deaths shows nothing"
    );
    println!(
        "events: {events} to each of {} sinks in {} s\nrounds: {}, restarts: {}, tries with an answer: {}, failed: {}, \
         delivered more than once: {again}\nvirtual time: {} days",
        SINKS.len(),
        started.elapsed().as_secs(),
        tally.rounds,
        tally.deaths,
        tally.tries,
        tally.failed,
        time.elapsed().saturating_sub(from).as_secs() / 86_400,
    );
}
