//! Faults that meet Copilots.

use serde_json::{Value, json};

use super::{
    assistants::{copilot, get, put},
    client::Org,
    faults::load,
};
use crate::Writer;

/// The sample organization under a fault of the PUT, its Copilot, and another one to write.
async fn under(fault: Value) -> (Org, Value, Value) {
    let org = Org::sample().await;
    load(&org.emulator, &[json!({"on": {"kind": "put"}, "do": fault})]);
    let before = org.emulator.hosted_document(&copilot()).unwrap();
    let mut after = before.clone();
    after["liveOnQueue"] = false.into();
    (org, before, after)
}

#[tokio::test]
async fn the_platform_may_refuse_for_a_conflict_of_its_own() {
    let (org, before, after) = under(json!({"persistence_conflict": {}})).await;
    let refused = put(&org, &copilot(), &after).await;
    assert_eq!(refused.refusal(), (409, "RULE_PERSISTENCE_CONFLICT".to_owned()));
    assert_eq!(refused.json()["message"], "Transaction canceled");
    assert_eq!(get(&org, &copilot()).await.json(), before);
    assert_eq!(put(&org, &copilot(), &after).await.status, 200);
}

#[tokio::test]
async fn one_write_may_be_followed_by_stale_reads() {
    let (org, before, after) = under(json!({"stale_reads": {"reads": 2}})).await;
    assert_eq!(put(&org, &copilot(), &after).await.json(), after);
    for seen in [&before, &before, &after] {
        assert_eq!(get(&org, &copilot()).await.json(), *seen);
    }
    let (org, before, after) = under(json!({"stale_reads": {"ms": 3_600_000}})).await;
    assert_eq!(put(&org, &copilot(), &json!({})).await.status, 400);
    assert_eq!(put(&org, &copilot(), &after).await.status, 200);
    assert_eq!(
        get(&org, &copilot()).await.json(),
        after,
        "the refused write met the fault"
    );
    assert_ne!(before, after);
}

#[tokio::test]
async fn another_user_may_come_first_or_in_between() {
    let edit = json!({"theirs": 1});
    for (fault, writers) in [
        (json!({"edit_between": {"merge": edit}}), "AC"),
        (json!({"repeat": {"edit": edit}}), "CAC"),
        (json!({"repeat": {"times": 2}}), "CCC"),
        (json!({"drop_after": {}}), "C"),
        (json!({"drop_before": {}}), ""),
    ] {
        let (org, _, after) = under(fault).await;
        let body = after.to_string();
        let headers = [("Content-Type", "application/json")];
        drop(org.api("PUT", &copilot().path(), &headers, body.as_bytes()).await);
        let writes = org.emulator.copilot_writes();
        let found: String = writes
            .iter()
            .map(|write| match write.writer {
                Writer::Client { .. } => 'C',
                Writer::Administrator => 'A',
            })
            .collect();
        assert_eq!(found, writers);
        let overwritten = writes.last().is_some_and(|write| write.before["theirs"] == 1);
        assert_eq!(overwritten, writers.contains('A'), "{writers}");
    }
}

#[tokio::test]
async fn references_have_faults_of_their_own() {
    let org = Org::sample().await;
    load(
        &org.emulator,
        &[json!({"on": {"kind": "reference"}, "do": {"status": {"code": 503}}})],
    );
    assert_eq!(get(&org, &copilot()).await.status, 200);
    assert_eq!(org.get_path("/api/v2/scripts").await.status, 503);
    assert_eq!(org.get_path("/api/v2/scripts").await.status, 200);
}
