//! The state that a killed run leaves behind, and the next run, which recovers it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use app::{Deliverer, Reconciler};
use domain::{Evidence, OutcomeKind, TriggerRule};
use emulator::{Client, Emulator, Running, SAMPLE_RULE, ServerClock};
use ledger_adapter::SqlLedger;
use ports::{Clock, EntryId, History, HistoryQuery, Include, Ledger, Outbox};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::child::{FileSink, Timer, author, file_of, open, store};
use super::kill_plan::{KillPlan, Point, RULES, SINK, TARGET, rule_of};
use super::stores::Store;

/// The outcome of the last update of the killed run.
#[derive(Debug, Default)]
pub(super) struct Last {
    pub(super) outcome_kind: Option<OutcomeKind>,
    pub(super) evidence: Option<Evidence>,
    /// The number of its deliveries to the sink.
    pub(super) delivered: usize,
}

/// The server, the ledger and the sink, which outlive each run.
pub(super) struct Recovery {
    emulator: Emulator,
    store: Store,
    run: u64,
    /// The number of the run for the server, whose clock goes with those of the runs.
    clock: Arc<AtomicU64>,
    /// The last entry that was looked at.
    last_entry: EntryId,
    /// By rule: the number of changes that were applied according to the ledger, and the rule after the last of them.
    applied: BTreeMap<String, (u64, Value)>,
    outcomes: BTreeMap<&'static str, u64>,
}

impl Recovery {
    pub(super) fn new(store: Store) -> Self {
        let clock = Arc::new(AtomicU64::new(0));
        let of_run = clock.clone();
        let emulator = Emulator::new(emulator::Settings {
            clock: ServerClock::new(move || Timer::of_run(of_run.load(Ordering::SeqCst)).now()),
            ..emulator::Settings::default()
        });
        emulator.add_client(Client::sandbox());
        for number in 0..RULES {
            let mut rule: Value = serde_json::from_str(SAMPLE_RULE).unwrap();
            rule["id"] = json!(rule_of(number).to_string());
            rule["etag"] = json!("1");
            emulator.put_rule(rule).unwrap();
        }
        Self {
            emulator,
            store,
            run: 0,
            clock,
            last_entry: EntryId(0),
            applied: BTreeMap::new(),
            outcomes: BTreeMap::new(),
        }
    }

    /// A run that dies at a point, and the next one.
    pub(super) async fn kill(&mut self, point: Point, delay: u64) -> Last {
        let server = self.serve().await;
        let mut command = self.kill_plan(point, delay, &server).command();
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        server.shutdown().await;
        assert!(is_killed(output.status), "{point:?}: {}", output_of(&output));
        self.put_in_order(&output).await
    }

    /// A run that is killed so long after it began, and the next one.
    pub(super) async fn kill_at_any_time(&mut self, after: Duration) {
        let server = self.serve().await;
        let mut command = self.kill_plan(Point::AtAnyTime, 0, &server).command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let begun = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            while !line.contains("begun:") {
                line.clear();
                assert!(stdout.read_line(&mut line).unwrap() > 0, "it ended before it began");
            }
            stdout
        });
        let mut stdout = begun.await.unwrap();
        tokio::time::sleep(after).await;
        child.kill().unwrap();
        let mut output = child.wait_with_output().unwrap();
        stdout.read_to_end(&mut output.stdout).unwrap();
        server.shutdown().await;
        self.put_in_order(&output).await;
    }

    fn next_run(&mut self) {
        self.run += 1;
        self.clock.store(self.run, Ordering::SeqCst);
    }

    /// The server, at another port each time: once it is shut down, nothing of the killed arrives any more.
    async fn serve(&self) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        emulator::serve(self.emulator.clone(), listener).await.unwrap()
    }

    fn kill_plan(&mut self, point: Point, delay: u64, server: &Running) -> KillPlan {
        self.next_run();
        KillPlan {
            point,
            delay,
            run: self.run,
            server: server.url(),
            ledger: self.store.ledger.clone(),
            folder: self.store.folder.path().to_owned(),
        }
    }

    /// The next run: it settles what is open and tells what is untold. After that nothing is missing.
    async fn put_in_order(&mut self, killed: &Output) -> Last {
        self.next_run();
        let ledger = Arc::new(open(&self.store.ledger, self.run, self.store.folder.path()).await);
        let timer = Arc::new(Timer::of_run(self.run));
        let server = self.serve().await;
        let reconciler = Reconciler::<TriggerRule> {
            store: Arc::new(store(&server.url(), &timer)),
            ledger: ledger.clone(),
            target: TARGET.to_owned(),
            author: author(self.run),
            clock: timer.clone(),
        };
        // A shared database may still be at the last commit of somebody who is dead: a write waits for that.
        assert_eq!(ledger.replay("nobody's", None).await, Ok(0));
        reconciler.reconcile().await.unwrap();
        server.shutdown().await;
        let deliverer = Deliverer {
            outbox: ledger.clone(),
            sinks: vec![Arc::new(FileSink(file_of(self.store.folder.path())))],
            clock: timer.clone(),
            sleeper: timer,
        };
        let rounds = deliverer.deliver(Include::Due, None, &|_, _| (), &|| false).await;
        assert!(
            rounds.iter().all(|round| round.failed == 0 && round.broken.is_none()),
            "{rounds:?}"
        );
        let last = self.look(&ledger, killed).await;
        ledger.close().await;
        last
    }

    /// Asserts that the ledger is sound, every intent is settled, and every event is delivered.
    async fn look(&mut self, ledger: &SqlLedger, killed: &Output) -> Last {
        assert_eq!(ledger.verify(None).await.unwrap().faults, [], "{}", output_of(killed));
        assert_eq!(ledger.unsettled(TARGET, "rule").await.unwrap(), []);
        let backlog = ledger.backlog().await.unwrap();
        assert!(
            backlog
                .iter()
                .all(|sink| sink.sink == SINK && (sink.pending, sink.dead) == (0, 0))
        );
        let last = self.count(ledger).await;
        self.holds_what_the_ledger_says();
        keeps_what_was_promised(ledger, killed).await;
        last
    }

    /// Counts the entries that are new, and compares them with what the sink was told.
    async fn count(&mut self, ledger: &SqlLedger) -> Last {
        let delivered = std::fs::read_to_string(file_of(self.store.folder.path())).unwrap_or_default();
        let delivered: Vec<Vec<&str>> = delivered.lines().map(|line| line.split(' ').collect()).collect();
        let query = HistoryQuery {
            limit: 200,
            ..HistoryQuery::default()
        };
        let mut new = ledger.entries(&query).await.unwrap();
        let is_all = new.len() < query.limit || new.iter().any(|entry| entry.id <= self.last_entry);
        assert!(is_all, "no run lives so long");
        new.retain(|entry| entry.id > self.last_entry);
        let mut last = Last::default();
        for entry in new.iter().rev() {
            let outcome = entry.outcome.as_ref().expect("every intent is settled");
            let of_this: Vec<_> = delivered
                .iter()
                .filter(|line| line[0] == entry.id.to_string())
                .collect();
            assert!(
                of_this.iter().all(|line| *line == of_this[0]),
                "another event: {of_this:?}"
            );
            assert_eq!(outcome.kind == OutcomeKind::Applied, !of_this.is_empty(), "{entry:?}");
            if let Some(after) = entry.after() {
                let (count, rule) = self.applied.entry(entry.document().unwrap().id.clone()).or_default();
                *count += 1;
                *rule = serde_json::from_str(after.text()).unwrap();
            }
            *self.outcomes.entry(outcome.kind.as_str()).or_default() += 1;
            last = Last {
                outcome_kind: Some(outcome.kind),
                evidence: outcome.evidence,
                delivered: of_this.len(),
            };
            self.last_entry = entry.id;
        }
        let (mut known, mut newest) = (BTreeSet::new(), BTreeMap::new());
        for line in &delivered {
            let entry: u64 = line[0].parse().unwrap();
            if known.insert(entry) {
                let before = newest.insert(line[1], entry).unwrap_or_default();
                assert!(entry > before, "told out of order: {line:?}");
            }
        }
        last
    }

    /// Nobody else writes: each change that was applied is one version, and the rule is as the last one left it.
    fn holds_what_the_ledger_says(&self) {
        for (id, (count, rule)) in &self.applied {
            let stored = self.emulator.rule(id).unwrap();
            assert_eq!(stored["etag"], json!((count + 1).to_string()), "{id}");
            assert_eq!(stored["name"], rule["name"], "{id}");
        }
    }

    /// The number of updates by outcome, as text.
    pub(super) fn counts(&self) -> String {
        let mut text = String::new();
        for (outcome_kind, count) in &self.outcomes {
            write!(text, "{count} {outcome_kind}, ").unwrap();
        }
        text.trim_end_matches(", ").to_owned()
    }

    pub(super) async fn end(self) {
        self.store.end().await;
    }
}

/// Asserts that the ledger has every entry and outcome that it acknowledged to the killed run.
async fn keeps_what_was_promised(ledger: &SqlLedger, killed: &Output) {
    let output_of = String::from_utf8_lossy(&killed.stdout);
    for line in output_of.lines() {
        if let Some((_, entry)) = line.split_once("intended: ") {
            let entry = ledger.entry(entry.parse().unwrap()).await.unwrap();
            assert!(entry.is_some(), "{line}");
        }
        if let Some((_, promise)) = line.split_once("concluded: ") {
            let (entry, outcome_kind) = promise.split_once(' ').unwrap();
            let entry = ledger.entry(entry.parse().unwrap()).await.unwrap();
            let kept = entry.and_then(|entry| entry.outcome_kind()).map(OutcomeKind::as_str);
            assert_eq!(kept, Some(outcome_kind), "{line}");
        }
    }
}

fn output_of(output: &Output) -> String {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    format!("{}\n{out}\n{err}", output.status)
}

/// Not one that came to its end, nor one that failed a check.
#[cfg(unix)]
fn is_killed(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status).is_some()
}

#[cfg(not(unix))]
fn is_killed(status: ExitStatus) -> bool {
    !status.success()
}
