//! Events and helpers that the tests of every sink share.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::Evidence;
use domain::json::Document;
use ports::testing::VirtualTime;
use ports::{Author, Clock, DeliveryError, DocumentRef, EntryId, Event, EventSink};

use crate::settings::{SinkKind, SinkSettings};

/// A change of a rule that made it this.
pub(crate) fn event_of(id: &str, entry: u64, after: &str) -> Event {
    let before: Document = r#"{"id":"r1","etag":"7","name":"Refunds","weight":1.50,"enabled":true}"#
        .parse()
        .unwrap();
    let after: Document = after.parse().unwrap();
    Event {
        id: id.to_owned(),
        document: DocumentRef {
            target: "https://api.mypurecloud.com client-1".to_owned(),
            kind: "rule".to_owned(),
            id: "r1".to_owned(),
        },
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + entry),
        entry: EntryId(entry),
        head: Some("abc".to_owned()),
        author: Author {
            run: "run-1".to_owned(),
            command: "update".to_owned(),
            client: "client-1".to_owned(),
            user: Some("ann".to_owned()),
            host: None,
            reason: Some("the \"second\" line\nof it".to_owned()),
            ..Author::default()
        },
        evidence: Some(Evidence::Answer),
        version_before: Some("\"7\"".parse().unwrap()),
        version_after: Some("8".parse().unwrap()),
        diff: domain::recorded_changes("rule", &before, &after),
        overwrites: Vec::new(),
        before,
        after,
        is_after_shown: true,
    }
}

/// A change of a rule.
pub(crate) fn event() -> Event {
    event_of(
        "e1",
        12,
        r#"{"id":"r1","etag":"8","name":"Refunds & returns","weight":1.50,"extra":{"é":[]}}"#,
    )
}

/// The same of a document of another kind, whose writes are guarded by their content.
pub(crate) fn event_of_another_kind(id: &str, entry: u64, after: &str) -> Event {
    let mut event = event_of(id, entry, after);
    event.document.kind = "toy".to_owned();
    (event.version_before, event.version_after) = (None, None);
    event
}

/// A clock that stands still.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(VirtualTime::default())
}

/// A sink.
pub(crate) fn sink(kind: SinkKind) -> Arc<dyn EventSink> {
    let name = "audit".to_owned();
    let settings = SinkSettings {
        name,
        kind,
        ca_file: None,
    };
    settings.build(clock()).unwrap()
}

/// The outcome of a delivery, which must end within seconds.
pub(crate) async fn soon<T>(delivery: impl Future<Output = T>) -> T {
    let ended = tokio::time::timeout(Duration::from_secs(5), delivery).await;
    ended.expect("it does not end")
}

/// Why something is tried again.
pub(crate) fn retry_error(result: Result<(), DeliveryError>) -> String {
    match result {
        Err(DeliveryError::Retry { error, wait: None }) => error,
        other => panic!("not tried again: {other:?}"),
    }
}
