//! Entries that wait for one ledger at the same time: one transaction, and each by itself all the same.

use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use assist_rules_ledger_adapter::SqlLedger;
use ports::testing::ledger_conformance::intent;
use ports::{EntryId, History, HistoryQuery, IntentRecord, Ledger, LedgerError};

use crate::stores::{Schema, open_as};

/// A ledger in a file or a PostgreSQL, and the commits that it made.
async fn counted(address: &str, folder: &Path) -> (SqlLedger, Arc<AtomicUsize>) {
    let mut ledger = Arc::into_inner(open_as(address, folder, "a").await).unwrap();
    let commits = Arc::new(AtomicUsize::new(0));
    let count = commits.clone();
    ledger.before_each_commit(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    (ledger, commits)
}

fn of_run(rule: &str, run: &str) -> IntentRecord {
    let mut intent = intent(rule, 1, 0);
    run.clone_into(&mut intent.author.run);
    intent
}

async fn rules(ledger: &SqlLedger) -> Vec<String> {
    let all = HistoryQuery {
        limit: usize::MAX,
        ..HistoryQuery::default()
    };
    assert_eq!(ledger.verify(None).await.unwrap().faults, []);
    let entries = ledger.entries(&all).await.unwrap();
    let mut rules: Vec<String> = entries
        .iter()
        .map(|entry| entry.document().unwrap().id.clone())
        .collect();
    rules.sort();
    rules
}

/// Nobody is passed over, and a refusal is its own.
async fn share(address: &str, folder: &Path) {
    let (ledger, commits) = counted(address, folder).await;
    let intend = |rule: &str, run: &str| ledger.intend(of_run(rule, run));
    let (first, second, taken, third, fourth) = tokio::join!(
        intend("r1", "a"),
        intend("r2", "a"),
        intend("r1", "b"),
        intend("r3", "a"),
        intend("r4", "a")
    );
    let mut made: Vec<EntryId> = [first, second, third, fourth].map(Result::unwrap).to_vec();
    assert!(matches!(taken, Err(LedgerError::Leased { .. })), "{taken:?}");
    made.sort();
    assert_eq!(made, [1, 2, 3, 4].map(EntryId));
    assert_eq!(rules(&ledger).await, ["r1", "r2", "r3", "r4"]);
    assert_eq!(
        commits.load(Ordering::Relaxed),
        2,
        "those who waited for the first share the second"
    );
}

#[tokio::test]
async fn those_who_wait_for_a_file_share_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    share(
        &format!("sqlite:{}", folder.path().join("ledger.db").display()),
        folder.path(),
    )
    .await;
}

#[tokio::test]
async fn those_who_wait_for_a_shared_database_share_a_transaction() {
    let Some(schema) = Schema::new("those_who_wait_for_a_shared_database_share_a_transaction").await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    share(&schema.url, folder.path()).await;
    schema.drop().await;
}

#[tokio::test]
async fn a_transaction_of_refusals_alone_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let (ledger, commits) = counted(&address, folder.path()).await;
    let intend = |rule: &str, run: &str| ledger.intend(of_run(rule, run));
    let (first, second, third) = tokio::join!(intend("r1", "a"), intend("r1", "b"), intend("r1", "c"));
    first.unwrap();
    for taken in [second, third] {
        assert!(matches!(taken, Err(LedgerError::Leased { .. })), "{taken:?}");
    }
    assert_eq!(rules(&ledger).await, ["r1"]);
    assert_eq!(commits.load(Ordering::Relaxed), 1);
}

/// PostgreSQL has no text with a NUL.
#[tokio::test]
async fn what_a_shared_database_cannot_take_fails_alone() {
    let Some(schema) = Schema::new("what_a_shared_database_cannot_take_fails_alone").await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = counted(&schema.url, folder.path()).await;
    let intend = |rule: &str| ledger.intend(of_run(rule, "a"));
    let mut odd = of_run("odd", "a");
    odd.document.id = "\0".to_owned();
    let (first, second, odd, third) = tokio::join!(intend("r1"), intend("r2"), ledger.intend(odd), intend("r3"));
    for made in [first, second, third] {
        made.unwrap();
    }
    assert!(matches!(odd, Err(LedgerError::Unusable(_))), "{odd:?}");
    assert_eq!(rules(&ledger).await, ["r1", "r2", "r3"]);
    intend("r4").await.unwrap();
    schema.drop().await;
}

/// Whoever leads may be given up at any point: the others are recorded, once.
#[tokio::test]
async fn those_whose_leader_is_given_up_are_recorded_once() {
    let mut is_at_its_end = false;
    let mut polls = 1;
    while !is_at_its_end {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
        let (ledger, _) = counted(&address, folder.path()).await;
        let intend = |rule: &str| ledger.intend(of_run(rule, "a"));
        let given_up = async {
            let mut leads = Box::pin(intend("led"));
            let mut left = polls;
            poll_fn(|context| {
                if left == 0 {
                    return Poll::Ready(None);
                }
                left -= 1;
                leads.as_mut().poll(context).map(Some)
            })
            .await
        };
        let (first, led, second, third) = tokio::join!(intend("r1"), given_up, intend("r2"), intend("r3"));
        for made in [first, second, third] {
            made.unwrap();
        }
        is_at_its_end = led.is_some();
        let mut rules = rules(&ledger).await;
        rules.retain(|rule| rule != "led" || is_at_its_end);
        let expected: &[&str] = if is_at_its_end {
            &["led", "r1", "r2", "r3"]
        } else {
            &["r1", "r2", "r3"]
        };
        assert_eq!(rules, expected, "given up after {polls} steps");
        polls += 1;
    }
    assert!(polls > 5, "it leads for longer than {polls} steps");
}
