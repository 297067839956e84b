//! Benchmarks of a ledger that has grown.

use std::path::Path;
use std::time::{Duration, Instant};

use assist_rules_ledger_adapter::{LedgerAddress, LedgerSettings, SqlLedger};
use ports::{History, HistoryQuery, IntentRecord, Ledger, OutcomeRecord};
use sqlx::ConnectOptions;
use sqlx::any::AnyConnectOptions;

use crate::{median, milliseconds, open, update};

/// The number of entries of one document in the grown ledger.
const ENTRIES: u64 = 100_000;
/// The number of updates timed in each ledger.
const ROUNDS: u64 = 200;
/// An update of a document with that many entries costs at most so many times one with none.
const UPDATE_TARGET: f64 = 1.2;
/// An export takes at most so many times as long as a verification.
const EXPORT_TARGET: f64 = 3.0;
/// The newest entries of a long ledger take at most so many times as long as those of an empty one.
const NEWEST_TARGET: f64 = 3.0;

/// Measures it, on PostgreSQL too if there is one.
pub(crate) async fn measure(folder: &Path) {
    first(folder).await;
    let (few, many) = (folder.join("one-few.db"), folder.join("one-many.db"));
    let (none, grown) = (open(&few).await, open(&many).await);
    fill(&grown, 5_000).await;
    updates("SQLite", &none, &grown).await;
    export(&grown).await;
    let Some(schemas) = Schemas::new().await else {
        println!("no PostgreSQL at 127.0.0.1:5432 with a database `test`: not measured");
        return;
    };
    let [none, grown] = [schemas.open(0).await, schemas.open(1).await];
    // Why few: PostgreSQL passes over what one transaction made and changed again, each time.
    fill(&grown, 250).await;
    updates("PostgreSQL", &none, &grown).await;
    none.close().await;
    grown.close().await;
    schemas.drop().await;
}

/// Making a ledger beside opening one that is there.
async fn first(folder: &Path) {
    let (mut made, mut opened) = (Vec::new(), Vec::new());
    for number in 0..50 {
        let file = folder.join(format!("first-{number}.db"));
        for times in [&mut made, &mut opened] {
            let started = Instant::now();
            let ledger = open(&file).await;
            times.push(started.elapsed());
            ledger.close().await;
        }
    }
    println!(
        "making a ledger {:.2} ms, opening one that is there {:.2} ms",
        milliseconds(median(made)),
        milliseconds(median(opened))
    );
}

/// An update of the one document.
fn of_one_document(number: u64) -> (IntentRecord, OutcomeRecord) {
    let (mut intent, mut outcome) = update(number);
    "rule-0".clone_into(&mut intent.document.id);
    "rule-0".clone_into(&mut outcome.document.id);
    (intent, outcome)
}

async fn fill(ledger: &SqlLedger, at_once: u64) {
    for begin in (0..ENTRIES / 2).step_by(usize::try_from(at_once).unwrap()) {
        let batch: Vec<_> = (begin..begin + at_once).map(of_one_document).collect();
        ledger.load(&batch).await.unwrap();
    }
}

async fn updates(engine: &str, none: &SqlLedger, grown: &SqlLedger) {
    let (mut of_none, mut of_grown) = (Vec::new(), Vec::new());
    // Why: the first rounds of a ledger fill its caches. Then they take turns.
    for number in 0..ROUNDS + 20 {
        for (ledger, times) in [(none, &mut of_none), (grown, &mut of_grown)] {
            let (intent, outcome) = of_one_document(ENTRIES + number);
            let started = Instant::now();
            let id = ledger.intend(intent).await.unwrap();
            let outcome = OutcomeRecord {
                intent: Some(id),
                ..outcome
            };
            ledger.conclude(outcome).await.unwrap();
            if number >= 20 {
                times.push(started.elapsed());
            }
        }
    }
    let (of_none, of_grown) = (quarter(of_none), quarter(of_grown));
    println!(
        "{engine}: an update with {ENTRIES} entries of its document {:.3} ms, with none {:.3} ms: {}",
        milliseconds(of_grown),
        milliseconds(of_none),
        compared(of_grown, of_none, UPDATE_TARGET)
    );
}

/// The time that a quarter did not exceed. Why not the half: on a disk that others sync, too, that is their time.
fn quarter(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 4).copied().unwrap_or_default()
}

async fn export(ledger: &SqlLedger) {
    let (mut verified, mut exported, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut grew = 0;
    // Why first: a verification holds more, and leaves room behind.
    for _ in 0..3 {
        bytes = 0;
        let before = forget_peak();
        let started = Instant::now();
        let counted = |line: &str| {
            bytes += line.len() + 1;
            Ok(())
        };
        ledger.export(counted).await.unwrap();
        exported.push(started.elapsed());
        grew = grew.max(memory("VmHWM:").saturating_sub(before));
    }
    for _ in 0..3 {
        let started = Instant::now();
        assert!(ledger.verify(None).await.unwrap().faults.is_empty());
        verified.push(started.elapsed());
    }
    let (verified, exported) = (median(verified), median(exported));
    println!(
        "export of {} MB {:.2} s, verification {:.2} s: {}; peak memory {grew} KiB above what it was",
        bytes / 1_000_000,
        exported.as_secs_f64(),
        verified.as_secs_f64(),
        compared(exported, verified, EXPORT_TARGET)
    );
}

/// Opens each as `history` does, reads the newest 20 updates, and closes it.
pub(crate) async fn newest(empty: &Path, long: &Path) {
    let query = HistoryQuery {
        limit: 20,
        ..HistoryQuery::default()
    };
    let (mut of_empty, mut of_long) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        for (file, times) in [(empty, &mut of_empty), (long, &mut of_long)] {
            let started = Instant::now();
            let settings = LedgerSettings {
                address: LedgerAddress::of_file(file.to_owned()),
                run: None,
                sinks: Vec::new(),
            };
            let ledger = SqlLedger::open_existing(settings).await.unwrap().unwrap();
            ledger.entries(&query).await.unwrap();
            ledger.close().await;
            times.push(started.elapsed());
        }
    }
    let (of_empty, of_long) = (median(of_empty), median(of_long));
    println!(
        "opening and the newest 20 updates {:.2} ms, of an empty ledger {:.2} ms: {}",
        milliseconds(of_long),
        milliseconds(of_empty),
        compared(of_long, of_empty, NEWEST_TARGET)
    );
}

fn compared(measured: Duration, beside: Duration, target: f64) -> String {
    let ratio = measured.as_secs_f64() / beside.as_secs_f64();
    let compared = if ratio <= target { "met" } else { "missed" };
    format!("{ratio:.2} (target: at most {target}; {compared})")
}

/// Begins to count the peak anew, where the system can, and gives what is in use now, in KiB.
fn forget_peak() -> u64 {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    memory("VmRSS:")
}

fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Two schemas of their own in the PostgreSQL of this machine.
struct Schemas {
    base: String,
    folder: tempfile::TempDir,
}

impl Schemas {
    async fn new() -> Option<Self> {
        let base = std::env::var("ASSIST_RULES_TEST_POSTGRES")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
        let schemas = Self {
            base,
            folder: tempfile::tempdir().unwrap(),
        };
        for number in 0..2 {
            let name = Self::name(number);
            let make = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
            schemas.run(make).await?;
        }
        Some(schemas)
    }

    fn name(number: usize) -> String {
        format!("ledger_bench_{}_{number}", std::process::id())
    }

    async fn run(&self, sql: String) -> Option<()> {
        sqlx::any::install_default_drivers();
        let options: AnyConnectOptions = self.base.parse().ok()?;
        let mut connection = options.connect().await.ok()?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .ok()?;
        Some(())
    }

    async fn open(&self, number: usize) -> SqlLedger {
        let name = Self::name(number);
        let settings = LedgerSettings {
            address: format!("{}?options=-csearch_path%3D{name}", self.base).parse().unwrap(),
            // Why two runs: a run has one file for what a server could not take.
            run: Some((format!("bench-{number}"), self.folder.path().to_owned())),
            sinks: Vec::new(),
        };
        SqlLedger::open(settings).await.unwrap()
    }

    async fn drop(self) {
        for number in 0..2 {
            self.run(format!("DROP SCHEMA {} CASCADE", Self::name(number))).await;
        }
    }
}
