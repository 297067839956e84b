//! The ledger in a PostgreSQL that is shared.

use std::sync::Mutex;

use ports::Ledger;
use ports::testing::ledger_conformance::{self, intent};

use crate::stores::{Schema, books, connection, open};

#[tokio::test]
async fn a_ledger_in_postgresql_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    if Schema::new("a_ledger_in_postgresql_keeps_the_contract").await.is_none() {
        return;
    }
    let schemas = Mutex::new(Vec::new());
    ledger_conformance::check(|| async {
        let schema = Schema::new("").await.unwrap();
        let books = books(&schema.url, folder.path()).await;
        schemas.lock().unwrap().push(schema);
        books
    })
    .await;
    let schemas = std::mem::take(&mut *schemas.lock().unwrap());
    for schema in schemas {
        schema.drop().await;
    }
}

#[tokio::test]
async fn entries_and_documents_of_a_shared_ledger_can_only_be_added() {
    let folder = tempfile::tempdir().unwrap();
    let Some(schema) = Schema::new("entries_and_documents_of_a_shared_ledger_can_only_be_added").await else {
        return;
    };
    let ledger = open(&schema.url, folder.path()).await;
    ledger.intend(intent("r1", 7, 0)).await.unwrap();
    let mut beside = connection(&schema.url).await;
    for mischief in [
        "UPDATE entries SET body = ''",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "UPDATE documents SET content = ''",
        "DELETE FROM documents",
        "TRUNCATE documents",
    ] {
        let refused = sqlx::raw_sql(mischief).execute(&mut beside).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{mischief}: {refused}");
    }
    drop(ledger);
    schema.drop().await;
}
