//! The checks that every [`Ledger`] must pass, with its [`History`] and its [`Outbox`]: each adapter runs them against
//! its own store.
//!
//! A check panics with what went wrong.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "these are tests that adapters call: a failure is a panic"
)]

mod delivering;
mod figures;
mod joining;
mod observing;
mod records;

use std::sync::Arc;
use std::time::Duration;

pub use records::{intent, moment, outcome, rule};

use domain::{Evidence, OutcomeKind};

use crate::{
    Claim, DocumentRef, Entry, EntryId, History, HistoryQuery, Include, IntentRecord, Ledger, LedgerError, Outbox,
    OutcomeRecord, TallyQuery,
};

/// An empty ledger with two sinks, `a` and `b`.
#[derive(Clone)]
pub struct Books {
    /// For writers.
    pub ledger: Arc<dyn Ledger>,
    /// For readers.
    pub history: Arc<dyn History>,
    /// For deliverers.
    pub outbox: Arc<dyn Outbox>,
    /// The run that records.
    pub run: String,
}

impl Books {
    /// A ledger that is all three.
    pub fn of<L: Ledger + History + Outbox + 'static>(ledger: Arc<L>, run: String) -> Self {
        Self {
            ledger: ledger.clone(),
            history: ledger.clone(),
            outbox: ledger,
            run,
        }
    }

    fn intent(&self, document: &str, version: u64, at: u64) -> IntentRecord {
        let mut intent = intent(document, version, at);
        intent.author.run.clone_from(&self.run);
        intent
    }
}

/// The sinks of the books.
pub const SINKS: [&str; 2] = ["a", "b"];

/// Runs every check, each on books of its own.
///
/// # Panics
///
/// With what the ledger does wrong.
pub async fn check<F: Future<Output = Books>>(books: impl Fn() -> F) {
    what_is_recorded_is_read_back(&books().await).await;
    an_outcome_is_not_changed(&books().await).await;
    what_was_unknown_is_settled_later(&books().await).await;
    a_document_is_leased_to_one_update(&books().await).await;
    a_clock_that_was_ahead_leaves_no_long_lease(&books().await).await;
    an_intent_that_follows_closes_the_one_before(&books().await).await;
    updates_are_found_by_what_is_asked(&books().await).await;
    a_document_is_found_by_its_version(&books().await).await;
    kinds_are_told_apart(&books().await).await;
    figures::check(&books).await;
    delivering::check(&books).await;
    observing::check(&books).await;
    joining::check(&books).await;
}

/// Everything, newest first.
fn everything() -> HistoryQuery {
    HistoryQuery {
        limit: 1_000,
        ..HistoryQuery::default()
    }
}

async fn add(books: &Books, document: &str, version: u64, outcome_kind: OutcomeKind, at: u64) -> Entry {
    let intent = books.intent(document, version, at);
    let id = books.ledger.intend(intent.clone()).await.unwrap();
    let outcome = outcome(&intent, Some(id), outcome_kind, at + 1);
    books.ledger.conclude(outcome.clone()).await.unwrap();
    Entry {
        id,
        intent: Some(intent),
        outcome: Some(outcome),
    }
}

async fn what_is_recorded_is_read_back(books: &Books) {
    let first = add(books, "r1", 7, OutcomeKind::Applied, 0).await;
    let second = add(books, "r2", 1, OutcomeKind::Rejected, 10).await;
    let open = books.intent("r3", 1, 20);
    let third = Entry {
        id: books.ledger.intend(open.clone()).await.unwrap(),
        intent: Some(open),
        outcome: None,
    };
    let mut lone = outcome(&books.intent("r1", 8, 30), None, OutcomeKind::Conflict, 31);
    lone.version_before = None;
    let recorded = books.ledger.conclude(lone.clone()).await.unwrap();
    let fourth = Entry {
        id: recorded.entry,
        intent: None,
        outcome: Some(lone),
    };
    let all = books.history.entries(&everything()).await.unwrap();
    assert_eq!(all, [fourth, third.clone(), second, first.clone()]);
    assert_eq!(
        books.ledger.unsettled("api client", "rule").await.unwrap(),
        std::slice::from_ref(&third)
    );
    assert_eq!(books.ledger.unsettled("another", "rule").await.unwrap(), []);
    assert_eq!(books.history.entry(first.id).await.unwrap(), Some(first));
    assert_eq!(books.history.entry(EntryId(4_711)).await.unwrap(), None);
}

async fn an_outcome_is_not_changed(books: &Books) {
    let entry = add(books, "r1", 7, OutcomeKind::Applied, 0).await;
    let again = outcome(
        entry.intent.as_ref().unwrap(),
        Some(entry.id),
        OutcomeKind::NotApplied,
        5,
    );
    let refused = books.ledger.conclude(again.clone()).await.unwrap_err();
    assert_eq!(refused, LedgerError::Settled(entry.id));
    let nobody = EntryId(4_711);
    let of_nobody = OutcomeRecord {
        intent: Some(nobody),
        ..again
    };
    let refused = books.ledger.conclude(of_nobody).await.unwrap_err();
    assert_eq!(refused, LedgerError::NoEntry(nobody));
    assert_eq!(books.history.entries(&everything()).await.unwrap(), [entry]);
}

async fn what_was_unknown_is_settled_later(books: &Books) {
    let unknown = add(books, "r1", 7, OutcomeKind::Unknown, 0).await;
    assert_eq!(
        books.ledger.unsettled("api client", "rule").await.unwrap(),
        std::slice::from_ref(&unknown)
    );
    let first = unknown.outcome.clone().unwrap();
    let settled = OutcomeRecord {
        kind: OutcomeKind::Applied,
        evidence: Some(Evidence::Person),
        latency: None,
        attempts: 0,
        requests: 0,
        retries: 0,
        merges: 0,
        waited: Duration::ZERO,
        correlation_id: None,
        at: moment(900),
        ..first.clone()
    };
    let recorded = books.ledger.conclude(settled.clone()).await.unwrap();
    assert_eq!(recorded.entry, unknown.id);
    assert!(recorded.event.is_some(), "what is applied after all is told");
    assert_eq!(books.ledger.unsettled("api client", "rule").await.unwrap(), []);
    let now = Entry {
        outcome: Some(settled.with_the_figures_of(&first)),
        ..unknown
    };
    assert_eq!(books.history.entries(&everything()).await.unwrap(), [now]);
    let tally = books.history.tally(&TallyQuery::default()).await.unwrap();
    let [(None, tally)] = tally.as_slice() else {
        panic!("{tally:?}")
    };
    assert_eq!(
        (
            tally.updates(),
            tally.of(OutcomeKind::Applied),
            tally.of(OutcomeKind::Unknown)
        ),
        (1, 1, 0)
    );
    assert_eq!(tally.latencies.count(), 1, "its time is that of the update");
}

async fn a_document_is_leased_to_one_update(books: &Books) {
    let first = books.intent("r1", 7, 0);
    let id = books.ledger.intend(first.clone()).await.unwrap();
    let refused = books.ledger.intend(books.intent("r1", 7, 100)).await.unwrap_err();
    assert!(
        matches!(refused, LedgerError::Leased { until, .. } if until == first.leased_until),
        "{refused:?}"
    );
    books.ledger.intend(books.intent("r2", 7, 100)).await.unwrap();
    let elsewhere = IntentRecord {
        document: DocumentRef {
            target: "another".to_owned(),
            ..rule("r1")
        },
        ..intent("r1", 7, 100)
    };
    books.ledger.intend(elsewhere).await.unwrap();
    books
        .ledger
        .conclude(outcome(&first, Some(id), OutcomeKind::Unknown, 100))
        .await
        .unwrap();
    let second = books.ledger.intend(books.intent("r1", 7, 101)).await.unwrap();
    assert!(second > id, "entries are numbered in their order");
    books.ledger.intend(books.intent("r1", 7, 101 + 181)).await.unwrap();
}

async fn a_clock_that_was_ahead_leaves_no_long_lease(books: &Books) {
    let month = 30 * 86_400;
    let ahead = books.ledger.intend(books.intent("r1", 7, month)).await.unwrap();
    let left = books.ledger.intend(books.intent("r1", 7, 0)).await.unwrap();
    assert_eq!(books.ledger.unsettled("api client", "rule").await.unwrap().len(), 2);
    let refused = books.ledger.intend(intent("r1", 7, 1)).await.unwrap_err();
    assert!(matches!(refused, LedgerError::Leased { .. }), "{refused:?}");
    let follows = IntentRecord {
        follows: Some(left),
        ..books.intent("r1", 7, 2)
    };
    books.ledger.intend(follows).await.unwrap();
    assert!(ahead < left);
}

async fn an_intent_that_follows_closes_the_one_before(books: &Books) {
    let first = books.intent("r1", 7, 0);
    let id = books.ledger.intend(first.clone()).await.unwrap();
    let second = IntentRecord {
        follows: Some(id),
        ..books.intent("r1", 8, 1)
    };
    let next = books.ledger.intend(second.clone()).await.unwrap();
    let refused = books
        .ledger
        .conclude(outcome(&first, Some(id), OutcomeKind::Applied, 2))
        .await
        .unwrap_err();
    assert_eq!(refused, LedgerError::Settled(id));
    let open = books.ledger.unsettled("api client", "rule").await.unwrap();
    assert_eq!(open.iter().map(|entry| entry.id).collect::<Vec<_>>(), [next]);
    let ended = outcome(&second, Some(next), OutcomeKind::Applied, 3);
    books.ledger.conclude(ended.clone()).await.unwrap();
    let entry = Entry {
        id: next,
        intent: Some(second),
        outcome: Some(ended),
    };
    assert_eq!(
        books.history.entries(&everything()).await.unwrap(),
        std::slice::from_ref(&entry)
    );
    assert_eq!(
        books.history.entry(id).await.unwrap(),
        Some(entry),
        "by the number of any entry of it"
    );
    for (settled, what) in [(id, "refused"), (next, "ended")] {
        let late = IntentRecord {
            follows: Some(settled),
            ..books.intent("r1", 9, 4)
        };
        let refused = books.ledger.intend(late).await.unwrap_err();
        assert_eq!(refused, LedgerError::Settled(settled), "{what}");
    }
    let of_nobody = IntentRecord {
        follows: Some(EntryId(4_711)),
        ..books.intent("r1", 9, 4)
    };
    let refused = books.ledger.intend(of_nobody).await.unwrap_err();
    assert_eq!(refused, LedgerError::NoEntry(EntryId(4_711)));
}

async fn updates_are_found_by_what_is_asked(books: &Books) {
    for number in 0..6 {
        let outcome_kind = if number % 2 == 0 {
            OutcomeKind::Applied
        } else {
            OutcomeKind::Failed
        };
        add(
            books,
            if number < 4 { "r1" } else { "r2" },
            number,
            outcome_kind,
            number * 100,
        )
        .await;
    }
    let all = books.history.entries(&everything()).await.unwrap();
    let found = async |change: fn(&mut HistoryQuery)| {
        let mut query = everything();
        change(&mut query);
        let entries = books.history.entries(&query).await.unwrap();
        let places = entries
            .iter()
            .map(|entry| all.iter().position(|known| known == entry).unwrap());
        places.collect::<Vec<_>>()
    };
    assert_eq!(found(|_| ()).await, [0, 1, 2, 3, 4, 5]);
    assert_eq!(found(|query| query.limit = 2).await, [0, 1]);
    assert_eq!(found(|query| query.document = Some("r2".to_owned())).await, [0, 1]);
    assert_eq!(
        found(|query| query.outcome = Some(OutcomeKind::Failed)).await,
        [0, 2, 4]
    );
    assert_eq!(found(|query| query.since = Some(moment(300))).await, [0, 1, 2]);
    assert_eq!(
        found(|query| query.target = Some("another".to_owned())).await,
        [0_usize; 0]
    );
    let both = |query: &mut HistoryQuery| {
        query.target = Some("api client".to_owned());
        query.document = Some("r1".to_owned());
        query.limit = 1;
    };
    assert_eq!(found(both).await, [2]);
    let older = HistoryQuery {
        before: Some(all.get(3).unwrap().id),
        ..everything()
    };
    assert_eq!(
        books.history.entries(&older).await.unwrap().as_slice(),
        all.get(4..).unwrap()
    );
}

async fn a_document_is_found_by_its_version(books: &Books) {
    let entry = add(books, "r1", 7, OutcomeKind::Applied, 0).await;
    let intent = entry.intent.as_ref().unwrap();
    let at = async |document: &str, version: &str| {
        let version = version.parse().unwrap();
        let found = books.history.document_at(&rule(document), &version).await.unwrap();
        found.map(|found| found.text().to_owned())
    };
    assert_eq!(at("r1", "\"7\"").await, Some(intent.base.text().to_owned()));
    assert_eq!(at("r1", "7").await, Some(intent.base.text().to_owned()));
    assert_eq!(at("r1", "\"7-after\"").await, Some(r#"{"after": "7"}"#.to_owned()));
    assert_eq!(at("r1", "\"8\"").await, None);
    assert_eq!(at("r2", "\"7\"").await, None);
}

/// Two documents of one id, one of them of a kind whose writes its content guards.
async fn kinds_are_told_apart(books: &Books) {
    let of_rule = books.intent("r1", 7, 0);
    let mut of_toy = books.intent("r1", 7, 1);
    "toy".clone_into(&mut of_toy.document.kind);
    "content".clone_into(&mut of_toy.guard);
    of_toy.version = None;
    let rule_id = books.ledger.intend(of_rule.clone()).await.unwrap();
    let toy_id = books.ledger.intend(of_toy.clone()).await.unwrap();
    let open = async |kind: &str| {
        let open = books.ledger.unsettled("api client", kind).await.unwrap();
        open.iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!((open("rule").await, open("toy").await), (vec![rule_id], vec![toy_id]));
    let mistaken = outcome(&of_rule, Some(toy_id), OutcomeKind::Applied, 2);
    let refused = books.ledger.conclude(mistaken).await.unwrap_err();
    assert_eq!(refused, LedgerError::NoEntry(toy_id));
    let mut ended = outcome(&of_toy, Some(toy_id), OutcomeKind::Applied, 3);
    ended.version_after = None;
    books.ledger.conclude(ended.clone()).await.unwrap();
    books
        .ledger
        .conclude(outcome(&of_rule, Some(rule_id), OutcomeKind::Applied, 4))
        .await
        .unwrap();
    let found = async |kind: &str| {
        let query = HistoryQuery {
            target: Some("api client".to_owned()),
            kind: Some(kind.to_owned()),
            document: Some("r1".to_owned()),
            ..everything()
        };
        books.history.entries(&query).await.unwrap()
    };
    let toy = Entry {
        id: toy_id,
        intent: Some(of_toy),
        outcome: Some(ended),
    };
    assert_eq!(found("toy").await, [toy]);
    assert_eq!(found("rule").await.len(), 1);
    assert_eq!(found("copilot").await, []);
    let claim = Claim {
        sink: "a".to_owned(),
        include: Include::Due,
        after: 0,
        now: moment(10),
        lease: Duration::from_mins(1),
        limit: 100,
    };
    let delivered = books.outbox.claim(&claim).await.unwrap();
    let delivered: Vec<_> = delivered
        .iter()
        .map(|leased| leased.event.document.kind.as_str())
        .collect();
    assert_eq!(delivered, ["toy", "rule"], "neither waits for the other");
}
