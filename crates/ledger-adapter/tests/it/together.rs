//! Several ledgers at one place, in a file and in a PostgreSQL.

use std::path::Path;
use std::sync::Arc;

use assist_rules_ledger_adapter::SqlLedger;
use ports::EntryId;
use tokio::sync::watch;

use crate::stores::{Schema, open, open_as, run};
use crate::writers::{Platform, Writer, assert_in_order, assert_true, deliver};

/// Writers at one place, until there are enough updates. What was acknowledged.
pub(crate) async fn write_together(
    writers: usize,
    rules: usize,
    place: (&str, &Path),
    platform: &Arc<Platform>,
    count: &watch::Sender<usize>,
    enough: usize,
) -> Vec<EntryId> {
    let mut tasks = Vec::new();
    for number in 0..writers {
        let run = run();
        let rule = |other: usize| format!("r{}", (number + other) % rules);
        let writer = Writer {
            ledger: open_as(place.0, place.1, &run).await,
            run,
            platform: platform.clone(),
            rules: (0..rules).map(rule).collect(),
            count: count.clone(),
            enough,
        };
        tasks.push(tokio::spawn(writer.write()));
    }
    let mut acknowledged = Vec::new();
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    acknowledged
}

/// Two processes on a few rules, and then two workers on one outbox.
async fn keep_the_order(rules: usize, address: &str, folder: &Path) {
    let platform = Arc::new(Platform::default());
    let count = watch::Sender::new(0);
    let acknowledged = write_together(2, rules, (address, folder), &platform, &count, 60).await;
    let workers: Vec<Arc<SqlLedger>> = vec![open(address, folder).await, open(address, folder).await];
    assert_true(workers.first().unwrap(), &platform, &acknowledged).await;
    assert_in_order(&deliver(workers).await, &platform);
}

#[tokio::test]
async fn two_at_one_file_keep_the_order_of_each_rule() {
    for rules in [1, 3] {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
        keep_the_order(rules, &address, folder.path()).await;
    }
}

#[tokio::test]
async fn two_at_one_postgresql_keep_the_order_of_each_rule() {
    for rules in [1, 3] {
        let folder = tempfile::tempdir().unwrap();
        let name = "two_at_one_postgresql_keep_the_order_of_each_rule";
        let Some(schema) = Schema::new(name).await else { return };
        keep_the_order(rules, &schema.url, folder.path()).await;
        schema.drop().await;
    }
}
