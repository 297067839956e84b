//! The bases that applying a plan leaves: each file's own document, where it was carried out.

use ports::{BaseSource, NewestBase};

use super::room::apply_with;
use super::*;

pub(super) async fn of(room: &Room<TriggerRule>, id: &str) -> Vec<NewestBase> {
    let document = document_ref::<TriggerRule>("test".to_owned(), &rule_id(id));
    room.ledger.newest_bases(&document).await.unwrap()
}

/// The content and the version of each base, and the time of the read that it rests on.
async fn shown(room: &Room<TriggerRule>, id: &str) -> Vec<(String, Option<String>, Duration)> {
    let bases = of(room, id).await.into_iter();
    let shown = bases.map(|NewestBase { base, .. }| {
        assert_eq!(
            (base.source, base.members),
            (BaseSource::Apply, vec!["name".to_owned()])
        );
        assert_eq!(base.author.plan_id.as_deref(), Some("p"));
        let content = base.content.unwrap();
        assert_eq!(
            base.hash,
            domain::ContentHash::of(content.canonical().as_bytes()).digits()
        );
        let read_at = base.read_at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        (
            content.compact(),
            base.version.map(|version| version.to_string()),
            read_at,
        )
    });
    shown.collect()
}

#[tokio::test]
async fn what_is_carried_out_has_its_file_as_the_base_and_what_is_not_has_none() {
    let room = Room::of(rules(2), Vec::new());
    let plan = room.plan("p", &renamed("new", 2)).await;
    let (id, stored) = rules(2).pop().unwrap();
    room.wire.behind.put(&id, stored);
    room.apply_in_words("a", &plan, OnConflict::Fail).await;
    let base = |version: &str, second| {
        let content = r#"{"name":"new"}"#.to_owned();
        vec![(content, Some(version.to_owned()), Duration::from_secs(second))]
    };
    assert_eq!(shown(&room, "1").await, base("2", 1));
    assert_eq!(shown(&room, "2").await, []);
    room.time.advance(Duration::from_secs(8));
    room.apply_in_words("b", &plan, OnConflict::Merge).await;
    // The first was unchanged this time, the second merged: in the base is what its file says.
    assert_eq!(shown(&room, "1").await, base("1", 9));
    assert_eq!(shown(&room, "2").await, base("3", 9));
}

#[tokio::test]
async fn the_base_of_a_merged_update_is_its_file_and_not_what_others_did() {
    let room = Room::of(rules(1), Vec::new());
    let plan = room.plan("p", &renamed("new", 1)).await;
    let theirs = r#"{"id":"1","ruleType":"conversation","enabled":true,"name":"old","description":"theirs"}"#;
    room.wire.behind.put(&rule_id("1"), rule(theirs));
    let ends = room.apply_in_words("a", &plan, OnConflict::Merge).await;
    assert_eq!(ends, [OutcomeKind::Applied]);
    let [(content, ..)] = shown(&room, "1").await.try_into().unwrap();
    assert_eq!(content, r#"{"name":"new"}"#);
}

#[tokio::test]
async fn what_was_in_sync_has_a_base_of_the_time_at_which_it_was_read() {
    let room = Room::of(rules(1), Vec::new());
    room.time.advance(Duration::from_secs(7));
    let plan = room.plan("p", &renamed("old", 1)).await;
    room.time.advance(Duration::from_mins(1));
    let reads = room.wire.reads();
    let applier = room.applier("a", &plan.review);
    applier
        .record_in_sync(&plan.in_sync, &|_| (), &std::future::pending::<()>)
        .await
        .unwrap();
    let base = (
        r#"{"name":"old"}"#.to_owned(),
        Some("1".to_owned()),
        Duration::from_secs(7),
    );
    assert_eq!(shown(&room, "1").await, [base]);
    assert_eq!((room.wire.reads() - reads, room.wire.writes()), (0, 0));
    assert!(room.ledger.all().is_empty(), "a base is no update");
}

#[tokio::test]
async fn an_undo_has_no_file_and_leaves_no_base() {
    let room = Room::of(rules(1), Vec::new());
    let mut plan = room.plan("p", &renamed("new", 1)).await;
    plan.updates[0].file = None;
    room.apply_in_words("a", &plan, OnConflict::Fail).await;
    assert_eq!(shown(&room, "1").await, []);
    assert_eq!(name_and_version(&room, "1").await.0, "new");
}

/// A ledger that keeps no bases: the document was written nevertheless, and the report says what is missing.
#[tokio::test]
async fn a_base_that_cannot_be_recorded_is_reported_with_the_update_that_was_applied() {
    struct NoBases(Arc<dyn Ledger>);

    #[async_trait::async_trait]
    impl Ledger for NoBases {
        async fn intend(&self, intent: ports::IntentRecord) -> Result<EntryId, LedgerError> {
            self.0.intend(intent).await
        }

        async fn conclude(&self, outcome: ports::OutcomeRecord) -> Result<ports::Recorded, LedgerError> {
            self.0.conclude(outcome).await
        }

        async fn unsettled(&self, target: &str, kind: &str) -> Result<Vec<Entry>, LedgerError> {
            self.0.unsettled(target, kind).await
        }
    }

    let room = Room::of(rules(1), Vec::new());
    let plan = room.plan("p", &renamed("new", 1)).await;
    let mut applier = room.applier("a", &plan.review);
    applier.updater.ledger = Arc::new(NoBases(applier.updater.ledger.clone()));
    let reports = apply_with(&applier, &plan, &UpdateOptions::default()).await;
    let [report] = reports.try_into().unwrap();
    assert_eq!(report.completion.outcome.kind(), OutcomeKind::Applied);
    assert_eq!(report.unrecorded.as_deref(), Some("it keeps no bases"));
    assert!(report.recorded.is_some());
}
