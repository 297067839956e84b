//! The trials of a ledger that `doctor` makes: a write that leaves nothing, and the newest entries.

use assist_rules_ledger_adapter::SqlLedger;
use ports::Outbox;
use ports::testing::ledger_conformance::SINKS;
use sqlx::AssertSqlSafe;

use crate::stores::{Schema, connection};
use crate::varied::varied;

/// FIELD I5: a sample of the entries is proved, and a fault in it is found; one before it is left to the audit.
#[tokio::test]
async fn the_newest_entries_are_proved_and_a_write_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let drop_triggers = "DROP TRIGGER entries_are_not_changed; DROP TRIGGER documents_are_not_changed";
    try_out(&file, folder.path(), drop_triggers).await;
    if let Some(schema) = Schema::new("the_newest_entries_are_proved_and_a_write_is_tried").await {
        let drop_triggers = "ALTER TABLE entries DISABLE TRIGGER USER; ALTER TABLE documents DISABLE TRIGGER USER";
        try_out(&schema.url, folder.path(), drop_triggers).await;
        schema.drop().await;
    }
}

async fn try_out(address: &str, folder: &std::path::Path, drop_triggers: &'static str) {
    let ledger = varied(address, folder).await;
    let before = ledger.verify(None).await.unwrap();
    assert_eq!(ledger.try_to_write().await, Ok(true));
    assert_eq!(ledger.verify(None).await.unwrap(), before, "the trial leaves nothing");
    for left in ledger.backlog().await.unwrap() {
        assert!(
            SINKS.contains(&left.sink.as_str()) && left.disabled.is_none(),
            "{left:?}"
        );
    }
    let last = u32::try_from(before.entries).unwrap();
    for most in [0, 1, 2, last - 1, last, last + 1, u32::MAX] {
        let report = ledger.verify_newest(most).await.unwrap();
        assert_eq!(
            (report.entries, report.faults),
            (most.min(last).into(), Vec::new()),
            "{most}"
        );
    }
    let mut beside = connection(address).await;
    sqlx::raw_sql(drop_triggers).execute(&mut beside).await.unwrap();
    for column in ["body", "hash"] {
        for entry in [last, last - 1, last - 2] {
            let change = |text: &str| format!("UPDATE entries SET {column} = {text} WHERE seq = {entry}");
            let run = async |sql: String, beside: &mut sqlx::AnyConnection| {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(beside).await.unwrap();
            };
            run(change(&format!("'x' || {column}")), &mut beside).await;
            let found = faults(&ledger, 2).await;
            // The hash of the entry before them is what the first of them follows.
            let is_seen = entry > last - 2 || column == "hash";
            assert_eq!(found > 0, is_seen, "{column} of {entry}");
            run(change(&format!("substr({column}, 2)")), &mut beside).await;
            assert_eq!(faults(&ledger, 2).await, 0);
        }
    }
    let documents = "UPDATE documents SET content = 'x' || content";
    sqlx::raw_sql(documents).execute(&mut beside).await.unwrap();
    assert!(faults(&ledger, last).await > 0);
}

async fn faults(ledger: &SqlLedger, most: u32) -> usize {
    ledger.verify_newest(most).await.unwrap().faults.len()
}
