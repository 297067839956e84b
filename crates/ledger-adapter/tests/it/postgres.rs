//! The ledger in a PostgreSQL that is shared.

use std::sync::Mutex;

use domain::OutcomeKind;
use ports::Ledger;
use ports::testing::ledger_conformance::{self, intent, outcome};

use crate::stores::{Schema, books, connection, open};
use crate::writers::deliver;

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
    for tampering in [
        "UPDATE entries SET body = ''",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "UPDATE documents SET content = ''",
        "DELETE FROM documents",
        "TRUNCATE documents",
    ] {
        let refused = sqlx::raw_sql(tampering).execute(&mut beside).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{tampering}: {refused}");
    }
    drop(ledger);
    schema.drop().await;
}

/// The rights that docs/ledger.md names.
const GRANTS: &str = "
    GRANT USAGE ON SCHEMA {schema} TO {role};
    GRANT SELECT, INSERT ON {schema}.entries, {schema}.documents TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.updates, {schema}.tallies, {schema}.activity,
        {schema}.outbox, {schema}.disabled_sinks, {schema}.base_members TO {role};
    GRANT SELECT, INSERT ON {schema}.targets, {schema}.bases TO {role};
    GRANT SELECT ON {schema}.ledger_format TO {role};
";

#[tokio::test]
async fn whoever_updates_needs_no_right_to_change_an_entry() {
    let Some(schema) = Schema::new("whoever_updates_needs_no_right_to_change_an_entry").await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    open(&schema.url, folder.path()).await.close().await;
    let role = format!("{}_writer", schema.name);
    let mut owner = connection(&schema.url).await;
    let grants = GRANTS.replace("{schema}", &schema.name).replace("{role}", &role);
    let made = format!("CREATE ROLE {role}; {grants}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(made))
        .execute(&mut owner)
        .await
        .unwrap();
    let as_writer = format!("{}%20-crole%3D{role}", schema.url);
    let ledger = open(&as_writer, folder.path()).await;
    let wanted = intent("r1", 7, 0);
    let id = ledger.intend(wanted.clone()).await.unwrap();
    let applied = outcome(&wanted, Some(id), OutcomeKind::Applied, 1);
    ledger.conclude(applied).await.unwrap();
    assert_eq!(deliver(vec![ledger.clone()]).await.len(), 1);
    assert_eq!(ledger.verify(None).await.unwrap().faults, []);
    let mut writer = connection(&as_writer).await;
    for tampering in [
        "UPDATE entries SET body = ''",
        "DELETE FROM documents",
        "TRUNCATE entries",
        "DROP TRIGGER entries_are_append_only ON entries",
    ] {
        let refused = sqlx::raw_sql(tampering).execute(&mut writer).await.unwrap_err();
        let refused = refused.to_string();
        assert!(
            refused.contains("permission denied") || refused.contains("must be owner"),
            "{refused}"
        );
    }
    drop(ledger);
    schema.drop().await;
    let dropped = format!("DROP ROLE {role}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(dropped))
        .execute(&mut owner)
        .await
        .unwrap();
}
