//! A ledger with an entry of every kind.

use std::path::Path;
use std::sync::Arc;

use assist_rules_ledger_adapter::SqlLedger;
use domain::{Evidence, OutcomeKind};
use ports::testing::ledger_conformance::{intent, moment, outcome};
use ports::{BaseRecord, BaseSource, EntryId, IntentRecord, JoinRecord, KnownReference, Ledger, OutcomeRecord};

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
    observed(&ledger, at + 30).await;
    gone_on_from(&ledger, at + 40).await;
    joined(&ledger, at + 50).await;
    ledger.intend(intent("open", 1, at + 60)).await.unwrap();
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

/// Bases, with and without content, of both sources, the newest first.
async fn observed(ledger: &SqlLedger, at: u64) {
    for (number, content) in [Some(ODD), None, Some(r#"{"a": 1}"#)].into_iter().enumerate() {
        let number = u64::try_from(number).unwrap();
        let of = intent("r1", number, at + number);
        let source = match number {
            0 => BaseSource::Pull {
                folder: "folder".to_owned(),
            },
            _ => BaseSource::Apply,
        };
        let base = BaseRecord {
            document: of.document,
            author: of.author,
            hash: format!("{number:064}"),
            members: vec!["name".to_owned(), "n".to_owned()],
            content: content.map(|content| content.parse().unwrap()),
            references: vec![KnownReference {
                text: "@{response:Greeting}".to_owned(),
                id: "r1".to_owned(),
            }],
            version: of.version,
            source,
            read_at: moment(at + 10 - number),
            at: of.at,
        };
        ledger.observe(base).await.unwrap();
    }
}

/// An unknown update that another run goes on from, for a plan, of a kind without versions.
async fn gone_on_from(ledger: &SqlLedger, at: u64) {
    let mut wanted = intent("toy", 1, at);
    ("toy".to_owned()).clone_into(&mut wanted.document.kind);
    wanted.version = None;
    wanted.author.plan_id = Some("plan".to_owned());
    let id = ledger.intend(wanted.clone()).await.unwrap();
    ledger
        .conclude(outcome(&wanted, Some(id), OutcomeKind::Unknown, at + 1))
        .await
        .unwrap();
    let next = IntentRecord {
        follows: Some(id),
        undoes: vec![id],
        absent_intents: vec!["Refunds".to_owned()],
        at: moment(at + 2),
        ..wanted
    };
    let id = ledger.intend(next.clone()).await.unwrap();
    ledger
        .conclude(outcome(&next, Some(id), OutcomeKind::Overwritten, at + 3))
        .await
        .unwrap();
}

/// The organization is found out, with an update that is unknown before, and settled after.
async fn joined(ledger: &SqlLedger, at: u64) {
    let wanted = intent("joined", 1, at);
    let id = ledger.intend(wanted.clone()).await.unwrap();
    let unknown = outcome(&wanted, Some(id), OutcomeKind::Unknown, at + 1);
    ledger.conclude(unknown.clone()).await.unwrap();
    let join = JoinRecord {
        target: wanted.document.target.clone(),
        organization: "org".to_owned(),
        author: wanted.author,
        at: moment(at + 2),
    };
    ledger.join(join).await.unwrap();
    let mut settled = OutcomeRecord {
        kind: OutcomeKind::Applied,
        evidence: Some(Evidence::Read),
        ..unknown
    };
    settled.author.shown_target = Some(std::mem::replace(&mut settled.document.target, "org".to_owned()));
    settled.author.org_name = Some("Acme".to_owned());
    ledger.conclude(settled).await.unwrap();
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
