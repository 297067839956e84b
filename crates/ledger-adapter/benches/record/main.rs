//! Benchmarks of recording, and of reading a long ledger.
//!
//! `cargo bench -p assist-rules-ledger-adapter` prints, from one run:
//! - the intent and the outcome of an update beside two bare writes with fdatasync, taking turns;
//! - an update with 100,000 entries of its document beside one with none, on SQLite and PostgreSQL; an export beside a
//!   verification, and its memory; `-- --growth` prints these alone;
//! - `history` of one rule and `stats` in a ledger of a million entries beside an empty one. `-- --entries N` makes
//!   it N entries.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot measure has nothing to say")]

mod growth;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use assist_rules_ledger_adapter::{LedgerAddress, LedgerSettings, SqlLedger};
use domain::OutcomeKind;
use ports::testing::ledger_conformance::{intent, moment, outcome};
use ports::{History, HistoryQuery, IntentRecord, Ledger, OutcomeRecord, TallyOf, TallyQuery};

/// The number of updates that are timed.
const ROUNDS: u64 = 300;
/// At most so many times two bare writes.
const SHARE_TARGET: f64 = 3.0;
/// A read of a long ledger takes no longer.
const READ_TARGET: Duration = Duration::from_millis(100);
/// Seconds; an entry is made each second.
const DAY: u64 = 86_400;
/// The number of rules in a long ledger.
const RULES: u64 = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    growth::measure(folder.path()).await;
    if std::env::args().any(|argument| argument == "--growth") {
        return;
    }
    let mut arguments = std::env::args().skip_while(|argument| argument != "--entries").skip(1);
    let entries: u64 = arguments.next().map_or(1_000_000, |count| count.parse().unwrap());
    share(folder.path()).await;
    let empty = open(&folder.path().join("empty.db")).await;
    let long = open(&folder.path().join("long.db")).await;
    let started = Instant::now();
    fill(&long, entries).await;
    let size = std::fs::metadata(folder.path().join("long.db")).map_or(0, |data| data.len());
    println!(
        "{entries} entries in {:.0} s, {} bytes of file for each",
        started.elapsed().as_secs_f64(),
        size / entries.max(1)
    );
    growth::newest(&folder.path().join("empty.db"), &folder.path().join("long.db")).await;
    for (name, query) in QUERIES {
        let (of_empty, of_long) = (time(&empty, entries, query).await, time(&long, entries, query).await);
        let compared = if of_long <= READ_TARGET { "met" } else { "missed" };
        println!(
            "{name}: {:.2} ms with {entries} entries, {:.2} ms with none (target: at most {} ms; {compared})",
            milliseconds(of_long),
            milliseconds(of_empty),
            READ_TARGET.as_millis(),
        );
    }
}

async fn open(file: &Path) -> SqlLedger {
    let settings = LedgerSettings {
        address: LedgerAddress::of_file(file.to_owned()),
        run: Some(("bench".to_owned(), file.with_extension("runs"))),
        sinks: Vec::new(),
    };
    SqlLedger::open(settings).await.unwrap()
}

/// An update of a rule of usual size, a second after the one before.
fn update(number: u64) -> (IntentRecord, OutcomeRecord) {
    let mut intent = intent(&format!("rule-{}", number % RULES), number, number * 2);
    let padding = "x".repeat(700);
    let document = |text: &str| format!(r#"{{"id":"r","name":"{number} {text}","more":"{padding}"}}"#);
    (intent.base, intent.ours) = (document("base").parse().unwrap(), document("ours").parse().unwrap());
    intent.overwrites.clear();
    let outcome_kind = if number.is_multiple_of(10) {
        OutcomeKind::Conflict
    } else {
        OutcomeKind::Applied
    };
    let mut outcome = outcome(&intent, None, outcome_kind, number * 2 + 1);
    outcome.latency = Some(Duration::from_micros(30_000 + number * 37 % 200_000));
    outcome.after = Some(intent.ours.clone());
    (intent, outcome)
}

/// The ledger's share of an update, beside what the disk takes for two durable writes.
async fn share(folder: &Path) {
    let ledger = open(&folder.join("share.db")).await;
    let mut file = File::create(folder.join("bare")).unwrap();
    let bytes = vec![b'x'; 4_096];
    let (mut bare, mut recorded) = (Vec::new(), Vec::new());
    for number in 0..ROUNDS {
        let (intent, outcome) = update(number);
        let started = Instant::now();
        for _ in 0..2 {
            file.write_all(&bytes).unwrap();
            file.sync_data().unwrap();
        }
        bare.push(started.elapsed());
        let started = Instant::now();
        let id = ledger.intend(intent).await.unwrap();
        let outcome = OutcomeRecord {
            intent: Some(id),
            ..outcome
        };
        ledger.conclude(outcome).await.unwrap();
        recorded.push(started.elapsed());
    }
    let (bare, recorded) = (median(bare), median(recorded));
    let ratio = recorded.as_secs_f64() / bare.as_secs_f64();
    let compared = if ratio <= SHARE_TARGET { "met" } else { "missed" };
    println!("two bare writes with fdatasync: {:.3} ms (median)", milliseconds(bare));
    println!("intent and outcome: {:.3} ms (median)", milliseconds(recorded));
    println!("ledger / bare: {ratio:.2} (target: at most {SHARE_TARGET}; {compared})");
    ledger.close().await;
}

async fn fill(ledger: &SqlLedger, entries: u64) {
    let updates = entries / 2;
    let mut next = 0;
    while next < updates {
        let end = updates.min(next + 5_000);
        let batch: Vec<_> = (next..end).map(update).collect();
        ledger.load(&batch).await.unwrap();
        next = end;
    }
}

#[derive(Clone, Copy)]
enum Query {
    History,
    Stats(Whose, Since),
}

#[derive(Clone, Copy)]
enum Whose {
    All,
    Each,
    One,
}

#[derive(Clone, Copy)]
enum Since {
    Ever,
    /// From the middle of the ledger on.
    Middle,
    /// The last day.
    Day,
}

const QUERIES: [(&str, Query); 10] = [
    ("history of one rule, 20 updates", Query::History),
    ("stats of all", Query::Stats(Whose::All, Since::Ever)),
    ("stats of all, the second half", Query::Stats(Whose::All, Since::Middle)),
    ("stats of all, the last day", Query::Stats(Whose::All, Since::Day)),
    ("stats of the ten busiest rules", Query::Stats(Whose::Each, Since::Ever)),
    (
        "stats of the ten busiest rules, the second half",
        Query::Stats(Whose::Each, Since::Middle),
    ),
    (
        "stats of the ten busiest rules, the last day",
        Query::Stats(Whose::Each, Since::Day),
    ),
    ("stats of one rule", Query::Stats(Whose::One, Since::Ever)),
    (
        "stats of one rule, the second half",
        Query::Stats(Whose::One, Since::Middle),
    ),
    ("stats of one rule, the last day", Query::Stats(Whose::One, Since::Day)),
];

async fn time(ledger: &SqlLedger, entries: u64, query: Query) -> Duration {
    let mut times = Vec::new();
    for _ in 0..9 {
        let started = Instant::now();
        match query {
            Query::History => {
                let query = HistoryQuery {
                    target: Some("api client".to_owned()),
                    document: Some("rule-7".to_owned()),
                    limit: 20,
                    ..HistoryQuery::default()
                };
                ledger.entries(&query).await.map(drop).unwrap();
            }
            Query::Stats(whose, since) => {
                let query = TallyQuery {
                    target: Some("api client".to_owned()),
                    kind: None,
                    of: match whose {
                        Whose::All => TallyOf::All,
                        Whose::Each => TallyOf::Each(10),
                        Whose::One => TallyOf::One("rule-7".to_owned()),
                    },
                    since: match since {
                        Since::Ever => None,
                        Since::Middle => Some(moment(entries / 2)),
                        Since::Day => Some(moment(entries.saturating_sub(DAY))),
                    },
                };
                ledger.tally(&query).await.map(drop).unwrap();
            }
        }
        times.push(started.elapsed());
    }
    median(times)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
