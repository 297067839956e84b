//! Updates as a service inside another program: any task asks for one, a closure is told of each change, and a stop
//! loses nothing.
//!
//! It talks HTTP to an emulator in this process, and keeps its ledger in a file. All updates share one token, one
//! pacer and one retry budget, and what is in memory does not grow with their number.
//!
//! `cargo run --package assist-rules-app --example run_for_weeks` prints
//!
//! ```text
//! three tasks: 3 updates applied
//!   told of /description
//!   told of /enabled
//!   told of /name
//! after the stop: 3 updates, 3 events delivered, nothing pending
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use assist_rules_app::{Deliverer, RateLimited, Service, ServiceLimits, Updater};
use async_trait::async_trait;
use domain::{
    Draft, RuleChange, RuleId, TriggerRule,
    protocol::{OnConflict, Outcome, Terms, Wanted},
};
use emulator::{Emulator, SAMPLE_RULE_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};
use genesys_adapter::{
    Address, ClientCredentials, Connection, ConnectionSettings, Credentials, GenesysRepository, RulesPath, TokenSource,
};
use ledger_adapter::{LedgerSettings, SqlLedger};
use ports::{Author, Clock, Event, Outbox, SinkFn, Sleeper};
use tokio::net::TcpListener;

/// The name under which the outbox keeps what this program is still to be told.
const HERE: &str = "this program";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = emulator::serve(Emulator::sample(), TcpListener::bind("127.0.0.1:0").await?).await?;
    let folder = tempfile::tempdir()?;
    let ledger = Arc::new(
        SqlLedger::open(LedgerSettings {
            address: format!("sqlite:{}", folder.path().join("ledger.db").display()).parse()?,
            run: Some(("weeks-1".to_owned(), folder.path().to_owned())),
            sinks: vec![HERE.to_owned()],
        })
        .await?,
    );

    // A sink may be told of an event twice, after a crash: its id is the same then.
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = told.clone();
        move |event: &Event| {
            let changes = event.diff.iter().map(|difference| difference.pointer.to_string());
            told.lock().unwrap_or_else(PoisonError::into_inner).extend(changes);
            Ok(())
        }
    };
    let time = Arc::new(Timer(Instant::now()));
    let deliverer = Deliverer {
        outbox: ledger.clone(),
        sinks: vec![Arc::new(SinkFn::new(HERE, tell))],
        clock: time.clone(),
        sleeper: time.clone(),
    };
    let updater = updater(&emulator.url().parse()?, ledger.clone(), time)?;
    let (desk, service) = Service::new(updater, deliverer, ServiceLimits::default());
    let work = tokio::spawn(service.run());

    // Three tasks of one program change one rule at once. Nobody's change is lost.
    let rule: RuleId = SAMPLE_RULE_ID.parse()?;
    let changes = [
        RuleChange::default().name("Refunds")?,
        RuleChange::default().description("Offer the refund form first")?,
        RuleChange::default().enabled(false)?,
    ];
    let tasks = changes.map(|change| {
        let (desk, rule) = (desk.clone(), rule.clone());
        let wanted = Wanted::Wish(Draft::from(&change));
        let terms = Terms {
            on_conflict: OnConflict::Merge,
            ..Terms::default()
        };
        tokio::spawn(async move { desk.update(rule, wanted, terms).await })
    });
    let mut applied = 0;
    for task in tasks {
        applied += i32::from(task.await??.verdict.outcome == Outcome::Applied);
    }
    println!("three tasks: {applied} updates applied");

    // From a signal handler, in a real program.
    desk.close();
    let served = work.await?;
    let pending: u64 = ledger.backlog().await?.iter().map(|sink| sink.pending).sum();
    ledger.close().await;
    emulator.shutdown().await;

    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    told.sort();
    for pointer in told {
        println!("  told of {pointer}");
    }
    let pending = if pending == 0 { "nothing" } else { "something" };
    println!(
        "after the stop: {} updates, {} events delivered, {pending} pending",
        served.updates, served.delivered
    );
    Ok(())
}

/// The use case on its ports: rules over HTTP, in turn, and the time of this machine.
fn updater(
    address: &Address,
    ledger: Arc<SqlLedger>,
    time: Arc<Timer>,
) -> Result<Updater<TriggerRule>, Box<dyn Error>> {
    let connection = Connection::new(&ConnectionSettings {
        loopback: address.is_loopback(),
        ..ConnectionSettings::default()
    })?;
    let client = Credentials::Client(ClientCredentials {
        id: SANDBOX_CLIENT_ID.to_owned(),
        secret: SANDBOX_CLIENT_SECRET.into(),
    });
    let tokens = TokenSource::new(client, address.clone(), connection.clone(), time.clone(), None);
    let rules = GenesysRepository::new(address.clone(), RulesPath::default(), connection, tokens, time.clone());
    Ok(Updater {
        repository: Arc::new(RateLimited {
            repository: Arc::new(rules),
            pacer: Arc::default(),
            clock: time.clone(),
            sleeper: time.clone(),
        }),
        ledger,
        target: address.to_string(),
        author: Author {
            run: "weeks-1".to_owned(),
            command: "example".to_owned(),
            client: SANDBOX_CLIENT_ID.to_owned(),
            ..Author::default()
        },
        clock: time.clone(),
        sleeper: time,
        // Take a random number where several programs update the same rules.
        chance: Arc::new(|| 0.5),
        budget: Arc::default(),
    })
}

/// Time as the machine has it.
struct Timer(Instant);

impl Clock for Timer {
    fn now(&self) -> SystemTime {
        SystemTime::now()
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
