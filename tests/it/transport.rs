//! Every fault of the transport on every kind of request, over real sockets, many times: the outcome is what is known,
//! and no write has two effects.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use app::{Retry, RetryReads, Updater};
use async_trait::async_trait;
use domain::protocol::{OnConflict, UpdateOptions};
use domain::{Edit, TriggerRule};
use emulator::{Emulator, SAMPLE_RULE_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, Script, serve};
use genesys_adapter::{Address, Connection, ConnectionSettings, Credentials, GenesysStore, TokenSource, TriggerRules};
use ports::testing::VirtualTime;
use ports::{Clock, Sleeper, listing};
use tokio::net::TcpListener;

/// The number of times that each fault is tried on each kind of request.
const TIMES: u32 = 50;

/// The outcomes of an update whose first request of a kind meets a fault: for the token, the read and the write.
#[derive(Clone, Copy)]
struct Row {
    fault: &'static str,
    token: &'static str,
    get: &'static str,
    put: &'static str,
    /// True if the whole listing can be read all the same.
    list: bool,
    /// True if the fault moves the version, as another client's edit does.
    moves: bool,
}

const fn row(fault: &'static str, outcomes: [&'static str; 3], list: bool) -> Row {
    let [token, get, put] = outcomes;
    Row {
        fault,
        token,
        get,
        put,
        list,
        moves: false,
    }
}

const fn moving(row: Row) -> Row {
    Row { moves: true, ..row }
}

const ROWS: [Row; 16] = [
    row(r#"{"status":{"code":500}}"#, ["applied"; 3], true),
    row(r#"{"status":{"code":503,"retry_after":2}}"#, ["applied"; 3], true),
    row(r#"{"status":{"code":500,"carried_out":true}}"#, ["applied"; 3], true),
    row(r#"{"status":{"code":408}}"#, ["applied"; 3], true),
    row(r#"{"status":{"code":403}}"#, ["denied"; 3], false),
    row(r#"{"storm":{"requests":2,"retry_after":3}}"#, ["applied"; 3], true),
    row(r#"{"delay":{"ms":120}}"#, ["applied"; 3], true),
    row(r#"{"drop_before":{}}"#, ["applied"; 3], true),
    row(r#"{"drop_after":{}}"#, ["applied"; 3], true),
    row(r#"{"reset_in_body":{}}"#, ["applied"; 3], true),
    row(r#"{"truncated_body":{}}"#, ["applied"; 3], true),
    row(r#"{"garbage":{}}"#, ["failed", "failed", "applied"], false),
    row(r#"{"endless_body":{}}"#, ["failed", "failed", "applied"], false),
    row(r#"{"revoke_token":{}}"#, ["applied"; 3], true),
    moving(row(
        r#"{"edit_between":{"merge":{"description":"theirs"}}}"#,
        ["applied", "applied", "conflict"],
        true,
    )),
    moving(row(r#"{"moved_tag":{}}"#, ["applied"; 3], true)),
];

/// Real time for time limits of the network; waits pass at once, and count.
struct Hurried {
    started: Instant,
    waited: VirtualTime,
}

impl Clock for Hurried {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed() + self.waited.elapsed()
    }
}

#[async_trait]
impl Sleeper for Hurried {
    async fn sleep(&self, time: Duration) {
        self.waited.sleep(time).await;
    }
}

/// The time limit of a try. A body without an end is cut off by its size, however long that takes on a busy machine.
fn attempt_timeout(fault: &str) -> Duration {
    if fault.contains("endless_body") {
        Duration::from_mins(1)
    } else {
        Duration::from_millis(60)
    }
}

/// A world with the sample rule, and an updater on it.
async fn stage(fault: &str) -> (Emulator, emulator::Running, Updater<TriggerRule>) {
    let emulator = Emulator::sample();
    let running = serve(emulator.clone(), TcpListener::bind("127.0.0.1:0").await.unwrap())
        .await
        .unwrap();
    let address: Address = running.url().parse().unwrap();
    let connection = Connection::new(&ConnectionSettings {
        attempt_timeout: attempt_timeout(fault),
        ..ConnectionSettings::to(&address)
    });
    let connection = connection.unwrap();
    let waited = VirtualTime::default();
    let clock = Arc::new(Hurried {
        started: Instant::now(),
        waited: waited.clone(),
    });
    let client = Credentials::client(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET);
    let tokens = TokenSource::new(client, address.clone(), address, connection, clock.clone(), None);
    let rules = GenesysStore::new(TriggerRules::default(), tokens, clock.clone());
    let updater = Updater::builder(Arc::new(rules)).build(clock);
    (emulator, running, updater)
}

fn script(kind: &str, fault: &str) -> Script {
    let text = format!(r#"{{"faults":[{{"on":{{"kind":"{kind}"}},"times":1,"do":{fault}}}]}}"#);
    Script::from_json(&text).unwrap_or_else(|error| panic!("{fault}: {error}"))
}

fn version(emulator: &Emulator) -> u32 {
    emulator.rule(SAMPLE_RULE_ID).unwrap()["etag"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

async fn update_meets(row: &Row, kind: &str, expected: &str) {
    let (emulator, running, updater) = stage(row.fault).await;
    emulator.load_faults(script(kind, row.fault));
    let rename = Edit::<TriggerRule>::default().name("new").unwrap();
    let options = UpdateOptions {
        on_conflict: OnConflict::Fail,
        ..UpdateOptions::default()
    };
    let report = updater.update(&SAMPLE_RULE_ID.parse().unwrap(), rename, options).await;
    // What was delayed is carried out before the count: it is under way as long as the emulator serves.
    running.shutdown().await;
    let outcome = report.completion.outcome.kind().as_str();
    assert_eq!(
        outcome,
        expected,
        "{} on {kind}: {:?}",
        row.fault,
        report.completion.outcome.failure()
    );
    let by_others = u32::from(row.moves && kind != "token");
    let effects = version(&emulator) - 7 - by_others;
    assert_eq!(
        effects,
        u32::from(outcome == "applied"),
        "{} on {kind}: effects",
        row.fault
    );
    let is_new = emulator.rule(SAMPLE_RULE_ID).unwrap()["name"] == "new";
    assert_eq!(is_new, outcome == "applied", "{} on {kind}", row.fault);
}

async fn listing_meets(row: &Row) {
    let (emulator, running, updater) = stage(row.fault).await;
    emulator.load_faults(script("list", row.fault));
    let Updater {
        store,
        clock,
        sleeper,
        jitter,
        ..
    } = updater;
    let reader = RetryReads {
        store,
        retry: Retry {
            clock,
            sleeper,
            jitter,
            deadline: Duration::from_mins(2),
            watch: Arc::new(|_, _| ()),
        },
    };
    let listed = listing(&reader).await;
    running.shutdown().await;
    assert_eq!(
        listed.map(|rules| rules.documents.len()).ok(),
        row.list.then_some(1),
        "{} on list",
        row.fault
    );
}

#[test]
fn every_fault_on_every_kind_of_request_is_told_for_what_it_is() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut tried = 0;
    for row in &ROWS {
        for _ in 0..TIMES {
            runtime.block_on(async {
                update_meets(row, "token", row.token).await;
                update_meets(row, "get", row.get).await;
                update_meets(row, "put", row.put).await;
                listing_meets(row).await;
            });
            tried += 4;
        }
    }
    assert_eq!(tried, ROWS.len() * 4 * TIMES as usize);
}
