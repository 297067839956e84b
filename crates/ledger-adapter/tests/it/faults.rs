//! The disk fails at each of the first calls that write to the ledger or make it durable, as strace lets it.
//!
//! A process of its own records updates and notes each write that it would send (`PUT`). Whatever failed: no PUT
//! without an intent that was synced, no sync after one that failed, nothing sent any more; and the next process finds
//! a sound ledger, with every outcome that was recorded or kept in a spill file.

mod child;
mod trace;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::OutcomeKind;
use ports::{EntryId, History, HistoryQuery};

use crate::format_1::reader;
use crate::stores::{in_a_runtime, open};
use child::{FOLDER, Files};
use trace::{Call, Trace};

/// The calls that fail, one at a time.
const CALLS: [&str; 3] = ["pwrite64", "fsync", "fdatasync"];
const ERRORS: [&str; 2] = ["EIO", "ENOSPC"];
/// So many of each.
const FIRST: usize = 60;

#[test]
fn no_fault_of_the_disk_takes_what_was_recorded() {
    let name = "no_fault_of_the_disk_takes_what_was_recorded";
    let can_trace = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).status();
    if !can_trace.is_ok_and(|status| status.success()) {
        ports::testing::skip(
            name,
            "strace cannot run here; it needs Linux, strace and leave to trace (ptrace)",
        );
        return;
    }
    let started = std::time::Instant::now();
    let mut tally = BTreeMap::new();
    for start in [Start::WithNothing, Start::WithALedger, Start::WithFormat1] {
        each_call_fails(start, &mut tally);
    }
    for (sort, count) in &tally {
        eprintln!("{count:>5} {sort}");
    }
    let all: usize = tally.values().sum();
    eprintln!("{all:>5} faults in all, in {:.1} s", started.elapsed().as_secs_f64());
    assert!(all >= FIRST * 8, "too few calls to fail: {all}");
}

/// The head of the ledger of format 1, and how many entries it has.
const HEAD: &str = "9df81bf85cdaa3e8edf18e0f9474fea603863b62553123538b2de1f80884c761";
const ENTRIES: u64 = 20;

/// The ledger that the process finds.
#[derive(Clone, Copy, Debug)]
enum Start {
    WithNothing,
    WithALedger,
    /// A ledger of format 1, which is upgraded first.
    WithFormat1,
}

fn each_call_fails(start: Start, tally: &mut BTreeMap<String, usize>) {
    let undisturbed = run(start, None);
    assert_eq!(
        undisturbed.notes.iter().filter(|(note, _)| note == "recorded").count(),
        child::UPDATES
    );
    let mut faults = Vec::new();
    for call in CALLS {
        let calls = undisturbed.trace.most_by_one_thread(call);
        eprintln!("{calls:>5} {call} without a fault, {start:?}");
        for error in ERRORS {
            faults.extend((1..=calls.min(FIRST)).map(|number| (call, error, number)));
        }
    }
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(tally);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((call, error, number)) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let became = endure(start, call, error, *number);
                    let sort = format!("{call} {error}: {became}");
                    *tally.lock().unwrap().entry(sort).or_default() += 1;
                }
            });
        }
    });
}

/// The results of a process.
struct Done {
    folder: tempfile::TempDir,
    trace: Trace,
    notes: Vec<(String, EntryId)>,
}

fn run(start: Start, fault: Option<(&str, &str, usize)>) -> Done {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::of(folder.path());
    match start {
        Start::WithNothing => {}
        Start::WithALedger => in_a_runtime(async {
            open(&files.address(), folder.path()).await.close().await;
        }),
        Start::WithFormat1 => {
            let fixture = include_bytes!("../fixtures/format-1/server.db");
            std::fs::write(in_folder(folder.path(), "ledger.db"), fixture).unwrap();
        }
    }
    let log = folder.path().join("trace");
    let mut strace = Command::new("strace");
    strace.args([
        "-f",
        "-y",
        "-s",
        "64",
        "-e",
        "trace=pwrite64,fsync,fdatasync,write",
        "-o",
    ]);
    strace.arg(&log);
    if let Some((call, error, number)) = fault {
        strace
            .arg("-e")
            .arg(format!("inject={call}:error={error}:when={number}"));
    }
    for path in files.all() {
        strace.arg("-P").arg(path);
    }
    let status = strace
        .arg(std::env::current_exe().unwrap())
        .args([
            "faults::child::records_what_it_can",
            "--exact",
            "--ignored",
            "--test-threads=1",
        ])
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{fault:?}: {status}");
    let notes = std::fs::read_to_string(&files.notes).unwrap_or_default();
    let note = |line: &str| {
        let (note, id) = line.split_once(' ').unwrap();
        (note.to_owned(), id.parse().unwrap())
    };
    Done {
        trace: Trace::read(&std::fs::read_to_string(&log).unwrap()),
        notes: notes.lines().map(note).collect(),
        folder,
    }
}

/// Lets one call fail, and says what became of it.
fn endure(start: Start, call: &str, error: &str, number: usize) -> &'static str {
    let at = format!("{call} {error} {number} {start:?}");
    let done = run(start, Some((call, error, number)));
    assert!(done.trace.calls.iter().any(|call| call.failed), "{at}: nothing failed");
    no_put_goes_without_a_synced_intent(&done.trace, &at);
    let is_noted = |wanted: &str| done.notes.iter().any(|(note, _)| note == wanted);
    // A file in which nothing is yet is SQLite's own: it takes its first page back, and syncs that.
    if !is_noted("closed") {
        nothing_is_synced_after_a_sync_that_failed(&done.trace, &at);
    }
    in_a_runtime(the_next_process_finds_all(start, &done, &at));
    if is_noted("lost") {
        "applied, and neither recorded nor kept: the intent stays open"
    } else if is_noted("kept") {
        "applied, and kept in the spill file"
    } else if is_noted("refused") {
        "no durable intent, nothing sent"
    } else if is_noted("closed") {
        "the ledger did not open, nothing sent"
    } else {
        "all recorded"
    }
}

fn no_put_goes_without_a_synced_intent(trace: &Trace, at: &str) {
    let mut is_synced = false;
    for Call {
        name,
        path,
        failed,
        text,
        ..
    } in &trace.calls
    {
        if path.ends_with("-wal") {
            is_synced = !failed && name != "pwrite64";
        } else if text.contains("\"put ") {
            assert!(is_synced, "{at}: a PUT without a synced intent");
        }
    }
}

fn nothing_is_synced_after_a_sync_that_failed(trace: &Trace, at: &str) {
    let is_sync = |call: &&Call| call.name != "pwrite64" && call.name != "write";
    let mut broken: Vec<&str> = Vec::new();
    for call in trace.calls.iter().filter(is_sync) {
        let is_again = broken.contains(&call.path.as_str());
        assert!(!is_again, "{at}: {} was synced again", call.path);
        if call.failed {
            broken.push(&call.path);
        }
    }
}

async fn the_next_process_finds_all(start: Start, done: &Done, at: &str) {
    let files = Files::of(done.folder.path());
    if matches!(start, Start::WithFormat1) {
        // One format or the other, and whole, before anybody mends it.
        let ledger = reader(&files.address()).await;
        assert_eq!(ledger.verify(Some(HEAD)).await.unwrap().faults, [], "{at}");
        ledger.close().await;
    }
    let ledger = open(&files.address(), done.folder.path()).await;
    let report = ledger.verify(None).await.unwrap();
    assert_eq!(report.faults, [], "{at}");
    let query = HistoryQuery {
        limit: usize::MAX,
        ..HistoryQuery::default()
    };
    let mut found = ledger.entries(&query).await.unwrap();
    if matches!(start, Start::WithFormat1) {
        found.retain(|entry| entry.id.0 > ENTRIES);
    }
    let found: BTreeMap<EntryId, Option<OutcomeKind>> =
        found.iter().map(|entry| (entry.id, entry.outcome_kind())).collect();
    let noted = |wanted: &'static str| {
        done.notes
            .iter()
            .filter(move |(note, _)| note == wanted)
            .map(|(_, id)| *id)
    };
    for id in noted("put") {
        assert!(found.contains_key(&id), "{at}: the intent {id} of a PUT is gone");
    }
    for id in noted("recorded").chain(noted("kept")) {
        assert_eq!(found.get(&id), Some(&Some(OutcomeKind::Applied)), "{at}: {id}");
    }
    let puts: Vec<EntryId> = noted("put").collect();
    for (id, outcome_kind) in &found {
        assert!(
            puts.contains(id) || outcome_kind.is_none(),
            "{at}: {id} was not sent, and is {outcome_kind:?}"
        );
    }
    let runs = std::fs::read_dir(&files.runs).unwrap().count();
    assert!(
        runs == 1 || noted("lost").next().is_some(),
        "{at}: a spill file was not taken in"
    );
}

/// Something that the process and whoever watches it call by one name.
fn in_folder(folder: &Path, name: &str) -> std::path::PathBuf {
    folder.join(name)
}
