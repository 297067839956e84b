//! The migration is cut at each of its statements: the process is killed, the disk is full, the connection is lost.
//! The ledger is what it was, whole, and the next process brings it up to date.

use std::process::{Command, Stdio};

use assist_rules_ledger_adapter::{Interrupt, LedgerSettings, SqlLedger};

use super::fixture::Fixture;
use super::{Known, reader};
use crate::stores::{Schema, in_a_runtime, open};

/// Names the ledger and the statement of the process that is killed.
const LEDGER: &str = "ASSIST_RULES_TEST_CUT";
const AT: &str = "ASSIST_RULES_TEST_CUT_AT";

fn settings(address: &str, run: &str, folder: &std::path::Path) -> LedgerSettings {
    LedgerSettings {
        address: address.parse().unwrap(),
        run: Some((run.to_owned(), folder.join("runs"))),
        sinks: Vec::new(),
    }
}

#[test]
#[ignore = "it is a process of the test of cuts"]
fn is_killed_at_a_statement() {
    let address = std::env::var(LEDGER).unwrap();
    let at: usize = std::env::var(AT).unwrap().parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    in_a_runtime(async {
        let settings = settings(&address, "killed", folder.path());
        let killed = |number: usize| {
            if number == at {
                std::process::abort();
            }
            Interrupt::Go
        };
        SqlLedger::open_interrupted(settings, killed).await.map(drop).unwrap();
    });
}

/// Opens the ledger in a process that aborts before the statement `at`. True if the process was killed.
fn kill_at(fixture: &Fixture, at: usize) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args([
            "format_1::cuts::is_killed_at_a_statement",
            "--exact",
            "--ignored",
            "--test-threads=1",
        ])
        .env(LEDGER, &fixture.address)
        .env(AT, at.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    !status.success()
}

/// True if opening the ledger with an interruption before the statement `at` failed.
async fn fails_at(fixture: &Fixture, at: usize, how: Interrupt) -> bool {
    let settings = settings(&fixture.address, "fails", &fixture.folder);
    let failing = |number: usize| if number == at { how } else { Interrupt::Go };
    SqlLedger::open_interrupted(settings, failing).await.is_err()
}

/// Cuts it at each statement. A full disk is told on a copy: what needs no room goes through.
async fn is_cut_everywhere(fixture: &Fixture, engine: &str, failure: Interrupt) {
    let before = Known::of(&reader(&fixture.address).await).await;
    let is_whole = async |fixture: &Fixture, what: &str, at: usize| {
        let ledger = reader(&fixture.address).await;
        assert_eq!(ledger.format(), 1, "{what} at {at}");
        assert_eq!(Known::of(&ledger).await, before, "{what} at {at}");
        ledger.close().await;
    };
    let statements = SqlLedger::migration_statements(&fixture.address.parse().unwrap());
    let (mut kills, mut failures, mut without_room) = (0, 0, 0);
    for at in 1..=statements {
        assert!(kill_at(fixture, at), "{at}");
        kills += 1;
        is_whole(fixture, "it was killed", at).await;
        if failure == Interrupt::ConnectionLost {
            assert!(fails_at(fixture, at, failure).await, "{at}");
            failures += 1;
            is_whole(fixture, "it failed", at).await;
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let copy = Fixture::in_file(folder.path());
        if fails_at(&copy, at, failure).await {
            failures += 1;
            is_whole(&copy, "it failed", at).await;
        } else {
            without_room += 1;
            assert_eq!(Known::of(&reader(&copy.address).await).await, before);
            assert_eq!(copy.format().await, 2);
        }
    }
    assert!(!kill_at(fixture, statements + 1), "there is no other statement");
    assert_eq!(fixture.format().await, 2);
    let ledger = open(&fixture.address, &fixture.folder).await;
    assert_eq!(Known::of(&ledger).await, before);
    eprintln!(
        "{engine}: {statements} statements, killed at {kills}; failed at {failures}, and {without_room} needed no room"
    );
    assert_eq!((kills, failures + without_room), (statements, statements));
    // The mark and the commit write where something stands: that the disk fails there is told by the test of faults.
    assert!(without_room <= 2, "{without_room}");
}

#[tokio::test]
async fn a_file_is_of_one_format_or_the_other_wherever_it_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::in_file(folder.path());
    is_cut_everywhere(&fixture, "SQLite", Interrupt::DiskFull).await;
}

#[tokio::test]
async fn a_shared_ledger_is_of_one_format_or_the_other_wherever_it_is_cut() {
    let name = "a_shared_ledger_is_of_one_format_or_the_other_wherever_it_is_cut";
    let Some(schema) = Schema::new(name).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::in_schema(&schema, folder.path()).await;
    is_cut_everywhere(&fixture, "PostgreSQL", Interrupt::ConnectionLost).await;
    schema.drop().await;
}
