//! Updates of a rule, on fakes and virtual time.

use super::*;
use domain::protocol::{Mode, Outcome};
use domain::{OutcomeKind, RuleId, TriggerRule};
use ports::Author;
use ports::testing::{InMemoryStore, VirtualTime};
use ports::{InMemoryLedger, MockDocumentStore, Response};

fn id() -> RuleId {
    "r1".parse().unwrap()
}

fn rename() -> Edit<TriggerRule> {
    Edit::default().name("new").unwrap()
}

fn stored() -> InMemoryStore<TriggerRule> {
    let store = InMemoryStore::default();
    store.put(
        &id(),
        r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"old"}"#
            .parse()
            .unwrap(),
    );
    store
}

async fn run(store: Arc<dyn DocumentStore<TriggerRule>>, options: UpdateOptions) -> (Report<TriggerRule>, Duration) {
    let time = VirtualTime::default();
    let updater = Updater::builder(store)
        .recorded_as("test", Author::default())
        .jitter(Arc::new(|| 1.0))
        .build(Arc::new(time.clone()));
    let report = updater.update(&id(), rename(), options).await;
    (report, time.elapsed())
}

#[tokio::test]
async fn a_change_is_written_once_and_reported() {
    let store = Arc::new(stored());
    let (report, _) = run(store.clone(), UpdateOptions::default()).await;
    assert_eq!(report.completion.outcome.kind(), OutcomeKind::Applied);
    assert_eq!((report.requests, report.completion.attempts), (2, 1));
    assert_eq!(report.completion.outcome.after().1, Some(&"2".parse().unwrap()));
    assert_eq!(store.document(&id()).unwrap().name(), Some("new"));
}

#[tokio::test]
async fn a_dry_run_sends_nothing() {
    let store = Arc::new(stored());
    let options = UpdateOptions {
        mode: Mode::DryRun,
        ..UpdateOptions::default()
    };
    let (report, _) = run(store.clone(), options).await;
    assert_eq!(report.completion.outcome.kind(), OutcomeKind::Planned);
    assert_eq!(report.completion.outcome.diff().len(), 1);
    assert_eq!((report.recorded, report.unrecorded), (None, None));
    assert_eq!(store.document(&id()).unwrap().name(), Some("old"));
}

fn throttled(wait: u64) -> RequestError {
    RequestError::new(
        FailureClass::Throttled {
            wait: Some(Duration::from_secs(wait)),
        },
        "slow down",
    )
}

#[tokio::test]
async fn a_write_that_is_told_to_wait_waits_as_told_and_goes_out_again() {
    let behind = Arc::new(stored());
    let mut mock = MockDocumentStore::<TriggerRule>::new();
    let reads = behind.clone();
    mock.expect_get().once().returning(move |id| futures_now(reads.get(id)));
    mock.expect_replace().once().returning(|_, _, _| Err(throttled(7)));
    mock.expect_replace()
        .once()
        .returning(move |id, rule, version| futures_now(behind.replace(id, rule, version)));
    let (report, elapsed) = run(Arc::new(mock), UpdateOptions::default()).await;
    assert_eq!(report.completion.outcome.kind(), OutcomeKind::Applied);
    assert_eq!(
        (elapsed, report.completion.waited, report.completion.attempts),
        (Duration::from_secs(7), elapsed, 1)
    );
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let mut mock = MockDocumentStore::<TriggerRule>::new();
    mock.expect_get().once().returning(|_| Err(throttled(3600)));
    let (report, elapsed) = run(Arc::new(mock), UpdateOptions::default()).await;
    let hour = Duration::from_hours(1);
    assert!(matches!(report.completion.outcome, Outcome::Deferred { wait, .. } if wait == hour));
    assert_eq!(elapsed, Duration::ZERO);
}

#[tokio::test]
async fn reads_are_repeated_until_the_deadline() {
    let mut mock = MockDocumentStore::<TriggerRule>::new();
    mock.expect_get()
        .returning(|_| Err(RequestError::new(FailureClass::NotSent, "connection refused")));
    let (report, elapsed) = run(Arc::new(mock), UpdateOptions::default()).await;
    assert!(matches!(report.completion.outcome, Outcome::Deferred { .. }));
    assert!(
        elapsed > Duration::from_secs(90) && elapsed < Duration::from_mins(2),
        "{elapsed:?}"
    );
}

#[tokio::test]
async fn a_host_that_fails_everybody_is_not_asked_for_ever() {
    let mut mock = MockDocumentStore::<TriggerRule>::new();
    mock.expect_get()
        .times(1 + 35)
        .returning(|_| Err(RequestError::new(FailureClass::NotSent, "connection refused")));
    let options = UpdateOptions {
        deadline: Duration::from_hours(9),
        ..UpdateOptions::default()
    };
    let (report, _) = run(Arc::new(mock), options).await;
    assert!(matches!(report.completion.outcome, Outcome::Deferred { .. }));
}

#[tokio::test]
async fn a_first_try_that_succeeds_pays_for_retries_to_come() {
    let updater = Updater::builder(Arc::new(stored())).build(Arc::new(VirtualTime::default()));
    while updater.budget().try_acquire(RetryCost::Throttled) {}
    // A read and a write, then three reads of what is so already.
    for _ in 0..4 {
        assert!(!updater.budget().try_acquire(RetryCost::Throttled));
        updater.update(&id(), rename(), UpdateOptions::default()).await;
    }
    assert!(updater.budget().try_acquire(RetryCost::Throttled));
}

#[tokio::test]
async fn a_stop_that_comes_while_an_intent_is_recorded_keeps_the_write_from_being_sent() {
    let (store, ledger) = (Arc::new(stored()), Arc::new(InMemoryLedger::default()));
    let updater = Updater::builder(store.clone())
        .ledger(ledger.clone())
        .build(Arc::new(VirtualTime::default()));
    let recorded = std::future::poll_fn(|_| match ledger.all().as_slice() {
        [] => std::task::Poll::Pending,
        [..] => std::task::Poll::Ready(()),
    });
    let request = UpdateRequest::Edit(rename());
    let report = updater
        .execute(&id(), request, UpdateOptions::default(), &|_| (), recorded)
        .await;
    assert_eq!(report.completion.outcome.kind(), OutcomeKind::NotAttempted);
    assert_eq!(store.document(&id()).unwrap().name(), Some("old"));
}

#[tokio::test]
async fn what_others_changed_is_not_overwritten() {
    let behind = Arc::new(stored());
    let mut mock = MockDocumentStore::<TriggerRule>::new();
    let reads = behind.clone();
    mock.expect_get().returning(move |id| futures_now(reads.get(id)));
    let writes = behind.clone();
    mock.expect_replace().once().returning(move |id, rule, version| {
        let theirs = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"theirs"}"#;
        writes.put(id, theirs.parse().unwrap());
        futures_now(writes.replace(id, rule, version))
    });
    let (report, _) = run(Arc::new(mock), UpdateOptions::default()).await;
    let Outcome::Conflict(conflict) = report.completion.outcome else {
        panic!("{:?}", report.completion.outcome)
    };
    let [collision] = conflict.collisions.as_slice() else {
        panic!("{conflict:?}")
    };
    let side = |document: &Option<domain::json::Document>| document.as_ref().unwrap().compact();
    assert_eq!(
        (side(&collision.base), side(&collision.ours), side(&collision.theirs)),
        (r#""old""#.to_owned(), r#""new""#.to_owned(), r#""theirs""#.to_owned())
    );
    assert_eq!(behind.document(&id()).unwrap().name(), Some("theirs"));
}

/// The answer of a store in memory, which never waits.
fn futures_now<T>(
    future: impl Future<Output = Result<Response<T>, RequestError>>,
) -> Result<Response<T>, RequestError> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(answer) => answer,
        std::task::Poll::Pending => panic!("a repository in memory waited"),
    }
}
