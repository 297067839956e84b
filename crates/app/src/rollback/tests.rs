//! Undoing, on the ledger in memory: our updates and others' edits in any order, then a way back.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::protocol::{OnConflict, Outcome, UpdateOptions};
use domain::{Edit, RuleId, TriggerRule};
use ports::testing::{InMemoryStore, VirtualTime};
use ports::{Author, InMemoryLedger};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::Updater;

/// A field and its value, as JSON; `null` takes it away, which only others can.
type FieldValue = (&'static str, &'static str);

/// The fields of a rule.
type Fields = BTreeMap<&'static str, Option<String>>;

const FIELDS: [&str; 3] = ["name", "description", "enabled"];

#[derive(Clone, Debug)]
enum Action {
    Ours(FieldValue),
    Theirs(FieldValue),
}

struct Room {
    store: Arc<InMemoryStore<TriggerRule>>,
    ledger: Arc<InMemoryLedger>,
    updater: Updater<TriggerRule>,
}

fn rule(target: &str, id: &str) -> DocumentRef {
    DocumentRef {
        target: target.to_owned(),
        kind: "rule".to_owned(),
        id: id.to_owned(),
    }
}

fn id() -> RuleId {
    "r1".parse().unwrap()
}

impl Room {
    fn new() -> Self {
        let store = Arc::new(InMemoryStore::default());
        let rule = r#"{"id":"r1","ruleType":"conversation","enabled":true,"name":"a","x":1}"#;
        store.put(&id(), rule.parse().unwrap());
        let ledger = Arc::new(InMemoryLedger::default());
        let time = Arc::new(VirtualTime::default());
        let updater = Updater::builder(store.clone())
            .ledger(ledger.clone())
            .recorded_as("test", Author::default())
            .build(time);
        Self { store, ledger, updater }
    }

    fn fields(&self) -> Fields {
        let rule = self.store.document(&id()).unwrap();
        FIELDS
            .map(|field| (field, rule.member(field).map(domain::json::Node::compact)))
            .into()
    }

    async fn execute(&self, action: &Action) {
        match action {
            Action::Ours((field, value)) => {
                let edit = Edit::new(format!(r#"{{"{field}":{value}}}"#).parse().unwrap()).unwrap();
                let report = self.updater.update(&id(), edit, UpdateOptions::default()).await;
                assert!(report.completion.outcome.kind().is_effective());
            }
            Action::Theirs((field, value)) => {
                let rule = self.store.document(&id()).unwrap();
                let document = if *value == "null" {
                    rule.document().without_members(&[field])
                } else {
                    rule.document().with_members(&[(field, value)])
                };
                let edited = TriggerRule::from_document(document.unwrap()).unwrap();
                if edited != rule {
                    self.store.put(&id(), edited);
                }
            }
        }
    }

    async fn goes(&self, back: RollbackTo) -> Result<(Vec<EntryId>, Outcome<TriggerRule>), RollbackError> {
        let rollback = rollback(&*self.ledger, &rule("test", "r1"), back).await?;
        let options = UpdateOptions {
            on_conflict: OnConflict::Merge,
            ..UpdateOptions::default()
        };
        let report = self
            .updater
            .execute(&id(), rollback.request, options, &|_| (), std::future::pending())
            .await;
        Ok((rollback.undoes, report.completion.outcome))
    }

    async fn last_entry(&self) -> Option<EntryId> {
        let query = HistoryQuery {
            outcome: Some(OutcomeKind::Applied),
            limit: 1,
            ..HistoryQuery::default()
        };
        self.ledger.entries(&query).await.unwrap().first().map(|entry| entry.id)
    }
}

fn edit() -> impl Strategy<Value = FieldValue> {
    select(vec![
        ("name", "\"a\""),
        ("name", "\"b\""),
        ("name", "\"c\""),
        ("description", "\"d\""),
        ("description", "\"e\""),
        ("enabled", "true"),
        ("enabled", "false"),
    ])
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => edit().prop_map(Action::Ours),
        1 => edit().prop_map(Action::Theirs),
        1 => Just(Action::Theirs(("description", "null"))),
    ]
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}

proptest! {
    #[test]
    fn what_was_done_since_an_entry_is_undone_and_nothing_else(deeds in vec(action(), 1..10), back_to in 0..10_usize) {
        at_once(async {
            let room = Room::new();
            let mut to = None;
            // What each of our applied updates since then touched, and what stood there after it.
            let (mut goal, mut left) = (Fields::new(), Fields::new());
            for (number, action) in deeds.iter().enumerate() {
                let (before, last) = (room.fields(), room.last_entry().await);
                room.execute(action).await;
                let after = room.fields();
                let applied = room.last_entry().await != last;
                if applied && (to.is_none() || number <= back_to) {
                    (to, goal) = (room.last_entry().await, after);
                    left.clear();
                } else if applied {
                    left.extend(after.into_iter().filter(|(field, value)| before[field] != *value));
                }
            }
            let now = room.fields();
            let Some(to) = to else {
                let end = room.goes(RollbackTo::PreviousEntry).await;
                assert!(matches!(end, Err(RollbackError::NothingApplied)));
                return;
            };
            let end = room.goes(RollbackTo::Entry(to)).await;
            if room.last_entry().await == Some(to) && left.is_empty() {
                assert!(matches!(end, Err(RollbackError::NothingSince(entry)) if entry == to), "{end:?}");
                return;
            }
            let collides = left.iter().any(|(field, left)| {
                let is_theirs = now[field] != *left;
                goal[field] != *left && is_theirs && now[field] != goal[field]
            });
            let (_, outcome) = end.unwrap();
            let mut expected = now.clone();
            if collides {
                assert!(matches!(outcome, Outcome::Conflict(_)), "{outcome:?}");
            } else {
                let undone = left.iter().filter(|(field, left)| goal[*field] != **left);
                expected.extend(undone.map(|(field, _)| (*field, goal[field].clone())));
                let kind = if expected == now { OutcomeKind::Unchanged } else { OutcomeKind::Applied };
                assert_eq!(outcome.kind(), kind);
            }
            assert_eq!(room.fields(), expected);
        });
    }
}

#[tokio::test]
async fn undoing_what_was_undone_does_it_again() {
    let room = Room::new();
    room.execute(&Action::Ours(("name", "\"b\""))).await;
    room.execute(&Action::Theirs(("description", "\"d\""))).await;
    let done = room.fields();
    for name in ["\"a\"", "\"b\"", "\"a\""] {
        let (_, outcome) = room.goes(RollbackTo::PreviousEntry).await.unwrap();
        assert_eq!(outcome.kind(), OutcomeKind::Applied);
        let fields = room.fields();
        assert_eq!(fields["name"].as_deref(), Some(name));
        assert_eq!(fields["description"], done["description"]);
    }
}

#[tokio::test]
async fn more_entries_than_are_read_at_a_time_are_undone() {
    let room = Room::new();
    room.execute(&Action::Ours(("description", "\"d\""))).await;
    let first = room.last_entry().await.unwrap();
    for number in 0..2 * PAGE {
        let name = ["\"b\"", "\"c\""][number % 2];
        room.execute(&Action::Ours(("name", name))).await;
    }
    room.execute(&Action::Ours(("enabled", "false"))).await;
    let (undone, outcome) = room.goes(RollbackTo::Entry(first)).await.unwrap();
    assert_eq!(outcome.kind(), OutcomeKind::Applied);
    assert_eq!(undone.len(), 2 * PAGE + 1);
    let fields = room.fields();
    let [name, enabled] = ["name", "enabled"].map(|field| fields[field].as_deref());
    assert_eq!((name, enabled), (Some("\"a\""), Some("true")));
}

#[tokio::test]
async fn an_entry_of_another_rule_is_no_way_back() {
    let room = Room::new();
    room.execute(&Action::Ours(("name", "\"b\""))).await;
    let entry = room.last_entry().await.unwrap();
    for (target, document, entry) in [
        ("test", "r2", entry),
        ("other", "r1", entry),
        ("test", "r1", EntryId(99)),
    ] {
        let way = rollback::<TriggerRule>(&*room.ledger, &rule(target, document), RollbackTo::Entry(entry)).await;
        assert!(
            matches!(way, Err(RollbackError::NoSuchEntry(_))),
            "{target} {document} {entry}"
        );
    }
}
