//! Updates as a service inside another program: any task requests one, a closure receives each change, and a stop
//! loses nothing.
//!
//! The example talks HTTP to an emulator in this process, and keeps its ledger in a file. All updates share one token,
//! one rate limiter and one retry budget, and what is in memory does not grow with their number.
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
    time::Duration,
};

use assist_rules_app::{Deliverer, RateLimited, Service, ServiceLimits, Updater};
use domain::{
    Edit, OutcomeKind, RuleId, TriggerRule,
    protocol::{OnConflict, UpdateOptions, UpdateRequest},
};
use emulator::{Emulator, SAMPLE_RULE_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};
use genesys_adapter::{Address, Connection, ConnectionSettings, Credentials, GenesysStore, TokenSource, TriggerRules};
use ledger_adapter::{LedgerSettings, SqlLedger};
use ports::{Author, Event, Outbox, RealTime, SinkFn};
use tokio::net::TcpListener;

/// The name under which the outbox keeps the events for this program.
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
    let pointers = Arc::new(Mutex::new(Vec::new()));
    let collect = {
        let pointers = pointers.clone();
        move |event: &Event| {
            let changes = event.diff.iter().map(|found| found.difference.pointer.to_string());
            pointers.lock().unwrap_or_else(PoisonError::into_inner).extend(changes);
            Ok(())
        }
    };
    let time = Arc::new(RealTime::start());
    let deliverer = Deliverer {
        outbox: ledger.clone(),
        sinks: vec![Arc::new(SinkFn::new(HERE, collect))],
        clock: time.clone(),
        sleeper: time.clone(),
    };
    let updater = updater(&emulator.url().parse()?, ledger.clone(), time)?;
    let (queue, service) = Service::new(updater, deliverer, ServiceLimits::default());
    let work = tokio::spawn(service.run());

    // Three tasks of one program change one rule at once. Nobody's change is lost.
    let rule: RuleId = SAMPLE_RULE_ID.parse()?;
    let edits = [
        Edit::<TriggerRule>::default().name("Refunds")?,
        Edit::default().description("Offer the refund form first")?,
        Edit::default().enabled(false)?,
    ];
    let tasks = edits.map(|edit| {
        let (queue, rule) = (queue.clone(), rule.clone());
        let options = UpdateOptions {
            on_conflict: OnConflict::Merge,
            ..UpdateOptions::default()
        };
        tokio::spawn(async move { queue.update(rule, UpdateRequest::Edit(edit), options).await })
    });
    let mut applied = 0;
    for task in tasks {
        applied += i32::from(task.await??.completion.outcome.kind() == OutcomeKind::Applied);
    }
    println!("three tasks: {applied} updates applied");

    // From a signal handler, in a real program.
    queue.close();
    let served = work.await?;
    let pending: u64 = ledger.backlog().await?.iter().map(|sink| sink.pending).sum();
    ledger.close().await;
    emulator.shutdown().await;

    let mut pointers = pointers.lock().unwrap_or_else(PoisonError::into_inner).clone();
    pointers.sort();
    for pointer in pointers {
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
fn updater(api: &Address, ledger: Arc<SqlLedger>, time: Arc<RealTime>) -> Result<Updater<TriggerRule>, Box<dyn Error>> {
    let connection = Connection::new(&ConnectionSettings::to(api))?;
    let client = Credentials::client(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET);
    let tokens = TokenSource::new(client, api.clone(), api.clone(), connection, time.clone(), None);
    let rules = GenesysStore::new(TriggerRules::default(), tokens, time.clone());
    let rules = RateLimited {
        store: Arc::new(rules),
        limiter: Arc::default(),
        clock: time.clone(),
        sleeper: time.clone(),
        longest_pause: Duration::from_mins(1),
    };
    let author = Author {
        run: "weeks-1".to_owned(),
        command: "example".to_owned(),
        client: SANDBOX_CLIENT_ID.to_owned(),
        ..Author::default()
    };
    Ok(Updater::builder(Arc::new(rules))
        .ledger(ledger)
        .recorded_as(api.to_string(), author)
        .build(time))
}
