//! The run that is killed: it updates a rule, records that and tells a sink.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use app::{Deliverer, Updater};
use async_trait::async_trait;
use domain::protocol::UpdateOptions;
use domain::{Edit, TriggerRule};
use emulator::{SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};
use genesys_adapter::{
    Address, ClientCredentials, Connection, ConnectionSettings, Credentials, GenesysStore, TokenSource, TriggerRules,
};
use ledger_adapter::{LedgerSettings, SqlLedger};
use ports::{Author, Clock, DeliveryError, Event, EventSink, Sleeper};

use super::kill_at::KillAt;
use super::kill_plan::{KillPlan, Point, SINK, TARGET, name_of, rule_of};
use super::relay;

#[test]
#[ignore = "the tests start it, to kill it"]
fn a_run_that_is_killed() {
    let Some(kill_plan) = KillPlan::given() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(kill_plan));
}

async fn run(kill_plan: KillPlan) {
    let point = kill_plan.point;
    let mut ledger = open(&kill_plan.ledger, kill_plan.run, &kill_plan.folder).await;
    let is_concluding = Arc::new(AtomicBool::new(false));
    if point == Point::InsideTheCommit {
        let (is_concluding, delay) = (is_concluding.clone(), kill_plan.delay);
        ledger.before_each_commit(move || {
            if !is_concluding.load(Ordering::Relaxed) {
                return;
            }
            match delay {
                0 => std::process::abort(),
                delay => drop(std::thread::spawn(move || die_after(Duration::from_micros(delay)))),
            }
        });
    }
    let ledger = Arc::new(KillAt {
        behind: Arc::new(ledger),
        point,
        is_concluding,
    });
    let server = match point {
        Point::InMidSend | Point::AfterTheServerApplied => relay::to(&kill_plan.server, point).await,
        _ => kill_plan.server.clone(),
    };
    let timer = Arc::new(Timer::of_run(kill_plan.run));
    let updater = Updater::<TriggerRule>::builder(Arc::new(KillAt::of(store(&server, &timer), point)))
        .ledger(ledger.clone())
        .recorded_as(TARGET, author(kill_plan.run))
        .build(timer.clone());
    let deliverer = Deliverer {
        outbox: ledger,
        sinks: vec![Arc::new(KillAt::of(FileSink(file_of(&kill_plan.folder)), point))],
        clock: timer.clone(),
        sleeper: timer,
    };
    println!("begun:");
    for number in 0.. {
        let rule = rule_of(kill_plan.run + number);
        let name = format!("{}-{number}", name_of(kill_plan.run));
        let edit = Edit::default().name(&name).unwrap();
        updater.update(&rule, edit, UpdateOptions::default()).await;
        deliverer.drain(&|_, _| (), &|| false).await;
        if point != Point::AtAnyTime {
            break;
        }
    }
}

/// Not by sleeping: the shortest sleep is longer than what is to be hit.
fn die_after(time: Duration) {
    let from = Instant::now();
    while from.elapsed() < time {
        std::hint::spin_loop();
    }
    std::process::abort();
}

pub(super) async fn open(ledger: &str, run: u64, folder: &Path) -> SqlLedger {
    let settings = LedgerSettings {
        address: ledger.parse().unwrap(),
        run: Some((name_of(run), folder.join("runs"))),
        sinks: vec![SINK.to_owned()],
    };
    SqlLedger::open(settings).await.unwrap()
}

pub(super) fn author(run: u64) -> Author {
    Author {
        run: name_of(run),
        command: "update".to_owned(),
        host: Some("here".to_owned()),
        ..Author::default()
    }
}

pub(super) fn store(server: &str, timer: &Arc<Timer>) -> GenesysStore<TriggerRules> {
    let address: Address = server.parse().unwrap();
    let settings = ConnectionSettings::to(&address);
    let connection = Connection::new(&settings).unwrap();
    let client = Credentials::Client(ClientCredentials {
        id: SANDBOX_CLIENT_ID.to_owned(),
        secret: SANDBOX_CLIENT_SECRET.into(),
    });
    let tokens = TokenSource::new(client, address.clone(), address, connection, timer.clone(), None);
    GenesysStore::new(TriggerRules::default(), tokens, timer.clone())
}

/// The file in which the sink keeps the delivered events.
pub(super) fn file_of(folder: &Path) -> PathBuf {
    folder.join("told.txt")
}

/// A sink that writes a line for each event.
pub(super) struct FileSink(pub(super) PathBuf);

#[async_trait]
impl EventSink for FileSink {
    fn name(&self) -> &str {
        SINK
    }

    async fn deliver(&self, event: &Event) -> Result<(), DeliveryError> {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.0).unwrap();
        let line = format!("{} {} {}\n", event.entry, event.document.id, event.id);
        file.write_all(line.as_bytes()).unwrap();
        Ok(())
    }
}

/// The machine's time, an hour later with each run: whatever was leased by the one before is nobody's any more.
pub(super) struct Timer {
    started: Instant,
    ahead: Duration,
}

impl Timer {
    pub(super) fn of_run(run: u64) -> Self {
        Self {
            started: Instant::now(),
            ahead: Duration::from_hours(run),
        }
    }
}

impl Clock for Timer {
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.ahead
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

#[async_trait]
impl Sleeper for Timer {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
