//! Updates of a rule, on fakes and virtual time.

use super::*;
use domain::protocol::{Mode, Outcome};
use domain::{Draft, RuleChange, RuleId, TriggerRule};
use ports::testing::{InMemoryStore, VirtualTime};
use ports::{Answer, InMemoryLedger, MockDocumentStore};

fn id() -> RuleId {
    "r1".parse().unwrap()
}

fn wish() -> Draft {
    Draft::from(&RuleChange::default().name("new").unwrap())
}

fn stored() -> InMemoryStore {
    let repository = InMemoryStore::default();
    repository.put(
        &id(),
        r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"old"}"#
            .parse()
            .unwrap(),
    );
    repository
}

async fn run(repository: Arc<dyn DocumentStore>, terms: Terms) -> (Report<TriggerRule>, Duration) {
    let time = VirtualTime::default();
    let updater = Updater {
        repository,
        ledger: Arc::new(InMemoryLedger::default()),
        target: "test".to_owned(),
        author: Author::default(),
        clock: Arc::new(time.clone()),
        sleeper: Arc::new(time.clone()),
        chance: Arc::new(|| 1.0),
        budget: Arc::default(),
    };
    let report = updater.update(&id(), wish(), terms, &|_| ()).await;
    (report, time.elapsed())
}

#[tokio::test]
async fn a_change_is_written_once_and_reported() {
    let repository = Arc::new(stored());
    let (report, _) = run(repository.clone(), Terms::default()).await;
    assert_eq!(report.verdict.outcome, Outcome::Applied);
    assert_eq!((report.requests, report.verdict.attempts), (2, 1));
    assert_eq!(report.verdict.version_after, Some("2".parse().unwrap()));
    assert_eq!(repository.rule(&id()).unwrap().name(), Some("new"));
}

#[tokio::test]
async fn a_dry_run_sends_nothing() {
    let repository = Arc::new(stored());
    let terms = Terms {
        mode: Mode::DryRun,
        ..Terms::default()
    };
    let (report, _) = run(repository.clone(), terms).await;
    assert_eq!(report.verdict.outcome, Outcome::Planned);
    assert_eq!(report.verdict.diff().len(), 1);
    assert_eq!(repository.rule(&id()).unwrap().name(), Some("old"));
}

fn throttled(wait: u64) -> Failure {
    Failure::new(
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
    let (report, elapsed) = run(Arc::new(mock), Terms::default()).await;
    assert_eq!(report.verdict.outcome, Outcome::Applied);
    assert_eq!(
        (elapsed, report.verdict.waited, report.verdict.attempts),
        (Duration::from_secs(7), elapsed, 1)
    );
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let mut mock = MockDocumentStore::<TriggerRule>::new();
    mock.expect_get().once().returning(|_| Err(throttled(3600)));
    let (report, elapsed) = run(Arc::new(mock), Terms::default()).await;
    assert_eq!(
        report.verdict.outcome,
        Outcome::Deferred {
            wait: Duration::from_hours(1)
        }
    );
    assert_eq!(elapsed, Duration::ZERO);
}

#[tokio::test]
async fn reads_are_repeated_until_the_deadline() {
    let mut mock = MockDocumentStore::<TriggerRule>::new();
    mock.expect_get()
        .returning(|_| Err(Failure::new(FailureClass::NotSent, "connection refused")));
    let (report, elapsed) = run(Arc::new(mock), Terms::default()).await;
    assert!(matches!(report.verdict.outcome, Outcome::Deferred { .. }));
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
        .returning(|_| Err(Failure::new(FailureClass::NotSent, "connection refused")));
    let terms = Terms {
        deadline: Duration::from_hours(9),
        ..Terms::default()
    };
    let (report, _) = run(Arc::new(mock), terms).await;
    assert!(matches!(report.verdict.outcome, Outcome::Deferred { .. }));
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
    let (report, _) = run(Arc::new(mock), Terms::default()).await;
    let Outcome::Conflict(conflict) = report.verdict.outcome else {
        panic!("{:?}", report.verdict.outcome)
    };
    let [collision] = conflict.collisions.as_slice() else {
        panic!("{conflict:?}")
    };
    let side = |document: &Option<domain::json::Document>| document.as_ref().unwrap().compact();
    assert_eq!(
        (side(&collision.base), side(&collision.ours), side(&collision.theirs)),
        (r#""old""#.to_owned(), r#""new""#.to_owned(), r#""theirs""#.to_owned())
    );
    assert_eq!(behind.rule(&id()).unwrap().name(), Some("theirs"));
}

/// The answer of a repository in memory, which never waits.
fn futures_now<T>(future: impl Future<Output = Result<Answer<T>, Failure>>) -> Result<Answer<T>, Failure> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(answer) => answer,
        std::task::Poll::Pending => panic!("a repository in memory waited"),
    }
}
