//! A service that runs for three weeks: tokens end and are renewed, every update is made and told, and it holds on to
//! nothing.
//!
//! Real HTTP to an emulator and a real ledger; only time is moved by hand. Another size:
//! `ASSIST_RULES_UPDATES=10000 cargo test --release -p assist-rules-simulation -- --nocapture weeks`

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use app::{Deliverer, RateLimited, Service, ServiceLimits, Updater};
use async_trait::async_trait;
use domain::protocol::{UpdateOptions, UpdateRequest};
use domain::{Edit, OutcomeKind, RuleId, TriggerRule};
use emulator::{Client, Emulator, SAMPLE_RULE, SAMPLE_RULE_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, Settings};
use genesys_adapter::{
    ClientCredentials, Connection, ConnectionSettings, Credentials, GenesysStore, TokenSource, TriggerRules,
};
use ledger_adapter::{LedgerSettings, SqlLedger};
use ports::{Author, Clock, Event, Ledger, Outbox, SinkFn, Sleeper};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::soak::number;

/// Updates where `CI` is set, and elsewhere.
const UPDATES: [u64; 2] = [2_000, 500];

const DAYS: u64 = 21;

/// Time that passes when the test says so. A token lives for a day of it.
struct Hand(watch::Sender<Duration>);

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(400_000) + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.0.borrow()
    }
}

#[async_trait]
impl Sleeper for Hand {
    async fn sleep(&self, time: Duration) {
        let until = self.elapsed() + time;
        let mut passes = self.0.subscribe();
        drop(passes.wait_for(|now| *now >= until).await);
    }
}

fn store(url: &str, hand: &Arc<Hand>) -> GenesysStore<TriggerRules> {
    let address: genesys_adapter::Address = url.parse().unwrap();
    let connection = Connection::new(&ConnectionSettings::to(&address)).unwrap();
    let client = Credentials::Client(ClientCredentials {
        id: SANDBOX_CLIENT_ID.to_owned(),
        secret: SANDBOX_CLIENT_SECRET.into(),
    });
    let tokens = TokenSource::new(client, address.clone(), address, connection, hand.clone(), None);
    GenesysStore::new(TriggerRules::default(), tokens, hand.clone())
}

async fn ledger(folder: &std::path::Path) -> Arc<SqlLedger> {
    let settings = LedgerSettings {
        address: format!("sqlite:{}", folder.join("ledger.db").display())
            .parse()
            .unwrap(),
        run: Some(("weeks".to_owned(), folder.to_owned())),
        sinks: vec!["here".to_owned()],
    };
    Arc::new(SqlLedger::open(settings).await.unwrap())
}

#[tokio::test]
async fn a_service_runs_for_weeks() {
    let local = usize::from(env::var_os("CI").is_none());
    let all = number("ASSIST_RULES_UPDATES").unwrap_or(UPDATES[local]);
    let started = Instant::now();
    let hand = Arc::new(Hand(watch::channel(Duration::ZERO).0));
    let emulator = Emulator::new(Settings {
        clock: {
            let hand = hand.clone();
            emulator::ServerClock::new(move || hand.now())
        },
        ..Settings::default()
    });
    emulator.add_client(Client::sandbox());
    emulator.put_rule(serde_json::from_str(SAMPLE_RULE).unwrap()).unwrap();
    let running = emulator::serve(emulator.clone(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let running = running.await.unwrap();
    let folder = crate::delivery::in_memory();
    let ledger = ledger(folder.path()).await;
    let received = Arc::new(AtomicU64::new(0));
    let count = {
        let received = received.clone();
        move |_: &Event| {
            received.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    };
    let deliverer = Deliverer {
        outbox: ledger.clone(),
        sinks: vec![Arc::new(SinkFn::new("here", count))],
        clock: hand.clone(),
        sleeper: hand.clone(),
    };
    let rules = RateLimited::<TriggerRule> {
        store: Arc::new(store(&running.url(), &hand)),
        limiter: Arc::default(),
        clock: hand.clone(),
        sleeper: hand.clone(),
        longest_pause: Duration::from_mins(1),
    };
    let updater = Updater::builder(Arc::new(rules))
        .ledger(ledger.clone())
        .recorded_as("weeks", Author::default())
        .build(hand.clone());
    let (handle, service) = Service::new(updater, deliverer, ServiceLimits::default());
    let work = tokio::spawn(service.run());
    let rule: RuleId = SAMPLE_RULE_ID.parse().unwrap();
    let capacity = handle.capacity();
    let mut held = None;
    for number in 0..all {
        let edit = Edit::default().name(&format!("name {number}")).unwrap();
        let request = UpdateRequest::Edit(edit);
        let report = handle
            .update(rule.clone(), request, UpdateOptions::default())
            .await
            .unwrap();
        assert_eq!(report.completion.outcome.kind(), OutcomeKind::Applied, "{number}");
        assert_eq!(report.unrecorded, None);
        let holds = (handle.capacity(), Arc::strong_count(&ledger));
        assert_eq!(*held.get_or_insert(holds), holds, "it holds on to something");
        let step = Duration::from_secs(DAYS * 86_400) / u32::try_from(all).unwrap();
        hand.0.send_modify(|now| *now += step);
    }
    assert_eq!(handle.capacity(), capacity);
    handle.close();
    let done = work.await.unwrap();
    assert_eq!((done.updates, done.delivered), (all, all));
    assert_eq!((done.undelivered, &done.broken), (0, &None));
    assert_eq!(received.load(Ordering::Relaxed), all);
    assert_eq!(ledger.unsettled("weeks", "rule").await.unwrap(), []);
    assert_eq!(ledger.backlog().await.unwrap()[0].pending, 0);
    assert_eq!(ledger.verify(None).await.unwrap().faults, []);
    let tokens = emulator.issued_tokens().len() as u64;
    assert!((DAYS..=DAYS + 2).contains(&tokens), "{tokens} tokens");
    println!(
        "updates: {all} in {DAYS} days, with {tokens} tokens, in {} s",
        started.elapsed().as_secs()
    );
    running.shutdown().await;
}
