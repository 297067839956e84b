//! Every fault of the transport on every kind of request, over real sockets, many times: the outcome is what is known,
//! and no write has two effects.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use app::{RetryReads, Updater, every_rule};
use domain::protocol::{OnConflict, Outcome, Terms};
use domain::{Draft, RuleChange, TriggerRule};
use emulator::{Emulator, SAMPLE_RULE_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, Script, serve};
use genesys_adapter::{
    Address, ClientCredentials, Connection, ConnectionSettings, Credentials, GenesysRepository, RulesPath, TokenSource,
};
use ports::testing::VirtualTime;
use ports::{Author, Clock, InMemoryLedger};
use tokio::net::TcpListener;

/// How often each fault is tried on each kind of request.
const TIMES: u32 = 50;

/// What comes of an update whose first request of a kind meets a fault: for the token, the read and the write.
#[derive(Clone, Copy)]
struct Row {
    fault: &'static str,
    token: &'static str,
    get: &'static str,
    put: &'static str,
    /// Whether the whole listing can be read all the same.
    list: bool,
    /// Whether the fault moves the version, as somebody else's edit does.
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

/// How long a try may take. A body without an end is cut off by its size, however long that takes on a busy machine.
fn attempt_timeout(fault: &str) -> Duration {
    if fault.contains("endless_body") {
        Duration::from_mins(1)
    } else {
        Duration::from_millis(60)
    }
}

/// A world with the sample rule, and an updater on it.
async fn stage(fault: &str) -> (Emulator, emulator::Running, Updater<TriggerRule>) {
    let world = Emulator::sample();
    let running = serve(world.clone(), TcpListener::bind("127.0.0.1:0").await.unwrap())
        .await
        .unwrap();
    let address: Address = running.url().parse().unwrap();
    let connection = Connection::new(&ConnectionSettings {
        loopback: true,
        attempt_timeout: attempt_timeout(fault),
        ..ConnectionSettings::default()
    });
    let connection = connection.unwrap();
    let waited = VirtualTime::default();
    let clock = Arc::new(Hurried {
        started: Instant::now(),
        waited: waited.clone(),
    });
    let client = Credentials::Client(ClientCredentials {
        id: SANDBOX_CLIENT_ID.to_owned(),
        secret: SANDBOX_CLIENT_SECRET.into(),
    });
    let tokens = TokenSource::new(client, address.clone(), connection.clone(), clock.clone(), None);
    let rules = GenesysRepository::new(address, RulesPath::default(), connection, tokens, clock.clone());
    let updater = Updater {
        repository: Arc::new(rules),
        ledger: Arc::new(InMemoryLedger::default()),
        target: "test".to_owned(),
        author: Author::default(),
        clock,
        sleeper: Arc::new(waited),
        chance: Arc::new(|| 0.5),
        budget: Arc::default(),
    };
    (world, running, updater)
}

fn script(kind: &str, fault: &str) -> Script {
    let text = format!(r#"{{"faults":[{{"on":{{"kind":"{kind}"}},"times":1,"do":{fault}}}]}}"#);
    Script::from_json(&text).unwrap_or_else(|error| panic!("{fault}: {error}"))
}

fn word(outcome: &Outcome<TriggerRule>) -> &'static str {
    match outcome {
        Outcome::Applied => "applied",
        Outcome::Conflict(_) => "conflict",
        Outcome::Denied => "denied",
        Outcome::Failed => "failed",
        Outcome::Unknown => "unknown",
        Outcome::Unchanged
        | Outcome::Planned
        | Outcome::Rejected
        | Outcome::Deferred { .. }
        | Outcome::NotAttempted => "something else",
    }
}

fn version(world: &Emulator) -> u32 {
    world.rule(SAMPLE_RULE_ID).unwrap()["etag"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

async fn update_meets(row: &Row, kind: &str, expected: &str) {
    let (world, running, updater) = stage(row.fault).await;
    world.load_faults(script(kind, row.fault));
    let wish = Draft::from(&RuleChange::default().name("new").unwrap());
    let terms = Terms {
        on_conflict: OnConflict::Fail,
        ..Terms::default()
    };
    let report = updater
        .update(&SAMPLE_RULE_ID.parse().unwrap(), wish, terms, &|_| ())
        .await;
    // What was delayed is carried out before the count: it is under way as long as the emulator serves.
    running.shutdown().await;
    let outcome = word(&report.verdict.outcome);
    assert_eq!(
        outcome, expected,
        "{} on {kind}: {:?}",
        row.fault, report.verdict.failure
    );
    let by_others = u32::from(row.moves && kind != "token");
    let effects = version(&world) - 7 - by_others;
    assert_eq!(
        effects,
        u32::from(outcome == "applied"),
        "{} on {kind}: effects",
        row.fault
    );
    let is_new = world.rule(SAMPLE_RULE_ID).unwrap()["name"] == "new";
    assert_eq!(is_new, outcome == "applied", "{} on {kind}", row.fault);
}

async fn listing_meets(row: &Row) {
    let (world, running, updater) = stage(row.fault).await;
    world.load_faults(script("list", row.fault));
    let Updater {
        repository,
        clock,
        sleeper,
        chance,
        ..
    } = updater;
    let patient = RetryReads {
        repository,
        clock,
        sleeper,
        chance,
        deadline: Duration::from_mins(2),
    };
    let listed = every_rule(&patient).await;
    running.shutdown().await;
    assert_eq!(
        listed.map(|rules| rules.len()).ok(),
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
