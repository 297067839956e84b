//! A ledger with an entry of every kind.

use std::path::Path;
use std::sync::Arc;

use assist_rules_ledger_adapter::SqlLedger;
use domain::{Evidence, OutcomeKind};
use ports::testing::ledger_conformance::{intent, outcome};
use ports::{EntryId, IntentRecord, Ledger, OutcomeRecord};

use crate::stores::open;

/// A document that can be written in more than one way.
const ODD: &str = r#"{ "name":"Größe \u00e9\n", "n":-0.0, "e":1E+2, "gone":null }"#;

/// Makes one: intents and outcomes of every kind, with and without a write; merges; what was overwritten; what was
/// unknown and closed by a person; a rule that is gone; scripts of all sorts.
pub(crate) async fn varied(address: &str, folder: &Path) -> Arc<SqlLedger> {
    let ledger = open(address, folder).await;
    let mut at = 0;
    for (number, outcome_kind) in (0..).zip(OutcomeKind::ALL) {
        at += 10;
        let mut wanted = intent(&format!("r{}", number % 3), number, at);
        match number % 4 {
            0 => wanted.overwrites.clear(),
            1 => wanted.author.reason = Some("för Ωμέγα, 因為 \u{1f980}\u{0}\u{7f}".to_owned()),
            2 => wanted.author.user = None,
            _ => wanted.base = ODD.parse().unwrap(),
        }
        if number % 5 == 4 {
            let ended = outcome(&wanted, None, outcome_kind, at + 1);
            ledger.conclude(ended).await.unwrap();
            continue;
        }
        let id = ledger.intend(wanted.clone()).await.unwrap();
        let mut ended = outcome(&wanted, Some(id), outcome_kind, at + 1);
        if number % 2 == 1 {
            (ended.after, ended.latency, ended.version_after) = (None, None, None);
        }
        ledger.conclude(ended).await.unwrap();
    }
    merged(&ledger, at + 10).await;
    closed_by_a_person(&ledger, at + 20).await;
    ledger.intend(intent("open", 1, at + 30)).await.unwrap();
    ledger
}

/// Refused twice, merged, and applied.
async fn merged(ledger: &SqlLedger, at: u64) {
    let mut follows = None;
    for number in 0..3 {
        let refused = IntentRecord {
            follows,
            merges: u32::try_from(number).unwrap(),
            ..intent("merged", number, at + number)
        };
        follows = Some(ledger.intend(refused).await.unwrap());
    }
    let last = intent("merged", 2, at + 2);
    ledger
        .conclude(outcome(&last, follows, OutcomeKind::Applied, at + 3))
        .await
        .unwrap();
}

async fn closed_by_a_person(ledger: &SqlLedger, at: u64) {
    for (document, outcome_kind) in [("closed", OutcomeKind::Applied), ("reopened", OutcomeKind::NotApplied)] {
        let wanted = intent(document, 1, at);
        let id: EntryId = ledger.intend(wanted.clone()).await.unwrap();
        let unknown = outcome(&wanted, Some(id), OutcomeKind::Unknown, at + 1);
        ledger.conclude(unknown.clone()).await.unwrap();
        ledger.conclude(unknown.clone()).await.unwrap();
        let closed = OutcomeRecord {
            kind: outcome_kind,
            evidence: Some(Evidence::Person),
            after: None,
            ..unknown
        };
        ledger.conclude(closed).await.unwrap();
    }
}
